"""Tests of CSV for a country: its decimal sign, dates and times, and its first line."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy
import pandas
import pyarrow
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_outpour import CSV
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import TSV
from formats.table import TABLE

GERMAN = {"decimal": ",", "delimiter": ";"}
NUMBERS = (float, Decimal, numpy.float64)


def written(format: CSV, columns: Sequence[str], *batches: Any) -> str:
    """Return all that a format writes, as text."""
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks).decode(format.encoding)


def cells(values: Sequence[Any], format: CSV) -> list[str]:
    """Return the text of each value, as Python's csv module reads it."""
    format.header = False
    text = written(format, "ab", [(value, "end") for value in values])
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=format.delimiter)
    return [cell for cell, _ in lines]


# The decimal sign


def test_decimal_comma_of_the_value_table(either_way: None) -> None:
    """Floats and decimals have the comma; all other values are as ever."""
    for name, (value, quoted, _) in TABLE.items():
        ((text, _),) = csv.reader(io.StringIO(f"{quoted},end", newline=""))
        if isinstance(value, NUMBERS):
            text = text.replace(".", ",")
        assert cells([value], CSV(**GERMAN)) == [text], name
        assert cells([value, value], TSV(decimal=",")) == [text, text], name


@given(st.lists(st.floats() | st.none() | st.decimals(allow_nan=False), min_size=1))
@settings(max_examples=100, deadline=None)
def test_numbers_are_read_back(values: list[Any]) -> None:
    """With the comma for a point, each number is the one that went in."""
    for value, cell in zip(values, cells(values, CSV(**GERMAN)), strict=True):
        if value is None:
            assert cell == ""
        else:
            read = type(value)(cell.replace(",", "."))
            assert read == value or math.isnan(value)


@given(st.lists(st.floats(), min_size=1), st.sampled_from([".2f", ".3g", ".4e", ".0f"]))
@settings(max_examples=100, deadline=None)
def test_floats_are_rounded_as_python_rounds(values: list[float], floats: str) -> None:
    """A format says how many digits a float has; what is no number stays as it is."""
    texts = [f"{value:{floats}}".replace("nan", "NaN") for value in values]
    assert cells(values, CSV(floats=floats)) == texts
    commas = [text.replace(".", ",") for text in texts]
    assert cells(values, CSV(floats=floats, **GERMAN)) == commas


def test_other_numbers_have_no_format() -> None:
    """Integers and decimals are exact, also beside floats; numpy's are as Python's."""
    values = [1, Decimal("1.005"), 1.005, None, numpy.float32(0.5), True]
    expected = ["1", "1.005", "1.00", "", "0.50", "true"]
    assert cells(values, CSV(floats=".2f")) == expected


@pytest.mark.parametrize("floats", ["", "f", ",.2f", "%.2f", ".2%", ".2F", 2, "5.1f"])
def test_mistaken_formats_of_floats(floats: Any) -> None:
    """What is no format, or would make no number, is refused."""
    with pytest.raises(ConfigurationError, match=r'floats= takes a format .*"\.2f"'):
        CSV(floats=floats)


def test_readers_of_a_decimal_comma(tmp_path: Any) -> None:
    """pandas and DuckDB read numbers as numbers, and texts as texts."""
    rows = [(1.5, Decimal("-2.25"), "1,5;"), (-1e-7, Decimal(3), "a")]
    path = tmp_path / "rows.csv"
    path.write_text(written(CSV(**GERMAN), "abc", rows))
    expected = [(float(a), float(b), c) for a, b, c in rows]
    frame = pandas.read_csv(path, sep=";", decimal=",")
    assert [*frame.itertuples(index=False, name=None)] == expected
    table = duckdb.sql(f"FROM read_csv('{path}', delim=';', decimal_separator=',')")
    assert [tuple(row) for row in table.fetchall()] == expected


def test_decimal_commas_are_neither_quoted_nor_guarded() -> None:
    """A number is a number in the file, also where formulas are guarded against."""
    row = (-1.5, Decimal("-1.5"), "-1,5", "-1,5a", "+1.234,5", "a,b")
    format = CSV(excel=True, header=False, bom=False, **GERMAN)
    assert written(format, "abcdef", [row]) == (
        '-1,5;-1,5;"-1,5";"\'-1,5a";"+1.234,5";"a,b"\n'
    )
    format = CSV(escape_formulas=False, header=False, **GERMAN)
    assert written(format, "abcdef", [row]).startswith("-1,5;-1,5;-1,5;-1,5a;")


