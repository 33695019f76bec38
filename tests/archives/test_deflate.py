"""Tests of the methods of compression, with each library and without."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import pytest

from flask_outpour.archives import deflate

DATA = b"".join(b"%d,row,%d\n" % (number, number % 7) for number in range(20_000))


@pytest.fixture(params=["isal.isal_zlib", "zlib_ng.zlib_ng", "zlib"])
def library(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """Let one library write deflate."""
    pytest.importorskip(request.param)
    for names in ("_FAST", "_SMALL"):
        monkeypatch.setattr(deflate, names, ("no_such_library", request.param))
    deflate._library.cache_clear()
    yield request.param
    deflate._library.cache_clear()


@pytest.mark.parametrize("level", [1, 3])
def test_deflated_bytes_come_back(library: str, level: int) -> None:
    """What any library compresses, zlib decompresses, and it is smaller."""
    compressor = deflate.deflated(level)
    packed = compressor.compress(memoryview(DATA)) + compressor.flush()
    assert zlib.decompress(packed, -15) == DATA
    assert len(packed) < len(DATA) / 2


def test_flushed_bytes_are_there_at_once(library: str) -> None:
    """After a flush a reader has all of what was taken so far, and more can follow."""
    compressor, reader = deflate.deflated(1), zlib.decompressobj(-15)
    for word in (b"slow ", b"words"):
        packed = compressor.compress(word) + compressor.flush(zlib.Z_SYNC_FLUSH)
        assert reader.decompress(packed) == word
    reader.decompress(compressor.flush())
    assert reader.eof


def test_checksum_is_that_of_zip(library: str) -> None:
    """The checksum is the same with each library, whole or in parts."""
    whole = deflate.crc32(DATA)
    assert whole == zlib.crc32(DATA)
    assert deflate.crc32(DATA[10:], deflate.crc32(DATA[:10])) == whole


def test_level_1_takes_the_fastest_library_that_is_there() -> None:
    """With isal level 1 is faster; higher levels, which it lacks, are small."""
    pytest.importorskip("isal")
    sizes = []
    for level in (1, 9):
        compressor = deflate.deflated(level)
        sizes.append(len(compressor.compress(DATA) + compressor.flush()))
    assert "isal" in type(deflate.deflated(1)).__module__
    assert "isal" not in type(deflate.deflated(9)).__module__
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("size", [0, 1, 65534, 65535, 65536, 131070, 200_000])
def test_blocks_are_deflate_of_a_known_length(size: int) -> None:
    """Bytes that are not compressed are valid deflate, as long as was said before."""
    data = (DATA * 3)[:size]
    blocks = deflate.Blocks()
    body = blocks.compress(data)
    assert len(body) == size + deflate.Blocks.growth(size)
    assert blocks.flush(zlib.Z_SYNC_FLUSH) == b""
    assert zlib.decompress(body + blocks.flush(), -15) == data


def test_blocks_do_not_wait() -> None:
    """What is not compressed leaves with each piece, to the last byte."""
    blocks, reader = deflate.Blocks(), zlib.decompressobj(-15)
    assert reader.decompress(blocks.compress(b"one")) == b"one"
    assert reader.decompress(blocks.compress(b"two")) == b"two"
    assert reader.decompress(blocks.flush()) == b""
    assert reader.eof
