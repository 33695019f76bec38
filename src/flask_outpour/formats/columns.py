"""Rows enter as tuples; text, put together column by column, leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from collections.abc import Set
from typing import Any

from ..errors import RowError
from ..surveyed import surveyed
from .values import base_of
from .values import Column
from .values import plain
from .values import Texts

Batch = Sequence[Sequence[Any]]
Writer = Callable[[Column], Texts]

#: Between the texts of a column, while they are looked at as one.
SEAM = "\0"
#: The types whose texts are not always ASCII.
_WIDE = frozenset({str, list, tuple, dict})
_NOTHING = frozenset({type(None)})
#: What a writer may raise for a value that it cannot write: an object, or its zone, may
#: have code of its own, which fails with anything.
UNWRITABLE = Exception


class Grid:
    """Write batches of rows with the same text between their cells.

    Whole columns are written by the type of their values, which is looked at once
    for a batch, and put into place by slices: for each cell this runs no Python.

    Text beyond ASCII is encoded column by column, and its bytes stand for themselves
    in text of one byte a character: a single wide one would widen the whole batch.

    :param columns: the names of the columns, for errors.
    :param between: the text before the first cell, between each two, and after the
        last; one more than there are columns.
    :param writers: for each base type, what turns a column of it into texts.
    :param null: the text of ``None``.
    :param errors: what becomes of text that UTF-8 lacks, as ``str.encode`` takes it.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        between: Sequence[str],
        writers: Mapping[type, Writer],
        null: str,
        errors: str = "strict",
    ) -> None:
        self.columns = columns
        self._errors = errors
        #: Rows written so far.
        self.rows = 0
        self._writers = {
            kind: self._narrowing(writer) if kind in _WIDE else writer
            for kind, writer in writers.items()
        }
        #: The text of ``None``.
        self.null = null
        #: As it was given, but narrow.
        self.between = [_narrow(text, errors) for text in between]
        begin, *middle, end = self.between
        # The end of a row and the beginning of the next one are one piece.
        self._begin, self._end = begin, end
        self._row = [part for text in (*middle, end + begin) for part in ("", text)]

    def header(self, text: str) -> bytes:
        """Return text with the names of the columns in UTF-8.

        :raises RowError: when UTF-8 lacks a sign of a name.
        """
        try:
            return text.encode("utf-8", self._errors)
        except UnicodeEncodeError as error:
            raise RowError.of_name(error) from error

    def write(self, batch: Batch) -> bytes:
        """Return the bytes of some rows in UTF-8.

        :raises RowError: names the row, the column and the type of a value that
            cannot be written; no row of the batch then counts as written.
        """
        try:
            text = self._text(batch)
        except UNWRITABLE as error:
            # A cause without a text says nothing that the refusal does not.
            refused = refusal(batch, self.rows, self.columns, self._cell)
            raise refused from (error if str(error) else None)
        self.rows += len(batch)
        return text

    def _text(self, batch: Batch) -> bytes:
        width = len(self._row)
        parts = self._row * len(batch)
        seen = surveyed(batch)
        if len(seen.columns) != len(self.columns):
            raise ValueError
        columns = zip(seen.columns, seen.kinds, strict=True)
        for place, (values, kinds) in enumerate(columns):
            parts[2 * place :: width] = self._texts(values, kinds)
        parts[-1] = self._end
        return (self._begin + "".join(parts)).encode("latin-1")

    def texts(self, values: Column) -> Texts:
        """Return the texts of a column."""
        return self._texts(values, set(map(type, values)))

    def _texts(self, values: Column, kinds: Set[type]) -> Texts:
        nullable = type(None) in kinds
        if nullable:
            kinds = kinds - _NOTHING
        if len(kinds) > 1 or not kinds <= self._writers.keys():
            return list(map(self.cell, values))
        if not kinds:
            return [self.null] * len(values)
        (kind,) = kinds
        writer = self._writers[kind]
        if not nullable:
            return writer(values)
        texts = iter(writer([value for value in values if value is not None]))
        null = self.null
        return [null if value is None else next(texts) for value in values]

    def _narrowing(self, writer: Writer) -> Writer:
        return lambda values: narrowed(writer(values), self._errors)

    def cell(self, value: Any) -> str:
        """Return the text of one value of any type."""
        value = plain(value)
        if value is None:
            return self.null
        return self._writers[base_of(value)]([value])[0]

    def _cell(self, place: int, value: Any) -> object:
        return self.cell(value)


def refusal(
    batch: Batch,
    count: int,
    columns: Sequence[str],
    write: Callable[[int, Any], object],
) -> RowError:
    """Return the error of the first value in a batch that cannot be written.

    :param count: the rows before the batch.
    :param write: raises for such a value; it is given the place of the column, too.
    """
    for number, row in enumerate(batch, count + 1):
        if len(row) != len(columns):
            return RowError.of_length(number, columns, row)
        for place, value in enumerate(row):
            try:
                write(place, value)
            except UNWRITABLE as error:
                return RowError.of_cell(number, columns[place], value, error)
    raise AssertionError("a batch failed, and each of its cells did not")


def narrowed(texts: Texts, errors: str = "strict") -> Texts:
    """Return texts whose characters are the bytes of these in UTF-8.

    :raises UnicodeEncodeError: where UTF-8 lacks a character.
    """
    joined = SEAM.join(texts)
    if joined.isascii():
        return texts
    parts = _narrow(joined, errors).split(SEAM)
    if len(parts) == len(texts):
        return parts
    # A text has the seam in it.
    return [_narrow(text, errors) for text in texts]


def _narrow(text: str, errors: str) -> str:
    return text.encode("utf-8", errors).decode("latin-1")
