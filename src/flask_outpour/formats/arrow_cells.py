"""The texts of one column, in an array of Arrow's, and what is common to all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

#: One of pyarrow's arrays; its types are not known to type checkers.
Array = Any

STRING = pa.string()
#: Behind any text.
_END = 2**31 - 1


class Unsuited(ValueError):
    """A column has a value of which the general way is to make a text, or an error."""


FAILURES = (pa.ArrowException, ValueError, OverflowError, TypeError, LookupError)


@dataclass(frozen=True, slots=True)
class Cells:
    """The texts of a column, and what goes around each of them."""

    texts: Array
    before: str = ""
    after: str = ""

    def whole(self) -> Cells:
        """Return the same cells with nothing around them."""
        return Cells(within(self.before, self.texts, self.after))


def within(before: str, texts: Array, after: str) -> Array:
    """Return texts with others around each of them, which is faster than to join."""
    if before:
        texts = pc.binary_replace_slice(texts, 0, 0, before)
    if after:
        texts = pc.binary_replace_slice(texts, _END, _END, after)
    return texts


def data_of(texts: Array) -> bytes:
    """Return the bytes of all texts, one after the other."""
    return bytes(view_of(texts))


def view_of(texts: Array) -> memoryview:
    data = texts.buffers()[2]
    if data is None:
        return memoryview(b"")
    offsets = text_offsets(texts)
    return memoryview(data)[offsets[0] : offsets[len(texts)]]


def text_offsets(texts: Array) -> Sequence[int]:
    """Return where in their buffer each text begins, and where the last one ends."""
    begin, end = texts.offset * 4, (texts.offset + len(texts) + 1) * 4
    return memoryview(texts.buffers()[1])[begin:end].cast("i")
