"""Rows enter; comma-separated values (RFC 4180) leave, or tab-separated ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import Any
from typing import ClassVar
from typing import get_args
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..errors import SourceError
from ..lines import CSVLines
from ..lines import Dialect
from .checks import check_choice
from .columns import Batch
from .columns import Grid
from .columns import Writer
from .genuine import Genuine
from .json_text import JSONText
from .quoting import Quoting
from .values import base64_texts
from .values import bool_texts
from .values import Column
from .values import decimal_texts
from .values import duration_texts
from .values import float_texts
from .values import int_texts
from .values import iso_texts
from .values import str_datetime_texts
from .values import Texts

if TYPE_CHECKING:
    from .arrow_text import ArrowText

_BOM = "\ufeff"


def _float_texts(values: Column) -> Texts:
    texts = float_texts(values)
    return ["NaN" if text == "nan" else text for text in texts]


#: The texts of a value, before any quotes; formats of text share them.
WRITERS: Mapping[type, Writer] = {
    bool: bool_texts,
    int: int_texts,
    float: _float_texts,
    Decimal: decimal_texts,
    Genuine.datetime: str_datetime_texts,
    Genuine.date: iso_texts,
    time: iso_texts,
}
_NESTED = JSONText(compact=False)
#: The types whose texts may have anything in them.
FREE_WRITERS: Mapping[type, Writer] = {
    str: lambda values: values,
    bytes: base64_texts,
    timedelta: duration_texts,
    list: _NESTED.texts,
    dict: _NESTED.texts,
}


@dataclass(kw_only=True)
class CSV:
    r"""Comma-separated values as RFC 4180 describes them, in UTF-8.

    Cells are quoted where that is needed, and only there. ``None`` is an empty cell
    and the empty string ``""``, so that the two differ; in a file of one column both
    are ``""``, since a blank line is no record.

    :param excel: for files that people open in a spreadsheet: switches ``bom`` and
        ``escape_formulas`` on.
    :param delimiter: one character between the cells. Excel expects ``";"`` where
        the decimal sign is a comma.
    :param line_end: ``"\n"`` or ``"\r\n"``.
    :param header: whether the names of the columns come first.
    :param bom: whether a byte order mark comes first, by which Excel knows UTF-8.
    :param escape_formulas: whether text that a spreadsheet would run as a formula
        gets an apostrophe before it. Numbers, and text that is just a number, stay
        as they are; what reads the file otherwise sees the apostrophe. Text with a
        comma, a semicolon or a tab is then quoted with any delimiter.
    :param dialect: ``"postgresql"`` sends the text that PostgreSQL itself has for the
        values, such as ``t`` and ``f``, as fast as it comes; the rows must then be
        those of a SQLAlchemy statement that runs on psycopg. ``"outpour"`` is the
        same text for every source.
    :raises ConfigurationError: for a delimiter or line end that does not separate, and
        for options that PostgreSQL's text cannot have.
    """

    excel: bool = False
    delimiter: str = ","
    line_end: str = "\n"
    header: bool = True
    bom: bool | None = None
    escape_formulas: bool | None = None
    dialect: Dialect = "outpour"

    media_type = "text/csv"
    suffix = "csv"
    aliases: ClassVar[tuple[str, ...]] = ()
    _grid: Grid = field(init=False, repr=False, compare=False)
    _quote: Quoting = field(init=False, repr=False, compare=False)
    _arrow: ArrowText = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[!#-*,;<>-@\[-^`{-~\t\x1c-\x1f]", self.delimiter):
            raise ConfigurationError(
                f"{self.delimiter!r} cannot be the delimiter of CSV: it takes one"
                " character that no number, date or quoted cell has, such as"
                r' ",", ";", "|" or "\t".'
            )
        if self.line_end not in ("\n", "\r\n"):
            raise ConfigurationError(
                f'{self.line_end!r} cannot end a line of CSV: "\\n" and "\\r\\n" can.'
            )
        check_choice("dialect", self.dialect, get_args(Dialect))
        if self.dialect == "postgresql" and self.lines is None:
            raise ConfigurationError(
                "PostgreSQL's own text has no CRLF and no guard against formulas: with"
                ' dialect="postgresql" leave line_end and escape_formulas as they are.'
            )

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return the byte order mark and the header, as far as asked for."""
        single = len(columns) == 1
        quote = self._quote = Quoting(
            self.delimiter,
            single=single,
            escapes=self._switch(self.escape_formulas),
            # At the beginning of a file it would be read as the mark of one.
            others="" if self.header else _BOM,
        )
        free = {kind: quote.after(writer) for kind, writer in FREE_WRITERS.items()}
        self._grid = Grid(
            columns,
            between=["", *[self.delimiter] * (len(columns) - 1), self.line_end],
            writers={**WRITERS, **free},
            null='""' if single else "",
        )
        mark = _BOM if self._switch(self.bom) else ""
        if not self.header or not columns:
            return mark.encode()
        names = [f'"{n}"' if n[:1] == _BOM else n for n in quote(columns)]
        header = f"{mark}{self.delimiter.join(names)}{self.line_end}"
        return self._grid.header(header)

    @property
    def lines(self) -> CSVLines | None:
        """The lines that another writer could make in place of :meth:`feed`."""
        unfit = self._switch(self.escape_formulas) or self.line_end != "\n"
        if self.dialect == "outpour":
            # A subclass may write other ones, and without a header a text that looks
            # like a byte order mark is quoted.
            unfit = unfit or type(self) not in (CSV, TSV) or not self.header
        return None if unfit else CSVLines(self.delimiter, self.dialect)

    def feed(self, batch: Batch) -> bytes:
        """Return a line for each row.

        :raises SourceError: where PostgreSQL should have written it.
        """
        if self.dialect == "postgresql":
            raise SourceError(
                'CSV(dialect="postgresql") is the text of PostgreSQL itself, and these'
                " rows do not come from a statement that SQLAlchemy runs on psycopg 3"
                " (postgresql+psycopg). Leave the dialect out, or pass such a statement"
                " with bind=."
            )
        return self._grid.write(batch)

    def begin_arrow(self, schema: Any) -> bytes:
        """Return what :meth:`begin` does for the columns of a schema."""
        from .arrow_strings import QuotedTexts
        from .arrow_text import ArrowText
        from .arrow_text import Style

        begun = self.begin(schema.names)
        text = QuotedTexts(self._quote.special) if self._quote.is_simple else None
        style = Style(text, quote="", decimal_quote="", separator=" ")
        self._arrow = ArrowText(schema, self._grid, style)
        return begun

    @property
    def feed_arrow(self) -> Callable[[Any], bytes]:
        """What returns a line for each row of a record batch of Arrow's."""
        if self.dialect != "outpour":
            # These are refused, in feed().
            raise AttributeError("feed_arrow")
        return self._feed_arrow

    def _feed_arrow(self, batch: Any) -> bytes:
        return self._arrow.write(batch)

    def frame(self, lines: bytes) -> bytes:
        """Return lines as they are."""
        return lines

    def finish(self) -> bytes:
        """Return nothing: the last line has its end."""
        return b""

    def _switch(self, choice: bool | None) -> bool:
        return self.excel if choice is None else choice


@dataclass(kw_only=True)
class TSV(CSV):
    """Tab-separated values: :class:`CSV` with tabs, and quotes where CSV has them."""

    delimiter: str = "\t"

    media_type = "text/tab-separated-values"
    suffix = "tsv"
