"""Tests of the decoders: what is fed comes out as soon as it can be read."""

from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies

from flask_outpour import decode
from flask_outpour.compress import CODINGS as ENCODED
from flask_outpour.compress import encoded
from flask_outpour.compress import new_encoder
from flask_outpour.decode import CODINGS
from flask_outpour.decode import decoder
from flask_outpour.decode import looks_coded

CODED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
    "": bytes,
}


@pytest.mark.parametrize("coding", CODED)
@given(data=strategies.binary(), size=strategies.integers(1, 50))
def test_what_another_library_wrote_is_read(
    coding: str, data: bytes, size: int
) -> None:
    """A body comes out whole, in whatever pieces it comes."""
    decode = decoder(coding)
    assert decode is not None
    coded = CODED[coding](data)
    pieces = [coded[at : at + size] for at in range(0, len(coded), size)]
    assert b"".join(map(decode, pieces)) == data


@pytest.mark.parametrize("coding", ENCODED)
def test_each_flushed_piece_is_read_at_once(coding: str) -> None:
    """Nothing of a piece waits for the next, however large it is."""
    decode = decoder(coding)
    assert decode is not None
    chunks = [b"row\n", b"x" * 200_000, b"", b"end\n"]
    read = [decode(piece) for piece in encoded(iter(chunks), new_encoder(coding))]
    assert [text for text in read if text] == [chunk for chunk in chunks if chunk]


def test_header_is_no_content() -> None:
    """gzip's header comes at once, and has nothing of the content."""
    decode = decoder("gzip")
    assert decode is not None
    header = zlib.compressobj(wbits=31).compress(b"rows")
    assert (len(header), decode(header)) == (10, b"")


def test_unknown_coding_has_no_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither has one whose library is not installed."""
    assert decoder("compress") is None
    assert all(decoder(coding) for coding in CODINGS)
    monkeypatch.setattr(decode, "_module", lambda name: None)
    assert [coding for coding in CODINGS if decoder(coding)] == ["gzip", "deflate"]


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (gzip.compress(b"rows"), "gzip"),
        (zstd.compress(b"rows"), "zstd"),
        (b"rows", None),
        (b"", None),
    ],
    # Not what gzip writes, which has the time in it.
    ids=["gzip", "zstd", "plain", "empty"],
)
def test_coded_bytes_are_known_by_their_sign(data: bytes, coding: str | None) -> None:
    """A body that is coded twice shows it by how the inner one begins."""
    assert looks_coded(data) == coding
