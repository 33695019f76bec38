"""Bytes of DuckDB's own types enter, as Arrow carries them; their values leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from functools import partial
from typing import Any

#: The first bit of a BIGNUM is that of its sign.
_POSITIVE = 0x80
_BIGNUM_HEADER = 3
#: A time with a zone has its offset behind its microseconds, counted from this one.
_OFFSET_BITS, _LARGEST_OFFSET = 24, 57_599


def decoded(kind: str, values: Sequence[Any]) -> list[Any]:
    """Return values of one of DuckDB's types that Arrow knows only by its name."""
    decode = _DECODERS.get(kind)
    if decode is None:
        return list(values)
    return [None if value is None else decode(value) for value in values]


def _bits(value: bytes) -> str:
    """Return the text of a BIT; its first byte has the number of bits not counted."""
    bits = "".join(f"{byte:08b}" for byte in value[1:])
    return bits[value[0] :]


def _bignum(value: bytes) -> str:
    """Return the digits of a BIGNUM, of which a negative one has its bits inverted."""
    body = value[_BIGNUM_HEADER:]
    if value[0] & _POSITIVE:
        return str(int.from_bytes(body))
    return f"-{int.from_bytes(bytes(byte ^ 0xFF for byte in body))}"


def _time(value: bytes) -> time:
    number = int.from_bytes(value, "little")
    microseconds, offset = number >> _OFFSET_BITS, number & ((1 << _OFFSET_BITS) - 1)
    zone = timezone(timedelta(seconds=_LARGEST_OFFSET - offset))
    clock = datetime.min + timedelta(microseconds=microseconds)
    if clock.date() != datetime.min.date():
        raise ValueError("it is beyond the times of a day")
    return clock.time().replace(tzinfo=zone)


_DECODERS: Mapping[str, Callable[[bytes], Any]] = {
    "bit": _bits,
    "bignum": _bignum,
    "hugeint": partial(int.from_bytes, byteorder="little", signed=True),
    "uhugeint": partial(int.from_bytes, byteorder="little"),
    "time_tz": _time,
}
