"""Tests of nested values as the text of a cell."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings

from flask_outpour import CSV
from flask_outpour import RowError
from flask_outpour.formats import Arrow
from flask_outpour.formats import HTMLTable
from flask_outpour.formats import JSON
from flask_outpour.formats import JSONSequence
from flask_outpour.formats import NDJSON
from flask_outpour.formats import Parquet
from flask_outpour.formats import TSV
from flask_outpour.formats import XLSX
from flask_outpour.formats.json_text import JSONText
from formats.cells import Colour
from formats.cells import containers
from formats.cells import Level
from formats.cells import Text
from formats.cells import texts
from formats.reference import csv_text


@given(containers)
@settings(max_examples=100, deadline=None)
def test_nested_values_are_as_json_dumps_writes_them(value: Any) -> None:
    """In a cell, JSON has a space behind commas and colons, as json.dumps() has."""
    assert JSONText(compact=False).texts([value]) == [csv_text(value)]


@given(texts)
@settings(max_examples=100, deadline=None)
def test_text_is_escaped_no_more_than_needed(text: str) -> None:
    """Only quotes, backslashes and control characters are escaped."""
    assert JSONText(compact=True).value(text) == json.dumps(text, ensure_ascii=False)


def test_names_of_members() -> None:
    """The name of a member is a text; that of a number is the number's text."""
    value = {"a": 1, 2: 3, 4.5: 6, True: 7, None: 8}
    assert JSONText(compact=True).value(value) == json.dumps(
        value, separators=(",", ":")
    )
    odd = {UUID(int=1): 1, Colour.RED: 2, Level.LOW: 3, Text("a"): 4}
    assert json.loads(JSONText(compact=True).value(odd)) == {
        "00000000-0000-0000-0000-000000000001": 1,
        "red": 2,
        "1": 3,
        "a": 4,
    }


def test_deep_values_are_written() -> None:
    """Lists within lists are written to a depth that data has."""
    value: list[Any] = []
    for _ in range(100):
        value = [value]
    assert JSONText(compact=True).value(value) == "[" * 101 + "]" * 101


def test_error_names_what_is_inside() -> None:
    """Not the dict is to blame, which JSON has, but the set that is in it."""
    with pytest.raises(TypeError, match="it has a set inside"):
        JSONText(compact=True).texts([{"tags": [{"a"}]}])


def refusal(format: Any, value: Any) -> str:
    """Return why a format does not write a value."""
    format.begin(["a"])
    with pytest.raises(RowError) as caught:
        format.feed([(value,)])
        format.finish()
    return str(caught.value)


@pytest.mark.parametrize("kind", [CSV, TSV, HTMLTable, XLSX, Arrow, Parquet])
@pytest.mark.parametrize("value", [{"n": float("nan")}, {"n": [float("-inf")]}])
def test_nan_in_a_cell_has_a_cure_that_its_format_takes(kind: Any, value: Any) -> None:
    """No option of these writes null, so that the cure is another value."""
    said = refusal(kind(), value)
    assert "give None in its place" in said
    assert "nan=" not in said


@pytest.mark.parametrize("kind", [JSON, JSONSequence, NDJSON])
def test_nan_in_json_has_the_option_as_its_cure(kind: Any) -> None:
    """The formats that have the option name it."""
    assert 'nan="null" writes null' in refusal(kind(), {"n": float("nan")})
