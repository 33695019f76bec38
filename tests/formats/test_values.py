"""Tests of the texts of numbers, times and durations, with msgspec and without."""

from __future__ import annotations

import array as arrays
import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy
import pandas
import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour.formats.values import _Days
from flask_outpour.formats.values import base_of
from flask_outpour.formats.values import datetime_texts
from flask_outpour.formats.values import decimal_texts
from flask_outpour.formats.values import duration_texts
from flask_outpour.formats.values import float_texts
from flask_outpour.formats.values import int_texts
from flask_outpour.formats.values import plain
from formats.cells import decimals
from formats.cells import integers
from formats.cells import ZONES
from formats.reference import decimal_text
from formats.reference import duration_text

Without = Callable[[], AbstractContextManager[None]]


@given(numbers=strategies.lists(strategies.floats(), min_size=1, max_size=20))
@example(numbers=[10.0**power for power in range(-30, 30)])
@example(numbers=[math.pi * 10.0**power for power in range(-320, 309)])
@settings(max_examples=150, deadline=None)
def test_floats_are_as_repr(numbers: list[float], without_msgspec: Without) -> None:
    """Floats of all magnitudes are the shortest text that reads back."""
    expected = list(map(repr, numbers))
    # One by one, too, since one of them decides how all are written.
    assert list(float_texts(numbers)) == expected
    assert [float_texts([number])[0] for number in numbers] == expected
    with without_msgspec():
        assert list(float_texts(numbers)) == expected


@given(numbers=strategies.lists(integers, min_size=1, max_size=20))
@settings(max_examples=60, deadline=None)
def test_integers(numbers: list[int], without_msgspec: Without) -> None:
    """Small and large integers are their digits."""
    assert list(int_texts(numbers)) == list(map(str, numbers))
    with without_msgspec():
        assert list(int_texts(numbers)) == list(map(str, numbers))


@given(
    zone=strategies.sampled_from(ZONES),
    moments=strategies.lists(strategies.datetimes(), min_size=1, max_size=10),
    folded=strategies.booleans(),
)
@settings(max_examples=200, deadline=None)
def test_moments_of_one_zone(
    zone: timezone | ZoneInfo | None,
    moments: list[datetime],
    folded: bool,
    without_msgspec: Without,
) -> None:
    """Times of any year and zone are as ``isoformat()`` writes them."""
    moments = [moment.replace(tzinfo=zone, fold=folded) for moment in moments]
    for separator in " T":
        expected = [moment.isoformat(separator) for moment in moments]
        assert list(datetime_texts(moments, separator)) == expected
        with without_msgspec():
            assert list(datetime_texts(moments, separator)) == expected


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Europe/London", "Asia/Kathmandu"])
def test_moments_when_clocks_change(either_way: None, zone: str) -> None:
    """Every half hour around a change of clocks has the offset that isoformat() has."""
    begin = datetime(2013, 10, 26, 22, tzinfo=UTC)
    steps = [begin + timedelta(minutes=30) * step for step in range(16)]
    moments = [step.astimezone(ZoneInfo(zone)) for step in steps]
    assert list(datetime_texts(moments, " ")) == list(map(str, moments))


def test_moments_of_several_zones(either_way: None) -> None:
    """Each moment of a mixed column has its own offset, or none."""
    moments = [datetime(2013, 1, 1, 5, tzinfo=zone) for zone in ZONES]
    assert list(datetime_texts(moments, " ")) == list(map(str, moments))


def test_moments_at_the_ends_of_time(either_way: None) -> None:
    """The first and the last moment are written in every zone."""
    for zone in ZONES:
        moments = [
            moment.replace(tzinfo=zone) for moment in (datetime.min, datetime.max)
        ]
        assert list(datetime_texts(moments, " ")) == list(map(str, moments))


def test_more_days_than_are_remembered(without_msgspec: Without) -> None:
    """A column of a hundred years' days is written right, and not all are kept."""
    moments = [datetime(1900, 1, 1) + timedelta(days=day) for day in range(36_525)]
    with without_msgspec():
        texts = datetime_texts(moments, "T")
    assert list(texts) == [moment.isoformat() for moment in moments]
    days = _Days()
    assert [days[day] for day in (0, 364, 365)] == [
        *("0001-01-01", "0001-12-31", "0002-01-01")
    ]
    assert max(len(days) for day in range(40_000) if days[day]) < 20_000


@given(strategies.lists(decimals, min_size=1, max_size=10))
@settings(max_examples=100, deadline=None)
def test_decimals_have_all_digits_and_no_exponent(numbers: list[Decimal]) -> None:
    """Decimals are exact, whatever the exponent and the context's precision."""
    texts = decimal_texts(numbers)
    assert list(texts) == list(map(decimal_text, numbers))
    assert list(map(Decimal, texts)) == numbers


