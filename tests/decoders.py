"""A content coding enters; a decoder leaves that tells a whole body from a part."""

from __future__ import annotations

import zlib
from typing import Any

import brotli
from backports import zstd


class Decoder:
    """Decode what has come so far, with the library that clients use.

    :param coding: as in ``Content-Encoding``.
    """

    def __init__(self, coding: str) -> None:
        self._library: Any = {
            "gzip": lambda: zlib.decompressobj(31),
            "br": brotli.Decompressor,
            "zstd": zstd.ZstdDecompressor,
        }[coding]()

    def feed(self, data: bytes) -> bytes:
        """Return what these bytes decode to, together with those before."""
        if hasattr(self._library, "process"):
            # It gives about 32 KiB at a time, and the rest when asked again.
            pieces = iter(lambda: self._library.process(b""), b"")
            return b"".join([self._library.process(data), *pieces])
        decoded: bytes = self._library.decompress(data)
        return decoded

    @property
    def whole(self) -> bool:
        """Whether the end of the coding has come."""
        if hasattr(self._library, "is_finished"):
            return bool(self._library.is_finished())
        return bool(self._library.eof)
