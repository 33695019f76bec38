"""Tests of CSV for a locale, opened in LibreOffice under that locale."""

from __future__ import annotations

import locale
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from datetime import datetime
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from conftest import lack
from flask_outpour import CSV

Opened = Callable[[str, CSV], list[tuple[Any, ...]]]

#: By the numbers that LibreOffice and Windows have for them.
LANGUAGES = {name: number for number, name in locale.windows_locale.items()}
NAMES = ["number", "decimal", "day", "moment", "time", "text"]
ROWS: list[tuple[Any, ...]] = [
    (1.5, Decimal("-1234.50"), date(2013, 2, 14), datetime(2013, 2, 14, 5, 15, 7)),
    # The numbers of these days could be those of months, too.
    (-1e-7, Decimal("0.001"), date(1999, 12, 3), datetime(1999, 12, 3, 17)),
    (1e300, Decimal(12), date(1950, 3, 4), datetime(1950, 3, 4, 23, 59, 59)),
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Opened:
    """Return a function that opens a file under a locale, and returns its rows."""
    if not shutil.which("soffice"):
        lack("soffice", "apt-get install libreoffice-calc")
    folder = tmp_path_factory.mktemp("office")

    def open_file(name: str, format: CSV) -> list[tuple[Any, ...]]:
        path = folder / f"{name}.csv"
        rows = [(*row, row[3].time(), "1.5 a") for row in ROWS]
        chunks = [format.begin(NAMES), format.feed(rows), format.finish()]
        path.write_bytes(b"".join(chunks))
        # The separator, the quote, UTF-8, the first line, and the language.
        how = f"CSV:{ord(format.delimiter)},34,76,1,,{LANGUAGES[name]}"
        profile = f"-env:UserInstallation={folder.as_uri()}/profile"
        command = [
            *("soffice", profile, "--headless", f"--infilter={how}"),
            *("--convert-to", "xlsx", "--outdir", str(folder), str(path)),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=100)
        return rows_of(path.with_suffix(".xlsx"))

    return open_file


def rows_of(path: Path) -> list[tuple[Any, ...]]:
    """Return the values of a workbook's one sheet, without the header."""
    sheet = load_workbook(path).active
    assert sheet is not None
    names, *rows = sheet.values
    assert [*names] == NAMES
    return rows


@pytest.mark.parametrize(
    "name",
    [
        *("de_DE", "fr_FR", "en_US", "en_GB", "pt_BR", "ja_JP", "sv_SE", "es_MX"),
        # Where only the dates of ISO are read right.
        *("da_DK", "pt_PT", "en_IN", "he_IL", "hu_HU"),
    ],
)
def test_numbers_and_dates_are_read_as_such(opened: Opened, name: str) -> None:
    """Each number, date and time is one of the spreadsheet's, with the same value."""
    for row, expected in zip(opened(name, CSV.for_locale(name)), ROWS, strict=True):
        number, amount, day, moment, clock, text = row
        assert (number, amount) == (expected[0], float(expected[1]))
        assert day == datetime.combine(expected[2], time())
        assert moment == expected[3]
        assert clock == expected[3].time()
        assert text == "1.5 a"


def test_without_a_locale_numbers_are_not_read(opened: Opened) -> None:
    """The default is for programs: under de_DE a point makes a text, or a date."""
    ((number, *_), *_) = opened("de_DE", CSV(delimiter=";"))
    assert number != 1.5
