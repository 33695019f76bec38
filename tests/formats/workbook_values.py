"""What the cell of each kind of value holds in a workbook; written by hand."""

from __future__ import annotations

from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy
import pandas

from formats.table import TABLE

_NEW_YORK = ZoneInfo("America/New_York")
_SECOND = "yyyy-mm-dd hh:mm:ss"
_DAY = "yyyy-mm-dd"
_CLOCK = "hh:mm:ss"
_HOURS = "[h]:mm:ss"

#: Of the value table, the cells that are not the text of CSV.
CELLS: dict[str, Any] = {
    "None": None,
    "true": True,
    "false": False,
    "int": -42,
    "float": 0.1,
    "whole float": 1.0,
    "negative zero": 0.0,
    "large float": 1e16,
    "small float": 0.00001,
    "Decimal": 12.5,
    "Decimal, large": 1500,
    "Decimal, small": -1e-10,
    "Decimal, zeros": 0,
    "datetime, UTC": datetime(2013, 1, 1, 5, 15),
    "datetime, zone": datetime(2013, 7, 1, 3, 15, 0, 250000),
    "datetime, offset": datetime(2013, 1, 1, 3, 30),
    "date": datetime(2013, 1, 1),
    "time": time(5, 15),
    "duration": timedelta(days=1, hours=2, minutes=3, seconds=4.5),
    "no duration": timedelta(0),
    "week": timedelta(weeks=1),
    # openpyxl rounds to thousandths.
    "least duration": timedelta(0),
    "IntEnum": 3,
    "numpy int": -1,
    "numpy float": 0.1,
    "numpy bool": True,
    "numpy date": datetime(2013, 1, 1),
    "pandas": datetime(2013, 1, 1, 5, 15),
    "nanoseconds": datetime(2013, 1, 1, 5, 15),
    "short duration": timedelta(0),
    "pandas.NaT": None,
    "pandas.NA": None,
}


def table_cells() -> dict[str, tuple[Any, Any]]:
    """Return each value of the value table, and what its cell holds."""
    return {
        name: (value, CELLS.get(name, _bare(text)))
        for name, (value, text, _) in TABLE.items()
    }


def _bare(text: str) -> str:
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


#: Value, what the cell holds, its format code, and what LibreOffice shows.
NUMBERS: list[tuple[Any, Any, str, str]] = [
    # Up to 15 digits.
    (999_999_999_999_999, 999_999_999_999_999, "General", "999999999999999"),
    (-999_999_999_999_999, -999_999_999_999_999, "General", "-999999999999999"),
    (10**15, "1000000000000000", "General", "1000000000000000"),
    (-(10**15), "-1000000000000000", "General", "-1000000000000000"),
    (9007199254740993, "9007199254740993", "General", "9007199254740993"),
    (Decimal("0.123456789012345"), 0.123456789012345, "General", "0.123456789012345"),
    (
        Decimal("0.1234567890123456"),
        "0.1234567890123456",
        *["General", "0.1234567890123456"],
    ),
    (Decimal("1234567890.12345"), 1234567890.12345, "General", "1234567890.12345"),
    (Decimal("1234567890.123450000"), 1234567890.12345, "General", "1234567890.12345"),
    (
        Decimal("1234567890.123456"),
        "1234567890.123456",
        *["General", "1234567890.123456"],
    ),
    (Decimal("1E+14"), 10**14, "General", "100000000000000"),
    (Decimal("1E+15"), "1000000000000000", "General", "1000000000000000"),
    (Decimal("1E-320"), f"0.{'0' * 319}1", "General", f"0.{'0' * 319}1"),
    (Decimal("NaN"), "NaN", "General", "NaN"),
    (Decimal("-Infinity"), "-Infinity", "General", "-Infinity"),
    # Doubles are themselves.
    (0.1 + 0.2, 0.1 + 0.2, "General", "0.3"),
    (1e300, 1e300, "General", "1E+300"),
    (
        -1.7976931348623157e308,
        -1.7976931348623157e308,
        "General",
        "-1.7976931348623157E+308",
    ),
    (
        2.2250738585072014e-308,
        2.2250738585072014e-308,
        *["General", "2.2250738585072E-308"],
    ),
    (5e-324, "5e-324", "General", "5e-324"),
    (float("nan"), "NaN", "General", "NaN"),
    (float("inf"), "inf", "General", "inf"),
    (float("-inf"), "-inf", "General", "-inf"),
    (True, True, "General", "TRUE"),
    (numpy.float32(0.5), 0.5, "General", "0.5"),
    (numpy.uint64(2**64 - 1), str(2**64 - 1), "General", str(2**64 - 1)),
]

