"""Tests that floats of 16 and 32 bits have the digits that numpy shows of them."""

from __future__ import annotations

from math import isnan
from typing import Any

import numpy
from hypothesis import example
from hypothesis import given
from hypothesis import strategies

from flask_outpour.short_floats import shortest


def assert_as_numpy(number: Any, bits: int) -> None:
    """Assert that the digits are those of numpy, and read back as the number."""
    short = shortest(float(number), bits)
    assert repr(short) == repr(float(str(number)))
    assert type(number)(short) == number


@given(bits=strategies.integers(0, 2**32 - 1))
# Powers of two, the least and the greatest number, and one that repr() shows otherwise.
@example(bits=0x3C800000)
@example(bits=1)
@example(bits=0x7F7FFFFF)
@example(bits=0x4B800000)
@example(bits=0x80000000)
def test_floats_of_32_bits(bits: int) -> None:
    """Any of them but NaN is as short as numpy has it."""
    number = numpy.uint32(bits).view(numpy.float32)
    if not isnan(number):
        assert_as_numpy(number, 32)


def test_floats_of_16_bits() -> None:
    """So is each of 16 bits."""
    for number in numpy.arange(2**16, dtype="uint16").view("float16"):
        if not isnan(number):
            assert_as_numpy(number, 16)


def test_others_stay() -> None:
    """NaN is NaN, and what has 64 bits is as it is."""
    assert isnan(shortest(float("nan"), 32))
    assert shortest(0.10000000149011612, 64) == 0.10000000149011612