def test_one_sign_cannot_mean_two_things() -> None:
    """The error says what to write, and other signs are refused."""
    with pytest.raises(ConfigurationError, match=r'write CSV\(.*delimiter=";"\)'):
        CSV(decimal=",")
    assert TSV(decimal=",").delimiter == "\t"
    for sign in ("", ";", "\u066b", ",,", None):
        with pytest.raises(ConfigurationError, match=r"decimal= takes '\.' or ','"):
            CSV(decimal=sign, delimiter="|")  # type: ignore[arg-type]


# Dates and times

MOMENTS = st.datetimes(
    timezones=st.sampled_from([None, UTC, ZoneInfo("Europe/Berlin")])
)


@given(st.lists(MOMENTS, min_size=1, max_size=9))
@settings(max_examples=200, deadline=None)
def test_dates_and_times_are_read_back(moments: list[datetime]) -> None:
    """What the pattern has of them is what went in, of any year."""
    format = CSV(datetimes="%d/%m/%Y %H:%M:%S,%f %z")
    for moment, cell in zip(moments, cells(moments, format), strict=True):
        pattern = "%d/%m/%Y %H:%M:%S,%f" + (" %z" if moment.tzinfo else "")
        read = datetime.strptime(cell.strip(), pattern)
        assert read.replace(tzinfo=None) == moment.replace(tzinfo=None)
        assert read.utcoffset() == moment.utcoffset()
    days = [moment.date() for moment in moments]
    texts = [f"{day.day:02}.{day.month:02}.{day.year:04}" for day in days]
    assert cells(days, CSV(dates="%d.%m.%Y")) == texts
    clocks = [moment.time() for moment in moments]
    texts = [f"{clock.hour:02}h{clock.minute:02}" for clock in clocks]
    assert cells(clocks, CSV(times="%Hh%M")) == texts


def test_each_kind_has_its_own_pattern() -> None:
    """A date, a time, and both together are three things; inside lists none counts."""
    day, clock = date(2013, 2, 3), time(5, 15)
    row = (day, clock, datetime.combine(day, clock), [day])
    expected = [
        ({"dates": "%d.%m.%y"}, '03.02.13,05:15:00,2013-02-03 05:15:00,"['),
        ({"times": "%H:%M"}, '2013-02-03,05:15,2013-02-03 05:15:00,"['),
        ({"datetimes": "%H Uhr, %d.%m."}, '2013-02-03,05:15:00,"05 Uhr, 03.02.","['),
    ]
    for options, text in expected:
        line = written(CSV(header=False, **options), "abcd", [row, row])
        assert line == f'{text}""2013-02-03""]"\n' * 2


def test_years_have_four_digits() -> None:
    """Those before 1000 do, in each directive of a year, but not in one with a flag."""
    for pattern, text in {
        "%Y-%m-%d": "0033-04-03",
        "%F": "0033-04-03",
        "%C %y": "00 33",
        "%%Y %Y": "%Y 0033",
        "%G-W%V": "0033-W13",
    }.items():
        assert cells([date(33, 4, 3)], CSV(dates=pattern)) == [text]
        assert cells([datetime(33, 4, 3, 1)], CSV(datetimes=pattern)) == [text]


def test_subclasses_of_dates() -> None:
    """pandas' times have nanoseconds, which a pattern leaves out; NaT is nothing."""
    moment = pandas.Timestamp("2013-02-03 05:15:00.000000001", tz="UTC")
    values = [moment, pandas.NaT, None, numpy.datetime64("2013-02-03T05:15")]
    format = CSV(datetimes="%d.%m.%Y %H:%M")
    expected = ["03.02.2013 05:15", "", "", "03.02.2013 05:15"]
    assert cells(values, format) == expected


