"""The bytes of a content coding enter; how much content is in them leaves."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec


def decoder_of(coding: str) -> Callable[[bytes], bytes]:
    """Return what turns the bytes of a coding, as they come, into content.

    A compressor may send its header and hold the content back. A coding that cannot
    be read here is passed on as it is.
    """
    if coding in ("gzip", "deflate"):
        # 32 finds out which of the two formats it is.
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
    if coding == "br" and find_spec("brotli"):
        return import_module("brotli").Decompressor().process  # type: ignore[no-any-return]
    if coding == "zstd":
        for module in ("compression.zstd", "backports.zstd"):
            if find_spec(module.partition(".")[0]) and find_spec(module):
                return import_module(module).ZstdDecompressor().decompress  # type: ignore[no-any-return]
    return bytes
