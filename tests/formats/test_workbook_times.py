"""Tests of times near the end of a second in the programs that read workbooks.

Those that round what they read, or what they show, must not come to a later second.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import Any

import pandas
import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import XLSX
from flask_outpour.formats.workbooks.styles import parts_shown
from formats.packages import installed_apart
from formats.recorded import written
from formats.workbooks import by_calamine
from formats.workbooks import by_duckdb
from formats.workbooks import by_libreoffice
from formats.workbooks import by_openpyxl
from formats.workbooks import opened_by_libreoffice

MICROSECONDS = [
    *(0, 1, 400, 499, 500, 999, 1000, 1999, 123_456, 249_600, 499_999, 500_000),
    *(500_001, 950_000, 989_999, 994_999, 995_000, 998_999, 999_000, 999_001),
    *(999_400, 999_499, 999_500, 999_501, 999_900, 999_999),
]
#: Seconds that end a minute, an hour, a day, a month and a year, and others.
SECONDS = [
    datetime(1900, 3, 1, 0, 0, 59),
    datetime(1999, 12, 31, 23, 59, 59),
    datetime(2024, 1, 31, 23, 59, 59),
    datetime(2024, 2, 29, 12, 59, 59),
    datetime(2026, 11, 2, 17, 30, 1),
    datetime(2079, 6, 6, 23, 59, 59),
    datetime(9998, 12, 31, 23, 59, 59),
]
MOMENTS = [s.replace(microsecond=m) for s, m in product(SECONDS, MICROSECONDS)]
CLOCKS = [moment.time() for moment in MOMENTS]
_HOURS = [0, 23, 29, 8760, 999_999]
DURATIONS = [
    timedelta(hours=hours, minutes=59, seconds=59, microseconds=micro)
    for hours, micro in product(_HOURS, MICROSECONDS)
]

_micros = strategies.sampled_from(MICROSECONDS) | strategies.integers(0, 999_999)
_seconds = strategies.sampled_from(SECONDS) | strategies.datetimes(
    datetime(1900, 3, 1), datetime(9999, 12, 30)
)
moments = strategies.builds(lambda at, m: at.replace(microsecond=m), _seconds, _micros)
clocks = moments.map(datetime.time)
durations = strategies.builds(
    lambda whole, micro: timedelta(seconds=whole, microseconds=micro),
    strategies.integers(0, 2_958_465 * 86_400) | strategies.just(86_399),
    _micros,
)


def cut(value: Any, digits: int = 3) -> Any:
    """Return a time without the parts of a second that do not have so many digits."""
    if isinstance(value, timedelta):
        return value - value % timedelta(microseconds=10 ** (6 - digits))
    part = 10 ** (6 - digits)
    return value.replace(microsecond=value.microsecond // part * part)


def book_of(values: Sequence[Any], **options: Any) -> bytes:
    return written(XLSX(**options), ["at"], [(value,) for value in values])


@given(strategies.lists(moments | clocks | durations, min_size=1, max_size=9))
@example([timedelta(days=201_852, seconds=59)])
@example([timedelta(days=days, seconds=1) for days in range(99_000, 2_900_000, 9_999)])
@settings(max_examples=150, deadline=None)
def test_milliseconds_are_kept(values: list[Any]) -> None:
    """What is less is cut off, for every reader that gives times of Python."""
    content = book_of(values)
    expected = list(map(cut, values))
    for read in (by_openpyxl, by_calamine):
        _, *rows = read(content)["Sheet1"]
        assert [_without_dates(value) for (value,) in rows] == expected
    for engine in ("openpyxl", "calamine"):
        frame = pandas.read_excel(BytesIO(content), engine=engine, dtype=object)
        assert list(map(_without_dates, frame["at"])) == expected


def _without_dates(value: Any) -> Any:
    # calamine has a date where a time is midnight.
    return datetime.combine(value, time()) if type(value) is date else value


@given(strategies.lists(moments, min_size=1, max_size=9))
@settings(deadline=None)
def test_batches_of_times_do_not_matter(values: list[datetime]) -> None:
    """The number of a time does not depend on the times beside it."""
    rows = [(value,) for value in values]
    one_by_one = written(XLSX(), ["at"], *([row] for row in rows))
    assert one_by_one == written(XLSX(), ["at"], rows)


@pytest.mark.parametrize(
    ("code", "parts"),
    [
        *(
            ("hh:mm:ss.000", 1000),
            ("h:mm:ss.00", 100),
            ("mm:ss.0", 10),
            ("[s].00", 100),
        ),
        *(("[ss].000", 1000), ("hh:mm:ss.0000", 1000), ("h:mm:ss.0 AM/PM", 10)),
        *(("hh:mm:ss", 1), ("dd.mm.yyyy", 1), ("[h]:mm", 1), ("0.000", 1), ("@", 1)),
        *(('hh:mm "s.000"', 1), ("hh:mm\\s.00", 1), ("[Color 3]hh:mm:ss.0", 10)),
        *(("[$-407]hh:mm:ss.00", 100), ("[$s]0.00", 1)),
    ],
)
def test_parts_of_a_second_that_are_shown(code: str, parts: int) -> None:
    """They are counted in a format code, as far as Excel shows them."""
    assert parts_shown(code) == parts


# LibreOffice rounds a time as Excel does, to the parts of a second that it shows.

#: By the name of a column: values, a format code if it has one, and their texts.
SHOWN: dict[str, tuple[list[Any], str | None, Any]] = {
    "moment": (MOMENTS, None, lambda v: _clock(f"{v:%Y-%m-%d %H:%M:%S}", v)),
    "second": (MOMENTS, "yyyy-mm-dd hh:mm:ss", lambda v: f"{v:%Y-%m-%d %H:%M:%S}"),
    "minute": (MOMENTS, "dd.mm.yyyy hh:mm", lambda v: f"{v:%d.%m.%Y %H:%M}"),
    "day": (MOMENTS, "dd.mm.yyyy", lambda v: f"{v:%d.%m.%Y}"),
    "tenth": (MOMENTS, "hh:mm:ss.0", lambda v: f"{v:%H:%M:%S.%f}"[:-5]),
    "hundredth": (MOMENTS, "mm:ss.00", lambda v: f"{v:%M:%S.%f}"[:-4]),
    "clock": (CLOCKS, None, lambda v: _clock(f"{v:%H:%M:%S}", v)),
    "clock's second": (CLOCKS, "hh:mm:ss", lambda v: f"{v:%H:%M:%S}"),
    "clock's minute": (CLOCKS, "h:mm", lambda v: f"{v.hour}:{v:%M}"),
    "duration": (DURATIONS, None, lambda v: _clock(_hours(v), v)),
    "duration's second": (DURATIONS, "[h]:mm:ss", lambda v: _hours(v)),
    "duration's minute": (DURATIONS, "[h]:mm", lambda v: _hours(v)[:-3]),
}


def _hours(value: timedelta) -> str:
    minutes, seconds = divmod(value // timedelta(seconds=1), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _clock(second: str, value: Any) -> str:
    micro = getattr(value, "microsecond", getattr(value, "microseconds", 0))
    return f"{second}.{micro // 1000:03}" if micro >= 1000 else second


def test_libreoffice_shows_no_later_time(tmp_path: Path) -> None:
    """With any format, a time is shown as what it was, cut to what is shown."""
    files = {
        f"shown{number}": book_of(values, number_formats={"at": code} if code else {})
        for number, (values, code, _) in enumerate(SHOWN.values())
    }
    assert opened_by_libreoffice(tmp_path, files) == {*files}
    for file, (name, (values, _, text_of)) in zip(files, SHOWN.items(), strict=True):
        _, *rows = by_libreoffice(tmp_path / f"{file}.fods")["Sheet1"]
        assert [cell.text for (cell,) in rows] == list(map(text_of, values)), name


def test_duckdb_reads_no_later_time(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """It takes what is near a second for that second, but never for a later one."""
    config = request.config
    extension = installed_apart("duckdb-ext-excel", config, tmp_path_factory)
    days = [datetime(1900, 3, 2) + timedelta(days=97.3) * n for n in range(20_000)]
    values = [day.replace(microsecond=999_999) for day in days]
    file = tmp_path / "times.xlsx"
    rows = [(value, value.time()) for value in values]
    file.write_bytes(written(XLSX(), ["at", "clock"], rows))
    _, *read = by_duckdb(file, extension)
    assert [at.replace(microsecond=0) for at, _ in read] == [
        value.replace(microsecond=0) for value in values
    ]
    assert [clock.replace(microsecond=0) for _, clock in read] == [
        value.time().replace(microsecond=0) for value in values
    ]
