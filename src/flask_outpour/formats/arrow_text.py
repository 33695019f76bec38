"""Arrow's record batches enter; the bytes that a Grid makes of their rows leave."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from datetime import timedelta
from datetime import timezone
from datetime import tzinfo
from functools import reduce
from itertools import chain
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..arrow_values import extremes
from ..arrow_values import PER_SECOND
from ..arrow_values import tuples_of
from ..arrow_values import values_of
from .columns import Grid

#: One of pyarrow's arrays; its types are not known to type checkers.
Array = Any
TextWriter = Callable[[Array], Array]

_STRING = pa.string()
_UTC = frozenset({"UTC", "Etc/UTC", "+00:00"})
#: The units that a fraction of a second is cut to, if it then loses nothing.
_COARSER = {"ns": "us", "us": "s", "ms": "s"}
_DAY = 86_400
#: Extension types whose values are those of what they are stored as; ADBC has such
#: text for PostgreSQL's numeric.
_AS_STORED = frozenset({"arrow.opaque", "arrow.json"})
#: Behind any text.
_END = 2**31 - 1
#: The first and the last day that Python's dates have.
_DAYS = (-719_162, 2_932_896)
#: From 1973 on, zones change their offsets at full minutes, to whole minutes.
_WHOLE_MINUTES = 94_694_400
#: Where more than one text in so many needs quotes, Arrow looks for them.
_SPARSE = 32


class _Unsuited(ValueError):
    """A column has a value of which the general way is to make a text, or an error."""


_FAILURES = (pa.ArrowException, ValueError, OverflowError, TypeError, LookupError)


@dataclass(frozen=True, slots=True)
class Cells:
    """The texts of a column, and what goes around each of them."""

    texts: Array
    before: str = ""
    after: str = ""

    def whole(self) -> Cells:
        """Return the same cells with nothing around them."""
        return Cells(_within(self.before, self.texts, self.after))


Writer = Callable[[Array], Cells]


@dataclass(frozen=True, slots=True)
class Style:
    """How a format writes the types that are written in whole columns.

    :param text: makes cells' texts of strings; ``None`` where only a Grid can.
    :param quote: what is around the texts of strings, dates and times.
    :param decimal_quote: what is around decimals.
    :param separator: what is between a date and the time of its day.
    """

    text: TextWriter | None
    quote: str
    decimal_quote: str
    separator: str


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
        except _FAILURES:
            # This names the cell, if it is to blame.
            return self._grid.write(tuples_of(batch, self._grid.rows + 1))
        self._grid.rows += batch.num_rows
        return lines

    def _lines(self, batch: Any) -> bytes:
        cells = list(map(self._cells, self._writers, batch.columns))
        if not cells:
            raise _Unsuited
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
        lines = b"".join([begin.encode(), _view(text), end.encode()])
        if not lines.isascii():
            # Text from elsewhere may not be the UTF-8 that it claims to be.
            text.validate(full=True)
        return lines

    def _cells(self, writer: Writer | None, column: Array) -> Cells:
        if writer is not None:
            try:
                cells = writer(column)
            except _FAILURES:
                pass
            else:
                # What has no value has no quotes either.
                return cells.whole() if self._uniform or column.null_count else cells
        texts = self._grid.texts(values_of(column))
        # As the Grid has them, each character is a byte of UTF-8.
        encoded = [text.encode("latin-1") for text in texts]
        return Cells(pa.array(encoded, pa.binary()).view(_STRING))

    def _writer(self, kind: Any) -> Writer | None:
        """Return what writes columns of a type, or ``None`` where the Grid does."""
        types, style = pa.types, self._style
        if types.is_dictionary(kind):
            return _after(_decoded, self._writer(kind.value_type))
        if getattr(kind, "extension_name", None) in _AS_STORED:
            return _after(attrgetter("storage"), self._writer(kind.storage_type))
        if types.is_integer(kind) or types.is_null(kind):
            return _plain
        if types.is_floating(kind):
            return _floats
        if types.is_boolean(kind):
            return lambda column: Cells(pc.if_else(column, "true", "false"))
        if types.is_decimal128(kind):
            return lambda column: _decimals(column, style.decimal_quote)
        if types.is_date(kind):
            return lambda column: _dates(column, style.quote)
        if types.is_time(kind):
            return lambda column: _times(column, style.quote)
        if types.is_timestamp(kind):
            return lambda column: _timestamps(column, style)
        text = style.text
        if text is not None and (
            types.is_string(kind)
            or types.is_large_string(kind)
            or types.is_string_view(kind)
        ):
            return lambda column: Cells(
                text(column.cast(_STRING)), style.quote, style.quote
            )
        return None


def _after(unpack: Callable[[Array], Array], writer: Writer | None) -> Writer | None:
    """Return what writes columns that are to be unpacked first."""
    return None if writer is None else lambda column: writer(unpack(column))


def _decoded(column: Array) -> Array:
    values = column.dictionary
    if pa.types.is_string_view(values.type):
        # Arrow cannot take some of these.
        values = values.cast(_STRING)
    return values.take(column.indices)


def _plain(column: Array) -> Cells:
    return Cells(column.cast(_STRING))


def _floats(column: Array) -> Cells:
    column = column.cast(pa.float64())
    texts, sizes = column.cast(_STRING), pc.abs(column)
    small = pc.and_(pc.less(sizes, 1e-4), pc.greater(sizes, 0.0))
    data = _data(texts)
    # Between 0.0001 and 10,000,000,000 the digits are those of repr(), for both write
    # the shortest that read back.
    if pc.any(small).as_py() or b"e" in data or b"n" in data:
        raise _Unsuited("Arrow has exponents elsewhere, and other names for NaN")
    whole = pc.equal(pc.trunc(column), column)
    if pc.any(whole).as_py():
        texts = pc.if_else(whole, _within("", texts, ".0"), texts)
    return Cells(texts)


def _decimals(column: Array, quote: str) -> Cells:
    texts = column.cast(_STRING)
    if b"E" in _data(texts):
        raise _Unsuited("Arrow writes an exponent")
    return Cells(texts, quote, quote)


def _dates(column: Array, quote: str) -> Cells:
    column = column.cast(pa.date32())
    _require_within(_DAYS, column)
    return Cells(column.cast(_STRING), quote, quote)


def _times(column: Array, quote: str) -> Cells:
    _require_within((0, _DAY * PER_SECOND[column.type.unit] - 1), column)
    if column.type.unit == "ns":
        # Python's times have no nanoseconds, so they may have none here.
        column = column.cast(pa.time64("us"))
    return Cells(_clock(column), quote, quote)


def _timestamps(column: Array, style: Style) -> Cells:
    zone, per_second = column.type.tz, PER_SECOND[column.type.unit]
    column, offsets = _local(column) if zone not in (*_UTC, None) else (column, None)
    column = column.view(pa.timestamp(column.type.unit))
    first, last = _DAYS
    _require_within(
        (first * _DAY * per_second, (last + 1) * _DAY * per_second - 1), column
    )
    texts = _clock(column)
    if style.separator != " ":
        texts = pc.binary_replace_slice(texts, 10, 11, style.separator)
    after = "" if zone is None else "+00:00"
    if offsets is not None:
        different = offsets.dictionary_encode()
        suffixes = list(map(_suffix, different.dictionary.to_pylist()))
        after = suffixes[0] if suffixes else ""
        if len(suffixes) > 1:
            after = ""
            ends = pa.array(suffixes, _STRING).take(different.indices)
            texts = pc.binary_join_element_wise(texts, ends, "")
    quote = style.quote
    return Cells(texts, quote, after + quote)


def _clock(column: Array) -> Array:
    """Return texts of times; fractions have six digits, or nine, or are left out."""
    unit = column.type.unit
    if unit == "s":
        return column.cast(_STRING)
    if unit == "ms":
        return _clock(column.cast(_with_unit(column.type, "us")))
    coarse = column.cast(_with_unit(column.type, _COARSER[unit]), safe=False)
    exact = pc.equal(coarse.cast(column.type), column)
    if pc.all(exact).as_py() is not False:
        return _clock(coarse)
    fine = column.cast(_STRING)
    if not pc.any(exact).as_py():
        return fine
    return pc.if_else(exact, _clock(coarse), fine)


def _with_unit(kind: Any, unit: str) -> Any:
    if pa.types.is_timestamp(kind):
        return pa.timestamp(unit)
    return pa.time32(unit) if unit == "s" else pa.time64(unit)


def _local(column: Array) -> tuple[Array, Array]:
    """Return times as the clocks of their zone show them, and its offsets."""
    kind, per_second = column.type, PER_SECOND[column.type.unit]
    bounds = extremes(column)
    if bounds is not None and bounds[0] < _WHOLE_MINUTES * per_second:
        raise _Unsuited("the zone may have an odd offset")
    # As pyarrow's own values have it.
    zone = pa.scalar(0, kind).as_py().tzinfo
    numbers = column.view(pa.int64())
    offsets = _offsets(pc.divide(numbers, per_second), zone)
    local = pc.add_checked(numbers, pc.multiply(offsets, per_second))
    return local.view(kind), offsets


def _offsets(seconds: Array, zone: tzinfo) -> Array:
    """Return the offset from UTC at each time, both in seconds."""

    def offset(second: int) -> int:
        offset = datetime.fromtimestamp(second, zone).utcoffset()
        assert offset is not None
        return round(offset.total_seconds())

    def of_day(second: int) -> int | None:
        # No zone changes twice in a day.
        begin, end = offset(second), offset(second + _DAY)
        return begin if begin == end else None

    offsets = _by(seconds, _DAY, of_day)
    if offsets.null_count > seconds.null_count:
        changing = pc.if_else(pc.is_null(offsets), seconds, None)
        offsets = pc.coalesce(offsets, _by(changing, 60, offset))
    return offsets


def _by(seconds: Array, unit: int, function: Callable[[int], int | None]) -> Array:
    """Return what a function makes of the beginning of each day or minute."""
    begun = pc.divide(seconds, unit).dictionary_encode()
    values = [function(number * unit) for number in begun.dictionary.to_pylist()]
    return pa.array(values, pa.int64()).take(begun.indices)


def _suffix(offset: int) -> str:
    zone = timezone(timedelta(seconds=offset))
    return datetime(1, 1, 2, tzinfo=zone).isoformat()[19:]


def _require_within(limits: tuple[int, int], column: Array) -> None:
    bounds = extremes(column)
    if bounds is not None and not (limits[0] <= bounds[0] and bounds[1] <= limits[1]):
        raise _Unsuited("Python has no such date or time")


class QuotedTexts:
    """Quote the texts that need it, in CSV.

    :param special: what a text may not have outside quotes.
    """

    def __init__(self, special: Sequence[str]) -> None:
        self._special = special

    def __call__(self, texts: Array) -> Array:
        mask = self._mask(texts)
        if mask is None:
            return texts
        few = pc.replace_substring(texts.filter(mask), '"', '""')
        return pc.replace_with_mask(texts, mask, _within('"', few, '"'))

    def _mask(self, texts: Array) -> Array | None:
        """Return which texts need quotes, or ``None`` if none does."""
        data = _data(texts)
        special = [text for text in self._special if text.encode() in data]
        if pc.min(pc.binary_length(texts)).as_py() == 0:
            masks = [pc.equal(texts, "")]
        elif not special:
            return None
        elif sum(data.count(text.encode()) for text in special) < len(texts) / _SPARSE:
            return _mask_of(special, data, texts)
        else:
            masks = []
        masks += [pc.match_substring(texts, text) for text in special]
        return reduce(pc.or_, masks).fill_null(False)


def _mask_of(special: Sequence[str], data: bytes, texts: Array) -> Array:
    """Return which texts have something special, where few have."""
    offsets = _text_offsets(texts)
    bits = bytearray(len(texts) // 8 + 1)
    for text in map(str.encode, special):
        found = data.find(text)
        while found >= 0:
            place = bisect_right(offsets, found + offsets[0]) - 1
            bits[place >> 3] |= 1 << (place & 7)
            found = data.find(text, offsets[place + 1] - offsets[0])
    return pa.Array.from_buffers(pa.bool_(), len(texts), [None, pa.py_buffer(bits)])


#: What stands for itself in a string of JSON.
_CLEAN = bytes(byte for byte in range(256) if byte >= 0x20 and byte not in b'"\\')


def escaped_texts(texts: Array) -> Array:
    """Escape what strings of JSON cannot have as it is."""
    found = set(_data(texts).translate(None, delete=_CLEAN))
    # The backslash comes first, since the others bring more of them.
    for character in sorted(map(chr, found), key=lambda text: text != "\\"):
        escape = encode_basestring(character)[1:-1]
        texts = pc.replace_substring(texts, character, escape)
    return texts


def _data(texts: Array) -> bytes:
    """Return the bytes of all texts, one after the other."""
    return bytes(_view(texts))


def _view(texts: Array) -> memoryview:
    data = texts.buffers()[2]
    if data is None:
        return memoryview(b"")
    offsets = _text_offsets(texts)
    return memoryview(data)[offsets[0] : offsets[len(texts)]]


def _text_offsets(texts: Array) -> Sequence[int]:
    """Return where in their buffer each text begins, and where the last one ends."""
    begin, end = texts.offset * 4, (texts.offset + len(texts) + 1) * 4
    return memoryview(texts.buffers()[1])[begin:end].cast("i")


def _prefixed(text: str, texts: Array) -> list[Array | str]:
    """Return what puts a text before each of others, and before what has no value."""
    return [text, texts] if texts.null_count else [_within(text, texts, "")]


def _within(before: str, texts: Array, after: str) -> Array:
    """Return texts with others around each of them, which is faster than to join."""
    if before:
        texts = pc.binary_replace_slice(texts, 0, 0, before)
    if after:
        texts = pc.binary_replace_slice(texts, _END, _END, after)
    return texts
