"""Arrow's columns enter; their exact values as objects of Python's types leave."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .errors import RowError

#: How many of a unit make a second.
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS_OF_DAY = 86_400


def tuples_of(batch: Any, first: int = 1) -> list[tuple[Any, ...]]:
    """Return the rows of a ``pyarrow.RecordBatch``.

    :param first: the number of its first row, for errors.
    :raises RowError: for a value that Python's types cannot hold.
    """
    if not batch.num_columns:
        return [()] * batch.num_rows
    try:
        return list(zip(*map(values_of, batch.columns), strict=True))
    except Exception as error:
        raise _refusal(batch, first) from error


def batches_of(batches: Iterable[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the rows of record batches as lists of at most ``size`` tuples.

    :raises RowError: after the rows before a value that Python's types cannot hold.
    """
    first = 1
    for batch in batches:
        for begin in range(0, batch.num_rows, size):
            piece = batch.slice(begin, size)
            try:
                rows = tuples_of(piece, first)
            except RowError as error:
                if sound := tuples_of(piece.slice(0, (error.row or first) - first)):
                    yield sound
                raise
            first += len(rows)
            yield rows


def values_of(column: Any) -> list[Any]:
    """Return the values of a ``pyarrow.Array``.

    :raises ValueError: for a time of day that Python's would wrap or round.
    """
    kind = column.type
    if pa.types.is_time(kind):
        column = _exact_times(column)
    elif pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = _without_nanoseconds(column)
    elif pa.types.is_interval(kind):
        return list(map(_duration, column.to_pylist()))
    if "map<" in str(kind):
        return column.to_pylist(maps_as_pydicts="strict")  # type: ignore[no-any-return]
    return column.to_pylist()  # type: ignore[no-any-return]


def extremes(column: Any) -> tuple[int, int] | None:
    """Return the least and the greatest number of times in a column, if any."""
    width = pa.int64() if column.type.bit_width == 64 else pa.int32()
    found = pc.min_max(column.view(width)).as_py()
    return None if found["min"] is None else (found["min"], found["max"])


def _exact_times(column: Any) -> Any:
    day = _SECONDS_OF_DAY * PER_SECOND[column.type.unit]
    bounds = extremes(column)
    if bounds is not None and not (bounds[0] >= 0 and bounds[1] < day):
        raise ValueError("it is beyond the times of a day")
    # The cast is an error where nanoseconds would be lost.
    return column.cast(pa.time64("us"))


def _without_nanoseconds(column: Any) -> Any:
    try:
        return column.cast(pa.timestamp("us", column.type.tz))
    except pa.ArrowInvalid:
        # Then pyarrow makes them Timestamps of pandas, where that is installed.
        return column


def _duration(interval: Any) -> timedelta | None:
    if interval is None:
        return None
    microseconds, rest = divmod(interval.nanoseconds, 1000)
    if interval.months or rest:
        raise ValueError("an interval of months or nanoseconds has no exact duration")
    return timedelta(days=interval.days, microseconds=microseconds)


def _refusal(batch: Any, first: int) -> RowError:
    """Return the error of the first value that Python's types cannot hold."""
    for place in range(batch.num_rows):
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            try:
                values_of(column.slice(place, 1))
            except Exception as error:
                return RowError.of_cell(first + place, name, column[place], error)
    raise AssertionError("a batch failed, and each of its values did not")
