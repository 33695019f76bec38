"""A column of dates or times enters; its texts leave, those that Python writes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..arrow_values import extremes
from ..arrow_values import PER_SECOND
from .arrow_cells import Array
from .arrow_cells import Cells
from .arrow_cells import STRING
from .arrow_cells import Unsuited

_UTC = frozenset({"UTC", "Etc/UTC", "+00:00"})
#: The units that a fraction of a second is cut to, if it then loses nothing.
_COARSER = {"ns": "us", "us": "s", "ms": "s"}
_DAY = 86_400
#: The first and the last day that Python's dates have.
_DAYS = (-719_162, 2_932_896)
#: From 1973 on, zones change their offsets at full minutes, to whole minutes.
_WHOLE_MINUTES = 94_694_400


def dates(column: Array, quote: str) -> Cells:
    column = column.cast(pa.date32())
    _require_within(_DAYS, column)
    return Cells(column.cast(STRING), quote, quote)


def times(column: Array, quote: str) -> Cells:
    _require_within((0, _DAY * PER_SECOND[column.type.unit] - 1), column)
    if column.type.unit == "ns":
        # Python's times have no nanoseconds, so they may have none here.
        column = column.cast(pa.time64("us"))
    return Cells(_clock(column), quote, quote)


def timestamps(column: Array, quote: str, separator: str) -> Cells:
    zone, per_second = column.type.tz, PER_SECOND[column.type.unit]
    column, offsets = _local(column) if zone not in (*_UTC, None) else (column, None)
    column = column.view(pa.timestamp(column.type.unit))
    first, last = _DAYS
    _require_within(
        (first * _DAY * per_second, (last + 1) * _DAY * per_second - 1), column
    )
    texts = _clock(column)
    if separator != " ":
        texts = pc.binary_replace_slice(texts, 10, 11, separator)
    after = "" if zone is None else "+00:00"
    if offsets is not None:
        different = offsets.dictionary_encode()
        suffixes = list(map(_suffix, different.dictionary.to_pylist()))
        after = suffixes[0] if suffixes else ""
        if len(suffixes) > 1:
            after = ""
            ends = pa.array(suffixes, STRING).take(different.indices)
            texts = pc.binary_join_element_wise(texts, ends, "")
    return Cells(texts, quote, after + quote)


def _clock(column: Array) -> Array:
    """Return texts of times; fractions have six digits, or nine, or are left out."""
    unit = column.type.unit
    if unit == "s":
        return column.cast(STRING)
    if unit == "ms":
        return _clock(column.cast(_with_unit(column.type, "us")))
    coarse = column.cast(_with_unit(column.type, _COARSER[unit]), safe=False)
    exact = pc.equal(coarse.cast(column.type), column)
    if pc.all(exact).as_py() is not False:
        return _clock(coarse)
    fine = column.cast(STRING)
    if not pc.any(exact).as_py():
        return fine
    return pc.if_else(exact, _clock(coarse), fine)


def _with_unit(kind: Any, unit: str) -> Any:
    if pa.types.is_timestamp(kind):
        return pa.timestamp(unit)
    return pa.time32(unit) if unit == "s" else pa.time64(unit)


def _local(column: Array) -> tuple[Array, Array]:
    """Return times as the clocks of their zone show them, and its offsets."""
    kind, per_second = column.type, PER_SECOND[column.type.unit]
    bounds = extremes(column)
    if bounds is not None and bounds[0] < _WHOLE_MINUTES * per_second:
        raise Unsuited("the zone may have an odd offset")
    # As pyarrow's own values have it.
    zone = pa.scalar(0, kind).as_py().tzinfo
    numbers = column.view(pa.int64())
    offsets = _offsets(pc.divide(numbers, per_second), zone)
    local = pc.add_checked(numbers, pc.multiply(offsets, per_second))
    return local.view(kind), offsets


def _offsets(seconds: Array, zone: tzinfo) -> Array:
    """Return the offset from UTC at each time, both in seconds."""

    def offset(second: int) -> int:
        offset = datetime.fromtimestamp(second, zone).utcoffset()
        assert offset is not None
        return round(offset.total_seconds())

    def of_day(second: int) -> int | None:
        # No zone changes twice in a day.
        begin, end = offset(second), offset(second + _DAY)
        return begin if begin == end else None

    offsets = _by(seconds, _DAY, of_day)
    if offsets.null_count > seconds.null_count:
        changing = pc.if_else(pc.is_null(offsets), seconds, None)
        offsets = pc.coalesce(offsets, _by(changing, 60, offset))
    return offsets


def _by(seconds: Array, unit: int, function: Callable[[int], int | None]) -> Array:
    """Return what a function makes of the beginning of each day or minute."""
    begun = pc.divide(seconds, unit).dictionary_encode()
    values = [function(number * unit) for number in begun.dictionary.to_pylist()]
    return pa.array(values, pa.int64()).take(begun.indices)


def _suffix(offset: int) -> str:
    zone = timezone(timedelta(seconds=offset))
    return datetime(1, 1, 2, tzinfo=zone).isoformat()[19:]


def _require_within(limits: tuple[int, int], column: Array) -> None:
    bounds = extremes(column)
    if bounds is not None and not (limits[0] <= bounds[0] and bounds[1] <= limits[1]):
        raise Unsuited("Python has no such date or time")