@given(strategies.lists(strategies.timedeltas(), min_size=1, max_size=10))
@example([timedelta.min, timedelta.max, -timedelta.resolution])
@settings(max_examples=100, deadline=None)
def test_durations(durations: list[timedelta]) -> None:
    """Durations are by ISO 8601, and pandas reads the same ones back."""
    texts = duration_texts(durations)
    assert list(texts) == list(map(duration_text, durations))
    for text, duration in zip(texts, durations, strict=True):
        if abs(duration) < timedelta(days=100_000):
            assert pandas.Timedelta(text).to_pytimedelta() == duration


def test_times_of_numpy_that_no_python_value_holds() -> None:
    """Nanoseconds are never cut off: exact times are written, others an error."""
    exact = numpy.datetime64("2013-01-01T05:15:00", "ns")
    assert plain(exact) == datetime(2013, 1, 1, 5, 15)
    assert plain(numpy.timedelta64(3000, "ns")) == timedelta(microseconds=3)
    assert plain(numpy.datetime64("2013-01-01")) == date(2013, 1, 1)
    assert plain(numpy.datetime64("NaT", "ns")) is None
    for odd in (exact + numpy.timedelta64(1, "ns"), numpy.timedelta64(5, "ns")):
        with pytest.raises(ValueError, match="nanoseconds"):
            plain(odd)


def test_unknown_types_are_an_error() -> None:
    """A value of no known type is a TypeError, which becomes the error of a row."""
    for value in (object(), set(), 1j, type, numpy.complex128(1), numpy.longdouble(1)):
        with pytest.raises(TypeError):
            base_of(plain(value))


UNITS = ["Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps"]


@given(
    number=strategies.integers(-(2**63) + 1, 2**63 - 1)
    | strategies.integers(-(10**6), 10**6),
    unit=strategies.sampled_from(UNITS),
    kind=strategies.sampled_from("Mm"),
    in_array=strategies.booleans(),
)
@example(number=8030 * 365 + 2000, unit="D", kind="M", in_array=False)
@example(number=2**62, unit="s", kind="m", in_array=True)
@settings(max_examples=400, deadline=None)
def test_moments_of_numpy(number: int, unit: str, kind: str, in_array: bool) -> None:
    """A time or duration of numpy is exactly itself, or refused; never a number."""
    array = numpy.array([number], dtype=f"{kind}8[{unit}]")
    try:
        got = plain(array)[0] if in_array else plain(array[0])
    except (TypeError, ValueError, OverflowError):
        return
    assert kind == "M" or unit not in "YM"
    reference = moment(number, unit, kind)
    assert got == reference
    assert type(got) in (datetime, date) if kind == "M" else type(got) is timedelta


def moment(number: int, unit: str, kind: str) -> object:
    """Return what Python's own calendar makes of a number of units."""
    if kind == "M" and unit in "YM":
        months = number * 12 if unit == "Y" else number
        year, month = divmod(1970 * 12 + months, 12)
        return date(year, month + 1, 1)
    exact = {
        **{"W": 604800 * 10**6, "D": 86400 * 10**6, "h": 3600 * 10**6},
        **{"m": 60 * 10**6, "s": 10**6, "ms": 1000, "us": 1},
    }
    small = {"ns": 1000, "ps": 10**6}
    if unit in small:
        assert number % small[unit] == 0
        microseconds = number // small[unit]
    else:
        microseconds = number * exact[unit]
    length = timedelta(microseconds=microseconds)
    if kind == "m":
        return length
    found = datetime(1970, 1, 1) + length
    return found.date() if unit in "WD" else found


@given(strategies.floats(width=32), strategies.sampled_from(["f", "e"]))
@settings(max_examples=300, deadline=None)
def test_narrow_floats_are_short(number: float, code: str) -> None:
    """float32 and float16 are the shortest text that reads back, as numpy has it."""
    kind = {"f": numpy.float32, "e": numpy.float16}[code]
    with numpy.errstate(over="ignore"):
        narrow = kind(number)
    expected = float(numpy.format_float_scientific(narrow))
    for value in (
        plain(narrow),
        plain(numpy.array([narrow]))[0],
        plain(numpy.array([[narrow]]))[0][0],
        *([plain(arrays.array("f", [narrow]))[0]] if code == "f" else ()),
    ):
        assert repr(value) == repr(expected)


def test_not_a_time_is_none() -> None:
    """NaT stands for no time, alone and in an array."""
    moments = numpy.array(["2024-01-01", "NaT"], dtype="M8[ns]")
    assert plain(moments) == [datetime(2024, 1, 1), None]
    assert plain(moments[1]) is None
