"""A frame of pandas enters; one that Arrow reads as it is leaves, or its rows do."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence
from datetime import date
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

from .batches import FULL
from .model import Batch
from .model import Rows

#: Types of objects that Arrow gets right where a column has one of them alone. Of
#: others it makes one type for all: a time of day is lost beside a date, text becomes
#: bytes beside bytes, and a dict gets the keys of the others.
_SOUND = frozenset([str, bytes, bool, Decimal, date, time, timedelta])


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
    values = getattr(column.dtype, "categories", column)
    if values.dtype != object:
        return False
    kinds = set(map(type, values[values.notna()]))
    return len(kinds) > 1 or not kinds <= _SOUND


def rows_of_frame(frame: Any, places: Sequence[int], names: Sequence[str]) -> Rows:
    """Return the values of some columns as they are, with ``None`` for those missing.

    :param places: of the columns.
    :param names: what they are called.
    """
    return Rows(names, _batches(frame, list(places)))


def _batches(frame: Any, places: list[int]) -> Iterator[Batch]:
    for begin in range(0, len(frame), FULL):
        part = frame.iloc[begin : begin + FULL, places]
        part = part.astype(object).where(part.notna(), None)
        yield list(part.itertuples(index=False, name=None))
