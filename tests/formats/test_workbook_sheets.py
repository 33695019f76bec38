"""Tests of workbooks of several sheets: for many rows, and for several tables."""

from __future__ import annotations

import re
from itertools import chain
from itertools import pairwise
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import RowError
from flask_outpour import XLSX
from flask_outpour.formats.workbooks import book
from flask_outpour.formats.workbooks import sheets
from flask_outpour.formats.workbooks.sheet_names import SheetNames
from formats.recorded import cut
from formats.recorded import written
from formats.workbooks import by_calamine
from formats.workbooks import by_openpyxl
from formats.workbooks import MAIN
from formats.workbooks import part
from formats.workbooks import parts
from formats.workbooks import tables_written

MOST_ROWS = 1_048_576


def sheets_of(content: bytes) -> list[bytes]:
    """Return the XML of all sheets in their order."""
    found = parts(content)
    count = sum(path.startswith("xl/worksheets/") for path in found)
    return [found[f"xl/worksheets/sheet{n}.xml"] for n in range(1, count + 1)]


def area_of(xml: bytes) -> str:
    """Return where the filter of a sheet is."""
    found = re.search(rb'<autoFilter ref="([^"]+)"/></worksheet>$', xml[-200:])
    assert found is not None
    return found[1].decode()


def rows_of(xml: bytes) -> list[list[str]]:
    """Return the texts of the cells, whose rows must be numbered in their order."""
    found = []
    for number, row in enumerate(ElementTree.fromstring(xml).iter(f"{MAIN}row"), 1):
        assert row.get("r") == str(number)
        assert [cell.get("r") for cell in row] == [
            f"{'ABC'[place]}{number}" for place in range(len(row))
        ]
        found.append(["".join(cell.itertext()) for cell in row])
    return found


# More than a sheet holds


def test_more_rows_than_a_sheet_has() -> None:
    """A million rows and some go on in a second sheet, under the same names."""
    count = 1_050_000
    batches = [[(n,) for n in range(at, at + 3000)] for at in range(0, count, 3000)]
    content = written(XLSX(), ["n"], *batches)
    read = by_calamine(content)
    assert list(read) == ["Sheet1", "Sheet2"]
    first, second = read.values()
    assert len(first) == MOST_ROWS
    assert first[0] == second[0] == ["n"]
    values = chain(first[1:], second[1:])
    assert all(row == [n] for n, row in zip(range(count), values, strict=True))
    last = count + 2 - MOST_ROWS
    found = sheets_of(content)
    assert list(map(area_of, found)) == [f"A1:A{MOST_ROWS}", f"A1:A{last}"]
    assert all(b'state="frozen"' in xml[:1000] for xml in found)
    workbook = part(content, "xl/workbook.xml").decode()
    assert f"'Sheet1'!$A$1:$A${MOST_ROWS}<" in workbook
    assert f"'Sheet2'!$A$1:$A${last}<" in workbook


@pytest.mark.parametrize("sizes", [[5] * 4, [1] * 20, [20], [4, 4, 4, 8], [9, 11]])
def test_rows_are_parted_where_a_sheet_is_full(sizes: list[int]) -> None:
    """Batches that end at the last row of a sheet, or pass it, lose nothing."""
    rows = [(n,) for n in range(20)]
    with patch.object(sheets, "MOST_ROWS", 5):
        content = written(XLSX(sheet="S"), ["n"], *cut(rows, sizes))
    # A row of each is that of the names.
    read = by_openpyxl(content)
    assert list(read) == ["S", "S (2)", "S (3)", "S (4)", "S (5)"]
    assert [sheet[1:] for sheet in read.values()] == [
        [[n] for n in range(begin, begin + 4)] for begin in range(0, 20, 4)
    ]


def test_a_full_sheet_is_the_last() -> None:
    """No empty sheet follows rows that fill one to its end."""
    with patch.object(sheets, "MOST_ROWS", 5):
        content = written(XLSX(), ["n"], [(n,) for n in range(4)])
    assert list(by_openpyxl(content)) == ["Sheet1"]


@given(
    strategies.lists(strategies.integers(0, 900), min_size=1, max_size=40),
    strategies.lists(strategies.integers(1, 9), max_size=8),
    strategies.integers(2000, 5000),
)
@example([900] * 300, [100, 101], 3000)
@settings(max_examples=120, deadline=None)
def test_more_bytes_than_a_sheet_takes(
    lengths: list[int], sizes: list[int], most: int
) -> None:
    """Rows go on in another sheet, none lost, none twice, all in their order."""
    rows = [(n, "x" * length, None) for n, length in enumerate(lengths)]
    names = ["n", "text", "none"]
    with patch.object(book, "_MOST_BYTES", most):
        content = written(XLSX(), names, *cut(rows, [*sizes, len(rows)]))
        assert content == written(XLSX(), names, *([row] for row in rows))
        assert content == written(XLSX(), names, rows)
    found = sheets_of(content)
    read = [rows_of(xml) for xml in found]
    assert [row for sheet in read for row in sheet[1:]] == [
        [str(n), text, ""] for n, text, _ in rows
    ]
    assert {tuple(sheet[0]) for sheet in read} == {tuple(names)}
    # Beyond come only the end, and a figure more for each width.
    assert all(len(xml) <= most + 100 for xml in found)
    assert [area_of(xml) for xml in found] == [f"A1:C{len(rows)}" for rows in read]
    # A next sheet begins where its first row had no room.
    for before, after in pairwise(found):
        row = re.search(rb'<row r="2">.*?</row>', after, re.DOTALL)
        assert row is not None
        assert len(before) + len(row[0]) > most - 50


