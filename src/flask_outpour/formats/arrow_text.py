"""Arrow's record batches enter; the bytes that a Grid makes of their rows leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Set
from dataclasses import dataclass
from datetime import date
from datetime import datetime
from datetime import time
from decimal import Decimal
from itertools import chain
from operator import attrgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..arrow_values import tuples_of
from ..arrow_values import values_of
from ..arrow_values import widened
from .arrow_cells import Array
from .arrow_cells import Cells
from .arrow_cells import data_of
from .arrow_cells import FAILURES
from .arrow_cells import STRING
from .arrow_cells import Unsuited
from .arrow_cells import view_of
from .arrow_cells import within
from .arrow_times import dates
from .arrow_times import times
from .arrow_times import timestamps
from .columns import Grid

#: Extension types whose values are those of what they are stored as; ADBC has such
#: text for PostgreSQL's numeric.
_AS_STORED = frozenset({"arrow.opaque", "arrow.json"})

TextWriter = Callable[[Array], Array]
Writer = Callable[[Array], Cells]


@dataclass(frozen=True, slots=True)
class Style:
    """How a format writes the types that are written in whole columns.

    :param text: makes cells' texts of strings; ``None`` where only a Grid can.
    :param quote: what is around the texts of strings, dates and times.
    :param decimal_quote: what is around decimals.
    :param separator: what is between a date and the time of its day.
    :param decimal: the decimal sign.
    :param others: the types of Python's that have texts of their own in this format,
        which only a Grid writes.
    """

    text: TextWriter | None
    quote: str
    decimal_quote: str
    separator: str
    decimal: str = "."
    others: Set[type] = frozenset()


class ArrowText:
    """Write record batches as a Grid writes the same rows.

    Columns become texts by functions of Arrow where these write what the value table
    says, and else by the Grid; the texts are joined to lines by Arrow again. So this
    runs no Python for a row.

    :param schema: that of the batches.
    :param grid: writes what cannot be written here; it counts the rows.
    """

    def __init__(self, schema: Any, grid: Grid, style: Style) -> None:
        self._grid = grid
        self._style = style
        self._writers = [self._writer(kind) for kind in schema.types]
        begin, *middle, end = (text.encode("latin-1").decode() for text in grid.between)
        self._begin, self._middle, self._end = begin, middle, end
        #: Whether the same text is between all cells, so that Arrow can put it there.
        self._uniform = len(set(middle)) == 1

    def write(self, batch: Any) -> bytes:
        """Return the bytes of a batch's rows.

        :raises RowError: as the Grid does, and for values that Python cannot hold.
        """
        if not batch.num_rows:
            return b""
        try:
            lines = self._lines(batch)
        except FAILURES:
            # This names the cell, if it is to blame.
            return self._grid.write(tuples_of(batch, self._grid.rows + 1))
        self._grid.rows += batch.num_rows
        return lines

    def _lines(self, batch: Any) -> bytes:
        cells = list(map(self._cells, self._writers, batch.columns))
        if not cells:
            raise Unsuited
        between = [
            left.after + text + right.before
            for left, text, right in zip(cells, self._middle, cells[1:], strict=False)
        ]
        pieces = [cell.texts for cell in cells]
        separator = ""
        if self._uniform:
            separator = self._middle[0]
        else:
            pieces[1:] = chain(*map(_prefixed, between, pieces[1:]))
        rows = pc.binary_join_element_wise(
            *pieces,
            separator,
            null_handling="replace",
            null_replacement=self._grid.null,
        )
        begin, end = self._begin + cells[0].before, cells[-1].after + self._end
        whole = pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows)
        text = pc.binary_join(whole, end + begin)
        lines = b"".join([begin.encode(), view_of(text), end.encode()])
        if not lines.isascii():
            # Text from elsewhere may not be the UTF-8 that it claims to be.
            text.validate(full=True)
        return lines

    def _cells(self, writer: Writer | None, column: Array) -> Cells:
        if writer is not None:
            try:
                cells = writer(column)
            except FAILURES:
                pass
            else:
                # What has no value has no quotes either.
                return cells.whole() if self._uniform or column.null_count else cells
        texts = self._grid.texts(values_of(column))
        # As the Grid has them, each character is a byte of UTF-8.
        encoded = [text.encode("latin-1") for text in texts]
        return Cells(pa.array(encoded, pa.binary()).view(STRING))

    def _writer(self, kind: Any) -> Writer | None:
        """Return what writes columns of a type, or ``None`` where the Grid does."""
        types, style = pa.types, self._style
        if _python_type(kind) in style.others:
            return None
        if types.is_dictionary(kind):
            return _after(_decoded, self._writer(kind.value_type))
        if getattr(kind, "extension_name", None) in _AS_STORED:
            return _after(attrgetter("storage"), self._writer(kind.storage_type))
        if types.is_integer(kind) or types.is_null(kind):
            return _plain
        if types.is_floating(kind):
            return lambda column: _signed(_floats(column), style.decimal)
        if types.is_boolean(kind):
            return lambda column: Cells(pc.if_else(column, "true", "false"))
        if types.is_decimal128(kind):
            return lambda column: _signed(
                _decimals(column, style.decimal_quote), style.decimal
            )
        if types.is_date(kind):
            return lambda column: dates(column, style.quote)
        if types.is_time(kind):
            return lambda column: times(column, style.quote)
        if types.is_timestamp(kind):
            return lambda column: timestamps(column, style.quote, style.separator)
        text = style.text
        if text is not None and (
            types.is_string(kind)
            or types.is_large_string(kind)
            or types.is_string_view(kind)
        ):
            return lambda column: Cells(
                text(column.cast(STRING)), style.quote, style.quote
            )
        return None


def _python_type(kind: Any) -> type | None:
    """Return the type of a column's values, if some format may write that otherwise."""
    for is_of_type, python_type in (
        (pa.types.is_floating, float),
        (pa.types.is_decimal, Decimal),
        (pa.types.is_date, date),
        (pa.types.is_time, time),
        (pa.types.is_timestamp, datetime),
    ):
        if is_of_type(kind):
            return python_type
    return None


