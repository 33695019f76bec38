"""A scalar or array of numpy enters; the Python values that it holds leave."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..short_floats import shortest

#: Floats of fewer bits.
_NARROW = {"float16": 16, "float32": 32}
BEYOND = "it is beyond the first and the last of Python's times"


def of_numpy(value: Any, plain: Callable[[Any], Any]) -> Any:
    """Return the number or time that a scalar holds, or the list of an array.

    :param plain: does so for what is inside.
    :raises ValueError: for a time that Python's types cannot hold.
    """
    dtype = value.dtype
    # numpy has the same name for each order of bytes; torch has none.
    kind = getattr(dtype, "name", None) or str(dtype).rpartition(".")[2]
    if kind.lower() in _NARROW:
        # The digits of these, not of the wider float that is nearest to them.
        return narrow_floats(value.tolist(), _NARROW[kind.lower()])
    names = getattr(dtype, "names", None)
    is_time = kind.startswith(("datetime64", "timedelta64"))
    if not names and not is_time:
        return value.tolist()
    if value.ndim:
        return list(map(plain, value))
    return [plain(value[name]) for name in names] if names else _moment(value, kind)


def narrow_floats(found: Any, bits: int) -> Any:
    """Return floats that are written by the fewest digits that read back narrow."""
    if isinstance(found, list):
        return [narrow_floats(each, bits) for each in found]
    # Where nothing is there, pandas has something else.
    return shortest(found, bits) if isinstance(found, float) else found


def _moment(value: Any, kind: str) -> Any:
    """Return the date, time or duration that a scalar of numpy holds."""
    found = value.tolist()
    if not isinstance(found, int):
        return found
    if kind == "timedelta64":
        raise ValueError("it has no unit")
    if kind in ("timedelta64[Y]", "timedelta64[M]"):
        raise ValueError("years and months have no length of their own")
    coarse = value.astype(f"{value.dtype.kind}8[us]")
    if coarse.astype(value.dtype) != value:
        if kind.endswith(("[ns]", "[ps]", "[fs]", "[as]")):
            raise ValueError("a time with nanoseconds has no exact Python value")
    elif not isinstance(moment := coarse.item(), int):
        return moment
    raise ValueError(BEYOND)
