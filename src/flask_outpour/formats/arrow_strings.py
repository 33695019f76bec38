"""A column of text enters; as CSV quotes it, or JSON escapes it, it leaves."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import reduce
from json.encoder import encode_basestring

import pyarrow as pa
import pyarrow.compute as pc

from .arrow_cells import Array
from .arrow_cells import data_of
from .arrow_cells import text_offsets
from .arrow_cells import within

#: Where more than one text in so many needs quotes, Arrow looks for them.
_SPARSE = 32


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
        return pc.replace_with_mask(texts, mask, within('"', few, '"'))

    def _mask(self, texts: Array) -> Array | None:
        """Return which texts need quotes, or ``None`` if none does."""
        data = data_of(texts)
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
    offsets = text_offsets(texts)
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
    found = set(data_of(texts).translate(None, delete=_CLEAN))
    # The backslash comes first, since the others bring more of them.
    for character in sorted(map(chr, found), key=lambda text: text != "\\"):
        escape = encode_basestring(character)[1:-1]
        texts = pc.replace_substring(texts, character, escape)
    return texts
