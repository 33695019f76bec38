"""A frame of pandas enters; one that Arrow reads as it is leaves, or its rows do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import date
from datetime import time
from datetime import timedelta
from decimal import Decimal
from decimal import InvalidOperation
from operator import attrgetter
from typing import Any

from .batches import FULL
from .model import Batch
from .model import Rows

#: Types of objects that Arrow gets right where a column has one of them alone. Of
#: others it makes one type for all: a time of day is lost beside a date, text becomes
#: bytes beside bytes, and a dict gets the keys of the others.
_SOUND = frozenset([str, bytes, bool, Decimal, date, time, timedelta])
#: Floats of 16 and 32 bits, with gaps or without, and as Arrow calls them.
_NARROW = re.compile(r"[Ff]loat(16|32)|(half)?float\[pyarrow\]")


def is_frame(source: Any) -> bool:
    """Whether this is a frame of pandas; a series of it has no columns."""
    return hasattr(source, "iloc") and hasattr(source, "columns")


def readable(frame: Any) -> Any:
    """Return a frame without the types that Arrow has no values for.

    Periods and intervals become text: of periods Arrow would have ordinal numbers.
    """
    kinds: dict[Any, Any] = {}
    for name, dtype in frame.dtypes.items():
        if str(dtype).startswith("Sparse"):
            kinds[name] = dtype.subtype
        # Of categories, it is their values' type that counts.
        of = getattr(getattr(dtype, "categories", None), "dtype", dtype)
        if str(of).startswith(("period", "interval")):
            kinds[name] = "string"
    return frame.astype(kinds) if kinds else frame


def is_mixed(frame: Any) -> bool:
    """Whether a column has objects of Python that Arrow has no one type for."""
    columns = (frame.iloc[:, place] for place in range(frame.shape[1]))
    return any(map(_is_mixed, columns))


def _is_mixed(column: Any) -> bool:
    values = _values_of(column)
    if values.dtype != object:
        return False
    try:
        found = values[values.notna()]
    except InvalidOperation:
        # A signalling NaN, of which Arrow makes none at all.
        return True
    kinds = set(map(type, found))
    if len(kinds) > 1 or not kinds <= _SOUND:
        return True
    # Arrow's times of day have no zone.
    return kinds == {time} and any(map(attrgetter("tzinfo"), found))


def has_objects(frame: Any) -> bool:
    """Whether a column has objects of Python."""
    columns = (frame.iloc[:, place] for place in range(frame.shape[1]))
    return any(_values_of(column).dtype == object for column in columns)


def _values_of(column: Any) -> Any:
    """Return the different values of a column of categories, or a column as it is."""
    return getattr(column.dtype, "categories", column)


def with_distinct_names(frame: Any, names: Sequence[str]) -> Any:
    """Return a frame whose columns have numbers for names, if some have the same."""
    if len(set(names)) == len(names):
        return frame
    return frame.set_axis([str(place) for place in range(frame.shape[1])], axis=1)


def rows_of_frame(frame: Any, places: Sequence[int], names: Sequence[str]) -> Rows:
    """Return the values of some columns as they are, with ``None`` for those missing.

    :param places: of the columns.
    :param names: what they are called.
    """
    return Rows(names, _batches(frame, list(places)))


def _batches(frame: Any, places: list[int]) -> Iterator[Batch]:
    for begin in range(0, len(frame), FULL):
        part = frame.iloc[begin : begin + FULL]
        columns = [_values(part.iloc[:, place]) for place in places]
        yield list(zip(*columns, strict=True)) or [()] * len(part)


def _values(column: Any) -> list[Any]:
    """Return the values of a column as objects of Python."""
    values = column.astype(object)
    try:
        values = values.where(column.notna(), None)
    except InvalidOperation:
        return [None if _is_missing(value) else value for value in values]
    if _NARROW.match(str(column.dtype)):
        # numpy's texts have the digits that are needed.
        width = "16" if re.search("16|half", str(column.dtype)) else "32"
        numbers = column.to_numpy(f"float{width}", na_value=float("nan"))
        values = values.where(values.isna(), numbers.astype(str).astype("float64"))
    return list(values)


def _is_missing(value: Any) -> bool:
    """Whether pandas takes an object for no value, beside a signalling NaN."""
    if isinstance(value, Decimal):
        return value.is_qnan()
    if isinstance(value, float):
        return value != value
    return value is None or type(value).__name__ in ("NAType", "NaTType")