def test_many_columns_count_as_bytes() -> None:
    """The names of the columns are part of what a sheet holds."""
    names = [f"a name that is long {n}" for n in range(2000)]
    row = tuple(range(2000))
    with patch.object(book, "_MOST_BYTES", 600_000):
        content = written(XLSX(), names, *[[row]] * 16)
    assert max(map(len, sheets_of(content))) < 603_000


# Several tables


def test_tables() -> None:
    """Each table is a sheet with its own columns, widths and filter."""
    content = tables_written(
        XLSX(titles={"id": "Number"}, number_formats={"amount": "0.00"}),
        {
            "Orders": (["id", "amount"], [[(1, 2.5)], [(2, 3)]]),
            "Nothing": (["id"], []),
            "Customers": (["name", "id", "x"], [[("Ada", 7, None)]]),
        },
    )
    assert by_openpyxl(content) == {
        "Orders": [["Number", "amount"], [1, 2.5], [2, 3]],
        "Nothing": [["Number"]],
        "Customers": [["name", "Number", "x"], ["Ada", 7, None]],
    }
    found = sheets_of(content)
    assert list(map(area_of, found)) == ["A1:B3", "A1:A1", "A1:C2"]
    # One sheet alone is shown when the workbook is opened.
    assert [b'tabSelected="1"' in xml for xml in found] == [True, False, False]
    assert (
        'localSheetId="2" hidden="1">\'Customers\'!$A$1:$C$2<'
        in part(content, "xl/workbook.xml").decode()
    )


def test_a_table_of_several_goes_on() -> None:
    """What a table has beyond a sheet comes before the next table."""
    rows = [[(n,) for n in range(7)]]
    with patch.object(sheets, "MOST_ROWS", 5):
        content = tables_written(
            XLSX(), {"A": (["n"], rows), "A (2)": (["n"], []), "a": (["n"], rows)}
        )
    lengths = {name: len(rows) for name, rows in by_openpyxl(content).items()}
    assert lengths == {"A": 5, "A (2)": 4, "A (2) (2)": 1, "a (3)": 5, "a (4)": 4}


def test_rows_are_counted_for_each_table() -> None:
    """The error of a bad value has its row's number in the table."""
    format = XLSX()
    format.begin_table("A", ["n"])
    format.feed([(1,)] * 10)
    format.begin_table("B", ["n"])
    format.feed([(1,)])
    with pytest.raises(RowError) as raised:
        format.feed([(1,), (object(),)])
    assert raised.value.row == 3


# Names of sheets

_signs = strategies.text(
    strategies.one_of(
        strategies.sampled_from("[]:*?/\\'aAbß İſ()12\0\x1f\x7f\ufffe\n \ud800"),
        strategies.characters(),
    ),
    max_size=40,
)
_names = _signs | strategies.sampled_from(
    [*("History", "history ", "'history'", "Sheet1", "sheet1", "a" * 31, "A" * 50)]
)


def units(text: str) -> int:
    """Return the units of UTF-16 that a text has, by which Excel counts."""
    return len(text.encode("utf-16-le")) // 2


@given(strategies.lists(_names, min_size=1, max_size=12))
@settings(max_examples=400, deadline=None)
def test_names_of_sheets(wanted: list[str]) -> None:
    """Whatever they are to be, they are valid in Excel, and no two are alike."""
    names = SheetNames()
    found = [names.add(name) for name in wanted]
    for name in found:
        assert 1 <= units(name) <= 31
        assert not set(name) & set("[]:*?/\\")
        assert name[0] != "'" != name[-1]
        assert name.lower() != "history"
        assert not re.search("[\0-\x1f\x7f\ud800-\udfff\ufffe\uffff]", name)
        assert name.strip()
    for same in (str.lower, str.upper, str.casefold):
        assert len(set(map(same, found))) == len(found)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["Orders", "Umsatz 2024"], ["Orders", "Umsatz 2024"]),
        (["a", "A", "a"], ["a", "A (2)", "a (3)"]),
        (["x" * 40, "x" * 31], ["x" * 31, f"{'x' * 27} (2)"]),
        (["a/b", "a:b"], ["a_b", "a_b (2)"]),
        (["'a'", "it's"], ["_a_", "it's"]),
        (["", " "], ["Sheet", "Sheet (2)"]),
        (["😀" * 20], ["😀" * 15]),
        (["x" * 30 + "'y"], ["x" * 30 + "_"]),
    ],
)
def test_names_are_mended(wanted: list[str], found: list[str]) -> None:
    """A name is kept where that is possible, else it is like it."""
    names = SheetNames()
    assert [names.add(name) for name in wanted] == found


@given(strategies.lists(_names, min_size=1, max_size=4, unique=True))
@example(["it's", "a'b'c", "<&>", '"'])
@settings(max_examples=30, deadline=None)
def test_readers_take_the_names(wanted: list[str]) -> None:
    """openpyxl and calamine have the same names, and their filters are theirs."""
    tables: Any = {name: (["n"], [[(1,)]]) for name in wanted}
    content = tables_written(XLSX(), tables)
    names = list(by_openpyxl(content))
    assert len(names) == len(wanted)
    assert list(by_calamine(content)) == names
    workbook = ElementTree.fromstring(part(content, "xl/workbook.xml"))
    for name, defined in zip(names, workbook.iter(f"{MAIN}definedName"), strict=True):
        quoted = name.replace("'", "''")
        assert defined.text == f"'{quoted}'!$A$1:$A$2"
