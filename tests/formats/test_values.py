"""Tests of the texts of numbers, times and durations, with msgspec and without."""

from __future__ import annotations

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
