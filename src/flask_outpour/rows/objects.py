"""The cells that a COPY wrote enter; a JSON object for each row leaves.

PostgreSQL escapes in the text of a COPY what JSON escapes, and nearly in the same way.
So the cells stay as they are, and have only to be put between the names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from json.encoder import encode_basestring

from .casts import ARRAYS_OF_TEXT
from .casts import WITHOUT_QUOTES

_NULL = b"\t"
# UTF-8 has none of these bytes: a control character that COPY leaves as it is, and,
# so that each quote is the end of a cell, an escaped backslash and an escaped quote.
_CONTROL, _BACKSLASH, _QUOTE = b"\xfd", b"\xff", b"\xfe"
#: The end of a line is the end of a cell.
_FLAT = bytes(
    ord('"') if byte == ord("\n") else byte if chr(byte) >= " " or byte == 9 else 0xFD
    for byte in range(256)
)
_CONTROLS = re.compile(rb"[\x01-\x08\x0b-\x1f]")
_ESCAPES = re.compile(rb'\\[\\"v]')
_HIDDEN = {b"\\\\": _BACKSLASH, b'\\"': _QUOTE, b"\\v": b"\\u000b"}
#: Bytes for each backslash; where there are more, it is faster to look at each one.
_FEW = 64


class Objects:
    """Make JSON objects of whole lines of a COPY with ``casts.JSON_OPTIONS``.

    :param names: of the columns.
    :param oids: of their types.
    """

    def __init__(self, names: Sequence[str], oids: Sequence[int]) -> None:
        # As the format of JSON has them, lone surrogates included.
        self._names = [
            f"{encode_basestring(name)}:".encode("utf-8", "backslashreplace")
            for name in names
        ]
        self._quoted = [oid not in WITHOUT_QUOTES for oid in oids]
        self._nested = [
            place for place, oid in enumerate(oids) if oid in ARRAYS_OF_TEXT
        ]

    def __call__(self, lines: bytes) -> bytes:
        """Return the objects of some lines, each with a line feed behind it."""
        flat = lines.translate(_FLAT)
        if _CONTROL in flat:
            flat = _CONTROLS.sub(_escaped, lines).translate(_FLAT)
        has_escapes, has_nulls = b"\\" in flat, _NULL in flat
        if has_escapes:
            flat = _hidden(flat)
        cells, width = flat.split(b'"'), len(self._names)
        columns = [cells[place:-1:width] for place in range(width)]
        if has_escapes:
            for place in self._nested:
                columns[place] = list(map(_shown, columns[place]))
        quoted = self._quoted.copy()
        if has_nulls:
            for place, column in enumerate(columns):
                if quoted[place] and _NULL in column:
                    columns[place] = list(map(_in_quotes, column))
                    quoted[place] = False
        objects = self._joined(columns, quoted)
        if has_nulls:
            objects = objects.replace(_NULL, b"null")
        if has_escapes:
            objects = objects.replace(_QUOTE, b'\\"').replace(_BACKSLASH, b"\\\\")
        return objects

    def _joined(self, columns: list[list[bytes]], quoted: list[bool]) -> bytes:
        """Join columns, with what stands between their cells."""
        quotes = [b'"' if is_quoted else b"" for is_quoted in quoted]
        begins = [name + quote for name, quote in zip(self._names, quotes, strict=True)]
        between = [
            quote + b"," + begin
            for quote, begin in zip(quotes, begins[1:], strict=False)
        ]
        begin, end = b"{" + begins[0], quotes[-1] + b"}\n"
        row = [part for text in (end + begin, *between) for part in (text, b"")]
        parts = row * len(columns[0])
        for place, column in enumerate(columns):
            parts[2 * place + 1 :: len(row)] = column
        parts[0] = begin
        parts.append(end)
        return b"".join(parts)


def _escaped(control: re.Match[bytes]) -> bytes:
    return b"\\u%04x" % control[0][0]


def _hidden(flat: bytes) -> bytes:
    """Return cells in which every quote that is left ends one."""
    if flat.count(b"\\") * _FEW < len(flat):
        return _ESCAPES.sub(lambda escape: _HIDDEN[escape[0]], flat)
    for escape, hidden in _HIDDEN.items():
        flat = flat.replace(escape, hidden)
    return flat


def _shown(cell: bytes) -> bytes:
    """Return JSON, of which COPY has escaped the escapes, too."""
    return cell.replace(_QUOTE, b'"').replace(_BACKSLASH, b"\\")


def _in_quotes(cell: bytes) -> bytes:
    return cell if cell == _NULL else b'"%b"' % cell
