"""Workbooks as bytes enter; what each program reads in them leaves."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from datetime import datetime
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from typing import NamedTuple
from xml.etree import ElementTree
from zipfile import ZipFile

import openpyxl
import python_calamine
from openpyxl.utils.escape import unescape

from conftest import lack
from flask_outpour import XLSX

Sheet = list[list[Any]]
#: A table's columns and its batches of rows.
Table = tuple[Sequence[str], Sequence[Sequence[Sequence[Any]]]]

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def tables_written(format: XLSX, tables: Mapping[str, Table]) -> bytes:
    """Return a workbook of several tables."""
    chunks = []
    for name, (columns, batches) in tables.items():
        chunks += [format.begin_table(name, columns), *map(format.feed, batches)]
    return b"".join([*chunks, format.finish()])


def part(content: bytes, path: str = "xl/worksheets/sheet1.xml") -> bytes:
    """Return one part of a workbook."""
    with ZipFile(BytesIO(content)) as archive:
        return archive.read(path)


def parts(content: bytes) -> dict[str, bytes]:
    """Return all parts of a workbook."""
    with ZipFile(BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(content: bytes, path: str, old: bytes, new: bytes) -> bytes:
    """Return a workbook with something else in one part.

    :param old: an expression for what is replaced there.
    """
    written = BytesIO()
    with ZipFile(written, "w") as archive:
        for name, xml in parts(content).items():
            assert name != path or re.search(old, xml)
            archive.writestr(name, re.sub(old, new, xml) if name == path else xml)
    return written.getvalue()


def by_openpyxl(
    content: bytes, *, read_only: bool = False, data_only: bool = False
) -> dict[str, Sheet]:
    """Return the sheets as openpyxl reads them.

    It leaves the escapes of the format, such as ``_x000D_``, to its caller.

    :param data_only: whether formulas are read as their values.
    """
    book = openpyxl.load_workbook(
        BytesIO(content), read_only=read_only, data_only=data_only
    )
    try:
        return {
            sheet.title: [list(map(_unescaped, row)) for row in sheet.values]
            for sheet in book
        }
    finally:
        book.close()


def _unescaped(value: Any) -> Any:
    return unescape(value) if isinstance(value, str) else value


def by_calamine(content: bytes) -> dict[str, Sheet]:
    """Return the sheets as calamine reads them, where an empty cell is ``""``."""
    with python_calamine.CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        return {
            name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            for name in book.sheet_names
        }


def by_duckdb(file: Path, extension: Path, options: str = "") -> list[list[Any]]:
    """Return the first sheet as DuckDB's extension ``excel`` reads it.

    It leaves the escapes of the format to its caller, as openpyxl does.

    :param extension: the folder in which a DuckDB is installed that has it.
    """
    read = subprocess.run(
        [sys.executable, "-c", _DUCKDB, str(file), options],
        env={**os.environ, "PYTHONPATH": str(extension)},
        check=True,
        capture_output=True,
        timeout=100,
    )
    return [list(map(_unescaped, row)) for row in pickle.loads(read.stdout)]


_DUCKDB = """
import pickle, sys
from pathlib import Path
import duckdb

(path,) = Path(duckdb.__file__).parents[1].glob("duckdb_ext/*/*/*/excel.*")
connection = duckdb.connect()
connection.execute(f"LOAD '{path}'")
file, options = sys.argv[1:]
rows = connection.execute(f"SELECT * FROM read_xlsx('{file}'{options})")
names = [column[0] for column in rows.description]
sys.stdout.buffer.write(pickle.dumps([names, *rows.fetchall()]))
"""


# LibreOffice


class Cell(NamedTuple):
    """A cell as LibreOffice has it after opening a workbook."""

    value: Any
    #: As it is shown.
    text: str
    formula: str | None


_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"


def opened_by_libreoffice(folder: Path, files: Mapping[str, bytes]) -> set[str]:
    """Open workbooks in one run of LibreOffice, and return the names of those it took.

    Each becomes a file ``NAME.fods`` in the folder.
    """
    if not shutil.which("soffice"):
        lack("soffice", "apt-get install libreoffice-calc")
    for name, content in files.items():
        folder.joinpath(f"{name}.xlsx").write_bytes(content)
    command = [
        *("soffice", f"-env:UserInstallation={folder.as_uri()}/profile", "--headless"),
        *("--convert-to", "fods", "--outdir", str(folder)),
        *(str(folder / f"{name}.xlsx") for name in files),
    ]
    subprocess.run(command, check=False, capture_output=True, timeout=100)
    return {name for name in files if folder.joinpath(f"{name}.fods").exists()}


def by_libreoffice(file: Path) -> dict[str, list[list[Cell]]]:
    """Return the sheets of what LibreOffice made of a workbook."""
    tables = ElementTree.parse(file).iter(f"{_TABLE}table")
    return {
        table.get(f"{_TABLE}name", ""): _trimmed(
            [
                list(_cells(row))
                for row in table.iter(f"{_TABLE}table-row")
                for _ in range(_repeated(row, "rows"))
            ]
        )
        for table in tables
    }


def _repeated(element: ElementTree.Element, what: str) -> int:
    # Behind the last one, the rest of the sheet is repeated.
    number = int(element.get(f"{_TABLE}number-{what}-repeated", "1"))
    return number if number < 10_000 else 1


def _cells(row: ElementTree.Element) -> Iterator[Cell]:
    for cell in row.iter(f"{_TABLE}table-cell"):
        lines = cell.findall(f"{_TEXT}p")
        text = "\n".join("".join(_pieces(line)) for line in lines)
        read = Cell(_value(cell, text), text, cell.get(f"{_TABLE}formula"))
        yield from [read] * _repeated(cell, "columns")


def _pieces(element: ElementTree.Element) -> Iterator[str]:
    """Yield the text of a paragraph, where some white space is elements."""
    if element.tag == f"{_TEXT}s":
        yield " " * int(element.get(f"{_TEXT}c", "1"))
    yield {f"{_TEXT}tab": "\t", f"{_TEXT}line-break": "\n"}.get(element.tag, "")
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""


def _value(cell: ElementTree.Element, text: str) -> Any:
    kind = cell.get(f"{_OFFICE}value-type")
    if kind in ("float", "percentage", "currency"):
        return float(cell.get(f"{_OFFICE}value", ""))
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true"
    if kind == "date":
        return datetime.fromisoformat(cell.get(f"{_OFFICE}date-value", ""))
    if kind == "time":
        return _duration(cell.get(f"{_OFFICE}time-value", ""))
    return text if kind == "string" else None


def _duration(text: str) -> timedelta:
    """Return a duration of LibreOffice, which has no days: ``PT26H03M04.5S``."""
    hours, rest = text.removeprefix("PT").split("H")
    minutes, rest = rest.split("M")
    seconds = float(rest.removesuffix("S"))
    return timedelta(hours=int(hours), minutes=int(minutes), seconds=seconds)


def _trimmed(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Leave out what lies behind the last cell that has something."""
    filled = [
        (down, right)
        for down, row in enumerate(rows, 1)
        for right, cell in enumerate(row, 1)
        if cell.value is not None
    ]
    last = max((down for down, _ in filled), default=0)
    width = max((right for _, right in filled), default=0)
    return [row[:width] for row in rows[:last]]
