"""The value table: what each kind of value is, and its texts in CSV and in JSON."""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal
from enum import Enum
from enum import IntEnum
from ipaddress import ip_address
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy
import pandas
from markupsafe import Markup

_BERLIN = ZoneInfo("Europe/Berlin")


class Colour(Enum):
    """An Enum of texts."""

    RED = "red, dark"


class Level(IntEnum):
    """An Enum of numbers."""

    HIGH = 3


# Unlike that of a StrEnum, its str() is not its value.
class Size(str, Enum):  # noqa: UP042
    """An Enum of texts that are texts."""

    SMALL = "S"


class Point(NamedTuple):
    """A named tuple, here as a cell."""

    x: int
    y: str


#: Value, text in a file of several columns, JSON. Written by hand from the design.
TABLE: dict[str, tuple[Any, str, str]] = {
    "None": (None, "", "null"),
    "empty text": ("", '""', '""'),
    "true": (True, "true", "true"),
    "false": (False, "false", "false"),
    "text": ("Käse, 1 kg", '"Käse, 1 kg"', '"Käse, 1 kg"'),
    "text as it is": (" a'b;c\\d\t ", " a'b;c\\d\t ", r'''" a'b;c\\d\t "'''),
    "text with a quote": ('5" disk', '"5"" disk"', r'"5\" disk"'),
    "text of two lines": ("a\nb", '"a\nb"', r'"a\nb"'),
    "text with a return": ("a\rb", '"a\rb"', r'"a\rb"'),
    "text with NUL": ("a\0b", "a\0b", r'"a\u0000b"'),
    "emoji, separator": ("😀\u2028", "😀\u2028", '"😀\u2028"'),
    "text like None": ("None", "None", '"None"'),
    "int": (-42, "-42", "-42"),
    "int of 65 bits": (2**64, "18446744073709551616", "18446744073709551616"),
    "float": (0.1, "0.1", "0.1"),
    "whole float": (1.0, "1.0", "1.0"),
    "negative zero": (-0.0, "-0.0", "-0.0"),
    "large float": (1e16, "1e+16", "1e+16"),
    "small float": (0.00001, "1e-05", "1e-05"),
    "Decimal": (Decimal("12.50"), "12.50", '"12.50"'),
    "Decimal, large": (Decimal("1.5E+3"), "1500", '"1500"'),
    "Decimal, small": (Decimal("-1E-10"), "-0.0000000001", '"-0.0000000001"'),
    "Decimal, zeros": (Decimal("0E-8"), "0.00000000", '"0.00000000"'),
    "bytes": (b"\x00\xff\xfe", "AP/+", '"AP/+"'),
    "no bytes": (b"", '""', '""'),
    "bytearray": (bytearray(b"a"), "YQ==", '"YQ=="'),
    "memoryview": (memoryview(b"abc")[::2], "YWM=", '"YWM="'),
    "datetime, UTC": (
        datetime(2013, 1, 1, 5, 15, tzinfo=UTC),
        "2013-01-01 05:15:00+00:00",
        '"2013-01-01T05:15:00+00:00"',
    ),
    "datetime, zone": (
        datetime(2013, 7, 1, 5, 15, 0, 250000, tzinfo=_BERLIN),
        "2013-07-01 05:15:00.250000+02:00",
        '"2013-07-01T05:15:00.250000+02:00"',
    ),
    "datetime, offset": (
        datetime(2013, 1, 1, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
        "2013-01-01 00:00:00-03:30",
        '"2013-01-01T00:00:00-03:30"',
    ),
    "datetime, naive": (
        datetime(1, 2, 3, 4, 5, 6, 7),
        "0001-02-03 04:05:06.000007",
        '"0001-02-03T04:05:06.000007"',
    ),
    "datetime, history": (
        # Local mean time, 53 minutes and 28 seconds before Greenwich.
        datetime(1890, 1, 1, tzinfo=_BERLIN),
        "1890-01-01 00:00:00+00:53:28",
        '"1890-01-01T00:00:00+00:53:28"',
    ),
    "date": (date(2013, 1, 1), "2013-01-01", '"2013-01-01"'),
    "first day": (date.min, "0001-01-01", '"0001-01-01"'),
    "time": (time(5, 15), "05:15:00", '"05:15:00"'),
    "time, UTC": (
        time(5, 15, 0, 1, UTC),
        "05:15:00.000001+00:00",
        '"05:15:00.000001+00:00"',
    ),
    "duration": (
        timedelta(days=1, hours=2, minutes=3, seconds=4.5),
        "P1DT2H3M4.5S",
        '"P1DT2H3M4.5S"',
    ),
    "no duration": (timedelta(0), "PT0S", '"PT0S"'),
    "week": (timedelta(weeks=1), "P7D", '"P7D"'),
    "duration before": (timedelta(minutes=-90), "-PT1H30M", '"-PT1H30M"'),
    "least duration": (timedelta.resolution, "PT0.000001S", '"PT0.000001S"'),
    "list": ([1, None, "ä"], '"[1, null, ""ä""]"', '[1,null,"ä"]'),
    "list of one": ([1], "[1]", "[1]"),
    "no list": ([], "[]", "[]"),
    "tuple": ((True, 1.5), '"[true, 1.5]"', "[true,1.5]"),
    "named tuple": (Point(1, "a"), '"[1, ""a""]"', '[1,"a"]'),
    "dict": (
        {"a": {"b": Decimal("1.0")}, "c": [date(2013, 1, 1)], "d": b"a"},
        '"{""a"": {""b"": ""1.0""}, ""c"": [""2013-01-01""], ""d"": ""YQ==""}"',
        '{"a":{"b":"1.0"},"c":["2013-01-01"],"d":"YQ=="}',
    ),
    "dict of numbers": (
        {1: 2.5, None: True},
        '"{""1"": 2.5, ""null"": true}"',
        '{"1":2.5,"null":true}',
    ),
    "mapping": (MappingProxyType({"a": 1}), '"{""a"": 1}"', '{"a":1}'),
    "ordered": (OrderedDict(b=1, a=2), '"{""b"": 1, ""a"": 2}"', '{"b":1,"a":2}'),
    "nested surrogate": (["\ud800"], r'"[""\ud800""]"', r'["\ud800"]'),
    "UUID": (
        UUID(int=10),
        "00000000-0000-0000-0000-00000000000a",
        '"00000000-0000-0000-0000-00000000000a"',
    ),
    "address": (ip_address("::1"), "::1", '"::1"'),
    "network": (ip_network("10.0.0.0/8"), "10.0.0.0/8", '"10.0.0.0/8"'),
    "Enum": (Colour.RED, '"red, dark"', '"red, dark"'),
    "IntEnum": (Level.HIGH, "3", "3"),
    "str Enum": (Size.SMALL, "S", '"S"'),
    "nested Enum": (
        [Colour.RED, Level.HIGH],
        '"[""red, dark"", 3]"',
        '["red, dark",3]',
    ),
    "markup": (Markup("<b>"), "<b>", '"<b>"'),
    "numpy int": (numpy.int64(-1), "-1", "-1"),
    "numpy float": (numpy.float64(0.1), "0.1", "0.1"),
    "numpy bool": (numpy.bool_(True), "true", "true"),
    "numpy text": (numpy.str_("a,b"), '"a,b"', '"a,b"'),
    "numpy date": (numpy.datetime64("2013-01-01"), "2013-01-01", '"2013-01-01"'),
    "numpy array": (numpy.array([[1], [2]]), '"[[1], [2]]"', "[[1],[2]]"),
    "numpy array of one": (numpy.array([5]), "[5]", "[5]"),
    "pandas": (
        pandas.Timestamp("2013-01-01 05:15", tz="UTC"),
        "2013-01-01 05:15:00+00:00",
        '"2013-01-01T05:15:00+00:00"',
    ),
    "nanoseconds": (
        pandas.Timestamp("2013-01-01 05:15:00.000000001"),
        "2013-01-01 05:15:00.000000001",
        '"2013-01-01T05:15:00.000000001"',
    ),
    "short duration": (pandas.Timedelta(5, "ns"), "PT0.000000005S", '"PT0.000000005S"'),
    "pandas.NaT": (pandas.NaT, "", "null"),
    "pandas.NA": (pandas.NA, "", "null"),
}
