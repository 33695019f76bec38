"""Rows enter; the XML of a sheet leaves."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from unicodedata import east_asian_width

from ...errors import RowError
from ...surveyed import surveyed
from ..columns import Batch
from ..columns import refusal
from ..columns import UNWRITABLE
from .cells import Cells
from .layouts import IsBold
from .parts import DECLARATION
from .parts import letters
from .parts import MAIN
from .parts import OFFICE
from .styles import bolded
from .styles import HEADER_STYLE
from .texts import escaped
from .texts import LONGEST

#: Rows and columns of a sheet, says Excel.
MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
#: Characters of the default font; with less a title would vanish under the sign of its
#: filter, and more than this leaves no room for other columns.
_NARROWEST, _WIDEST = 8, 60
#: Characters by which the sum of a million rows is longer than they, with separators.
_OF_SUMS = 8


class RowWriter:
    """Write the rows of one table.

    :param columns: the names, for errors.
    :param cells: what writes the values of each column.
    :param bold: says of a row, as a dict, whether it is bold.
    """

    def __init__(
        self, columns: Sequence[str], cells: Sequence[Cells], bold: IsBold | None = None
    ) -> None:
        self.columns = columns
        self._cells = cells
        self._is_bold = bold
        self._openings = [f'<c r="{letters(place)}' for place in range(len(columns))]

    def write(self, batch: Batch, first: int, count: int) -> bytes:
        """Return the rows of a sheet.

        :param first: the number of the first one in its sheet.
        :param count: how many rows of the table came before them, for errors.
        :raises RowError: names the row, the column and the type of a value that
            cannot be written.
        """
        try:
            parts = self._parts(batch, first)
        except UNWRITABLE as error:
            cause = error if str(error) else None
            raise refusal(batch, count, self.columns, self._cell) from cause
        if self._is_bold is not None:
            self._embolden(parts, batch, self._is_bold)
        return "".join(parts).encode("latin-1")

    def _embolden(self, parts: list[str], batch: Batch, is_bold: IsBold) -> None:
        width = len(parts) // len(batch)
        for number, row in enumerate(batch):
            if is_bold(dict(zip(self.columns, row, strict=True))):
                begin, end = number * width, (number + 1) * width
                cells = bolded("".join(parts[begin:end]))
                parts[begin:end] = [cells, *[""] * (width - 1)]

    def _cell(self, place: int, value: Any) -> None:
        self._cells[place].cell(value).encode("latin-1")

    def _parts(self, batch: Batch, first: int) -> list[str]:
        seen = surveyed(batch)
        if len(seen.columns) != len(self.columns):
            raise ValueError
        numbers = list(map(str, range(first, first + len(batch))))
        row: list[str] = ['<row r="', ""]
        filled: list[tuple[int, Sequence[str]]] = [(1, numbers)]
        end = '">'
        for opening, cells, values, kinds in zip(
            self._openings, self._cells, seen.columns, seen.kinds, strict=True
        ):
            before, texts, after = cells.write(values, kinds)
            row += (end + opening, "", before, "")
            filled += ((len(row) - 3, numbers), (len(row) - 1, texts))
            end = after
        row.append(f"{end}</row>")
        parts = row * len(batch)
        for place, texts in filled:
            parts[place :: len(row)] = texts
        return parts


class Widths:
    """Guess how wide columns should be, from their titles and some values.

    :param given: those that are not to be guessed, in characters.
    :param summed: whether there is a sum below, which is longer than its parts.
    """

    def __init__(
        self,
        titles: Sequence[str],
        cells: Sequence[Cells],
        given: Sequence[float | None],
        summed: Sequence[bool],
    ) -> None:
        self._summed = summed
        self._cells = cells
        self._given = given
        # A title is bold, and has the sign of the filter behind it.
        self._widths = [_width(title) * 1.1 + 3 for title in titles]

    def see(self, batch: Batch) -> None:
        """Look at some rows."""
        columns = zip(*batch, strict=True)
        for place, (cells, values) in enumerate(zip(self._cells, columns, strict=True)):
            widest = max(_width(cells.shown(value)) for value in values)
            self._widths[place] = max(self._widths[place], widest + 1)

    def xml(self) -> str:
        """Return the widths as a sheet has them before its rows."""
        columns = "".join(
            f'<col min="{place}" max="{place}" width="{width:.2f}" customWidth="1"/>'
            for place, width in enumerate(self._clipped(), 1)
        )
        return f"<cols>{columns}</cols>" if columns else ""

    def _clipped(self) -> list[float]:
        return [
            min(max(width + _OF_SUMS * is_summed, _NARROWEST), _WIDEST)
            if given is None
            else given
            for width, given, is_summed in zip(
                self._widths, self._given, self._summed, strict=True
            )
        ]


def _width(text: str) -> int:
    """Return how many of a font's figures are as wide as the longest line."""
    if len(text) > _WIDEST:
        text = max(text[:1000].split("\n"), key=len)
    wide = 0 if text.isascii() else sum(east_asian_width(sign) in "WF" for sign in text)
    return len(text) + wide


def head(
    titles: Sequence[str], widths: str, *, is_first: bool, is_frozen: bool
) -> bytes:
    """Return a sheet down to its first row, which has the titles.

    :param is_first: whether it is shown when the workbook is opened.
    :param is_frozen: whether the titles stay in view.
    """
    selected = ' tabSelected="1"' if is_first else ""
    pane = (
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>'
        '<selection pane="bottomLeft" activeCell="A2" sqref="A2"/>'
        if titles and is_frozen
        else ""
    )
    return (
        f'{DECLARATION}<worksheet xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheetViews>'
        f'<sheetView{selected} workbookViewId="0">{pane}</sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/>{widths}<sheetData>'
        f"{_title_row(titles)}"
    ).encode()


def _title_row(titles: Sequence[str]) -> str:
    if not titles:
        return ""
    cells = "".join(
        f'<c r="{letters(place)}1" s="{HEADER_STYLE}" t="inlineStr"><is>'
        f'<t xml:space="preserve">{escaped(title)}</t></is></c>'
        for place, title in enumerate(titles)
    )
    return f'<row r="1">{cells}</row>'


def tail(area: str | None, links: str) -> bytes:
    """Return the end of a sheet.

    :param area: what its filter is for.
    :param links: the element that lists them.
    """
    filter = f'<autoFilter ref="{area}"/>' if area else ""
    return f"</sheetData>{filter}{links}</worksheet>".encode()


def titles_of(columns: Sequence[str], titles: Mapping[str, str]) -> list[str]:
    """Return what stands above the columns.

    :raises RowError: where they are too many, or a title is too long, or has a sign
        that UTF-8 lacks.
    """
    if len(columns) > MOST_COLUMNS:
        raise RowError(
            f"The rows have {len(columns):,} columns, and a sheet of Excel takes"
            f" {MOST_COLUMNS:,}. Name those that are wanted in columns=."
        )
    found = [titles.get(name, name) for name in columns]
    for title in found:
        try:
            length = len(title.encode("utf-16-le")) // 2
        except UnicodeEncodeError as error:
            raise RowError.of_name(error) from error
        if length > LONGEST:
            raise RowError(
                f"The name of a column has {length:,} characters, and a cell of"
                f" Excel takes {LONGEST:,}. Give it another in titles=."
            )
    return found
