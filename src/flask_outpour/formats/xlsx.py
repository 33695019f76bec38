"""Rows of one table or several enter; an Excel workbook (ISO/IEC 29500) leaves."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import get_args
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .checks import check_choice
from .columns import Batch
from .workbooks.choices import LongText
from .workbooks.choices import Zones

if TYPE_CHECKING:
    from .workbooks.book import Book

#: Signs of a format code, says Excel.
_LONGEST_FORMAT = 255
_UNFIT = re.compile("[\0-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(kw_only=True)
class XLSX:
    """A workbook of Excel, with a sheet for each table.

    The names of the columns are in bold and stay in view, with a filter. Numbers,
    booleans, dates, times and durations are cells of their kinds; other values are the
    texts of CSV, and text is never a formula. Numbers of more than 15 digits, which a
    cell would round, are text; so are times before March of 1900 and at the end of
    9999, negative durations, NaN and infinities. Rows beyond 1,048,576, or 4 GiB, go to
    another sheet, with the names repeated. A file that was cut off is refused by every
    reader.

    :param titles: what stands above a column instead of its name.
    :param number_formats: how Excel shows the numbers, dates or times of a column, as
        its format codes, such as ``"#,##0.00"``. Times are cut to the parts of a second
        that it shows, and else to milliseconds.
    :param widths: of columns, in characters up to 255. By default they are guessed from
        the titles and the first 200 rows.
    :param sheet: the name of the sheet, where the rows are those of one table.
    :param zones: ``"utc"`` writes times with a zone in UTC, since a cell has no zone;
        ``"text"`` writes them as text, with it.
    :param long_text: whether text of more than 32,767 characters, which no cell
        holds, is an error (``"raise"``) or cut (``"cut"``).
    :param level: of compression, from 1, the fastest, to 9, the smallest.
    :raises ConfigurationError: for another value of an option.
    """

    titles: Mapping[str, str] = field(default_factory=dict)
    number_formats: Mapping[str, str] = field(default_factory=dict)
    widths: Mapping[str, float] = field(default_factory=dict)
    sheet: str | None = None
    zones: Zones = "utc"
    long_text: LongText = "raise"
    level: int = 1

    #: Whether no table came without rows that would name its columns.
    _knows_all: bool = field(default=True, init=False, repr=False, compare=False)
    #: The columns of several tables.
    _seen: dict[str, None] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _book: Book | None = field(default=None, init=False, repr=False, compare=False)

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    suffix = "xlsx"

    def __post_init__(self) -> None:
        check_choice("zones", self.zones, get_args(Zones))
        check_choice("long_text", self.long_text, get_args(LongText))
        if self.level not in range(1, 10):
            raise ConfigurationError(f"level= takes 1 to 9, but it is {self.level!r}.")
        _check_texts("titles", self.titles)
        _check_texts("number_formats", self.number_formats)
        for code in self.number_formats.values():
            if not _is_format_code(code):
                raise ConfigurationError(
                    "number_formats= takes format codes as Excel has them, of 1 to"
                    f' {_LONGEST_FORMAT} signs, such as "#,##0.00" or "dd.mm.yyyy", but'
                    f" there is {code!r}."
                )
        _check_widths(self.widths)
        if self.sheet is not None and not isinstance(self.sheet, str):
            raise ConfigurationError(
                f"sheet= takes the name of a sheet, but it is {self.sheet!r}."
            )

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return what comes before the rows of a workbook with one table.

        :raises ConfigurationError: where an option names a column that there is not.
        :raises RowError: for more columns than a sheet takes.
        """
        if columns:
            self._check_names(columns)
        self._book = self._new_book()
        return self._book.begin_table(self.sheet, columns)

    def begin_table(self, name: str, columns: Sequence[str]) -> bytes:
        """Return what comes before the rows of one table of several.

        :param name: becomes that of its sheet, mended where Excel does not take it.
        :raises ConfigurationError: where an option names the sheet as well.
        :raises RowError: for more columns than a sheet takes.
        """
        if self.sheet is not None:
            raise ConfigurationError(
                f"sheet={self.sheet!r} is for one table; of several, each has the name"
                " that the dict gives it."
            )
        if self._book is None:
            self._book, self._seen = self._new_book(), {}
        self._seen.update(dict.fromkeys(columns))
        self._knows_all = self._knows_all and bool(columns)
        return self._book.begin_table(name, columns)

    def feed(self, batch: Batch) -> bytes:
        """Return what is ready of the rows.

        :raises RowError: for a value that cannot be written.
        """
        assert self._book is not None
        return self._book.feed(batch)

    def finish(self) -> bytes:
        """Return the end of the last sheet, and the parts that name the sheets.

        :raises ConfigurationError: where an option names a column that no table had.
        """
        assert self._book is not None
        if self._seen and self._knows_all:
            self._check_names([*self._seen])
        return self._book.finish()

    def _check_names(self, columns: Sequence[str]) -> None:
        for option in ("titles", "number_formats", "widths"):
            if odd := set(getattr(self, option)).difference(columns):
                raise ConfigurationError(
                    f"{option}= names {', '.join(sorted(map(repr, odd)))}, but the"
                    f" columns are {', '.join(columns)}."
                )

    def _new_book(self) -> Book:
        from .workbooks.book import Book

        return Book(
            titles=self.titles,
            number_formats=self.number_formats,
            widths=self.widths,
            zones=self.zones,
            long_text=self.long_text,
            level=self.level,
        )


def _is_format_code(code: str) -> bool:
    """Whether Excel could read a code, and no code of Python's was meant."""
    if not 0 < len(code) <= _LONGEST_FORMAT or _UNFIT.search(code):
        return False
    # Without what is shown as it is, the colours and conditions, and the words.
    bare = re.sub(r'(?i)[\\_*].|"[^"]*"|\[[^\]]*\]|general|am/pm|a/p', "", code)
    # What is left are the letters of an English Excel: of times, eras and exponents.
    return not re.search(r'(?i)["{}\[\]]|%[a-z]|[acfi-ln-rt-xz]', bare)


def _check_widths(widths: object) -> None:
    if not isinstance(widths, Mapping) or not all(
        isinstance(name, str) and isinstance(width, int | float) and 0 < width <= 255
        for name, width in widths.items()
    ):
        raise ConfigurationError(
            "widths= takes a dict of columns and numbers of characters up to 255, but"
            f" it is {widths!r}."
        )


def _check_texts(option: str, texts: object) -> None:
    """Check that an option names texts for columns."""
    if not isinstance(texts, Mapping) or not all(
        isinstance(text, str) for pair in texts.items() for text in pair
    ):
        raise ConfigurationError(
            f"{option}= takes a dict of columns and texts, but it is {texts!r}."
        )
