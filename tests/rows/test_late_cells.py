"""Tests that cells that can be changed are taken in time, wherever they come.

Rows that are made of copies, which nobody changes, are the reference.
"""

from __future__ import annotations

import json
from collections import deque
from collections import OrderedDict
from collections import UserDict
from collections import UserList
from collections.abc import Callable
from collections.abc import Container
from collections.abc import Iterator
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import formats
from flask_outpour import Outpour
from flask_outpour import RowError
from flask_outpour import stream_rows
from rows.changing import COLUMNS
from rows.changing import Order
from rows.changing import Point
from rows.test_taking import content
from rows.test_taking import streamed

TEXTS = ["csv", "tsv", "json", "ndjson", "json-seq", "html"]
FILES = {"arrows": formats.Arrow, "parquet": formats.Parquet}
#: Batches have more than ten rows by then.
MANY = 1_500

app = Flask("late cells")
Outpour(app)


#: Its one value can be changed.
Choice = Enum("Choice", {"LIST": [0]})


class _Row(UserList[Any]):
    def keys(self) -> list[str]:
        return COLUMNS


#: What makes a record of three cells.
RECORDS: dict[str, Callable[[int, str, Any], Any]] = {
    "tuple": lambda *cells: cells,
    "list": lambda *cells: list(cells),
    "named tuple": Point,
    "row": lambda *cells: _Row(cells),
    "dict": lambda *cells: dict(zip(COLUMNS, cells, strict=True)),
    "OrderedDict": lambda *cells: OrderedDict(zip(COLUMNS, cells, strict=True)),
    "UserDict": lambda *cells: UserDict(zip(COLUMNS, cells, strict=True)),
    "dataclass": Order,
    "object": lambda *cells: SimpleNamespace(**dict(zip(COLUMNS, cells, strict=True))),
}


def _array(buffer: bytearray) -> Any:
    return pytest.importorskip("numpy").frombuffer(buffer, dtype="uint8")


def _objects(buffer: bytearray) -> Any:
    """Return an array that has an array inside."""
    array = pytest.importorskip("numpy").empty(2, dtype=object)
    array[0], array[1] = 7, [_array(buffer)]
    return array


def _choice(buffer: bytearray) -> Any:
    Choice.LIST.value[0] = buffer
    return Choice.LIST


#: What makes a cell around a buffer, and what a copy of it is.
CELLS: dict[str, tuple[Callable[[bytearray], Any], Callable[[bytes], Any]]] = {
    "bytearray": (lambda b: b, lambda b: b),
    "view": (memoryview, lambda b: b),
    "list": (lambda b: [b], lambda b: [b]),
    "tuple": (lambda b: (b,), lambda b: [b]),
    "named tuple": (lambda b: Point(1, 2, b), lambda b: [1, 2, b]),
    "dict": (lambda b: {"x": b}, lambda b: {"x": b}),
    "UserDict": (lambda b: UserDict(x=[b]), lambda b: {"x": [b]}),
    "proxy": (lambda b: MappingProxyType({"x": b}), lambda b: {"x": b}),
    "nested": (lambda b: ({"x": [(b,)]},), lambda b: [{"x": [[b]]}]),
    "Enum": (_choice, lambda b: [b]),
    "array": (_array, list),
    "array of objects": (_objects, lambda b: [7, [list(b)]]),
}


def changing(
    log: list[Any], record: str, cell: str, places: Container[int], is_one: bool
) -> Iterator[Any]:
    """Yield rows with a cell at some places that is changed when it has gone."""
    make, (dress, copied) = RECORDS[record], CELLS[cell]
    buffer = bytearray(2)
    for number in range(MANY):
        if number not in places:
            log.append((number, "", "text"))
            yield make(number, "", "text")
            continue
        if not is_one:
            buffer = bytearray(2)
        buffer[:] = number.to_bytes(2, "big")
        log.append((number, "", copied(bytes(buffer))))
        yield make(number, "", dress(buffer))
        buffer[:] = b"??"


def check(
    record: str, cell: str, format: str, places: Container[int], is_one: bool
) -> None:
    """Compare the bytes of rows with those of copies that were made in time."""
    log: list[Any] = []
    got = streamed(app, changing(log, record, cell, places, is_one), format)
    assert got == streamed(app, log, format)


@pytest.mark.parametrize("is_one", [True, False])
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("record", RECORDS)
def test_cells_that_come_late(record: str, cell: str, is_one: bool) -> None:
    """A cell means what it was, if all before it in its column could not change."""
    check(record, cell, "ndjson", range(1000, MANY), is_one)


