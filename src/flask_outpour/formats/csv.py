"""Rows enter; comma-separated values (RFC 4180) leave, or tab-separated ones."""

from __future__ import annotations

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
from typing import Self
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from ..errors import SourceError
from ..lines import CSVLines
from ..lines import Dialect
from .checks import check_choice
from .columns import Batch
from .columns import Grid
from .columns import narrowed
from .columns import Writer
from .csv_checks import check_encoding
from .csv_checks import check_separators
from .csv_numbers import check_floats
from .csv_numbers import float_writer
from .csv_numbers import with_comma
from .encoding import Encoding
from .genuine import Genuine
from .json_text import JSONText
from .quoting import Quoting
from .time_patterns import check_patterns
from .time_patterns import pattern_writer
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


def _narrow(writer: Writer) -> Writer:
    """Return what a Grid takes for a type whose texts are ASCII without options."""
    return lambda values: narrowed(writer(values))


@dataclass(kw_only=True)
class CSV:
    r"""Comma-separated values as RFC 4180 describes them.

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
    :param decimal: the decimal sign of floats and decimals, ``"."`` or ``","``; with
        a comma the delimiter is another one, such as ``";"``.
    :param floats: a format of Python's for floats, such as ``".2f"``. By default they
        are the shortest that read back; decimals are always exact.
    :param dates: a pattern of ``strftime`` for dates, such as ``"%d.%m.%Y"``. What a
        pattern has no directive for is left out. By default dates are as ``str()``
        writes them.
    :param times: a pattern for times of day, such as ``"%H:%M"``.
    :param datetimes: a pattern for dates with a time, such as ``"%d.%m.%Y %H:%M"``;
        the zone is that of the value, and not shown without ``%z``.
    :param encoding: by Python's name of it, such as ``"cp1252"``; the Content-Type
        tells it. ``"utf-16"`` has its byte order mark, ``"utf-16-le"`` has none.
    :param errors: what becomes of a letter that the encoding lacks, as ``str.encode``
        takes it: an error that names the cell (``"strict"``), or ``"replace"``,
        ``"ignore"``, ``"backslashreplace"``, ``"xmlcharrefreplace"``.
    :param separator_line: whether a line such as ``sep=;`` comes first, by which Excel
        knows the delimiter. Excel then ignores the byte order mark of UTF-8, but not
        that of UTF-16; other readers take the line for the header.
    :param dialect: ``"postgresql"`` sends the text that PostgreSQL itself has for the
        values, such as ``t`` and ``f``, as fast as it comes; the rows must then be
        those of a SQLAlchemy statement that runs on psycopg. ``"outpour"`` is the
        same text for every source.
    :raises ConfigurationError: for a delimiter or line end that does not separate, for
        what an option does not take, and for options that PostgreSQL's text cannot
        have.
    """

    excel: bool = False
    delimiter: str = ","
    line_end: str = "\n"
    header: bool = True
    bom: bool | None = None
    escape_formulas: bool | None = None
    decimal: str = "."
    floats: str | None = None
    dates: str | None = None
    times: str | None = None
    datetimes: str | None = None
    encoding: str = "utf-8"
    errors: str = "strict"
    separator_line: bool = False
    dialect: Dialect = "outpour"

    media_type = "text/csv"
    suffix = "csv"
    aliases: ClassVar[tuple[str, ...]] = ()
    #: Its encoding, for the Content-Type; ``None`` is UTF-8.
    charset: str | None = field(default=None, init=False, repr=False, compare=False)
    _grid: Grid = field(init=False, repr=False, compare=False)
    _quote: Quoting = field(init=False, repr=False, compare=False)
    _encoding: Encoding = field(init=False, repr=False, compare=False)
    _encode: Callable[[bytes, bool], bytes] | None = field(
        default=None, init=False, repr=False, compare=False
    )
    _arrow: ArrowText = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_choice("decimal", self.decimal, (".", ","))
        check_separators(self.delimiter, self.line_end, self.decimal)
        check_floats(self.floats)
        check_patterns(self.dates, self.times, self.datetimes)
        encoding = self._encoding = Encoding(self.encoding, self.errors)
        self.charset = encoding.charset
        check_encoding(self.encoding, encoding, self.delimiter, self.bom)
        check_choice("dialect", self.dialect, get_args(Dialect))
        if self.dialect == "postgresql" and self.lines is None:
            raise ConfigurationError(
                "PostgreSQL's own text has no CRLF, no guard against formulas, no"
                " other decimal sign, no patterns, and no encoding that lacks letters:"
                ' with dialect="postgresql" leave line_end, escape_formulas, decimal,'
                " floats, dates, times and datetimes as they are, and give an encoding"
                " of Unicode."
            )

    @classmethod
    def for_locale(cls, locale: Any, **options: Any) -> Self:
        """Return the format that spreadsheets of a country read numbers and dates from.

        Its delimiter and decimal sign are those of the country, and dates have their
        order there, by Babel's data. Times have hours, minutes and seconds; fractions
        of a second and zones are left out, unless another pattern is given.

        :param locale: such as ``"de_DE"``, or a ``babel.Locale``.
        :param options: any others of the class; they take precedence.
        :raises ConfigurationError: for a locale that Babel does not know, or without
            Babel, which ``Flask-Outpour[locale]`` installs.
        """
        from .locales import options_of

        return cls(**(options_of(locale, cls.delimiter) | options))

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
        self._grid = Grid(
            columns,
            between=["", *[self.delimiter] * (len(columns) - 1), self.line_end],
            writers=self._writers(quote),
            null='""' if single else "",
        )
        self._encode = self._encoding.encoder()
        head = self._head()
        if self.header and columns:
            names = quote(self._encoding.settled_names(columns))
            names = [f'"{n}"' if n[:1] == _BOM else n for n in names]
            head += f"{self.delimiter.join(names)}{self.line_end}"
        return self._encoded(self._grid.header(head))

    def _head(self) -> str:
        """Return what comes before the header."""
        encoding = self._encoding
        bom = self.excel and encoding.is_unicode if self.bom is None else self.bom
        head = _BOM if bom or encoding.is_marked else ""
        if self.separator_line:
            head += f"sep={self.delimiter}{self.line_end}"
        return head

    def _writers(self, quote: Quoting) -> dict[type, Writer]:
        """Return what writes each type with these options."""
        numbers = dict(WRITERS)
        if self.floats is not None:
            numbers[float] = float_writer(self.floats)
        if self.decimal == ",":
            numbers |= {each: with_comma(numbers[each]) for each in (float, Decimal)}
        after = self._encoding.after
        free = {each: quote.after(after(made)) for each, made in FREE_WRITERS.items()}
        timed = {
            each: _narrow(quote.after(after(pattern_writer(pattern))))
            for each, pattern in self._patterns.items()
        }
        return numbers | free | timed

    @property
    def _patterns(self) -> dict[type, str]:
        patterns = {
            Genuine.date: self.dates,
            time: self.times,
            Genuine.datetime: self.datetimes,
        }
        return {each: text for each, text in patterns.items() if text is not None}

    def _encoded(self, text: bytes, *, is_last: bool = False) -> bytes:
        return text if self._encode is None else self._encode(text, is_last)

    @property
    def lines(self) -> CSVLines | None:
        """The lines that another writer could make in place of :meth:`feed`."""
        unfit = self._switch(self.escape_formulas) or self.line_end != "\n"
        unfit = unfit or not self._encoding.is_universal
        if self.dialect == "postgresql":
            has_own = self.decimal != "." or self.floats is not None or self._patterns
            unfit = unfit or bool(has_own)
        else:
            # A subclass may write other ones, and without a header a text that looks
            # like a byte order mark is quoted.
            unfit = unfit or type(self) not in (CSV, TSV) or not self.header
        if unfit:
            return None
        return CSVLines(
            *(self.delimiter, self.dialect, self.decimal),
            *(self.dates, self.times, self.datetimes),
        )

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
        return self._encoded(self._grid.write(batch))

    def begin_arrow(self, schema: Any) -> bytes:
        """Return what :meth:`begin` does for the columns of a schema."""
        from .arrow_strings import QuotedTexts
        from .arrow_text import ArrowText
        from .arrow_text import Style

        begun = self.begin(schema.names)
        is_simple = self._quote.is_simple and self._encoding.is_universal
        style = Style(
            QuotedTexts(self._quote.special) if is_simple else None,
            quote="",
            decimal_quote="",
            separator=" ",
            decimal=self.decimal,
            others={*self._patterns, *([float] if self.floats is not None else ())},
        )
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
        return self._encoded(self._arrow.write(batch))

    def frame(self, lines: bytes) -> bytes:
        """Return lines in the encoding."""
        return self._encoded(lines)

    def finish(self) -> bytes:
        """Return what the encoding has to end with: the last line has its end."""
        return self._encoded(b"", is_last=True)

    def _switch(self, choice: bool | None) -> bool:
        return self.excel if choice is None else choice


@dataclass(kw_only=True)
class TSV(CSV):
    """Tab-separated values: :class:`CSV` with tabs, and quotes where CSV has them."""

    delimiter: str = "\t"

    media_type = "text/tab-separated-values"
    suffix = "tsv"
