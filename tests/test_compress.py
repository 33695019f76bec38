"""Tests of the content codings: what is fed can be decoded at once, and to the end."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies
from isal import isal_zlib

from decoders import Decoder
from flask_outpour import compress
from flask_outpour.compress import available
from flask_outpour.compress import CODINGS
from flask_outpour.compress import encoded
from flask_outpour.compress import new_encoder

codings = pytest.mark.parametrize("coding", CODINGS)


@codings
@given(strategies.lists(strategies.binary(max_size=300)))
def test_each_chunk_can_be_decoded_when_it_has_left(
    coding: str, chunks: list[bytes]
) -> None:
    """A client has all bytes of a chunk before the next one is asked for."""
    decoder = Decoder(coding)
    given_so_far, decoded = b"", b""

    def source() -> Iterator[bytes]:
        nonlocal given_so_far
        for chunk in chunks:
            assert decoded == given_so_far, "the chunk before was held back"
            given_so_far += chunk
            yield chunk

    for piece in encoded(source(), new_encoder(coding)):
        assert not decoder.whole, "nothing may come behind the end"
        decoded += decoder.feed(piece)
    assert decoded == b"".join(chunks)
    assert decoder.whole


@codings
def test_large_chunks_are_not_held_either(coding: str) -> None:
    """Of chunks that fill the windows of the codings, each is decoded at once."""
    decoder = Decoder(coding)
    chunks = [bytes([65 + number]) * 70_000 + b"\n" for number in range(20)]
    pieces = encoded(iter(chunks), new_encoder(coding))
    assert [decoder.feed(next(pieces)) for _ in chunks] == chunks
    assert not decoder.whole
    assert b"".join(map(decoder.feed, pieces)) == b""
    assert decoder.whole


@codings
def test_failed_source_has_no_valid_end(coding: str) -> None:
    """What came before a failure can be decoded, and is seen to be a part."""

    def source() -> Iterator[bytes]:
        yield b"row 1\n"
        raise ZeroDivisionError

    decoder = Decoder(coding)
    pieces = encoded(source(), new_encoder(coding))
    assert decoder.feed(next(pieces)) == b"row 1\n"
    with pytest.raises(ZeroDivisionError):
        next(pieces)
    assert next(pieces, None) is None
    assert not decoder.whole


@codings
def test_empty_source_is_a_whole_body(coding: str) -> None:
    """No bytes at all are a valid body in every coding."""
    decoder = Decoder(coding)
    assert decoder.feed(b"".join(encoded(iter(()), new_encoder(coding)))) == b""
    assert decoder.whole


def test_every_coding_is_available_here() -> None:
    """With the extra installed all three are offered, the best first."""
    assert available() == ("zstd", "br", "gzip") == CODINGS


def test_isal_writes_gzip_where_it_is_installed() -> None:
    """The encoder of gzip is isal's, which is faster than zlib."""
    assert compress._library("gzip") is isal_zlib


WITHOUT = """
import sys
for name in {absent}:
    sys.modules[name] = None
from flask_outpour.compress import available, encoded, new_encoder
print(available())
sys.stdout.flush()
sys.stdout.buffer.write(b"".join(encoded(iter([b"a", b"b"]), new_encoder("gzip"))))
"""


@pytest.mark.parametrize(
    ("absent", "offered"),
    [
        (["isal"], ("zstd", "br", "gzip")),
        (["isal", "brotli", "brotlicffi"], ("zstd", "gzip")),
        (["backports", "compression.zstd"], ("br", "gzip")),
        (["isal", "brotli", "brotlicffi", "backports", "compression"], ("gzip",)),
    ],
)
def test_what_is_not_installed_is_not_offered(
    absent: list[str], offered: tuple[str, ...]
) -> None:
    """Each library can be absent; gzip is always there, by zlib."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(absent=absent)],
        stdout=subprocess.PIPE,
        check=True,
        timeout=60,
    )
    line, _, body = done.stdout.partition(b"\n")
    assert line.decode() == str(offered)
    assert zlib.decompress(body, 31) == b"ab"