@settings(deadline=None)
@given(
    record=strategies.sampled_from([*RECORDS]),
    cell=strategies.sampled_from([*CELLS]),
    format=strategies.sampled_from(TEXTS),
    places=strategies.sets(strategies.integers(0, MANY - 1), min_size=1, max_size=9),
    is_one=strategies.booleans(),
)
def test_cells_at_any_place(
    record: str, cell: str, format: str, places: set[int], is_one: bool
) -> None:
    """A cell means what it was, wherever it is in a batch."""
    check(record, cell, format, places, is_one)


@pytest.mark.parametrize("format", ["xlsx", "arrows", "parquet"])
@pytest.mark.parametrize("cell", ["list", "nested"])
@pytest.mark.parametrize("record", RECORDS)
def test_late_cells_in_files(record: str, cell: str, format: str) -> None:
    """Formats that hold rows hold them as they were."""
    log: list[Any] = []
    made: Any = format
    if format != "xlsx":
        pa = pytest.importorskip("pyarrow")
        kinds = zip(COLUMNS, [pa.int64(), pa.string(), pa.string()], strict=True)
        made = FILES[format](schema=pa.schema(list(kinds)))
    got = streamed(app, changing(log, record, cell, range(700, MANY), True), made)
    assert content(got, format) == content(streamed(app, log, made), format)


def _documents() -> list[Any]:
    tags: list[str] = ["x"]
    return [{"id": n, "tags": "" if n < 300 else tags} for n in range(5000)]


@lru_cache
def _tags(number: int) -> list[int]:
    return [number]


HELD: dict[str, Callable[[list[Any]], Any]] = {
    "generator": lambda rows: (row for row in rows),
    "iterator": iter,
    "filter": lambda rows: filter(None, rows),
    "values": lambda rows: dict(enumerate(rows)).values(),
    "deque": deque,
    "cached": lambda rows: (
        row | {"tags": _tags(3)} if row["tags"] else row for row in rows
    ),
}


@pytest.mark.parametrize("kind", HELD)
def test_rows_that_others_hold(kind: str) -> None:
    """Nothing is refused because something else has it, too."""
    rows = _documents()
    tags = [3] if kind == "cached" else ["x"]
    lines = streamed(app, HELD[kind](rows), "ndjson", ["id", "tags"]).splitlines()
    assert [json.loads(line) for line in lines] == [
        {"id": n, "tags": "" if n < 300 else tags} for n in range(5000)
    ]


@pytest.mark.parametrize("last", [list, tuple, _Row, Point._make])
@pytest.mark.parametrize("first", [list, tuple, _Row, Point._make])
def test_records_of_another_kind_come_late(first: Any, last: Any) -> None:
    """Tuples and lists may follow each other, and be filled anew."""
    log: list[Any] = []

    def rows() -> Iterator[Any]:
        row = [0, "", 0.5]
        for number in range(MANY):
            row[0] = number
            log.append(tuple(row))
            if number < 1000:
                yield first(row)
            else:
                yield row if last is list else last(row)

    assert streamed(app, rows(), "csv") == streamed(app, log, "csv")


class Kind(Enum):
    """Values that last."""

    A = "a"


class Text(str):
    """A text that is none of the well-known types."""


@pytest.mark.parametrize("record", RECORDS)
def test_other_types_that_last(record: str) -> None:
    """What is no well-known type, and cannot change, comes out right, too."""
    numpy = pytest.importorskip("numpy")
    others = [Kind.A, Text("t"), numpy.int64(3), numpy.float64(0.5), True, None]
    cells = [(n, Text(n), others[n % 6] if n > 500 else 0) for n in range(MANY)]
    rows = (RECORDS[record](*row) for row in cells)
    assert streamed(app, rows, "csv") == streamed(app, cells, "csv")


@pytest.mark.parametrize("extras", ["raise", "ignore"])
@pytest.mark.parametrize("kind", [dict, OrderedDict, UserDict])
def test_keys_beyond_the_columns(kind: Any, extras: Any) -> None:
    """Whatever else a mapping has, its row is as it was, or says what it is."""
    log: list[Any] = []

    def rows() -> Iterator[Any]:
        row, cell = kind(), [0]
        for number in range(MANY):
            row.clear()
            row.update(number=number, text="", more="text" if number < 900 else cell)
            row.update({f"extra {n}": cell for n in range(number % 5)})
            cell[0] = number
            log.append((number, "", "text" if number < 900 else [number]))
            yield row

    with app.test_request_context():
        response = stream_rows(rows(), columns=COLUMNS, format="ndjson", extras=extras)
        if extras == "raise":
            with pytest.raises(RowError, match="Row 2 has 'extra 0' beyond"):
                list(response.response)
        else:
            assert b"".join(response.response) == streamed(app, log, "ndjson")
        response.close()
