"""Sources that change what they have yielded, each in its own way.

Each appends a copy of a row to what it is given, just before it yields the row itself.
"""

from __future__ import annotations

import array
from collections import namedtuple
from collections import OrderedDict
from collections import UserDict
from collections import UserList
from collections.abc import Callable
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

#: More than two full batches, and than the first rows that some formats hold.
ROWS = 2_300
COLUMNS = ["number", "text", "more"]

Log = list[tuple[Any, ...]]
Source = Callable[[Log], Iterator[Any]]
Point = namedtuple("Point", COLUMNS)


@dataclass
class Order:
    number: int = 0
    text: str = ""
    more: Any = None


def values(number: int) -> tuple[int, str, float]:
    return number, f"row {number}", number / 4


def one_dict(log: Log) -> Iterator[Any]:
    row: dict[str, Any] = {}
    for number in range(ROWS):
        row.update(zip(COLUMNS, values(number), strict=True))
        log.append(tuple(row.values()))
        yield row
    row.clear()


def one_ordered_dict(log: Log) -> Iterator[Any]:
    row: OrderedDict[str, Any] = OrderedDict()
    for number in range(ROWS):
        row.update(zip(COLUMNS, values(number), strict=True))
        log.append(tuple(row.values()))
        yield row


def one_mapping(log: Log) -> Iterator[Any]:
    row: UserDict[str, Any] = UserDict()
    for number in range(ROWS):
        row.update(zip(COLUMNS, values(number), strict=True))
        log.append(tuple(row.values()))
        yield row


def cleared_dicts(log: Log) -> Iterator[Any]:
    for number in range(ROWS):
        row = dict(zip(COLUMNS, values(number), strict=True))
        log.append(tuple(row.values()))
        yield row
        row.clear()


def one_list(log: Log) -> Iterator[Any]:
    row: list[Any] = [None] * 3
    for number in range(ROWS):
        row[:] = values(number)
        log.append(tuple(row))
        yield row
    row.clear()


def two_lists_by_turns(log: Log) -> Iterator[Any]:
    rows: list[list[Any]] = [[], []]
    for number in range(ROWS):
        row = rows[number % 2]
        row[:] = values(number)
        log.append(tuple(row))
        yield row


def one_user_list(log: Log) -> Iterator[Any]:
    row: UserList[Any] = UserList([None] * 3)
    for number in range(ROWS):
        row[:] = values(number)
        log.append(tuple(row))
        yield row


def one_array(log: Log) -> Iterator[Any]:
    class Row(array.array):  # type: ignore[type-arg]
        def keys(self) -> list[str]:
            return COLUMNS

    row = Row("d", [0.0] * 3)
    for number in range(ROWS):
        row[0] = row[1] = row[2] = number / 2
        log.append(tuple(row))
        yield row


def tuples_then_one_list(log: Log) -> Iterator[Any]:
    for number in range(700):
        log.append(values(number))
        yield values(number)
    row: list[Any] = []
    for number in range(700, ROWS):
        row[:] = values(number)
        log.append(tuple(row))
        yield row


def one_data_object(log: Log) -> Iterator[Any]:
    row = Order()
    for number in range(ROWS):
        row.number, row.text, row.more = values(number)
        log.append(values(number))
        yield row
    row.number = -1


def one_namespace(log: Log) -> Iterator[Any]:
    row = SimpleNamespace()
    for number in range(ROWS):
        row.number, row.text, row.more = values(number)
        log.append(values(number))
        yield row


def _with_cell(make: Callable[[], Any], fill: Callable[[Any, int], None]) -> Source:
    """Return a source whose third cell is one object, which is filled anew."""

    def source(log: Log) -> Iterator[Any]:
        cell = make()
        for number in range(ROWS):
            fill(cell, number)
            log.append((number, "", deepcopy(cell)))
            yield number, "", cell
        fill(cell, -1)

    return source


def _fill_list(cell: list[Any], number: int) -> None:
    cell[:] = [number, number + 1]


def _fill_nested(cell: list[Any], number: int) -> None:
    cell[0]["deep"][0] = number


