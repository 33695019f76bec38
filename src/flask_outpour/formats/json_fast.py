"""Rows of well-known types enter; the same JSON lines leave, made by msgspec."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Set
from datetime import time
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from ..surveyed import surveyed
from .columns import Batch
from .columns import Writer
from .genuine import Genuine
from .values import Column
from .values import decimal_texts
from .values import duration_texts
from .values import iso_datetime_texts
from .values import iso_texts
from .values import writes_as_repr

FastLines = Callable[[Batch], bytes | None]

#: What msgspec writes as the value table asks, whatever the value.
_ALWAYS = frozenset({bool, int, str, bytes, Genuine.date, UUID})
#: What it writes in another way, and what then makes texts of whole columns of it.
_WRITERS: dict[type, Writer] = {
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
    if not columns:
        return None
    try:
        import msgspec
    except ImportError:
        return None
    fields = [
        (f"column_{number}", Any, msgspec.field(name=str.__str__(name)))
        for number, name in enumerate(columns)
    ]
    try:
        record = msgspec.defstruct("Record", fields, gc=False)
    except ValueError:
        # It takes no name with a character that JSON escapes.
        return None
    writers = dict(_WRITERS)
    if decimal == "number":
        del writers[Decimal]
    encode = msgspec.json.Encoder().encode_lines

    def lines(batch: Batch) -> bytes | None:
        ready = []
        try:
            seen = surveyed(batch)
            for values, kinds in zip(seen.columns, seen.kinds, strict=True):
                column = _ready(values, kinds, writers)
                if column is None:
                    return None
                ready.append(column)
            return encode(list(map(record, *ready)))
        except (TypeError, ValueError):
            # A lone surrogate, a long integer, or rows that have other lengths.
            return None

    return lines


def _ready(
    values: Column, kinds: Set[type], writers: Mapping[type, Writer]
) -> Column | None:
    """Return a column of what msgspec writes right, or ``None`` where it cannot."""
    nullable = type(None) in kinds
    if nullable:
        kinds = kinds - {type(None)}
    if kinds <= _ALWAYS:
        return values
    if kinds == {float} and writes_as_repr(values):
        return values
    writer = writers.get(*kinds) if len(kinds) == 1 else None
    if writer is None:
        return None
    if not nullable:
        return writer(values)
    texts = iter(writer([value for value in values if value is not None]))
    return [None if value is None else next(texts) for value in values]
