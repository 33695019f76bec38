"""Tests that what an entry was given is what it was then, whatever becomes of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_zip
from flask_outpour import ZipEntry

#: Bytes of the chunks, and how many there are. Small ones are joined, and large ones
#: parted.
SIZES = {"small": (100, 5000), "middling": (8192, 200), "large": (300_001, 5)}
Source = Callable[[int, int], Iterator[Any]]


def filled(size: int, number: int) -> bytes:
    """Return the bytes of a chunk."""
    return (b"%d," % number * size)[:size]


def views(size: int, count: int) -> Iterator[Any]:
    """Yield windows on one buffer, as ``readinto`` fills it."""
    buffer = bytearray(size + 7)
    for number in range(count):
        buffer[:size] = filled(size, number)
        yield memoryview(buffer)[:size]
    buffer[:] = bytes(len(buffer))


def one_bytearray(size: int, count: int) -> Iterator[Any]:
    """Yield one buffer again and again."""
    buffer = bytearray()
    for number in range(count):
        buffer[:] = filled(size, number)
        yield buffer


def cleared(size: int, count: int) -> Iterator[Any]:
    """Yield buffers that are emptied behind their turn."""
    for number in range(count):
        buffer = bytearray(filled(size, number))
        yield buffer
        buffer.clear()


def wide_views(size: int, count: int) -> Iterator[Any]:
    """Yield windows whose items have two bytes, every second item left out."""
    buffer = bytearray(4 * size)
    for number in range(count):
        buffer[:] = filled(4 * size, number)
        yield memoryview(buffer).cast("H")[::2]


def by_turns(size: int, count: int) -> Iterator[Any]:
    """Yield text, bytes and one buffer in turn."""
    buffer = bytearray()
    for number in range(count):
        buffer[:] = filled(size, number)
        yield (buffer.decode(), bytes(buffer), buffer)[number % 3]


class Reused(io.RawIOBase):
    """A file without a size, whose ``read`` returns windows on one buffer."""

    def __init__(self, chunks: Iterator[Any]) -> None:
        self._chunks = chunks

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> Any:
        return next(self._chunks, b"")


@pytest.fixture
def app() -> Flask:
    app = Flask("buffers")
    Outpour(app)
    return app


def sent(app: Flask, entries: Any, **options: Any) -> dict[str, bytes]:
    """Return what zipfile reads in an archive, which it checks."""
    with app.test_request_context():
        response = stream_zip(entries, **options)
        data = b"".join(response.response)  # type: ignore[arg-type]
        response.close()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("stored", [True, False])
@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("make", [views, one_bytearray, cleared, wide_views, by_turns])
def test_chunks_are_as_they_were_when_they_were_yielded(
    app: Flask, make: Source, sizes: str, stored: bool
) -> None:
    """A buffer that is filled anew gives each chunk's own bytes, however it is read."""
    size, count = SIZES[sizes]
    whole = b"".join(
        bytes(chunk) if not isinstance(chunk, str) else chunk.encode()
        for chunk in make(size, count)
    )
    entries = {
        "iterator": make(size, count),
        "function": lambda: make(size, count),
        "file": Reused(make(size, count)),
    }
    if make is by_turns:
        del entries["file"]
    assert sent(app, entries, stored=stored) == dict.fromkeys(entries, whole)


@pytest.mark.parametrize("stored", [True, False])
def test_bytes_are_as_they_were_when_they_were_given(app: Flask, stored: bool) -> None:
    """What a view changes in its buffers after the call is not in the archive."""
    with app.test_request_context():
        buffer, other = bytearray(b"given" * 1000), bytearray(b"window" * 1000)
        response = stream_zip(
            {"a": buffer, "b": memoryview(other), "c": memoryview(b"fixed")},
            stored=stored,
        )
        buffer[:5] = other[:5] = b"later"
        data = b"".join(response.response)  # type: ignore[arg-type]
        response.close()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.read("a") == b"given" * 1000
        assert archive.read("b") == b"window" * 1000
        assert archive.read("c") == b"fixed"


def test_one_buffer_for_all_entries(app: Flask) -> None:
    """A generator of entries may fill one buffer anew for each of them."""

    def entries() -> Iterator[Any]:
        buffer = bytearray()
        for number in range(5):
            buffer[:] = filled(70_000, number)
            yield f"{number}.bin", buffer
        for number in range(5):
            buffer[:] = filled(70_000, number)
            yield ZipEntry(f"{number}.txt", buffer, stored=True)
        buffer.clear()

    expected = {
        f"{number}.{suffix}": filled(70_000, number)
        for suffix in ("bin", "txt")
        for number in range(5)
    }
    assert sent(app, entries()) == expected


def test_rows_in_an_archive_are_as_they_were(app: Flask) -> None:
    """One dict that is filled anew gives each row its own line in an entry, too."""

    def rows() -> Iterator[Any]:
        row: dict[str, Any] = {}
        for number in range(2000):
            row["number"] = number
            yield row

    lines = sent(app, [ZipEntry("rows.csv", rows(), format="csv")])[
        "rows.csv"
    ].splitlines()
    assert lines == [b"number", *(b"%d" % number for number in range(2000))]
