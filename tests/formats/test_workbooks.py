"""Tests of workbooks in the programs that read them, over flights and hostile values.

DuckDB reads workbooks by an extension that it downloads; here it is one that comes as a
package, for an older DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pandas
import pytest
from openpyxl.utils.escape import unescape

from flask_outpour import XLSX
from flights import COLUMNS
from flights import ROWS
from formats.formulas import FORMULAS
from formats.formulas import HARMLESS
from formats.packages import installed_apart
from formats.recorded import cut
from formats.recorded import written
from formats.workbook_values import NUMBERS
from formats.workbook_values import table_cells
from formats.workbook_values import TEXTS
from formats.workbook_values import TIMES
from formats.workbooks import by_calamine
from formats.workbooks import by_duckdb
from formats.workbooks import by_libreoffice
from formats.workbooks import by_openpyxl
from formats.workbooks import Cell
from formats.workbooks import opened_by_libreoffice
from formats.workbooks import part
from formats.workbooks import tables_written

Row = list[Any]
#: Fewer signs than a sheet name may have; each is another way to be difficult.
NAMES = [
    *("A & B <C>", "O'Neil", "日本", "שלום", "😀" * 15, "=1+1", "'", "a/b", "x" * 40),
    *("History", "A1", "R1C1", "sheet (2)", "TRUE", "!", '"', "a,b;c", " ", "#REF!"),
]

#: Value, and what its cell holds.
HOSTILE = [
    *table_cells().values(),
    *((value, cell) for value, cell, _, _ in (*NUMBERS, *TIMES)),
    *((text, text) for text in (*TEXTS, *FORMULAS, *HARMLESS)),
]
#: How the values are shown in LibreOffice, behind those of the value table.
SHOWN = [shown for _, _, _, shown in (*NUMBERS, *TIMES)]
HOSTILE_ROWS = [(value, f"row {n}") for n, (value, _) in enumerate(HOSTILE)]
EXPECTED = [[cell, f"row {n}"] for n, (_, cell) in enumerate(HOSTILE)]
HOSTILE_BOOK = written(XLSX(), ["value", "end"], HOSTILE_ROWS)

FLIGHTS_BOOK = written(XLSX(), COLUMNS, *cut(ROWS, [1000] * 3))
#: With times as a cell has them.
FLIGHTS = [[*row[:-1], row[-1].replace(tzinfo=None)] for row in ROWS]

FORMATS = {"amount": "#,##0.00", "day": "dd.mm.yyyy", "part": "0.0%"}
FORMATS_BOOK = written(
    XLSX(number_formats=FORMATS), [*FORMATS], [(1234.5, date(2020, 1, 31), 0.125)]
)

#: All names as the titles of columns, and as the names of sheets.
NAMES_BOOK = tables_written(XLSX(), {name: ([name], [[(1,)]]) for name in NAMES})


def plain(value: Any) -> Any:
    """Return a value that was read in the way that openpyxl has: without dates."""
    if type(value) is date:
        return datetime.combine(value, time())
    return value


def by_pandas(content: bytes, engine: Any) -> list[Row]:
    """Return the first sheet as pandas reads it, where an empty cell is ``""``."""
    frame = pandas.read_excel(
        BytesIO(content), engine=engine, header=None, dtype=object, na_filter=False
    )
    rows: list[Row] = frame.to_numpy().tolist()
    if engine == "openpyxl":
        rows = [[unescape(v) if isinstance(v, str) else v for v in row] for row in rows]
    return rows


def first(read: Callable[[bytes], dict[str, Any]], content: bytes) -> list[Row]:
    (rows,) = read(content).values()
    return rows


#: Each reader, and what it has where there is nothing.
READERS: dict[str, tuple[Callable[[bytes], list[Row]], Any]] = {
    "openpyxl": (partial(first, by_openpyxl), None),
    "openpyxl, read only": (partial(first, partial(by_openpyxl, read_only=True)), None),
    "calamine": (partial(first, by_calamine), ""),
    "pandas, openpyxl": (partial(by_pandas, engine="openpyxl"), ""),
    "pandas, calamine": (partial(by_pandas, engine="calamine"), ""),
}
#: What calamine leaves as it stands in the file.
LEFT = re.compile("[\ufffe\uffff]")


@pytest.mark.parametrize("reader", READERS)
def test_flights(reader: str) -> None:
    """Every cell of the real flights is what went in."""
    read, nothing = READERS[reader]
    names, *rows = read(FLIGHTS_BOOK)
    assert names == list(COLUMNS)
    assert len(rows) == len(FLIGHTS)
    for row, expected in zip(rows, FLIGHTS, strict=True):
        cells = [nothing if cell is None else cell for cell in expected]
        assert list(map(plain, row)) == cells


@pytest.mark.parametrize("reader", READERS)
def test_hostile_values(reader: str) -> None:
    """Numbers, times and texts of every kind are what went in, and of their type."""
    read, nothing = READERS[reader]
    names, *rows = read(HOSTILE_BOOK)
    assert names == ["value", "end"]
    for (value, end), (expected, expected_end) in zip(rows, EXPECTED, strict=True):
        assert end == expected_end
        if expected is None:
            expected = nothing
        elif isinstance(expected, str) and "calamine" in reader:
            expected = LEFT.sub(lambda sign: f"_x{ord(sign[0]):04X}_", expected)
        assert plain(value) == expected, end
        assert isinstance(value, bool) == isinstance(expected, bool), end
        assert isinstance(value, str) == isinstance(expected, str), end


def test_no_cell_is_a_formula() -> None:
    """Text that looks like one is text to openpyxl; so are titles."""
    content = written(XLSX(), ["=1+1", "@a"], [(text, None) for text in FORMULAS])
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value]
    assert {cell.data_type for cell in cells} == {"s"}
    assert b"<f" not in part(content)


@pytest.mark.parametrize("read", [by_openpyxl, by_calamine])
def test_names_of_sheets(read: Any) -> None:
    """As many sheets as tables are there, in their order, whatever the names are."""
    sheets = read(NAMES_BOOK)
    assert len(sheets) == len(NAMES)
    assert [sheet[0][0] for sheet in sheets.values()] == NAMES
    assert len({name.casefold() for name in sheets}) == len(NAMES)


# LibreOffice


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return the sheets of all workbooks that LibreOffice opened, in one run."""
    folder = tmp_path_factory.mktemp("libreoffice")
    files = {"flights": FLIGHTS_BOOK, "hostile": HOSTILE_BOOK, "names": NAMES_BOOK}
    files["formats"] = FORMATS_BOOK
    for place in CUTS:
        files[f"cut{place}"] = FLIGHTS_BOOK[: len(FLIGHTS_BOOK) - place]
    taken = opened_by_libreoffice(folder, files)
    return {name: by_libreoffice(folder / f"{name}.fods") for name in taken}


