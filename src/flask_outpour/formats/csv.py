"""Rows enter; comma-separated values (RFC 4180) leave, or tab-separated ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar

from ..errors import ConfigurationError
from .columns import Batch
from .columns import Grid
from .columns import SEAM
from .columns import Writer
from .json_text import JSONText
from .lines import CSVLines
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

#: What a spreadsheet takes for the beginning of a formula, says OWASP's page on CSV
#: injection; the last four are the full-width forms of the first. LibreOffice drops a
#: NUL before it.
_FORMULA = re.compile(r"\0*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)*|[.,]\d+)(?:[eE][+-]?\d+)?%?")
_BOM = "\ufeff"
#: Alone on its line, psql takes it for the end of the data.
_END_OF_DATA = "\\."


def _float_texts(values: Column) -> Texts:
    texts = float_texts(values)
    return ["NaN" if text == "nan" else text for text in texts]


#: The texts of a value, before any quotes; formats of text share them.
WRITERS: Mapping[type, Writer] = {
    bool: bool_texts,
    int: int_texts,
    float: _float_texts,
    Decimal: decimal_texts,
    datetime: str_datetime_texts,
    date: iso_texts,
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
    :raises ConfigurationError: for a delimiter or line end that does not separate.
    """

    excel: bool = False
    delimiter: str = ","
    line_end: str = "\n"
    header: bool = True
    bom: bool | None = None
    escape_formulas: bool | None = None

    media_type: ClassVar[str] = "text/csv"
    suffix: ClassVar[str] = "csv"
    aliases: ClassVar[tuple[str, ...]] = ()
    _grid: Grid = field(init=False, repr=False, compare=False)

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

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return the byte order mark and the header, as far as asked for."""
        single = len(columns) == 1
        quote = Quoting(
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
        escapes = self._switch(self.escape_formulas)
        if type(self) not in (CSV, TSV) or escapes or not self.header:
            return None
        return CSVLines(self.delimiter) if self.line_end == "\n" else None

    def feed(self, batch: Batch) -> bytes:
        """Return a line for each row."""
        return self._grid.write(batch)

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

    media_type: ClassVar[str] = "text/tab-separated-values"
    suffix: ClassVar[str] = "tsv"


class Quoting:
    """Quote the texts of a column that need it (RFC 4180, section 2)."""

    def __init__(
        self, delimiter: str, *, single: bool, escapes: bool, others: str
    ) -> None:
        # A spreadsheet may part a line at these, too, and run the second part.
        others += ",;\t" if escapes else ""
        self._special = sorted({*'"\n\r', delimiter, *others})
        self._has_special = re.compile(f"[{re.escape(''.join(self._special))}]").search
        self._single = single
        self._escapes = escapes

    def after(self, writer: Writer) -> Writer:
        """Return a writer that quotes what another one has written."""
        return lambda values: self(writer(values))

    def __call__(self, texts: Texts) -> Texts:
        """Return the texts, with quotes around those that need them."""
        if self._escapes:
            texts = list(map(_without_formula, texts))
        if not all(texts) or (self._single and _END_OF_DATA in texts):
            return self._quoted(texts)
        joined = SEAM.join(texts)
        hits = self._hits(joined)
        if not hits:
            return texts
        # Unless they are many, or a text has the seam in it.
        if len(hits) * 8 > len(texts) or joined.count(SEAM) >= len(texts):
            return self._quoted(texts)
        return self._with_quotes_at(hits, joined, texts)

    def _hits(self, joined: str) -> list[int]:
        """Return where joined texts have what must be quoted; some texts twice."""
        hits = []
        for special in self._special:
            place = joined.find(special)
            while place >= 0:
                hits.append(place)
                # The first one in the next text.
                seam = joined.find(SEAM, place)
                place = joined.find(special, seam) if seam >= 0 else -1
        return hits

    def _with_quotes_at(self, hits: list[int], joined: str, texts: Texts) -> Texts:
        quoted = list(texts)
        number = seen = 0
        for hit in sorted(hits):
            number += joined.count(SEAM, seen, hit)
            seen = hit
            quoted[number] = _in_quotes(texts[number])
        return quoted

    def _quoted(self, texts: Texts) -> Texts:
        special = self._has_special
        whole = ("", _END_OF_DATA) if self._single else ("",)
        return [
            _in_quotes(text) if special(text) or text in whole else text
            for text in texts
        ]


def _in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _without_formula(text: str) -> str:
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
