"""Tests of CSV for Excel, opened in LibreOffice.

LibreOffice recognises the byte order mark in its dialog alone, which it does not show
here; it is told UTF-8, and leaves the mark out of the first cell.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from collections.abc import Sequence
from datetime import datetime
from datetime import UTC
from decimal import Decimal
from typing import Any
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from conftest import lack
from flask_outpour import CSV
from formats.formulas import FORMULAS

#: What a text can begin with that a spreadsheet drops or separates at.
PREFIXES = [
    *map(chr, range(0x30)),
    "\x7f",
    "\x85",
    "\xa0",
    "\u200b",
    "\ufeff",
    "\u3000",
]
HOSTILE = [
    *FORMULAS,
    *(f"{sign}=1+1" for sign in PREFIXES),
    *(f"x{sign}=1+1" for sign in (";", ",", "\t", "\n", "\r\n", '"', '";', "|")),
]
NUMBERS = [-1, 2.5, -0.25, 1e300, Decimal("-12.50"), 10**12, 0]
NAMES = ["=n", "Straße", "ñ 日本"]
TEXTS = ["Käse, Müller & Łódź", "日本", "😀", 'a "b"', "two\nlines", "a;b", "a,b"]

MOMENT = datetime(2013, 1, 1, 5, 15, tzinfo=UTC)

NUMERIC_TEXTS = {"-5": -5, "+5": 5, "-1.5": -1.5, "1e5": 1e5, "007": 7}
HARMLESS = ["a=1", "(=1)", "'=1", "1-1a"]
FORMULA_ROWS = [(number, text, "end") for number, text in enumerate(HOSTILE)]
PLAIN_ROWS = [
    *((number, "", None) for number in NUMBERS),
    *((0, text, MOMENT) for text in TEXTS),
    *((0, text, None) for text in (*NUMERIC_TEXTS, *HARMLESS)),
]
FILES: dict[str, tuple[CSV, Sequence[Sequence[Any]]]] = {
    "formulas,": (CSV(excel=True), FORMULA_ROWS),
    "formulas;": (CSV(excel=True, delimiter=";"), FORMULA_ROWS),
    "plain,": (CSV(excel=True), PLAIN_ROWS),
    "plain;": (CSV(excel=True, delimiter=";"), PLAIN_ROWS),
    "unguarded": (CSV(bom=True), FORMULA_ROWS),
}
#: Separators as LibreOffice's dialog has them, comma, semicolon and tab; the quote,
#: UTF-8, the first line; then the language, and that special numbers, such as dates,
#: are detected and formulas evaluated.
FILTER = "CSV:44/59/9,34,76,1,,1033,false,true,false,false,false,0,true"

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_ROW = f"{_TABLE}table-row"


class Cell(NamedTuple):
    """A cell as LibreOffice has it after opening a file."""

    kind: str | None
    text: str
    number: float | None
    formula: str | None


def _cells(row: ElementTree.Element) -> Iterator[Cell]:
    for cell in row.iter(f"{_TABLE}table-cell"):
        number = cell.get(f"{_OFFICE}value")
        yield Cell(
            cell.get(f"{_OFFICE}value-type"),
            "\n".join("".join(line.itertext()) for line in cell),
            None if number is None else float(number),
            cell.get(f"{_TABLE}formula"),
        )


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[Cell]]]:
    """Return the cells of all files, opened in one run of LibreOffice."""
    if not shutil.which("soffice"):
        lack("soffice", "apt-get install libreoffice-calc")
    folder = tmp_path_factory.mktemp("office")
    for name, (format, rows) in FILES.items():
        content = [format.begin(NAMES), format.feed(rows), format.finish()]
        folder.joinpath(f"{name}.csv").write_bytes(b"".join(content))
    command = [
        *("soffice", f"-env:UserInstallation={folder.as_uri()}/profile", "--headless"),
        *(f"--infilter={FILTER}", "--convert-to", "fods", "--outdir", str(folder)),
        *(str(folder / f"{name}.csv") for name in FILES),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    return {
        name: [
            list(_cells(row))
            for row in ElementTree.parse(folder / f"{name}.fods").iter(_ROW)
        ]
        for name in FILES
    }


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_no_text_is_a_formula(
    sheets: dict[str, list[list[Cell]]], delimiter: str
) -> None:
    """What could be a formula is text, also if other signs than ours separate."""
    names, *rows = sheets[f"formulas{delimiter}"]
    assert [cell for row in (names, *rows) for cell in row if cell.formula] == []
    assert [cell.text for cell in names] == ["'=n", "Straße", "ñ 日本"]
    # Nothing was torn apart.
    assert [row[0].number for row in rows] == list(range(len(HOSTILE)))
    assert [row[2].text for row in rows] == ["end"] * len(HOSTILE)


def test_without_the_guard_there_are_formulas(
    sheets: dict[str, list[list[Cell]]],
) -> None:
    """The same texts do become formulas where nobody asked for the guard."""
    cells = [cell for row in sheets["unguarded"] for cell in row]
    assert {"=1+1", "=cmd|' /c calc'!a0"} <= {
        (cell.formula or "").removeprefix("of:") for cell in cells
    }


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_cells_are_what_went_in(
    sheets: dict[str, list[list[Cell]]], delimiter: str
) -> None:
    """Texts are texts, umlauts right; numbers, and texts that are some, are numbers."""
    _, *rows = sheets[f"plain{delimiter}"]
    numbers, rows = rows[: len(NUMBERS)], rows[len(NUMBERS) :]
    assert [row[0].number for row in numbers] == list(map(float, NUMBERS))
    texts, rows = rows[: len(TEXTS)], rows[len(TEXTS) :]
    assert [row[1].text for row in texts] == TEXTS
    assert {(row[1].kind, row[2].text) for row in texts} == {("string", str(MOMENT))}
    numeric, rows = rows[: len(NUMERIC_TEXTS)], rows[len(NUMERIC_TEXTS) :]
    assert [row[1].number for row in numeric] == list(NUMERIC_TEXTS.values())
    assert [row[1].text for row in rows] == HARMLESS