def test_offsets() -> None:
    """``%z`` has the offset of each value, and nothing where there is none."""
    zones = [timezone(timedelta(hours=-3, minutes=-30)), UTC, None]
    moments = [datetime(2013, 1, 2, tzinfo=zone) for zone in zones]
    assert cells(moments, CSV(datetimes="%H:%M%z")) == [
        *("00:00-0330", "00:00+0000", "00:00"),
    ]


def test_texts_of_patterns_are_quoted_as_others() -> None:
    """Quotes, no text at all, letters and formulas: the rules of text hold."""
    rows = [(None, datetime(2013, 1, 2)), (datetime(2013, 1, 2), None)]
    assert written(CSV(header=False, datetimes="%Z"), "ab", rows) == ',""\n"",\n'
    assert written(CSV(header=False, datetimes="%Z"), "a", [(rows[0][1],)]) == '""\n'
    rows = [(date(2013, 1, 2),)]
    for pattern, text in {
        "%d,%m": '"02,01"',
        '"%d"': '"""02"""',
        "%d%n%m": '"02\n01"',
        "%Y年%m月": "2013年01月",
    }.items():
        format = CSV(header=False, dates=pattern)
        assert written(format, "a", rows) == f"{text}\n"
    format = CSV(header=False, dates="=%d", escape_formulas=True)
    assert written(format, "a", rows) == "'=02\n"
    format = CSV(dates="%Y年", encoding="shift_jis")
    assert written(format, "a", rows) == "a\n2013年\n"


@pytest.mark.parametrize(
    "options",
    [
        *({"dates": pattern} for pattern in ("%H:%M", "%d %H", "%z", "%c", "%X", "%f")),
        *({"times": pattern} for pattern in ("%Y", "%d %H", "%x", "%c", "%P", "%s")),
        *({"datetimes": pattern} for pattern in ("", "x", "%%", "%", "%d %", "%Q")),
        *({"datetimes": pattern} for pattern in ("%s", 3, True, str, "%Y\ud800")),
        {"dates": "yyyy-MM-dd"},
    ],
    ids=str,
)
def test_mistaken_patterns(options: dict[str, Any]) -> None:
    """What would be wrong or the same in each row is refused, and the option named."""
    (name,) = options
    with pytest.raises(ConfigurationError, match=rf"{name}= takes a pattern of strft"):
        CSV(**options)


# The first line


def test_separator_line() -> None:
    """Excel's line comes before the header, after the mark, and in its encoding."""
    rows = [(1, 2)]
    options: dict[str, Any] = {"separator_line": True, "delimiter": ";"}
    assert written(CSV(**options), "ab", rows) == "sep=;\na;b\n1;2\n"
    assert written(CSV(**options, header=False), "ab", rows) == "sep=;\n1;2\n"
    format = CSV(**options, line_end="\r\n", bom=True)
    assert written(format, "ab", rows) == "\ufeffsep=;\r\na;b\r\n1;2\r\n"
    assert written(TSV(separator_line=True), "ab") == "sep=\t\na\tb\n"
    format = CSV(**options, encoding="utf-16")
    assert written(format, "ab", rows) == "sep=;\na;b\n1;2\n"


def test_the_options_are_those_of_pandas() -> None:
    """What ``to_csv()`` has arguments for is written as it writes it."""
    frame = pandas.DataFrame(
        {
            "café": ["ł", "a;b", 'say "x"', "Zoë"],
            "amount": [1.005, -2.5, None, 1e9],
            "seen": pandas.to_datetime(["2013-02-03", "1999-12-31", None, None]),
        }
    )
    expected = frame.to_csv(
        **{"sep": ";", "decimal": ",", "float_format": "%.2f", "index": False},
        **{"date_format": "%d.%m.%Y", "lineterminator": "\r\n"},
    ).encode("cp1252", "replace")
    format = CSV(
        **GERMAN,
        **{"floats": ".2f", "datetimes": "%d.%m.%Y", "line_end": "\r\n"},
        **{"encoding": "cp1252", "errors": "replace"},
    )
    schema = pyarrow.Schema.from_pandas(frame, preserve_index=False)
    made = format.begin_arrow(schema)
    for batch in pyarrow.Table.from_pandas(frame, schema).to_batches():
        made += format.feed_arrow(batch)
    assert made + format.finish() == expected
