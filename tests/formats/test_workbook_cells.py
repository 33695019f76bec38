"""Tests of the values in the cells of workbooks."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import timezone
from datetime import UTC
from decimal import Decimal
from decimal import localcontext
from io import BytesIO
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies
from openpyxl.utils.escape import unescape

from flask_outpour import RowError
from flask_outpour import XLSX
from formats import cells
from formats.recorded import written
from formats.workbook_values import NUMBERS
from formats.workbook_values import TIMES
from formats.workbooks import by_openpyxl
from formats.workbooks import MAIN
from formats.workbooks import part

BERLIN = ZoneInfo("Europe/Berlin")


def raw(content: bytes) -> list[list[tuple[str | None, str | None]]]:
    """Return the type and the text of each cell below the header, as XML has them."""
    _, *rows = ElementTree.fromstring(part(content)).iter(f"{MAIN}row")
    return [
        [(cell.get("t"), next(map(_text, cell), None)) for cell in row] for row in rows
    ]


def _text(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


def texts_of(values: Sequence[Any], **options: Any) -> list[str | None]:
    """Return the texts of a column of which each is expected to be one."""
    content = written(XLSX(**options), ["a"], [(value,) for value in values])
    kinds, texts = zip(*(row[0] for row in raw(content)), strict=True)
    assert set(kinds) == {"inlineStr"}
    return [unescape(text) for text in texts]


@given(strategies.lists(cells.texts, min_size=1, max_size=6))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_as_it_was(values: list[str]) -> None:
    """Whatever signs stand in a text or beside it, they come back."""
    assert texts_of(values) == values


_escapes = strategies.text("_x0041F|\x01\r\n \ufffeé", max_size=24)


@given(strategies.lists(_escapes, min_size=1, max_size=4))
@settings(max_examples=400, deadline=None)
def test_escapes_are_read_as_they_were(values: list[str]) -> None:
    """Text that looks like an escape, or becomes one beside another, comes back."""
    assert texts_of(values) == values


def test_texts_beside_a_spaced_one() -> None:
    """A sign whose bytes look like white space is written as it is alone."""
    texts = ["", "à", "Å", " a", "é|", "\u3000", "a|b"]
    rows = [(text,) for text in texts]
    whole = written(XLSX(), ["a"], rows)
    assert whole == written(XLSX(), ["a"], *([row] for row in rows))


def test_white_space_is_kept() -> None:
    """XML is told to keep what stands at the ends of a text."""
    content = written(XLSX(), ["a"], [(" a",), ("a\n",), ("a b",)])
    spaced = re.findall(rb'<t( xml:space="preserve")?>( a|a\n|a b)</t>', part(content))
    assert [bool(attribute) for attribute, _ in spaced] == [True, True, False]


@given(strategies.lists(cells.floats, min_size=1, max_size=6))
@settings(deadline=None)
def test_floats_are_exact(values: list[float]) -> None:
    """A float that is a number in its cell is exactly the same one."""
    rows = raw(written(XLSX(), ["a"], [(value,) for value in values]))
    for value, ((kind, text),) in zip(values, rows, strict=True):
        assert float(text or "") == value
        assert (kind is None) == (value == 0 or abs(value) >= sys.float_info.min)


@given(strategies.lists(cells.integers | cells.decimals, min_size=1, max_size=6))
@settings(deadline=None)
def test_exact_numbers_stay_exact(values: list[int | Decimal]) -> None:
    """A number cell has at most 15 digits that count; others are text, with all."""
    rows = raw(written(XLSX(), ["a"], [(value,) for value in values]))
    for value, ((kind, text),) in zip(values, rows, strict=True):
        assert Decimal(text or "") == value
        digits = "".join(map(str, Decimal(value).as_tuple().digits)).strip("0")
        assert (kind is None) == (len(digits) <= 15 and abs(value) < 10**15)


def test_decimals_in_any_context() -> None:
    """The precision that an application computes with changes no cell."""
    rows = [(Decimal("999999999999999"),), (Decimal("0.1234567890123456"),)]
    with localcontext() as context:
        context.prec = 3
        narrow = written(XLSX(), ["a"], rows)
    assert narrow == written(XLSX(), ["a"], rows)


@given(
    strategies.lists(
        strategies.datetimes(datetime(1900, 3, 1), datetime(9999, 12, 30)), min_size=1
    )
)
@settings(deadline=None)
def test_times_are_near(values: list[datetime]) -> None:
    """The number of a time is that of its millisecond, to some 40 millionths."""
    rows = raw(written(XLSX(), ["a"], [(value,) for value in values]))
    for value, ((kind, text),) in zip(values, rows, strict=True):
        read = datetime(1899, 12, 30) + timedelta(days=float(text or ""))
        assert kind is None
        millisecond = value.replace(microsecond=value.microsecond // 1000 * 1000)
        # The last one of a second is a little less, for DuckDB.
        lowest = -250 if value.microsecond >= 999_000 else -50
        assert lowest < (read - millisecond) / timedelta(microseconds=1) < 50


def formats_of(values: Sequence[Any]) -> list[str]:
    """Return the format codes of a column's cells, as openpyxl has them."""
    content = written(XLSX(), ["a"], [(value,) for value in values])
    sheet: Any = openpyxl.load_workbook(BytesIO(content)).active
    return [cell.number_format for (cell,) in sheet.iter_rows(2)]


