"""Bytes enter; the same leave in a method of compression that ZIP has."""

from __future__ import annotations

import zlib
from functools import cache
from importlib import import_module
from typing import Any
from typing import Protocol

Piece = bytes | memoryview

#: A block of deflate that is not compressed has its length in 16 bits (RFC 1951,
#: section 3.2.4), and a head of five bytes.
BLOCK = 0xFFFF
_HEAD = 5


class Compressor(Protocol):
    """One entry's bytes, compressed by a method; as zlib has them."""

    def compress(self, data: Piece, /) -> bytes:
        """Take some bytes, and return what is ready."""

    def flush(self, mode: int = zlib.Z_FINISH, /) -> bytes:
        """Return the end, or with ``Z_SYNC_FLUSH`` all that was taken so far."""


class Stored:
    """Bytes as they are (method 0)."""

    def compress(self, data: Piece, /) -> bytes:
        """Return the bytes."""
        return bytes(data)

    def flush(self, mode: int = zlib.Z_FINISH, /) -> bytes:
        """Return nothing."""
        return b""


class Blocks:
    """Bytes as they are, in blocks of deflate (method 8).

    A reader finds their end, where that of stored bytes is known from their size alone.
    """

    def compress(self, data: Piece, /) -> bytes:
        """Return the bytes in blocks, each but the last as large as can be."""
        view = memoryview(data)
        parts: list[Piece] = []
        for start in range(0, len(view), BLOCK):
            block = view[start : start + BLOCK]
            parts += (_head(0, len(block)), block)
        return b"".join(parts)

    def flush(self, mode: int = zlib.Z_FINISH, /) -> bytes:
        """Return the last block, which is empty."""
        return _head(1, 0) if mode == zlib.Z_FINISH else b""

    @staticmethod
    def growth(size: int) -> int:
        """Return how many bytes more than these come before the last block.

        That holds where they are compressed in multiples of :data:`BLOCK`.
        """
        return _HEAD * -(-size // BLOCK)


def _head(last: int, size: int) -> bytes:
    return b"%c%b%b" % (
        last,
        size.to_bytes(2, "little"),
        (size ^ BLOCK).to_bytes(2, "little"),
    )


#: What writes deflate, the best first. At level 1 that of isal takes a quarter of
#: zlib's time for a file as small; it has no levels like zlib's higher ones.
_FAST = ("isal.isal_zlib", "zlib_ng.zlib_ng", "zlib")
_SMALL = ("zlib_ng.zlib_ng", "zlib")


def deflated(level: int) -> Compressor:
    """Return a compressor of raw deflate (RFC 1951, method 8).

    :param level: 1, the fastest, to 9, the smallest.
    """
    library = _library(_FAST if level == 1 else _SMALL)
    return library.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)  # type: ignore[no-any-return]


def crc32(data: Piece, before: int = 0) -> int:
    """Return the checksum of some bytes, and of those before them."""
    return _library(_FAST).crc32(data, before)  # type: ignore[no-any-return]


@cache
def _library(names: tuple[str, ...]) -> Any:
    for name in names:
        try:
            return import_module(name)
        except ImportError:
            continue
    raise AssertionError("Python comes with zlib")