def test_libreoffice_flights(opened: dict[str, Any]) -> None:
    """Every cell of the real flights is what went in."""
    ((name, (names, *rows)),) = opened["flights"].items()
    assert name == "Sheet1"
    assert [cell.value for cell in names] == list(COLUMNS)
    assert [[cell.value for cell in row] for row in rows] == FLIGHTS


def in_libreoffice(expected: Any) -> Any:
    """Return what LibreOffice has of a value.

    It knows no time of a day but durations, no empty text, and the file by which it is
    asked has numbers of 15 digits, and no control characters.
    """
    if isinstance(expected, str):
        text = expected.replace("\r\n", "\n")
        text = re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", text)
        return text if expected else None
    if isinstance(expected, time):
        midnight = datetime.combine(date(1, 1, 1), time())
        return datetime.combine(midnight, expected) - midnight
    if isinstance(expected, float):
        return pytest.approx(expected, rel=1e-14)
    return expected


def test_libreoffice_hostile_values(opened: dict[str, Any]) -> None:
    """Values of every kind are what went in, and none is a formula."""
    _, *rows = opened["hostile"]["Sheet1"]
    for (cell, end), (expected, expected_end) in zip(rows, EXPECTED, strict=True):
        assert end.value == expected_end
        is_boolean = isinstance(expected, bool)
        if expected == timedelta(0):
            assert cell.value < timedelta(microseconds=2)
        else:
            assert cell.value == in_libreoffice(expected), end
        # It has no booleans but by these.
        assert cell.formula in (["of:=TRUE()", "of:=FALSE()"] if is_boolean else [None])


def test_libreoffice_shows(opened: dict[str, Any]) -> None:
    """Numbers, dates, times and durations are shown as what they are."""
    _, *rows = opened["hostile"]["Sheet1"]
    begin = len(table_cells())
    texts = [cell.text for cell, _ in rows[begin : begin + len(SHOWN)]]
    assert texts == SHOWN


def test_libreoffice_shows_formats(opened: dict[str, Any]) -> None:
    """A column's own format is how its numbers and dates are shown."""
    _, row = opened["formats"]["Sheet1"]
    assert [cell.text for cell in row] == ["1,234.50", "31.01.2020", "12.5%"]


def test_libreoffice_names_of_sheets(opened: dict[str, Any]) -> None:
    """It has the same sheets as openpyxl, by the same names."""
    read: dict[str, list[list[Cell]]] = opened["names"]
    assert list(read) == list(by_openpyxl(NAMES_BOOK))
    assert [rows[0][0].value for rows in read.values()] == [
        in_libreoffice(name) for name in NAMES
    ]


# Broken off

#: Bytes that are missing: the last one, the end of the directory, and more.
CUTS = [1, 22, 23, 200, 1000, len(FLIGHTS_BOOK) // 2, len(FLIGHTS_BOOK) - 1500]


@pytest.mark.parametrize("place", CUTS)
def test_libreoffice_refuses_what_was_cut(opened: dict[str, Any], place: int) -> None:
    """Without a person who answers its question, it repairs nothing."""
    assert f"cut{place}" not in opened


# DuckDB


@pytest.fixture(scope="session")
def duckdb_excel(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of a DuckDB with its extension ``excel``, installed once."""
    return installed_apart("duckdb-ext-excel", request.config, tmp_path_factory)


def test_duckdb_flights(duckdb_excel: Path, tmp_path: Path) -> None:
    """Every cell of the real flights is what went in, and of its type."""
    file = tmp_path / "flights.xlsx"
    file.write_bytes(FLIGHTS_BOOK)
    names, *rows = by_duckdb(file, duckdb_excel)
    assert names == list(COLUMNS)
    assert rows == FLIGHTS
    assert {type(cell) for cell in rows[0]} == {float, str, datetime}


def test_duckdb_hostile_texts(duckdb_excel: Path, tmp_path: Path) -> None:
    """Texts of every kind are what went in."""
    texts = [*TEXTS, *FORMULAS, *HARMLESS]
    file = tmp_path / "texts.xlsx"
    file.write_bytes(written(XLSX(), ["text"], [(text,) for text in texts]))
    _, *rows = by_duckdb(file, duckdb_excel, ", header=true, stop_at_empty=false")
    assert [text for (text,) in rows] == texts