def _after(unpack: Callable[[Array], Array], writer: Writer | None) -> Writer | None:
    """Return what writes columns that are to be unpacked first."""
    return None if writer is None else lambda column: writer(unpack(column))


def _decoded(column: Array) -> Array:
    values = column.dictionary
    if pa.types.is_string_view(values.type):
        # Arrow cannot take some of these.
        values = values.cast(STRING)
    return values.take(column.indices)


def _plain(column: Array) -> Cells:
    return Cells(column.cast(STRING))


def _floats(column: Array) -> Cells:
    if pa.types.is_float16(column.type):
        column = widened(column)
    # Of 32 bits, these are the digits that such a number needs.
    texts, column = column.cast(STRING), column.cast(pa.float64())
    sizes = pc.abs(column)
    small = pc.and_(pc.less(sizes, 1e-4), pc.greater(sizes, 0.0))
    data = data_of(texts)
    # Between 0.0001 and 10,000,000,000 the digits are those of repr(), for both write
    # the shortest that read back.
    if pc.any(small).as_py() or b"e" in data or b"n" in data:
        raise Unsuited("Arrow has exponents elsewhere, and other names for NaN")
    whole = pc.equal(pc.trunc(column), column)
    if pc.any(whole).as_py():
        texts = pc.if_else(whole, within("", texts, ".0"), texts)
    return Cells(texts)


def _decimals(column: Array, quote: str) -> Cells:
    texts = column.cast(STRING)
    if b"E" in data_of(texts):
        raise Unsuited("Arrow writes an exponent")
    return Cells(texts, quote, quote)


def _signed(cells: Cells, decimal: str) -> Cells:
    """Return numbers with a decimal sign."""
    if decimal == ".":
        return cells
    texts = pc.replace_substring(cells.texts, ".", decimal)
    return Cells(texts, cells.before, cells.after)


def _prefixed(text: str, texts: Array) -> list[Array | str]:
    """Return what puts a text before each of others, and before what has no value."""
    return [text, texts] if texts.null_count else [within(text, texts, "")]
