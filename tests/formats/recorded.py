"""Rows of each kind, as Hypothesis makes them; what a format writes, and is read as."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from io import BytesIO
from typing import Any

import polars
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies
from hypothesis.strategies import SearchStrategy

from flask_outpour import CSV
from flask_outpour import Format
from formats import cells

Rows = list[tuple[Any, ...]]


def written(format: Format, columns: Sequence[str], *batches: Sequence[Any]) -> bytes:
    """Return all that a format writes of rows."""
    writer = copy.copy(format)
    parts = [writer.begin(columns), *map(writer.feed, batches), writer.finish()]
    return b"".join(parts)


def written_arrow(format: Any, schema: Any, *batches: Any) -> bytes:
    """Return all that a format writes of record batches."""
    writer = copy.copy(format)
    begin = writer.begin_arrow(schema)
    return b"".join([begin, *map(writer.feed_arrow, batches), writer.finish()])


def read_arrow(content: bytes) -> Any:
    """Return the table that pyarrow reads from a stream."""
    table = pa.ipc.open_stream(content).read_all()
    table.validate(full=True)
    return table


def read_parquet(content: bytes) -> Any:
    """Return the table that pyarrow reads from a file."""
    table = pq.read_table(BytesIO(content))
    table.validate(full=True)
    return table


def rows_of(table: Any) -> Rows:
    """Return the rows of a table of pyarrow's, or of a frame of polars'."""
    if isinstance(table, polars.DataFrame):
        return table.rows()
    columns = [column.to_pylist() for column in table.columns]
    return list(zip(*columns, strict=True))


_decimals = strategies.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**18), max_value=10**18
).map(lambda value: round(value, 8))
#: Where the same instant in UTC has a year that Python can write.
_MIDDLE = {"min_value": datetime(2, 1, 1), "max_value": datetime(9998, 12, 31)}
_LONG = timedelta(microseconds=2**63 - 1)

#: What stays as it is, by kind; whole columns are of one.
KEPT: dict[str, SearchStrategy[Any]] = {
    "bool": strategies.booleans(),
    "int": strategies.integers(-(2**63), 2**63 - 1),
    "float": strategies.floats(allow_nan=False),
    "Decimal": _decimals,
    "str": cells.texts,
    "bytes": cells.buffers,
    "datetime": strategies.datetimes(),
    "aware": strategies.datetimes(**_MIDDLE, timezones=cells.zones.filter(bool)),
    "date": strategies.dates(),
    "time": strategies.times(),
    "timedelta": strategies.timedeltas(-_LONG, _LONG),
}
_lists = {
    f"list of {kind}": strategies.lists(strategies.none() | cell, max_size=3)
    for kind, cell in KEPT.items()
}
#: What is one of these, in other clothes, and what stands for it.
DRESSED: dict[str, tuple[SearchStrategy[Any], Callable[[Any], Any]]] = {
    "UUID": (cells.uuids, str),
    "buffer": (cells.buffers.map(bytearray), bytes),
    "subclass": (cells.texts.map(cells.Text), lambda text: str.__str__(text)),
    "Enum": (strategies.sampled_from(cells.Kind), lambda kind: kind.value),
    "int, float": (
        strategies.integers(-(2**53), 2**53) | strategies.floats(allow_nan=False),
        float,
    ),
    "int, Decimal": (strategies.integers(-(10**18), 10**18) | _decimals, Decimal),
    "nested": (
        cells.containers.filter(lambda value: not isinstance(value, list | tuple)),
        lambda value: _json_text(value),
    ),
    "none": (strategies.none(), lambda value: None),
}


def _json_text(value: Any) -> str:
    """Return the JSON that CSV has for a value in a cell."""
    writer = CSV(header=False)
    writer.begin(["value", "end"])
    cell = writer.feed([(value, 0)]).decode().removesuffix(",0\n")
    text = cell[1:-1].replace('""', '"') if cell.startswith('"') else cell
    assert isinstance(json.loads(text), dict | list)
    return text


@strategies.composite
def tables(draw: strategies.DrawFn) -> tuple[list[str], Rows, Rows, list[int]]:
    """Return names, rows, the rows that should be read, and the sizes of batches."""
    size = draw(strategies.integers(0, 8))
    columns, expected = [], []
    for _ in range(draw(strategies.integers(1, 4))):
        kept = {**KEPT, **_lists}
        kind = draw(strategies.sampled_from([*kept, *DRESSED]))
        cell, stands = DRESSED[kind] if kind in DRESSED else (kept[kind], as_read)
        values = strategies.none() | cell
        columns.append(draw(strategies.lists(values, min_size=size, max_size=size)))
        expected.append([None if v is None else stands(v) for v in columns[-1]])
    names = draw(
        strategies.lists(
            cells.texts, min_size=len(columns), max_size=len(columns), unique=True
        )
    )
    rows, read = (list(zip(*side, strict=True)) for side in (columns, expected))
    return (
        names,
        rows,
        read,
        draw(strategies.sampled_from([[1, 1, 2, 4], [8], [3] * 3])),
    )


def as_read(value: Any) -> Any:
    """Return a value as readers return it: an instant in UTC."""
    if isinstance(value, list):
        return [as_read(item) for item in value]
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    return value


def cut(rows: Rows, sizes: Sequence[int]) -> list[Rows]:
    """Return rows in batches."""
    batches, begin = [], 0
    for size in sizes:
        batches.append(rows[begin : begin + size])
        begin += size
    return [batch for batch in batches if batch]
