"""Chunks of bytes enter; the same in a content coding leave, and none is held back."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any
from typing import Protocol


class Encoder(Protocol):
    """One response's bytes, as a content coding writes them (RFC 9110, section 8.4)."""

    def feed(self, data: bytes) -> bytes:
        """Take some bytes, and return what is ready."""

    def flush(self) -> bytes:
        """Return what lets a client decode all that was fed so far."""

    def finish(self) -> bytes:
        """Return the end, without which a decoder knows that bytes are missing."""


def encoded(chunks: Iterable[bytes], encoder: Encoder) -> Iterator[bytes]:
    """Yield each chunk in a coding, at once and whole.

    A chunk leaves the coalescer because it has waited long enough or is full, so
    nobody who reads may wait for the compressor as well. A flush for each 64 KiB adds
    0.2% to 0.4% to the size (benchmarks/bench_compress.py).

    A source that fails passes through here without the coding's end.
    """
    for chunk in chunks:
        # An empty one is only a sign of life.
        coded = encoder.feed(chunk) + encoder.flush() if chunk else chunk
        if coded or not chunk:
            yield coded
    yield encoder.finish()


class _Gzip:
    """RFC 1952, by zlib or by what has its interface."""

    def __init__(self, library: Any) -> None:
        # Level 1 keeps up with the rows of a database; zlib's level 6 takes three
        # times as long for a file a sixth smaller. 31 asks for the header of gzip.
        self._compressor = library.compressobj(1, zlib.DEFLATED, 31)
        self.feed = self._compressor.compress

    def flush(self) -> bytes:
        return self._compressor.flush(zlib.Z_SYNC_FLUSH)  # type: ignore[no-any-return]

    def finish(self) -> bytes:
        return self._compressor.flush()  # type: ignore[no-any-return]


class _Brotli:
    """RFC 7932."""

    def __init__(self, library: Any) -> None:
        # Lower qualities make small chunks larger than they were. A window of 256 KiB
        # instead of 4 MiB spares each stream 5 MB, and makes no file larger.
        compressor = library.Compressor(quality=3, lgwin=18)
        self.feed = compressor.process
        self.flush = compressor.flush
        self.finish = compressor.finish


class _Zstandard:
    """RFC 8878. Level 1 has a window of 512 KiB; RFC 9659 allows 8 MiB."""

    def __init__(self, library: Any) -> None:
        self._compressor = library.ZstdCompressor(1)
        self.feed = self._compressor.compress

    def flush(self) -> bytes:
        return self._compressor.flush(self._compressor.FLUSH_BLOCK)  # type: ignore[no-any-return]

    def finish(self) -> bytes:
        return self._compressor.flush()  # type: ignore[no-any-return]


#: The codings by their names in HTTP, the best first; each with the libraries that
#: write it, the best first.
_CODINGS: dict[str, tuple[Callable[[Any], Encoder], tuple[str, ...]]] = {
    "zstd": (_Zstandard, ("compression.zstd", "backports.zstd")),
    "br": (_Brotli, ("brotli", "brotlicffi")),
    "gzip": (_Gzip, ("isal.isal_zlib", "zlib")),
}

CODINGS = tuple(_CODINGS)


@cache
def _library(coding: str) -> Any:
    """Return the library that writes a coding, ``None`` where none is installed."""
    for name in _CODINGS[coding][1]:
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def available() -> tuple[str, ...]:
    """Return the codings that can be written here, the best first."""
    return tuple(coding for coding in CODINGS if _library(coding) is not None)


def new_encoder(coding: str) -> Encoder:
    """Return an encoder of an available coding for one response."""
    return _CODINGS[coding][0](_library(coding))