def test_formats_of_values() -> None:
    """Dates, times and durations have formats that show them, and others have none."""
    facts = [*NUMBERS, *TIMES]
    assert formats_of([value for value, *_ in facts]) == [code for *_, code, _ in facts]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (datetime(2020, 1, 1, 12, 30), "yyyy-mm-dd hh:mm:ss"),
        (time(12, 30), "hh:mm:ss"),
        (timedelta(hours=30), "[h]:mm:ss"),
    ],
)
def test_parts_of_a_second_in_a_column(value: Any, code: str) -> None:
    """They are shown where there are some, and nowhere else."""
    if isinstance(value, timedelta):
        parted = value + timedelta(milliseconds=1)
    else:
        parted = value.replace(microsecond=1000)
    assert formats_of([value, parted, value]) == [code, f"{code}.000", code]


def test_zones_as_text() -> None:
    """By option, times with a zone are text, and those without stay times."""
    aware = datetime(2013, 7, 1, 5, 15, tzinfo=BERLIN)
    values = [aware, aware.replace(tzinfo=None), aware.astimezone(UTC), None]
    content = written(XLSX(zones="text"), ["a"], [(value,) for value in values])
    _, *rows = by_openpyxl(content)["Sheet1"]
    assert [row[0] for row in rows] == [
        "2013-07-01 05:15:00+02:00",
        datetime(2013, 7, 1, 5, 15),
        "2013-07-01 03:15:00+00:00",
        None,
    ]
    assert texts_of([time(1, tzinfo=UTC)], zones="text") == ["01:00:00+00:00"]


def test_mixed_zones() -> None:
    """Times of several zones in one column are each in UTC, and those of none as is."""
    east = timezone(timedelta(hours=5, minutes=45))
    values = [datetime(2020, 1, 1, 12, tzinfo=zone) for zone in (east, UTC, None)]
    _, *rows = by_openpyxl(written(XLSX(), ["a"], [(v,) for v in values]))["Sheet1"]
    clocks = [time(6, 15), time(12), time(12)]
    assert [row[0] for row in rows] == [
        datetime.combine(date(2020, 1, 1), clock) for clock in clocks
    ]


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb", object(), {1, 2}, 1j])
@pytest.mark.parametrize("place", [0, 1])
def test_what_cannot_be_written(value: object, place: int) -> None:
    """The error names the row, the column and the type."""
    rows: list[list[Any]] = [["a", "b"], ["c", "d"], ["e", "f"]]
    rows[1][place] = value
    format = XLSX()
    format.begin(["first", "second"])
    format.feed([("0", "0")])
    with pytest.raises(RowError, match=type(value).__name__) as raised:
        format.feed(rows)
    assert (raised.value.row, raised.value.column) == (3, ["first", "second"][place])


def test_rows_of_another_length() -> None:
    """A row with too few or too many cells is an error that names it."""
    for odd in [(1,), (1, 2, 3)]:
        format = XLSX()
        format.begin(["a", "b"])
        with pytest.raises(RowError, match="Row 2 has") as raised:
            format.feed([(1, 2), odd])
        assert raised.value.row == 2
        with pytest.raises(RowError, match="Row 1 has"):
            format.feed([odd, odd])


# Text that is too long


@pytest.mark.parametrize(
    "text",
    ["x" * 32_767, "😀" * 16_383 + "x", "\x01" * 32_767],
    ids=["letters", "pairs", "escapes"],
)
def test_longest_text(text: str) -> None:
    """A cell takes 32,767 units of UTF-16, however long their escapes are."""
    assert texts_of(["a", text]) == ["a", text]


@pytest.mark.parametrize(
    ("value", "length"),
    [
        *(("x" * 32_768, "32,768"), ("😀" * 16_384, "32,768")),
        *((b"x" * 30_000, "40,000"), (["x" * 40_000], "40,004")),
        (10**40_000, "40,001"),
    ],
    ids=["letters", "pairs", "bytes", "list", "number"],
)
def test_longer_text_is_an_error(value: Any, length: str) -> None:
    """It names the row, the column, the length, and the option that cuts."""
    format = XLSX()
    format.begin(["a", "note"])
    with pytest.raises(RowError, match=f"{length} .*long_text=.cut") as raised:
        format.feed([(1, ""), (2, value)])
    assert (raised.value.row, raised.value.column) == (2, "note")


def test_longer_text_is_cut() -> None:
    """By option; never in the middle of a sign that has two units."""
    values = ["x" * 40_000, "x" * 32_766 + "😀", "y" * 32_765 + "😀z", "é" * 32_768]
    assert texts_of(values, long_text="cut") == [
        *("x" * 32_767, "x" * 32_766, "y" * 32_765 + "😀", "é" * 32_767),
    ]
