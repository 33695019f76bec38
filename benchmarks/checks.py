"""What a contestant sent enters; what is wrong with it leaves.

It is read as its readers would: by the modules csv and json, or by pyarrow. How a value
is spelt is free, as long as it reads back: ``t`` or ``True``, ``Z`` or ``+00:00``,
``12.3`` or ``12.30``.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from io import TextIOWrapper
from itertools import chain
from itertools import zip_longest
from typing import Any
from typing import BinaryIO

from .contestants import Kind
from .orders import COLUMNS
from .orders import Order
from .orders import orders

Row = Sequence[Any]


def find_fault(
    file: BinaryIO, kind: Kind, rows: int, *, from_sqlite: bool = False
) -> str | None:
    """Compare all rows of a file with the orders; return what is wrong, if anything.

    :param from_sqlite: whether times have no zone, as in the SQLite file.
    """
    file.seek(0)
    # The first one of each column.
    faults: dict[str, str] = {}
    number = 0
    try:
        for given, order in zip_longest(READERS[kind](file), orders(rows)):
            number += 1
            if given is None or order is None or len(given) != len(order):
                faults["rows"] = _misshapen(number, given, order)
                break
            if from_sqlite:
                order = (order[0], order[1].replace(tzinfo=None), *order[2:])
            faults = {**_differences(given, order), **faults}
    except Exception as error:
        faults["rows"] = f"row {number + 1:,} cannot be read: {error!r}"
    return "; ".join(faults.values()) or None


def _misshapen(number: int, given: Row | None, order: Order | None) -> str:
    if given is None:
        return f"ends before row {number:,}"
    if order is None:
        return f"row {number:,} is one too many"
    return f"row {number:,} has {len(given)} cells instead of {len(order)}"


def _differences(given: Row, order: Order) -> dict[str, str]:
    return {
        name: f"{name} is {cell!r} instead of {'NULL' if value is None else value}"
        for name, read, cell, value in zip(COLUMNS, CELLS, given, order, strict=True)
        if not _reads_as(read, cell, value)
    }


def _reads_as(read: Callable[[Any], Any], cell: Any, value: Any) -> bool:
    with suppress(ValueError, TypeError, ArithmeticError):
        return bool(read(cell) == value)
    return False


def _time(cell: Any) -> datetime:
    return cell if isinstance(cell, datetime) else datetime.fromisoformat(cell)


def _csv(file: BinaryIO) -> Iterator[Row]:
    records = csv.reader(TextIOWrapper(file, "utf-8", newline=""), strict=True)
    first = next(records, HEADER)
    return records if first == HEADER else chain([first], records)


def _ndjson(file: BinaryIO) -> Iterator[Row]:
    for line in file:
        order = json.loads(line)
        yield [order[name] for name in COLUMNS]


def _arrow(file: BinaryIO) -> Iterator[Row]:
    from pyarrow import ipc

    with ipc.open_stream(file) as reader:
        yield from _rows(reader)


def _parquet(file: BinaryIO) -> Iterator[Row]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(file) as opened:
        yield from _rows(opened.iter_batches())


def _rows(batches: Iterable[Any]) -> Iterator[Row]:
    for batch in batches:
        columns = [column.to_pylist() for column in batch.columns]
        yield from zip(*columns, strict=True)


HEADER = list(COLUMNS)
BOOLEANS = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
#: The value of a cell of each column, which may be of text.
CELLS: tuple[Callable[[Any], Any], ...] = (
    *(int, _time, str, str, lambda cell: Decimal(str(cell)), int),
    *(lambda cell: BOOLEANS.get(str(cell).lower()), lambda cell: cell or None),
)
READERS: dict[Kind, Callable[[BinaryIO], Iterator[Row]]] = {
    "csv": _csv,
    "ndjson": _ndjson,
    "arrow": _arrow,
    "parquet": _parquet,
}
