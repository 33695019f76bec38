"""Rows of one table or several enter; an Excel workbook (ISO/IEC 29500) leaves."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import get_args
from typing import TYPE_CHECKING
from typing import TypeVar

from ..errors import ConfigurationError
from .checks import check_choice
from .columns import Batch
from .workbooks.choices import Function
from .workbooks.choices import LongText
from .workbooks.choices import Zones
from .workbooks.layouts import by_table
from .workbooks.layouts import check_bold
from .workbooks.layouts import check_links
from .workbooks.layouts import check_number_formats
from .workbooks.layouts import check_titles
from .workbooks.layouts import check_totals
from .workbooks.layouts import check_widths
from .workbooks.layouts import codes_in
from .workbooks.layouts import IsBold
from .workbooks.layouts import Layout
from .workbooks.layouts import said_of

if TYPE_CHECKING:
    from .workbooks.book import Book

_T = TypeVar("_T")
#: What is said of columns, or by the names of tables of their columns.
ByColumn = Mapping[str, _T | Mapping[str, _T]]
#: The options that name columns.
_OF_COLUMNS = ("titles", "number_formats", "widths", "totals", "links")


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

    What an option says of columns holds for those of all tables. Of several tables each
    may have its own: ``number_formats={"Orders": {"amount": "0.00"}}``, or
    ``links={"Orders": ["url"]}``.

    :param titles: what stands above a column instead of its name.
    :param number_formats: how Excel shows the numbers, dates or times of a column, as
        its format codes, such as ``"#,##0.00"``. Times are cut to the parts of a second
        that it shows, and else to milliseconds.
    :param widths: of columns, in characters up to 255. By default they are guessed from
        the titles and the first 200 rows.
    :param totals: of columns, in a bold row below: ``"sum"``, ``"average"`` or
        ``"mean"``, ``"count"``, ``"min"`` or ``"max"``, a formula and its value. As in
        Excel, text counts for ``"count"`` alone. Each sheet has the totals of its rows.
    :param links: columns whose URLs of ``http``, ``https`` and ``mailto`` are links, of
        up to 65,530 cells of a sheet.
    :param bold: a function that is given each row as a dict, and says whether it is
        bold.
    :param filter: whether the names have a filter.
    :param freeze: whether the names stay in view.
    :param sheet: the name of the sheet, where the rows are those of one table.
    :param zones: ``"utc"`` writes times with a zone in UTC, since a cell has no zone;
        ``"text"`` writes them as text, with it.
    :param long_text: whether text of more than 32,767 characters, which no cell
        holds, is an error (``"raise"``) or cut (``"cut"``).
    :param level: of compression, from 1, the fastest, to 9, the smallest.
    :raises ConfigurationError: for another value of an option.
    """

    titles: ByColumn[str] = field(default_factory=dict)
    number_formats: ByColumn[str] = field(default_factory=dict)
    widths: ByColumn[float] = field(default_factory=dict)
    totals: ByColumn[Function] = field(default_factory=dict)
    links: Collection[str] | Mapping[str, Collection[str]] = ()
    bold: IsBold | Mapping[str, IsBold] | None = None
    filter: bool = True
    freeze: bool = True
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
    #: The names of several tables.
    _tables: set[str] = field(
        default_factory=set, init=False, repr=False, compare=False
    )
    _book: Book | None = field(default=None, init=False, repr=False, compare=False)

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    suffix = "xlsx"

    def __post_init__(self) -> None:
        check_choice("zones", self.zones, get_args(Zones))
        check_choice("long_text", self.long_text, get_args(LongText))
        if self.level not in range(1, 10):
            raise ConfigurationError(f"level= takes 1 to 9, but it is {self.level!r}.")
        check_titles(self.titles)
        check_number_formats(self.number_formats)
        check_widths(self.widths)
        check_totals(self.totals)
        check_links(self.links)
        check_bold(self.bold)
        check_choice("filter", self.filter, (True, False))
        check_choice("freeze", self.freeze, (True, False))
        if self.sheet is not None and not isinstance(self.sheet, str):
            raise ConfigurationError(
                f"sheet= takes the name of a sheet, but it is {self.sheet!r}."
            )

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return what comes before the rows of a workbook with one table.

        :raises ConfigurationError: where an option names a column that there is not.
        :raises RowError: for more columns than a sheet takes.
        """
        self._check_tables()
        if columns:
            self._check_names(columns)
        self._book = self._new_book()
        return self._book.begin_table(self.sheet, columns, self._layout())

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
            self._book, self._seen, self._tables = self._new_book(), {}, set()
        self._seen.update(dict.fromkeys(columns))
        self._knows_all = self._knows_all and bool(columns)
        self._tables.add(name)
        if columns:
            self._check_names(columns, name)
        return self._book.begin_table(name, columns, self._layout(name))

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
        if self._tables:
            self._check_tables()
        if self._seen and self._knows_all:
            self._check_names([*self._seen])
        return self._book.finish()

    def _check_names(self, columns: Sequence[str], table: str | None = None) -> None:
        for option in _OF_COLUMNS:
            said = by_table(getattr(self, option)).get(table, ())
            if odd := set(said).difference(columns):
                of = "" if table is None else f" for {table!r}"
                raise ConfigurationError(
                    f"{option}= names {', '.join(sorted(map(repr, odd)))}{of}, but the"
                    f" columns are {', '.join(columns)}."
                )

    def _check_tables(self) -> None:
        for option in (*_OF_COLUMNS, "bold"):
            said = by_table(getattr(self, option))
            if odd := set(said).difference([None, *self._tables]):
                tables = ", ".join(sorted(self._tables))
                known = f"the tables are {tables}" if tables else "there is one alone"
                raise ConfigurationError(
                    f"{option}= names {', '.join(sorted(map(repr, odd)))} as a table,"
                    f" but {known}."
                )

    def _layout(self, table: str | None = None) -> Layout:
        links, bold = by_table(self.links), by_table(self.bold)
        return Layout(
            titles=said_of(self.titles, table),
            number_formats=said_of(self.number_formats, table),
            widths=said_of(self.widths, table),
            totals=said_of(self.totals, table),
            links={*links[None], *links.get(table, ())},
            bold=bold.get(table) or bold[None] or None,
            filter=self.filter,
            freeze=self.freeze,
        )

    def _new_book(self) -> Book:
        from .workbooks.book import Book

        return Book(
            codes=codes_in(self.number_formats),
            links=any(by_table(self.links).values()),
            zones=self.zones,
            long_text=self.long_text,
            level=self.level,
        )
