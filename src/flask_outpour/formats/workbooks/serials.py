"""Dates, times and durations enter; the numbers leave by which a sheet knows them.

A sheet counts days from the end of 1899, and has the 29th of February of 1900, which
was none: before March of that year programs differ in what a number means. So these
times are no numbers here, nor are durations below zero, which Excel does not show.

Programs round a number to the parts of a second that they show, or to milliseconds, and
so may show a later second, and another day. What they would round is cut off here.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from itertools import repeat
from math import inf
from math import nextafter
from operator import attrgetter
from operator import floordiv
from operator import sub
from typing import Any
from zoneinfo import ZoneInfo

from ..genuine import Genuine
from ..values import Column
from ..values import float_texts
from ..values import Texts
from ..values import UTC_NAMES

_DAY = 86_400
_EPOCH = datetime(1899, 12, 30)
_EPOCH_DAY = _EPOCH.toordinal()
#: The first day that all programs count alike.
_FIRST = datetime(1900, 3, 1)
#: What is later, as datetime.max, is text with all its digits.
_LAST = datetime(9999, 12, 31, 23, 59, 59, 999_000)
#: Days; 9999-12-31 is the last that Excel knows.
_MOST = 2_958_466
_CLOCK = attrgetter("hour", "minute", "second", "microsecond")
_ZONE = attrgetter("tzinfo")
#: Seconds below which a double tells a second from a microsecond beside it.
_FINE = 2.0**33
#: DuckDB takes what is less than a millisecond from a second for that second; this is
#: some eight millionths of a second, and a fifth of a millisecond in the year 9999.
_BELOW = 1 - 2**-50

#: Numbers, and whether each is one of whole seconds; none where all are.
Numbers = tuple[Texts, Sequence[bool]]
#: What returns the numbers of values, or ``None`` where not all of them have one. It is
#: told how many parts of a second are shown: 1, 10, 100 or 1000.
Serials = Callable[[Column, int], Numbers | None]


def datetime_serials(values: Column, parts: int) -> Numbers | None:
    """Return the numbers of times, those with a zone in UTC."""
    # By identity: some zones have no hash.
    if len(set(map(id, map(_ZONE, values)))) > 1:
        return None
    zone = values[0].tzinfo
    # Of two times with the same zone, Python takes the clocks' difference.
    here = zone if zone is None or _is_utc(zone) else UTC
    if min(values) < _FIRST.replace(tzinfo=here):
        return None
    if max(values) > _LAST.replace(tzinfo=here):
        return None
    epoch = _EPOCH.replace(tzinfo=here)
    return _of_durations(lambda: map(sub, values, repeat(epoch)), parts)


def _is_utc(zone: Any) -> bool:
    return zone is UTC or (isinstance(zone, ZoneInfo) and zone.key in UTC_NAMES)


def date_serials(values: Column, parts: int) -> Numbers | None:
    """Return the numbers of days."""
    if min(values) < _FIRST.date():
        return None
    return [str(day - _EPOCH_DAY) for day in map(date.toordinal, values)], ()


def time_serials(values: Column, parts: int) -> Numbers | None:
    """Return the numbers of times of a day, which must have no zone."""
    if any(map(_ZONE, values)):
        return None
    return _of_parts(
        [
            (hour * 3600 + minute * 60 + second) * parts + micro * parts // 1_000_000
            for hour, minute, second, micro in map(_CLOCK, values)
        ],
        parts,
    )


def duration_serials(values: Column, parts: int) -> Numbers | None:
    """Return the numbers of durations."""
    if min(values) < timedelta(0) or max(values).days >= _MOST:
        return None
    return _of_durations(lambda: values, parts)


def _of_durations(durations: Callable[[], Iterable[timedelta]], parts: int) -> Numbers:
    seconds = list(map(timedelta.total_seconds, durations()))
    if max(seconds) < _FINE and all(map(float.is_integer, seconds)):
        return float_texts([second / _DAY for second in seconds]), ()
    part = timedelta(seconds=1) / parts
    return _of_parts(list(map(floordiv, durations(), repeat(part))), parts)


def _of_parts(counts: list[int], parts: int) -> Numbers:
    """Return the numbers of so many parts of a second each."""
    whole = _DAY * parts
    days = [count / whole for count in counts]
    rests = [count % parts for count in counts]
    if max(counts) >= _FINE * parts:
        days = [
            day if rest else _not_before(day, count // parts)
            for day, count, rest in zip(days, counts, rests, strict=True)
        ]
    if 999 in rests:
        days = [
            day * _BELOW if rest == 999 else day
            for day, rest in zip(days, rests, strict=True)
        ]
    return float_texts(days), [not rest for rest in rests]


def _not_before(days: float, seconds: int) -> float:
    """Return the number of whole seconds, none of whose readers sees a second less.

    openpyxl would round that to a second more than there were.
    """
    whole = timedelta(seconds=seconds)
    while timedelta(days=days) < whole:
        days = nextafter(days, inf)
    return days


#: By the type of the values.
SERIALS: dict[type, Serials] = {
    Genuine.datetime: datetime_serials,
    Genuine.date: date_serials,
    time: time_serials,
    timedelta: duration_serials,
}
