"""Columns of one Python type enter; their plain texts leave."""

from __future__ import annotations

from array import array
from base64 import b64encode
from collections import UserString
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import MutableSequence
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from decimal import Decimal
from enum import Enum
from functools import cache
from functools import partial
from ipaddress import IPv4Address
from ipaddress import IPv4Interface
from ipaddress import IPv4Network
from ipaddress import IPv6Address
from ipaddress import IPv6Interface
from ipaddress import IPv6Network
from itertools import repeat
from operator import attrgetter
from operator import sub
from typing import Any
from uuid import UUID

from ..others import behind
from ..others import stand_in
from ..ranges import is_range
from ..ranges import range_text
from .genuine import Genuine
from .numpy_values import BEYOND
from .numpy_values import narrow_floats
from .numpy_values import of_numpy

Column = Sequence[Any]
Texts = Sequence[str]

#: What is written as its text.
_AS_TEXT = (
    UUID,
    *(IPv4Address, IPv4Interface, IPv4Network),
    *(IPv6Address, IPv6Interface, IPv6Network),
)
#: A column has one of these types, or is brought to one by :func:`plain`.
BASE_TYPES = frozenset(
    {
        *(bool, int, float, Decimal, str, bytes),
        *(Genuine.datetime, Genuine.date, time, timedelta, list, dict),
    }
)
#: What plain() leaves of subclasses; a datetime is a date, so it comes first.
_BASES = (Genuine.datetime, Genuine.date, time, timedelta, Decimal, list, dict)
_BOOLEANS = {True: "true", False: "false"}
_SMALL = {number: str(number) for number in range(256)}
_ZONE = attrgetter("tzinfo")
_PARTS = attrgetter("days", "seconds", "microseconds")
#: The zones that never had another offset.
UTC_NAMES = frozenset({"UTC", "Etc/UTC"})
#: Forty years.
_MOST_DAYS = 1 << 14
#: From here on, the offsets of all zones are whole minutes.
_WHOLE_MINUTES = 1973


@cache
def encoder() -> Callable[[Any], bytes] | None:
    """Return msgspec's encoder, or ``None`` where it is not installed."""
    try:
        import msgspec
    except ImportError:
        return None
    return msgspec.json.Encoder().encode


