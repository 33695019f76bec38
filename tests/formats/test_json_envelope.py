"""Tests of the object around a JSON array: its key, its meta, and what they refuse."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import JSON
from formats.cells import surrogates
from formats.cells import texts
from formats.reference import ndjson_bytes
from formats.table import TABLE


def written(format: JSON, columns: Sequence[str], *batches: Any) -> str:
    """Return all that a format writes, as text."""
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks).decode()


def test_key() -> None:
    """The array is the one member of an object, wherever the rows are cut."""
    text = '{"orders":[\n{"a":1},\n{"a":"\\n"},\n{"a":null}\n]}\n'
    format = JSON(key="orders")
    assert written(format, "a", [(1,)], [("\n",), (None,)]) == text
    assert written(format, "a", [(1,), ("\n",), (None,)]) == text
    assert written(format, "a") == '{"orders":[]}\n'


def test_meta() -> None:
    """A second member is behind the array, so that its reader knows it was whole."""
    format = JSON(key="orders", meta={"page": 2, "next": None})
    assert written(format, "a", [(1,)]) == (
        '{"orders":[\n{"a":1}\n],"meta":{"page":2,"next":null}}\n'
    )
    assert written(format, "a") == '{"orders":[],"meta":{"page":2,"next":null}}\n'
    assert written(JSON(key="a", meta={}), "a") == '{"a":[],"meta":{}}\n'


def test_function_is_told_the_number_of_rows() -> None:
    """A function is called once a stream, behind its last row."""
    told = []

    def meta(rows: int) -> dict[str, int]:
        told.append(rows)
        return {"rows": rows}

    format = JSON(key="orders", meta=meta)
    assert format.begin(["a"]) + format.feed([("\n",), (2,)]) == (
        b'{"orders":[\n{"a":"\\n"},\n{"a":2}'
    )
    assert told == []
    assert format.feed([(3,)]) + format.finish() == (
        b',\n{"a":3}\n],"meta":{"rows":3}}\n'
    )
    assert json.loads(written(format, "a")) == {"orders": [], "meta": {"rows": 0}}
    assert told == [3, 0]


def test_rows_of_a_batch_that_failed_do_not_count(either_way: None) -> None:
    """Only the rows that were written are told to the function."""
    format = JSON(key="orders", meta=lambda rows: {"rows": rows})
    format.begin(["a"])
    with pytest.raises(ValueError, match="Row 2"):
        format.feed([(1,), (object(),)])
    format.feed([(1,)])
    assert format.finish() == b'\n],"meta":{"rows":1}}\n'


def test_lines_and_columns_of_arrow_count() -> None:
    """Rows that a source wrote itself, or has in Arrow's columns, count as well."""
    pa = pytest.importorskip("pyarrow")
    format = JSON(key="orders", meta=lambda rows: {"rows": rows})
    assert format.lines is not None
    lines = b'{"a":"\\n"}\n{"a":2}\n'
    made = format.begin(["a"]) + format.frame(lines) + format.frame(lines)
    expected = {"orders": [{"a": "\n"}, {"a": 2}] * 2, "meta": {"rows": 4}}
    assert json.loads(made + format.finish()) == expected
    batch = pa.record_batch({"a": ["\n", None, "x"]})
    made = format.begin_arrow(batch.schema) + format.feed_arrow(batch)
    made += format.feed_arrow(batch.slice(0, 0)) + format.feed_arrow(batch.slice(2))
    assert json.loads(made + format.finish())["meta"] == {"rows": 4}


def test_values_of_meta_are_as_those_of_cells(either_way: None) -> None:
    """Each kind of value in it is written as the value table says."""
    for name, (value, _, expected) in TABLE.items():
        meta = {"value": value, "nested": [value]}
        text = f'],"meta":{{"value":{expected},"nested":[{expected}]}}}}\n'
        assert written(JSON(key="a", meta=meta), "b").endswith(text), name
        later = JSON(key="a", meta=lambda rows, meta=meta: meta)  # type: ignore[misc]
        assert written(later, "b").endswith(text), name
    number = JSON(key="a", meta={"sum": Decimal("1.50")}, decimal="number")
    assert written(number, "b") == '{"a":[],"meta":{"sum":1.50}}\n'
    null = JSON(key="a", meta={"mean": float("nan")}, nan="null")
    assert written(null, "b") == '{"a":[],"meta":{"mean":null}}\n'


