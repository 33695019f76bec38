"""Floats of 16 or 32 bits, as the ones of 64 bits whose texts are as short."""

from __future__ import annotations

import struct
from decimal import Decimal
from functools import lru_cache
from math import isfinite

#: By the width: the most digits that are needed, and the code of ``struct``.
_WIDTHS = {16: (5, "<e"), 32: (9, "<f")}


def shortest(value: float, bits: int) -> float:
    """Return the float whose ``repr()`` is the shortest that reads back as a value.

    A float of 32 bits that was read from ``0.1`` is 0.10000000149011612 in 64; these
    digits say no more of it.

    :param value: is one of that width.
    :param bits: 16 or 32; others are left as they are.
    """
    # Zero has a sign, which a cache does not see.
    if not value or not isfinite(value) or bits not in _WIDTHS:
        return value
    return _shortest(value, bits)


# A column of 16 bits has no more values than that.
@lru_cache(maxsize=1 << 16)
def _shortest(value: float, bits: int) -> float:
    most, code = _WIDTHS[bits]
    wanted = struct.pack(code, value)
    for digits in range(most):
        near = Decimal(f"{value:.{digits}e}")
        # Above a power of two numbers lie farther apart than below: there the next
        # one may still read back where the nearest does not.
        for short in (near, near + Decimal((near < 0, (1,), _exponent(near)))):
            if _packed(code, float(short)) == wanted:
                return float(short)
    return value


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def _packed(code: str, value: float) -> bytes:
    try:
        return struct.pack(code, value)
    except OverflowError:
        return b""