def plain(value: Any) -> Any:
    """Return what an unusual value stands for, in one of the base types or None.

    Subclasses become their base; an Enum its value, a UUID its text, a scalar of
    numpy the number that it holds.

    :raises TypeError: for a value that is none of these.
    """
    if value.__class__ is not type(value):
        return plain(behind(value))
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or type(value) in BASE_TYPES:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    # numpy.float64 is a float, and its repr() is not a number.
    if hasattr(type(value), "dtype") and hasattr(type(value), "tolist"):
        return of_numpy(value, plain)
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, datetime):
        # pandas.NaT, which stands for no time at all, is not equal to itself.
        return _based_time(value) if value == value else None
    if isinstance(value, date | time | timedelta):
        return _based_time(value)
    if isinstance(value, Decimal):
        return Decimal(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return memoryview(value).tobytes()
    if isinstance(value, _AS_TEXT):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if is_range(value):
        return range_text(value)
    if isinstance(value, UserString):
        return str(value)
    if isinstance(value, array) and value.typecode == "f":
        return narrow_floats(value.tolist(), 32)
    if isinstance(value, tuple | MutableSequence):
        return list(value)
    if type(value).__name__ == "NAType":
        # pandas.NA, which is no None, and not equal to itself either.
        return None
    return plain(stand_in(value))


def _based_time(value: Any) -> Any:
    """Return a time as its base, whatever texts a subclass makes of it."""
    base = _base_time(value)
    for part in ("nanosecond", "nanoseconds"):
        if (fine := getattr(value, part, None)) is None:
            continue
        # One of pandas may be beyond its base, which then has any value.
        if (getattr(value, "year", 0), getattr(value, "days", 0)) != (
            getattr(base, "year", 0),
            getattr(base, "days", 0),
        ):
            raise ValueError(BEYOND)
        return value if fine else base
    return base


def _base_time(value: Any) -> Any:
    if isinstance(value, timedelta):
        return timedelta.__pos__(value)
    if isinstance(value, time):
        return datetime.combine(date.min, value).timetz()
    day = Genuine.date.fromordinal(Genuine.date.toordinal(value))
    if not isinstance(value, datetime):
        return day
    return Genuine.datetime.combine(day, Genuine.datetime.timetz(value))


def base_of(value: Any) -> type:
    """Return the base type by which a plain value is written.

    :raises TypeError: where there is none, as for some of numpy's scalars.
    """
    kind = type(value)
    if kind in BASE_TYPES:
        return kind
    for base in _BASES:
        if isinstance(value, base):
            return base
    raise TypeError


def int_texts(values: Column) -> Texts:
    """Write integers of any size."""
    try:
        if values[0] in _SMALL:
            return list(map(_SMALL.__getitem__, values))
    except KeyError:
        pass
    try:
        if (encode := encoder()) is not None:
            return encode(values)[1:-1].decode().split(",")
        return list(map(int.__repr__, values))
    except ValueError:
        # More digits than sys.get_int_max_str_digits(): Decimal has no such limit.
        return [format(Decimal(value), "f") for value in values]


def float_texts(values: Column) -> Texts:
    """Write floats as ``repr()`` does, the shortest text that reads back."""
    if (encode := encoder()) is not None:
        text = encode(values)
        if _is_as_repr(text):
            return text[1:-1].decode().split(",")
    return list(map(float.__repr__, values))


def writes_as_repr(values: Column) -> bool:
    """Whether msgspec writes these floats, and ``None`` among them, as repr() does."""
    encode = encoder()
    assert encode is not None
    return _is_as_repr(encode([value for value in values if value is not None]))


def _is_as_repr(text: bytes) -> bool:
    # Where repr() has an exponent, or no number, msgspec has something else.
    return not (b"e" in text or b"n" in text or b"0.0000" in text)


def bool_texts(values: Column) -> Texts:
    """Write ``true`` and ``false``."""
    return list(map(_BOOLEANS.__getitem__, values))


def decimal_texts(values: Column) -> Texts:
    """Write decimals exactly, without an exponent."""
    texts = list(map(Decimal.__str__, values))
    if "E" in "".join(texts):
        return [format(value, "f") for value in values]
    return texts


def datetime_texts(values: Column, separator: str) -> Texts:
    """Write date and time of day as ``isoformat(separator)`` does, but faster."""
    # By identity: some zones, such as those of dateutil, have no hash.
    zones = set(map(id, map(_ZONE, values)))
    zone = values[0].tzinfo
    # A subclass, which comes alone, may have more in it, as pandas' nanoseconds.
    if (
        len(zones) > 1
        or type(values[0]) is not Genuine.datetime
        or not _has_whole_minutes(zone, values)
    ):
        return [value.isoformat(separator) for value in values]
    if (encode := encoder()) is not None:
        text = encode(values)[2:-2]
        # These have no other letters.
        text = text.replace(b"Z", b"+00:00").replace(b"T", separator.encode())
        return text.decode().split('","')
    # Of the zones that are left, those of zoneinfo alone have a key.
    if getattr(zone, "key", "UTC") not in UTC_NAMES:
        return [value.isoformat(separator) for value in values]
    return _datetime_texts(values, separator, datetime(1, 1, 1, tzinfo=zone))


def _datetime_texts(values: Column, separator: str, epoch: datetime) -> Texts:
    """Write times of one fixed offset by their distance from the year 1."""
    days, minutes, seconds, thousands = _clock()
    offset = epoch.isoformat()[19:]
    return [
        f"{days[day]}{separator}{minutes[second // 60]}{seconds[second % 60]}"
        f".{thousands[micro // 1000]}{thousands[micro % 1000]}{offset}"
        if micro
        else f"{days[day]}{separator}{minutes[second // 60]}{seconds[second % 60]}"
        f"{offset}"
        for day, second, micro in map(_PARTS, map(sub, values, repeat(epoch)))
    ]


class _Days(dict[int, str]):
    """The texts of days since the year 1, as they come to be asked for."""

    def __missing__(self, day: int) -> str:
        if len(self) > _MOST_DAYS:
            self.clear()
        text = self[day] = date.fromordinal(day + 1).isoformat()
        return text


@cache
def _clock() -> tuple[_Days, list[str], list[str], list[str]]:
    minutes = [f"{hour:02}:{minute:02}:" for hour in range(24) for minute in range(60)]
    two, three = (
        [f"{number:0{digits}}" for number in range(10**digits)] for digits in (2, 3)
    )
    return _Days(), minutes, two, three


def _has_whole_minutes(zone: Any, values: Column) -> bool:
    """Whether all offsets are whole minutes, and of a kind that is well known."""
    if zone is None:
        return True
    if isinstance(zone, timezone):
        return not zone.utcoffset(None) % timedelta(minutes=1)
    from zoneinfo import ZoneInfo

    return isinstance(zone, ZoneInfo) and min(values).year >= _WHOLE_MINUTES


def iso_texts(values: Column) -> Texts:
    """Write dates, or times of day, by ISO 8601, which is how ``str()`` writes them."""
    return [value.isoformat() for value in values]


def duration_texts(values: Column) -> Texts:
    """Write durations by ISO 8601, such as ``P1DT2H3M4.5S``; none is ``PT0S``."""
    return list(map(_duration, values))


def _duration(value: timedelta) -> str:
    if value < timedelta(0):
        # A sign before all of it, as ISO 8601-2 has it.
        return f"-{_duration(-value)}"
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    # A Timedelta of pandas has nanoseconds, too.
    nanoseconds = getattr(value, "nanoseconds", 0)
    fraction = f".{value.microseconds:06}{nanoseconds:03}".rstrip("0").rstrip(".")
    second = f"{seconds}{fraction}S" if seconds or fraction else ""
    parts = ((hours, "H"), (minutes, "M"))
    clock = "".join(f"{number}{unit}" for number, unit in parts if number) + second
    days = f"{value.days}D" if value.days else ""
    return f"P{days}{f'T{clock}' if clock else ''}" if days or clock else "PT0S"


def base64_texts(values: Column) -> Texts:
    """Write bytes as base64 (RFC 4648, section 4)."""
    return [b64encode(value).decode() for value in values]


str_datetime_texts = partial(datetime_texts, separator=" ")
iso_datetime_texts = partial(datetime_texts, separator="T")