@given(texts | surrogates, strategies.dictionaries(texts | surrogates, texts))
@settings(max_examples=60, deadline=None)
def test_json_module_reads_any_names(key: str, meta: dict[str, str]) -> None:
    """Any text is a key, and a name in meta; each is escaped as a text is."""
    columns = ["a"] if key == "meta" else [key]
    format = JSON(key=columns[0], meta=meta)
    got = json.loads(written(format, columns, [(1,)]))
    assert got == {columns[0]: [{columns[0]: 1}], "meta": meta}
    assert list(got["meta"]) == list(meta)


def test_deep_and_odd_mappings() -> None:
    """Whatever is a mapping is one here, and its values may be nested."""
    meta = {"filter": MappingProxyType({"since": date(2026, 3, 1), "ids": (1, 2)})}
    line = ndjson_bytes(["filter"], [(meta["filter"],)]).decode().rstrip()
    format = JSON(key="a", meta=MappingProxyType(meta))
    assert written(format, "b") == f'{{"a":[],"meta":{line}}}\n'


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"key": 1}, "key= takes the name of the array as text, but it is 1"),
        ({"key": b"a"}, "as text, but it is b'a'"),
        ({"key": ["a"]}, "as text"),
        ({"key": "meta", "meta": {}}, "Give the array another name"),
        ({"meta": {}}, r'JSON\(key="rows", meta='),
        ({"key": "a", "meta": [1]}, r"meta= takes a dict, or a function .* is \[1\]"),
        ({"key": "a", "meta": "text"}, "but it is 'text'"),
        ({"key": "a", "meta": {"b": {1}}}, "member 'b': a value of type set"),
        ({"key": "a", "meta": {"b": float("inf")}}, 'such as inf; nan="null" writes'),
        ({"key": "a", "meta": {"b": [{"c": object()}]}}, "it has a object inside"),
        ({"key": "a", "meta": {("b",): 1}}, r"member \('b',\)"),
    ],
)
def test_what_makes_no_object_is_refused_at_once(
    options: dict[str, Any], said: str
) -> None:
    """An error of the options is told where they are written."""
    with pytest.raises(ConfigurationError, match=said):
        JSON(**options)


def test_key_of_its_own_name() -> None:
    """Without meta, the array may have that name itself."""
    assert written(JSON(key="meta"), "a") == '{"meta":[]}\n'
    assert written(JSON(key=""), "a") == '{"":[]}\n'


@pytest.mark.parametrize("returned", [None, 3, [("a", 1)], "text", {"a": {1}}, {(): 1}])
def test_function_that_returns_no_dict_closes_nothing(returned: Any) -> None:
    """What cannot be written is an error, and no bracket was written before it."""
    format = JSON(key="orders", meta=lambda rows: returned)
    format.begin(["a"])
    format.feed([(1,)])
    with pytest.raises(ConfigurationError, match="meta="):
        format.finish()


def test_dict_is_as_it_was_when_the_stream_began() -> None:
    """What the source does with it meanwhile makes no difference."""
    meta: dict[str, Any] = {"a": [1]}
    format = JSON(key="rows", meta=meta)
    begun = format.begin(["a"])
    meta["a"].append(object())
    meta["b"] = timedelta(1)
    assert begun + format.finish() == b'{"rows":[],"meta":{"a":[1]}}\n'
    with pytest.raises(ConfigurationError, match="'a'"):
        format.begin(["a"])


def test_options_are_compared_and_shown() -> None:
    """Formats with the same options are equal, and show these alone."""
    assert JSON(key="a", meta={"b": 1}) == JSON(key="a", meta={"b": 1}) != JSON()
    shown = "JSON(decimal='string', nan='error', key='a', meta={'b': UUID('"
    assert repr(JSON(key="a", meta={"b": UUID(int=0)})).startswith(shown)
