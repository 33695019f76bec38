"""Tests of how much content is in the bytes of a coding."""

from __future__ import annotations

import gzip
import zlib
from importlib import import_module

import pytest

from flask_outpour.testing.decoding import decoder_of


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(b"rows")),
        ("deflate", zlib.compress(b"rows")),
        ("identity", b"rows"),
        ("unheard-of", b"rows"),
    ],
)
def test_content_comes_out(coding: str, data: bytes) -> None:
    """What went in comes out; an unknown coding is passed on."""
    assert decoder_of(coding)(data) == b"rows"


@pytest.mark.parametrize(
    ("coding", "module"), [("br", "brotli"), ("zstd", "backports.zstd")]
)
def test_codings_of_packages(coding: str, module: str) -> None:
    """Where a package can read a coding, it does."""
    pytest.importorskip(module)
    data = import_module(module).compress(b"rows")
    assert decoder_of(coding)(data) == b"rows"


def test_a_header_is_no_content() -> None:
    """gzip's header comes at once, and has nothing of the content."""
    compressor = zlib.compressobj(wbits=31)
    header = compressor.compress(b"rows")
    assert (len(header), decoder_of("gzip")(header)) == (10, b"")


@pytest.mark.parametrize("coding", ["br", "zstd"])
def test_without_the_package_bytes_are_passed_on(
    coding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A coding that nothing reads here is taken as it is."""
    monkeypatch.setattr("flask_outpour.testing.decoding.find_spec", lambda name: None)
    assert decoder_of(coding)(b"rows") == b"rows"
