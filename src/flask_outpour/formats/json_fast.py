"""Rows of well-known types enter; the same JSON lines leave, made by msgspec."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from ..surveyed import surveyed
from .columns import Batch
from .genuine import Genuine
from .json_nested import Change
from .json_nested import Preparation
from .values import Column
from .values import decimal_texts
from .values import duration_texts
from .values import iso_datetime_texts
from .values import iso_texts
from .values import writes_as_repr

FastLines = Callable[[Batch], bytes | None]

#: What msgspec writes as the value table asks, whatever the value.
_ALWAYS: frozenset[type] = frozenset({bool, int, str, bytes, Genuine.date, UUID})


def _floats(values: Column) -> Column | None:
    if writes_as_repr(values):
        return values
    import msgspec

    texts = list(map(float.__repr__, values))
    # Of these the error, or null, is made elsewhere.
    if "n" in "".join(texts):
        return None
    return [msgspec.Raw(text.encode()) for text in texts]


#: What it writes in another way, or may.
_CHANGES: dict[type, Change] = {
    float: _floats,
    Genuine.datetime: iso_datetime_texts,
    time: iso_texts,
    timedelta: duration_texts,
    Decimal: decimal_texts,
}


@lru_cache(64)
def fast_lines(columns: tuple[str, ...], decimal: str) -> FastLines | None:
    """Return a function that writes batches of these columns, or ``None``.

    It returns ``None``, too, for a batch that has something which msgspec would
    write in another way, or not at all.
    """
    try:
        import msgspec
    except ImportError:
        return None
    record = _record(columns)
    if record is None:
        return None
    changes = dict(_CHANGES)
    if decimal == "number":
        del changes[Decimal]
    prepared = Preparation(_ALWAYS, changes, _record).column
    encode = msgspec.json.Encoder().encode_lines

    def lines(batch: Batch) -> bytes | None:
        ready = []
        try:
            seen = surveyed(batch)
            for values, kinds in zip(seen.columns, seen.kinds, strict=True):
                column = prepared(values, kinds)
                if column is None:
                    return None
                ready.append(column)
            return encode(list(map(record, *ready)))
        except Exception:
            # A lone surrogate, a long integer, or rows that have other lengths.
            return None

    return lines


@lru_cache(256)
def _record(names: tuple[str, ...]) -> Callable[..., Any] | None:
    """Return a type of objects with members of these names, or ``None``."""
    import msgspec

    if not names:
        return None
    fields = [
        (f"column_{number}", Any, msgspec.field(name=str.__str__(name)))
        for number, name in enumerate(names)
    ]
    try:
        return msgspec.defstruct("Record", fields, gc=False)
    except ValueError:
        # It takes no name with a character that JSON escapes.
        return None