def _fill_dicts(cell: Any, number: int) -> None:
    for item in cell:
        item["n"] = number
        item["more"] = None if number % 7 else [number]


def _fill_list_of_dicts(cell: list[Any], number: int) -> None:
    cell[:] = [{"n": number}, {"n": str(number)}][: number % 3]


def _fill_bytes_inside(cell: Any, number: int) -> None:
    _fill_bytes(cell[1]["raw"], number)


def _fill_dict(cell: dict[str, Any], number: int) -> None:
    cell["n"] = number


def _fill_bytes(cell: bytearray, number: int) -> None:
    cell[:] = b"%08d" % (number % 10**6)


def view_cells(log: Log) -> Iterator[Any]:
    buffer = bytearray(8)
    for number in range(ROWS):
        buffer[:] = b"%08d" % number
        log.append((number, "", bytes(buffer[:4])))
        yield number, "", memoryview(buffer)[:4]


def cells_cleared_later(log: Log) -> Iterator[Any]:
    for number in range(ROWS):
        cell = [number]
        log.append((number, "", cell.copy()))
        yield Point(number, "", cell)
        cell.clear()


def cells_after_none(log: Log) -> Iterator[Any]:
    cell: list[Any] = []
    for number in range(ROWS):
        cell[:] = [number]
        log.append((number, "", None if number < 1900 else cell.copy()))
        yield number, "", None if number < 1900 else cell


def cells_of_dicts_after_none(log: Log) -> Iterator[Any]:
    cell: list[Any] = []
    for number in range(ROWS):
        cell[:] = [number]
        row = (number, "", None if number < 1900 else cell)
        log.append(deepcopy(row))
        yield dict(zip(COLUMNS, row, strict=True))


def cells_after_texts(log: Log) -> Iterator[Any]:
    cell: list[Any] = []
    for number in range(ROWS):
        cell[:] = [number]
        row = (number, "", "text" if number < 1900 else cell)
        log.append(deepcopy(row))
        yield row


def cells_of_dicts_after_texts(log: Log) -> Iterator[Any]:
    cell: dict[str, int] = {}
    for number in range(ROWS):
        cell["n"] = number
        row = (number, "", "text" if number < 1900 else cell)
        log.append(deepcopy(row))
        yield dict(zip(COLUMNS, row, strict=True))


def _numpy_source(kind: str) -> Source:
    def source(log: Log) -> Iterator[Any]:
        import numpy

        cell = numpy.zeros(2, dtype=kind)
        for number in range(ROWS):
            cell[:] = number % 100
            log.append((number, "", cell.tolist()))
            yield number, "", cell

    return source


RIGHT: dict[str, Source] = {
    "one dict": one_dict,
    "one OrderedDict": one_ordered_dict,
    "one mapping": one_mapping,
    "dicts that are cleared": cleared_dicts,
    "one list": one_list,
    "two lists": two_lists_by_turns,
    "one UserList": one_user_list,
    "one object of a dataclass": one_data_object,
    "one object": one_namespace,
    "a list": _with_cell(list, _fill_list),
    "a list inside": _with_cell(lambda: [{"deep": [0]}], _fill_nested),
    "dicts inside": _with_cell(lambda: [{"n": 0}, {}], _fill_dicts),
    "dicts inside a tuple": _with_cell(lambda: ({"n": 0}, {}), _fill_dicts),
    "a list of dicts": _with_cell(list, _fill_list_of_dicts),
    "a bytearray inside": _with_cell(
        lambda: [{"n": 1}, {"raw": bytearray(8)}], _fill_bytes_inside
    ),
    "a dict": _with_cell(dict, _fill_dict),
    "a bytearray": _with_cell(bytearray, _fill_bytes),
    "a view": view_cells,
    "lists that are cleared": cells_cleared_later,
    "a list after nothing": cells_after_none,
    "a list in dicts after nothing": cells_of_dicts_after_none,
    "an array of numpy": _numpy_source("int64"),
    "tuples, then one list": tuples_then_one_list,
    "texts, then a list": cells_after_texts,
    "texts, then a dict in dicts": cells_of_dicts_after_texts,
}