TIMES: list[tuple[Any, Any, str, str]] = [
    (
        datetime(2013, 1, 1, 5, 15),
        datetime(2013, 1, 1, 5, 15),
        _SECOND,
        "2013-01-01 05:15:00",
    ),
    (
        datetime(2013, 1, 1, 5, 15, 0, 250_000),
        datetime(2013, 1, 1, 5, 15, 0, 250_000),
        f"{_SECOND}.000",
        "2013-01-01 05:15:00.250",
    ),
    (date(2024, 2, 29), datetime(2024, 2, 29), _DAY, "2024-02-29"),
    (time(23, 59, 59), time(23, 59, 59), _CLOCK, "23:59:59"),
    (time(0, 0, 0, 500_000), time(0, 0, 0, 500_000), f"{_CLOCK}.000", "00:00:00.500"),
    (
        timedelta(hours=26, seconds=5),
        timedelta(hours=26, seconds=5),
        _HOURS,
        "26:00:05",
    ),
    (
        timedelta(seconds=1, milliseconds=250),
        timedelta(seconds=1, milliseconds=250),
        f"{_HOURS}.000",
        "0:00:01.250",
    ),
    (timedelta(days=400), timedelta(days=400), _HOURS, "9600:00:00"),
    # In UTC, across the end of a day, and twice the same hour of an autumn.
    (
        datetime(2013, 12, 31, 22, 0, tzinfo=_NEW_YORK),
        datetime(2014, 1, 1, 3, 0),
        _SECOND,
        "2014-01-01 03:00:00",
    ),
    (
        datetime(2013, 11, 3, 1, 30, tzinfo=_NEW_YORK),
        datetime(2013, 11, 3, 5, 30),
        _SECOND,
        "2013-11-03 05:30:00",
    ),
    (
        datetime(2013, 11, 3, 1, 30, tzinfo=_NEW_YORK, fold=1),
        datetime(2013, 11, 3, 6, 30),
        _SECOND,
        "2013-11-03 06:30:00",
    ),
    (
        pandas.Timestamp("2262-04-01 12:00", tz="UTC"),
        datetime(2262, 4, 1, 12),
        _SECOND,
        "2262-04-01 12:00:00",
    ),
    # The first day that all count alike, and the last.
    (date(1900, 3, 1), datetime(1900, 3, 1), _DAY, "1900-03-01"),
    (date(1900, 2, 28), "1900-02-28", "General", "1900-02-28"),
    (
        datetime(1900, 2, 28, 23, 59),
        "1900-02-28 23:59:00",
        *["General", "1900-02-28 23:59:00"],
    ),
    (date.max, datetime(9999, 12, 31), _DAY, "9999-12-31"),
    (
        datetime(9999, 12, 31, 23, 59, 59),
        datetime(9999, 12, 31, 23, 59, 59),
        *[_SECOND, "9999-12-31 23:59:59"],
    ),
    (
        datetime.max,
        "9999-12-31 23:59:59.999999",
        *["General", "9999-12-31 23:59:59.999999"],
    ),
    (
        datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=5))),
        "9999-12-31 23:00:00-05:00",
        "General",
        "9999-12-31 23:00:00-05:00",
    ),
    (time(5, 15, tzinfo=UTC), "05:15:00+00:00", "General", "05:15:00+00:00"),
    (timedelta(seconds=-1), "-PT1S", "General", "-PT1S"),
    (
        timedelta.max,
        "P999999999DT23H59M59.999999S",
        *["General", "P999999999DT23H59M59.999999S"],
    ),
]

#: What readers of workbooks trip over.
TEXTS = [
    *("", " ", "  ", " a", "a ", "\ta\t", "\n", "a\nb", "\na\n", "a  b", "a\tb"),
    *("\r", "a\rb", "a\r\nb", "\r\n", "\x00", "a\x01b", "\x0b\x0c", "\x1b[0m", "\x1f"),
    *("_x0041_", "_x000D_", "_x005F_", "__x0041__", "_x0041", "_X0041_", "_x00e9_"),
    *("_x0041_x0042_", "_x0041\x01", "_x\x01", "_x005F_x0041_", "_x004", "_xyz_"),
    *("_x0041\r", "\x7f", "\x85", "\xa0", "\u2028", "\u2029", "\u200b", "\ufeff"),
    *("\ufffd", "\ufffe", "\uffff", "a\ufffe\uffff"),
    *(
        "é",
        "à",
        "Å",
        "ß",
        "Łódź",
        "日本",
        "e\u0301",
        "😀",
        "👩‍👩‍👧",
        "\U0010ffff",
        "\U0001d4b3" * 9,
    ),
    *("שלום", "مرحبا بالعالم", "abc שלום 123", "\u202eabc", "\u200fא\u200e"),
    *(
        "<b>&amp;</b>",
        "a & b",
        "]]>",
        "<!--",
        "&#10;",
        "&lt;",
        "<![CDATA[x]]>",
        "'\"",
        ">",
    ),
    *("=1+1", "+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://x")', "{=1}", "'=1", "'a"),
    *("TRUE", "false", "1", "007", "1e5", "2020-01-01", "12:30", "50%", "#N/A", "NULL"),
    *("|", "a|", "|a", "a |", "| a", "\0|", "a|b"),
]
