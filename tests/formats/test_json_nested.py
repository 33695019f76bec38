"""Tests that nested values have the same bytes whichever way they are written."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy
import pytest
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings
from hypothesis import strategies
from hypothesis.strategies import SearchStrategy
from werkzeug.datastructures import MultiDict

from flask_outpour import CSV
from flask_outpour import Format
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour import RowError
from flask_outpour.formats import json_fast
from flask_outpour.formats import json_text
from flask_outpour.rows import open_rows
from formats.cells import containers
from formats.cells import floats
from formats.cells import Kind
from formats.cells import Level
from formats.cells import PLAIN
from formats.cells import Point
from formats.cells import surrogates
from formats.cells import Text
from formats.cells import texts
from formats.cells import Whole
from formats.cells import WRAPPED
from formats.reference import csv_bytes
from formats.reference import ndjson_bytes

Without = Callable[[], AbstractContextManager[None]]

ITEM = {
    "sku": "a",
    "quantity": 2,
    "price": 9.5,
    "gift": True,
    "note": None,
    "amount": Decimal("1.50"),
    "at": datetime(2013, 1, 1, 5, 15, tzinfo=UTC),
    "day": date(2013, 1, 1),
    "hour": time(5, 15),
    "took": timedelta(hours=1),
    "id": UUID(int=1),
    "raw": b"ab",
}


def written(format: Format, columns: Sequence[str], *batches: Any) -> bytes:
    """Return all that a format writes."""
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks)


#: What is inside, but for numpy's, whose narrow floats the reference widens.
KINDS = [kind for name, kind in (PLAIN | WRAPPED).items() if name != "numpy"]
cells = strategies.sampled_from(KINDS).map(lambda kind: strategies.none() | kind)
names = strategies.lists(
    texts | surrogates | strategies.sampled_from(["id", "sku"]),
    min_size=1,
    max_size=3,
    unique=True,
)


@strategies.composite
def tables(draw: strategies.DrawFn) -> list[tuple[int, Any]]:
    """Return rows with dicts, mostly of the same members, as deep as asked for."""
    kinds: list[tuple[str, SearchStrategy[Any]]]
    kinds = [(name, draw(cells)) for name in draw(names)]
    inner = strategies.lists(strategies.fixed_dictionaries(dict(kinds)), max_size=3)
    kinds.append(("inner", inner))
    alike = strategies.fixed_dictionaries(dict(kinds))
    odd = strategies.fixed_dictionaries({}, optional=dict(kinds[::-1]))
    item = draw(strategies.sampled_from([alike, alike | odd, alike | containers]))
    many = strategies.lists(item, max_size=4)
    value = draw(
        strategies.sampled_from(
            [many, many.map(tuple), item, strategies.none() | many, many | item]
        )
    )
    return list(enumerate(draw(strategies.lists(value, min_size=1, max_size=6))))


@given(rows=tables())
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_nested_rows_are_those_of_the_slow_reference(
    rows: list[tuple[int, Any]], without_msgspec: Without
) -> None:
    """NDJSON and CSV of lists of dicts are as the reference has them, either way."""
    as_json = ndjson_bytes("ab", rows)
    as_csv = csv_bytes("ab", rows)
    for _ in range(2):
        assert written(NDJSON(), "ab", rows) == as_json
        assert written(CSV(), "ab", rows) == as_csv
        with without_msgspec():
            assert written(NDJSON(), "ab", rows) == as_json
            assert written(CSV(), "ab", rows) == as_csv


@given(rows=tables())
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_decimals_as_numbers_either_way(
    rows: list[tuple[int, Any]], without_msgspec: Without
) -> None:
    """With other options, the bytes do not depend on msgspec, and are JSON."""
    format = JSON(decimal="number", nan="null")
    got = written(format, "ab", rows)
    with without_msgspec():
        assert written(format, "ab", rows) == got


def test_well_known_types_inside_take_the_fast_way() -> None:
    """Lists of dicts of any type that databases have are written by msgspec."""
    lines = json_fast.fast_lines(("a", "b"), "string")
    assert lines is not None
    for count in (1, 100):
        rows = [(n, [ITEM, {**ITEM, "note": "x"}] * (n % 3)) for n in range(count)]
        assert lines(rows) == ndjson_bytes("ab", rows)
    rows = [(1, {"lines": [ITEM], "tags": ["a", 1]}), (2, {"lines": ()}), (3, {})]
    assert lines(rows) == ndjson_bytes("ab", rows)
    # Integers among floats, in a cell or inside, are no reason for another way.
    rows = [(1, [1.5, 2, None]), (2.5, 3), (None, [Decimal(1), 2])]
    assert lines(rows) == ndjson_bytes("ab", rows)


def test_well_known_types_inside_take_the_json_module(
    monkeypatch: pytest.MonkeyPatch, without_msgspec: Without
) -> None:
    """Without msgspec, none of them is looked at by itself."""

    def value(self: Any, value: Any) -> str:
        raise AssertionError(f"{value!r} is written alone")

    monkeypatch.setattr(json_text.JSONText, "value", value)
    rows = [(n, [ITEM, {**ITEM, "note": "x"}] * (n % 3)) for n in range(9)]
    with without_msgspec():
        assert written(NDJSON(), "ab", rows) == ndjson_bytes("ab", rows)
        assert written(CSV(), "ab", rows) == csv_bytes("ab", rows)


ODD: dict[str, Any] = {
    "seam": ["\0", ["\0", "\0"], {"\0": "\0"}],
    "seam in text": [',"\0",', ', "\\u0000", '],
    "surrogates": [{"a\ud800": ["\udfff"]}, {"a\ud800": []}],
    "surrogates of another kind": [{"a": "\ud800", "b": Decimal(1)}],
    "long integers": [{"a": 10**5000}, {"a": 1}],
    "integers": [{"a": 2**64}, {"a": -(2**70)}, {"a": 2**53 + 1}],
    "names of integers": [{1: 2, "1": 3}, {2**70: Decimal("1.5")}],
    "names of others": [{None: 1, True: 2, 1.5: 3, Kind.EMPTY: 4}],
    "names that are equal": [{1: "a"}, {True: "b"}, {1.0: "c"}, {Level.LOW: "d"}],
    "subclasses as names": [{"a": 1}, {Text("a"): 2}, {Kind.LINE: 3}],
    "names that JSON escapes": [{'a"\n': Decimal(1)}] * 99,
    "floats": [{"a": 1e16}, {"a": 1e-5}, {"a": -0.0}, {"a": 0.00001234}, {"a": 1}],
    "floats alone": [1e22, 1.5, 5e-324],
    "other orders": [{"a": 1, "b": 2.5}, {"b": 2.5, "a": 1}],
    "other lengths": [{"a": 1, "b": 2}, {"a": 1}, {"b": 2, "a": 3, "c": Decimal(4)}],
    "empty ones": [{}, {"a": []}, {"a": {}}, {}, {"a": [{}, []]}],
    "empty one first": [{"a": {}}, {"a": {"b": Decimal(1)}}],
    "subclasses": [OrderedDict(b=1, a=Whole(2)), {"b": Point(1, "a"), "a": Text("x")}],
    "mixed": [1, "a", None, [Decimal("1E+3")], {"b": UUID(int=1)}, (1, 2.5), date.min],
    "numpy": [numpy.int64(1), numpy.float64(0.1), {"a": numpy.bool_(True)}],
    "arrays": [numpy.array([[1], [2]]), {"a": numpy.array([0.5])}],
    "deep": json.loads("[" * 200 + "1" + "]" * 200),
    "deep dicts": json.loads('{"a":[' * 30 + "1.5" + "]}" * 30),
    "bytes": [bytearray(b"a"), memoryview(b"b"), b"c"],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_values_inside(name: str, either_way: None) -> None:
    """What one library or the other writes in its own way is as everywhere."""
    value = ODD[name]
    column = [(value,), ([value, value],), (None,), ({"x": value},), (tuple(value),)]
    each = [([part],) for part in value] + [([part, part],) for part in value]
    for rows in ([(value,)], column, column * 70, each, each * 70):
        assert written(NDJSON(), "a", rows) == ndjson_bytes("a", rows)
        assert written(CSV(), "a", rows) == csv_bytes("a", rows)


def test_dict_of_several_values_for_a_name(either_way: None) -> None:
    """A dict with values in a way of its own is written as ``dict()`` copies it."""
    rows = [([MultiDict([("a", 1), ("a", 2)])],), ([{"a": 1}],)]
    assert written(NDJSON(), "a", rows) == b'{"a":[{"a":1}]}\n{"a":[{"a":1}]}\n'


def shared() -> list[Any]:
    """Return a list that is small in memory, and has no end as text."""
    value: list[Any] = ["x"] * 1000
    for _ in range(40):
        value = [value] * 1000
    return value


def circle() -> list[Any]:
    """Return a list that holds itself, many times."""
    value: list[Any] = []
    value += [value] * 1000
    return value


@pytest.mark.parametrize(
    "value",
    [{1}, frozenset("a"), 1j, object(), {b"a": 1}, {date.min: 1}, {(): 1}],
)
def test_refused_inside_as_outside(value: Any, either_way: None) -> None:
    """What a cell cannot be is not written inside of one either."""
    for cell in ([{"a": value}], [value], {"b": [1, [value]]}, ({"c": value},)):
        format = NDJSON()
        format.begin(["id", "value"])
        with pytest.raises(RowError, match="Row 70, column 'value'") as caught:
            format.feed([(1, [{"a": 1}])] * 69 + [(2, cell), (3, cell)])
        assert f"value of type {type(cell).__name__} cannot" in str(caught.value)


def ring() -> dict[str, Any]:
    """Return a dict that holds itself under many names."""
    value: dict[str, Any] = {}
    value.update({str(number): value for number in range(50)})
    return value


@pytest.mark.parametrize(
    "make", [circle, lambda: [{"a": circle()}], ring, lambda: [ring(), (ring(),)]]
)
def test_what_holds_itself_is_an_error(
    make: Callable[[], Any], either_way: None
) -> None:
    """It is found at once, and not when the memory is full."""
    with pytest.raises(RowError, match="Row 2, column 'a'"):
        written(NDJSON(), "a", [([1],), (make(),)])


def test_what_is_shared_is_no_more_than_it_is() -> None:
    """A look at all that is inside ends where one value is in many places."""
    text = json_text.JSONText(compact=True)
    for value in (shared(), [{"a": 1, "b": 2}, *[{}] * 9, dict.fromkeys("ab", ring())]):
        assert text._at_once([value]) is None
    wide = [dict.fromkeys(map(str, range(9999)), 1), *[{}] * 400_000]
    assert text._at_once([wide]) is not None


@given(floats | strategies.sampled_from([float("inf"), float("-inf"), float("nan")]))
@settings(max_examples=60, deadline=None)
def test_floats_inside(value: float) -> None:
    """A float inside a list is the text that it is in a cell, or the same error."""
    if value - value == 0:
        line = written(NDJSON(), "a", [([{"p": value}],), ([{"p": 1.5}],)])
        assert line.startswith(b'{"a":[{"p":%s}]}\n' % repr(value).encode())
        return
    for cell in (value, [value], [{"p": value}], {"p": [1.5, {"q": value}]}):
        with pytest.raises(RowError) as caught:
            written(NDJSON(), "ab", [(1, 1)], [(1, 2.5), (2, cell)])
        assert (caught.value.row, caught.value.column) == (3, "b")
        said = f"JSON has no NaN and no infinity, such as {value!r}; nan="
        assert said in str(caught.value)
        null = json.dumps(cell, separators=(",", ":")).replace(repr(value), "null")
        null = null.replace("-Infinity", "null").replace("Infinity", "null")
        null = null.replace("NaN", "null")
        got = written(NDJSON(nan="null"), "a", [(cell,)]).decode()
        assert got == f'{{"a":{null}}}\n'


@pytest.mark.parametrize("shape", ["dicts", "tuples", "objects"])
@pytest.mark.parametrize("come", [list, iter])
def test_orders_of_any_shape(shape: str, come: Any, either_way: None) -> None:
    """Dicts, tuples and objects with lists of dicts are the same lines."""

    @dataclass
    class Order:
        id: int
        items: list[dict[str, Any]]

    orders = [Order(n, [{**ITEM, "quantity": n}] * (n % 4)) for n in range(1_200)]
    rows: Any = orders
    if shape == "dicts":
        rows = [{"id": order.id, "items": order.items} for order in orders]
    if shape == "tuples":
        rows = [(order.id, order.items) for order in orders]
    opened = open_rows(come(rows), columns=["id", "items"])
    got = written(NDJSON(), opened.columns, *opened.batches)
    plain = [(order.id, order.items) for order in orders]
    assert got == ndjson_bytes(["id", "items"], plain)
