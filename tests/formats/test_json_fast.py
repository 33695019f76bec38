"""Tests that msgspec makes no difference but for the speed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from datetime import UTC
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy
import pytest
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings

from flask_outpour import CSV
from flask_outpour import Format
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import RowError
from flask_outpour.formats import HTMLTable
from flask_outpour.formats import json_fast
from flask_outpour.formats import JSONSequence
from flask_outpour.formats.values import plain
from formats.cells import batches
from formats.reference import csv_bytes
from formats.reference import ndjson_bytes

Without = Callable[[], AbstractContextManager[None]]
Batches = tuple[list[str], list[list[Sequence[Any]]]]


def written(format: Format, columns: Sequence[str], parts: list[Any]) -> bytes:
    """Return all that a format writes."""
    chunks = [format.begin(columns), *map(format.feed, parts), format.finish()]
    return b"".join(chunks)


@given(table=batches())
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_same_bytes_with_and_without(table: Batches, without_msgspec: Without) -> None:
    """NDJSON and CSV of all types are those of the slow reference, either way."""
    columns, parts = table
    rows = [row for part in parts for row in part]
    as_json = ndjson_bytes(columns, rows)
    as_csv = csv_bytes(columns, rows)
    assert written(NDJSON(), columns, parts) == as_json
    assert written(CSV(), columns, parts) == as_csv
    with without_msgspec():
        assert written(NDJSON(), columns, parts) == as_json
        assert written(CSV(), columns, parts) == as_csv


@given(table=batches(most_columns=2))
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_other_formats_too(table: Batches, without_msgspec: Without) -> None:
    """The other formats have the same bytes with msgspec and without it."""
    formats = [
        *(JSON(), JSONSequence(final_record=True), HTMLTable(fragment=True)),
        *(JSON(decimal="number", nan="null"), CSV(excel=True, line_end="\r\n")),
    ]
    fast = [written(format, *table) for format in formats]
    with without_msgspec():
        assert [written(format, *table) for format in formats] == fast


def test_well_known_types_take_the_fast_way() -> None:
    """A column of any type that databases have is written by msgspec."""
    cells = [
        *(True, 1, 1.5, "a", b"a", None, Decimal("1.50"), UUID(int=1)),
        datetime(2013, 1, 1, 5, 15, tzinfo=UTC),
    ]
    lines = json_fast.fast_lines(tuple(map(str, range(len(cells)))), "string")
    assert lines is not None
    assert lines([cells]) == ndjson_bytes([*map(str, range(len(cells)))], [cells])


def test_unusual_names_of_columns(either_way: None) -> None:
    """Names that msgspec refuses, subclasses of str among them, are written too."""
    name = type("Name", (str,), {})("subclass")
    columns = ['a"b', "a\\b", "a\nb", "\ud800", "", "ä", name]
    rows = [tuple(range(len(columns)))]
    assert written(NDJSON(), columns, [rows]) == ndjson_bytes(columns, rows)
    assert written(NDJSON(), columns[-1:], [[(1,)]]) == b'{"subclass":1}\n'


def test_where_msgspec_is_not_installed() -> None:
    """The package is imported, and writes, without msgspec."""
    code = (
        "import sys; sys.modules['msgspec'] = None\n"
        "from flask_outpour import CSV, NDJSON\n"
        "for format in (CSV(), NDJSON()):\n"
        "    print(format.begin(['a']) + format.feed([(2.5,), (10**20,)]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == [
        repr(b"a\n2.5\n100000000000000000000\n"),
        repr(b'{"a":2.5}\n{"a":100000000000000000000}\n'),
    ]


@pytest.mark.parametrize("decimal", ["string", "number"])
def test_no_columns_have_no_fast_way(decimal: str) -> None:
    """Rows without columns are left to the slow way."""
    assert json_fast.fast_lines((), decimal) is None


class Level(IntEnum):
    HIGH = 3


class Name(str):
    """A subclass, as some libraries have for their keys."""

    __slots__ = ()


ODD: list[Any] = [
    *(numpy.float32(0.1), numpy.int64(7), numpy.float64(1e300), 1e16, 5e-324),
    *(Level.HIGH, Name("Ada")),
    *([1e22, None], {"a": 1e-7}, {"a": Level.HIGH}, [numpy.float32(0.1)]),
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_one_odd_column_slows_no_other(odd: Any, without_msgspec: Without) -> None:
    """What stands for its values is written with all else, and as it would be alone."""
    pytest.importorskip("msgspec")
    rows = [(number, f"row {number}", odd, None) for number in range(100)]
    expected = [(*row[:2], plain(odd), None) for row in rows]
    columns = ("id", "name", "odd", "none")
    lines = json_fast.fast_lines(columns, "string")
    assert lines is not None
    assert lines(rows) == ndjson_bytes(columns, expected)
    with without_msgspec():
        got = written(NDJSON(), columns, [rows])
    assert got == ndjson_bytes(columns, expected)


REFUSED = [float("nan"), float("inf"), {1}, object, Fraction(1)]


@pytest.mark.parametrize("odd", REFUSED, ids=repr)
def test_what_is_refused_is_left_to_those_who_name_it(odd: Any) -> None:
    """The fast way writes none of a batch that has something to refuse."""
    pytest.importorskip("msgspec")
    lines = json_fast.fast_lines(("id", "odd"), "string")
    assert lines is not None
    assert lines([(1, 1.0), (2, odd)]) is None
    with pytest.raises(RowError, match="Row 2, column 'odd'"):
        written(NDJSON(), ["id", "odd"], [[(1, 1.0), (2, odd)]])
