"""The name of a content coding enters; a decoder that reads it piece by piece leaves.

What a browser could show of a response so far is what the decoder gave of it so far.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from typing import Any

Decode = Callable[[bytes], bytes]

#: The codings that can be read, as far as their libraries are installed.
CODINGS = ("gzip", "br", "zstd", "deflate")

#: How a coded body begins; brotli's has no sign.
_SIGNS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}


def decoder(coding: str) -> Decode | None:
    """Return a function that takes the pieces of a body, if the coding is known.

    ``None`` where it is not, or where the library that reads it is not installed.
    """
    if coding in ("", "identity"):
        return lambda data: data
    make = _DECODERS.get(coding)
    return None if make is None else make()


def looks_coded(data: bytes) -> str | None:
    """Return the coding that a body seems to have, decoded or not."""
    for sign, coding in _SIGNS.items():
        if data.startswith(sign):
            return coding
    return None


def _zlib() -> Decode:
    # 32 finds out whether it is gzip's format or zlib's, which HTTP calls deflate.
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress


def _brotli() -> Decode | None:
    for name in ("brotli", "brotlicffi"):
        if module := _module(name):
            return _drained(module.Decompressor().process)
    return None


def _drained(process: Decode) -> Decode:
    """Return all that can be read: brotli 1.2 gives 32 KiB, and more when asked."""
    return lambda data: b"".join([process(data), *iter(lambda: process(b""), b"")])


def _zstd() -> Decode | None:
    for name in ("compression.zstd", "backports.zstd"):
        if module := _module(name):
            decode: Decode = module.ZstdDecompressor().decompress
            return decode
    return None


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


_DECODERS: dict[str, Callable[[], Decode | None]] = {
    "gzip": _zlib,
    "x-gzip": _zlib,
    "deflate": _zlib,
    "br": _brotli,
    "zstd": _zstd,
}
