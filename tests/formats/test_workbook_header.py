"""Tests of what stands above the rows of a workbook, and of the widths."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from datetime import datetime
from datetime import UTC
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pytest

from flask_outpour import RowError
from flask_outpour import XLSX
from formats.recorded import written
from formats.workbooks import by_calamine
from formats.workbooks import by_openpyxl
from formats.workbooks import part


def sheet_of(content: bytes) -> Any:
    """Return the first sheet as openpyxl has it."""
    return openpyxl.load_workbook(BytesIO(content)).active


def test_header() -> None:
    """The names are bold, stay in view, and filter all rows of all columns."""
    content = written(XLSX(), ["id", "name", "x"], [(1, "a", 2), (3, "b", 4)])
    sheet = sheet_of(content)
    assert [cell.value for cell in sheet[1]] == ["id", "name", "x"]
    assert [cell.font.b for cell in (*sheet[1], *sheet[2])] == [True] * 3 + [False] * 3
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:C3"
    assert (
        '<definedName name="_xlnm._FilterDatabase" localSheetId="0" hidden="1">'
        "'Sheet1'!$A$1:$C$3</definedName>"
    ) in part(content, "xl/workbook.xml").decode()


def test_no_rows() -> None:
    """A table without rows is a sheet with the names, and their filter."""
    content = written(XLSX(), ["id", "name"])
    assert by_openpyxl(content) == {"Sheet1": [["id", "name"]]}
    assert by_calamine(content) == {"Sheet1": [["id", "name"]]}
    assert sheet_of(content).auto_filter.ref == "A1:B1"


def test_no_columns() -> None:
    """A table without columns is an empty sheet."""
    content = written(XLSX(), [], [(), ()])
    assert sheet_of(content).auto_filter.ref is None
    assert by_calamine(content) == {"Sheet1": []}


def widths(names: Sequence[str], *batches: Any, **options: Any) -> list[float]:
    """Return the widths of the columns, in figures of the font."""
    dimensions = sheet_of(written(XLSX(**options), names, *batches)).column_dimensions
    return [dimensions[letter].width for letter in "ABCDEFGH"[: len(names)]]


def test_widths() -> None:
    """A column is as wide as its name or its widest value, within bounds."""
    narrow, name, text, moment, clipped = widths(
        ["a", "a name of some length", "text", "at", "long"],
        [(1, 2, "x" * 30, datetime(2020, 1, 1, tzinfo=UTC), "y" * 500)],
    )
    assert 8 <= narrow < 10
    assert 24 <= name < 32
    assert 30 < text < 36
    assert 19 < moment < 24
    assert clipped == 60


def test_widths_of_wide_signs() -> None:
    """Signs of Chinese, Japanese and Korean are as wide as two figures."""
    latin, wide = widths(["a", "b"], [("x" * 20, "日" * 20)])
    assert 20 < latin < 24
    assert 40 < wide < 44


def test_widths_by_the_longest_line() -> None:
    """A text of several lines needs the width of one."""
    (width,) = widths(["a"], [("\n".join(["x" * 30] * 4),)])
    assert 30 < width < 36


def test_widths_by_the_first_rows() -> None:
    """What comes later changes nothing, so that nothing waits for it."""
    rows = [("a",)] * 200
    assert widths(["a"], [*rows, ("x" * 50,)]) == widths(["a"], rows)
    assert widths(["a"], [*rows[1:], ("x" * 50,)]) > widths(["a"], rows)


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("#,##0.00 €", 1234567.5, "1,234,567.50 €"),
        ("#,##0", 10**9, "1,000,000,000"),
        ('0.0 "kg"', Decimal("123456.75"), "123456.8 kg"),
        ("0.00%", 12345.678, "1234567.80%"),
        ("dddd, dd. mmmm yyyy", date(2026, 9, 23), "Wednesday, 23. September 2026"),
    ],
)
def test_widths_by_the_format(code: str, value: Any, shown: str) -> None:
    """A format makes numbers and dates longer; too narrow, they are shown as ###."""
    (width,) = widths(["a"], [(value,)], number_formats={"a": code})
    assert len(shown) <= width <= len(shown) + 5


def test_widths_that_are_given() -> None:
    """A column that is not to be guessed has the width that it is given."""
    assert widths(["a", "b"], [(1, "x" * 90)], widths={"a": 4, "b": 99.5}) == [4, 99.5]


def test_widths_of_huge_numbers() -> None:
    """A number that no float holds has a width, too."""
    assert widths(["a"], [(10**400,), (-(10**5000),), (float("inf"),)]) == [60]
    assert widths(["a"], [([10**5000],), ({"b": 10**5000},)]) == [60]


def test_widths_of_no_numbers() -> None:
    """What is no number is text, whatever the format of its column."""
    code = {"a": "0.00"}
    (width,) = widths(["a"], [(Decimal("sNaN"),)], number_formats=code)
    assert width < 10


@pytest.mark.parametrize("letters", ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"])
def test_many_columns(letters: str) -> None:
    """A sheet has 16,384 columns, each with its own name."""
    assert openpyxl.utils.column_index_from_string(letters) in PLACES
    found = re.findall(rb'<c r="([A-Z]+)2"><v>(\d+)</v>', part(WIDE_BOOK))
    place = openpyxl.utils.column_index_from_string(letters)
    assert found[place - 1] == (letters.encode(), str(place - 1).encode())


PLACES = range(1, 16_385)
WIDE_BOOK = written(XLSX(), [f"c{n}" for n in PLACES], [tuple(range(16_384))])


def test_too_many_columns() -> None:
    """More columns than a sheet takes are an error before the first byte."""
    with pytest.raises(RowError, match=r"16,385 columns.*16,384"):
        XLSX().begin([f"c{n}" for n in range(16_385)])


def test_names_that_cannot_be_written() -> None:
    """A name that is too long, or that UTF-8 lacks, is an error before any byte."""
    with pytest.raises(RowError, match="32,768 characters"):
        XLSX().begin(["a", "😀" * 16_384])
    with pytest.raises(RowError, match="UTF-8"):
        XLSX().begin(["a", "\ud800"])
