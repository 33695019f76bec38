"""Tests of contents: what each kind gives, and what is no content at all."""

from __future__ import annotations

import gzip
import io
import os
import socket
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from datetime import datetime
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from archives.readers import contents
from archives.readers import infos
from archives.sources import archive
from archives.sources import Chunks
from archives.sources import Lines
from archives.sources import stream
from flask_outpour import SourceError
from flask_outpour import ZipEntry
from flask_outpour.archives.contents import PIECE
from flask_outpour.archives.errors import EntryError
from flask_outpour.archives.opening import content_of


def one(content: Any, name: str = "a", **options: Any) -> bytes:
    """Return what an archive has of one content."""
    return contents(archive([ZipEntry(name, content, **options)]))[name]


def generated(*chunks: Any) -> Iterator[Any]:
    """Yield the chunks."""
    yield from chunks


def temporary(data: bytes) -> Any:
    """Return an open file that has no name."""
    file = os.fdopen(os.memfd_create("a"), "w+b")
    file.write(data)
    file.seek(0)
    return file


class Reader:
    """Something that can only be read, by at most three bytes at once."""

    def __init__(self, data: Any) -> None:
        self._data = data

    def read(self, size: int) -> Any:
        part, self._data = self._data[: min(size, 3)], self._data[min(size, 3) :]
        return part


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: "größer\n".encode(), id="bytes"),
        pytest.param(lambda: bytearray("größer\n".encode()), id="bytearray"),
        pytest.param(lambda: memoryview("größer\n".encode()), id="memoryview"),
        pytest.param(lambda: "größer\n", id="text"),
        pytest.param(lambda: generated("grö", b"", "ßer".encode(), "\n"), id="chunks"),
        pytest.param(lambda: ["grö", b"\xc3\x9fer\n"], id="list of chunks"),
        pytest.param(lambda: ("größer", "\n"), id="tuple of chunks"),
        pytest.param(lambda: map(str, ["größer", "\n"]), id="iterator"),
        pytest.param(lambda: io.BytesIO("größer\n".encode()), id="BytesIO"),
        pytest.param(lambda: io.StringIO("größer\n"), id="StringIO"),
        pytest.param(lambda: temporary("größer\n".encode()), id="open file"),
        pytest.param(lambda: Reader("größer\n".encode()), id="bytes to read"),
        pytest.param(lambda: Reader("größer\n"), id="text to read"),
        pytest.param(lambda: lambda: "größer\n", id="function"),
        pytest.param(lambda: lambda: generated("größer\n"), id="generator function"),
        pytest.param(lambda: lambda: lambda: "größer\n", id="function of a function"),
    ],
)
@pytest.mark.parametrize("stored", [False, True])
def test_kinds_of_content(content: Callable[[], Any], stored: bool) -> None:
    """Each kind of content gives the same bytes, stored or deflated."""
    assert one(content(), stored=stored) == "größer\n".encode()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 5])
@pytest.mark.parametrize("stored", [False, True])
def test_contents_of_all_sizes(tmp_path: Path, size: int, stored: bool) -> None:
    """Contents that are none, one or several pieces are whole."""
    data = os.urandom(size)
    path = tmp_path / "data"
    path.write_bytes(data)
    found = contents(
        archive(
            {
                "bytes": data,
                "path": path,
                "file": path.open("rb"),
                "unbuffered": path.open("rb", buffering=0),
                "one chunk": iter([data]),
                "small chunks": (data[n : n + 7001] for n in range(0, size, 7001)),
            },
            stored=stored,
        )
    )
    assert set(found.values()) == {data}


def test_pieces_are_small() -> None:
    """However large a chunk is, no more than a piece of it is compressed at once."""
    chunk = bytes(5 * PIECE + 1)
    for given in (chunk, iter([chunk]), iter([memoryview(chunk)]), [chunk]):
        content = content_of(1, ZipEntry("a"), given, Lines())
        sizes = [len(piece) for piece in content.pieces()]
        assert (max(sizes), sum(sizes)) == (PIECE, len(chunk))
    text = content_of(1, ZipEntry("a"), iter(["ä" * (2 * PIECE)]), Lines())
    assert max(map(len, text.pieces())) <= 2 * PIECE


def test_small_chunks_are_joined() -> None:
    """Thousands of small chunks become few pieces."""
    content = content_of(1, ZipEntry("a"), generated(*["row\n"] * 100_000), Lines())
    assert len(list(content.pieces())) < 50_000


def test_view_of_numbers_is_its_bytes() -> None:
    """A memoryview counts items, not bytes, and may have gaps."""
    numbers = memoryview(bytes(range(12))).cast("I")
    gaps = memoryview(bytes(range(12)))[::2]
    assert one(numbers) == bytes(range(12))
    assert one(gaps) == bytes(range(0, 12, 2))
    assert one(iter([numbers, gaps])) == bytes(range(12)) + bytes(range(0, 12, 2))


def test_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    """What was read of an open file before is left out, and it is closed at the end."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"head\nbody\n")
    for stored in (True, False):
        files = [path.open("rb"), path.open(), io.BytesIO(b"head\nbody\n")]
        for file in files:
            file.readline()
            assert one(file, stored=stored) == b"body\n"
            assert file.closed


def test_file_of_gzips_is_read_to_its_end(tmp_path: Path) -> None:
    """A file whose descriptor is that of a smaller one is not cut at that size."""
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(bytes(100_000)))
    assert one(gzip.GzipFile(path), stored=True) == bytes(100_000)
    assert one(io.BufferedReader(gzip.GzipFile(path)), stored=True) == bytes(100_000)


def test_pipe_is_read_to_its_end() -> None:
    """What is no regular file has no size, but an end."""
    reader, writer = os.pipe()
    with open(writer, "wb") as file:
        file.write(b"through a pipe")
    assert one(os.fdopen(reader, "rb")) == b"through a pipe"


def test_path_gives_its_time_and_mode(tmp_path: Path) -> None:
    """A file of a path has the modification time and the permissions that it has."""
    path = tmp_path / "run.sh"
    path.write_bytes(b"#!/bin/sh\n")
    path.chmod(0o4750)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    info = infos(archive({"run.sh": path}))["run.sh"]
    moment = datetime.fromtimestamp(1_700_000_000, UTC)
    assert info.date_time == (*moment.timetuple()[:5], moment.second // 2 * 2)
    assert info.external_attr >> 16 == 0o100750, "no file runs as another user"


@pytest.mark.parametrize("seconds", [-(10**14), 0, 10**14])
def test_path_with_an_odd_time_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """A file from before 1980, or from a year that Python lacks, is no error."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    facts = os.stat_result((*os.stat(path)[:8], seconds, 0))
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", lambda path: facts)
        made = stream({"a": path})
    info = infos(b"".join(made))["a"]
    made.close()
    assert info.date_time[0] == (2107 if seconds > 0 else 1980)


def test_default_time_and_modes() -> None:
    """What has no time of its own gets the archive's; all may read it."""
    found = infos(archive({"a": b"", "b/": None, "c": iter([b""])}))
    assert {info.date_time for info in found.values()} == {(2024, 5, 6, 7, 8, 10)}
    modes = [info.external_attr >> 16 for info in found.values()]
    assert modes == [0o100644, 0o40755, 0o100644]


def test_time_of_an_entry_comes_first(tmp_path: Path) -> None:
    """``modified=`` of an entry is taken before a file's own."""
    path = tmp_path / "a"
    path.write_bytes(b"x")
    modified = datetime(2001, 2, 3, 4, 5, 6)
    info = infos(archive([ZipEntry("a", path, modified=modified)]))["a"]
    assert info.date_time == (2001, 2, 3, 4, 5, 6)


@pytest.mark.parametrize("missing", ["file", "folder", "socket"])
def test_path_without_a_file_is_told_at_once(tmp_path: Path, missing: str) -> None:
    """A path to nothing, to a folder or to no file is an error of the view."""
    path = tmp_path / "thing"
    if missing == "folder":
        path.mkdir()
    listener = socket.socket(socket.AF_UNIX)
    if missing == "socket":
        listener.bind(str(path))
    expected = {"file": FileNotFoundError, "folder": IsADirectoryError}
    with listener, pytest.raises(expected.get(missing, OSError)) as caught:
        stream([("first", b""), ("a.txt", path)])
    assert caught.value.__notes__ == ["It was raised for entry 2, 'a.txt'."]


def test_path_is_opened_when_its_turn_comes(tmp_path: Path) -> None:
    """A file that is looked at holds no descriptor until it is read."""
    paths = [tmp_path / str(number) for number in range(50)]
    for path in paths:
        path.write_bytes(path.name.encode())
    before = len(os.listdir("/proc/self/fd"))
    made = stream({path.name: path for path in paths})
    seen = [len(os.listdir("/proc/self/fd")) for _ in made]
    made.close()
    assert max(seen) <= before + 1


def test_file_that_shrank_fails_the_archive(tmp_path: Path) -> None:
    """The error names the entry and both sizes."""
    path = tmp_path / "log.txt"
    path.write_bytes(b"0123456789")
    made = stream([("log.txt", path)])
    path.write_bytes(b"0123")
    with pytest.raises(EntryError, match=r"'log.txt' had 10 bytes .* only 4 when"):
        list(made)
    made.close()


def test_open_file_that_shrank_fails_the_archive(tmp_path: Path) -> None:
    """The same holds for a file that the view has opened."""
    path = tmp_path / "log.txt"
    path.write_bytes(bytes(100_000))
    made = stream([("log.txt", path.open("rb"))])
    os.truncate(path, 4)
    with pytest.raises(EntryError, match=r"'log.txt' had 100000 bytes .* only 4 when"):
        list(made)
    made.close()


def test_file_that_vanished_fails_the_archive(tmp_path: Path) -> None:
    """The error is that of the file system, and names the entry."""
    path = tmp_path / "log.txt"
    path.write_bytes(b"0123456789")
    made = stream([("log.txt", path)])
    path.unlink()
    with pytest.raises(FileNotFoundError) as caught:
        list(made)
    made.close()
    assert "entry 1, 'log.txt'" in caught.value.__notes__[0]


@pytest.mark.parametrize("stored", [False, True])
def test_file_that_grew_is_sent_as_it_was(tmp_path: Path, stored: bool) -> None:
    """Of a log that is written to, the part that was there is sent."""
    path = tmp_path / "log.txt"
    path.write_bytes(b"0123456789")
    made = stream([("log.txt", path), ("open", path.open("rb"))], stored=stored)
    with path.open("ab") as file:
        file.write(b"more")
    found = contents(b"".join(made))
    made.close()
    assert set(found.values()) == {b"0123456789"}


def test_rows_where_the_name_or_the_entry_says_so() -> None:
    """A suffix or ``format=`` makes rows of what is not bytes, text or a file."""
    assert one([1, 2], "a.rows") == b"1\n2\n"
    assert one([1, 2], format="rows") == b"1\n2\n"
    assert one(lambda: [1, 2], "a.rows") == b"1\n2\n"
    assert one(["b", "c"], format="rows") == b"b\nc\n"
    assert one(iter([1, 2]), format="rows") == b"1\n2\n"
    assert one(["b", "c"], "a.rows") == b"bc", "a list of text is chunks"
    assert one({1}, "a.rows") == b"1\n"


async def asynchronous() -> Any:
    """Yield from what only an event loop can iterate."""
    yield b"x"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "NoneType is no content for this name"),
        (7, "int is no content for this name"),
        ([(1, 2)], "list is no content for this name"),
        ({1}, "set is no content for this name"),
        (dict, "type is no content for this name"),
        (ZipEntry("b", b""), "ZipEntry is no content for this name"),
        (asynchronous(), "async_generator is asynchronous"),
    ],
)
def test_what_is_no_content_is_told_at_once(content: Any, words: str) -> None:
    """The message names the entry, its type, and what is taken."""
    for given in (content, lambda: content):
        with pytest.raises(SourceError, match=words) as caught:
            archive([("before", b""), ("a.what", given)])
        assert str(caught.value).startswith("Entry 2, 'a.what': ")
        assert not hasattr(caught.value, "__notes__"), "it is named already"
    if "asynchronous" not in words:
        assert 'ZipEntry(name, rows, format="csv")' in str(caught.value)


def test_folder_has_no_content() -> None:
    """A name that ends in a slash is a folder, and content for it a mistake."""
    assert contents(archive({"a/": None, "a/b": b"x"})) == {"a/": b"", "a/b": b"x"}
    with pytest.raises(SourceError, match=r"Entry 1, 'a/': a name that ends in '/'"):
        archive({"a/": b"x"})


def test_chunk_that_is_none_fails_the_archive() -> None:
    """A generator of rows under a plain name is told what it lacks, and is closed."""
    rows = Chunks([(1, 2)])
    with pytest.raises(SourceError, match="the iterator gave tuple") as caught:
        archive({"orders.csv": rows})
    assert str(caught.value).startswith("Entry 1, 'orders.csv': ")
    cure = "ZipEntry('orders.csv', rows, format=\"csv\", columns=[...])"
    assert cure in str(caught.value)
    assert rows.closed == 1


def test_text_that_utf8_lacks_names_its_entry() -> None:
    """A lone surrogate in a text is an error, ahead of all bytes where it is known."""
    with pytest.raises(UnicodeEncodeError) as caught:
        stream({"a": b"", "b": "\udcff"})
    assert "entry 2, 'b'" in caught.value.__notes__[0]
    with pytest.raises(UnicodeEncodeError) as caught:
        archive({"a": b"", "b": iter(["fine", "\udcff"])})
    assert "entry 2, 'b'" in caught.value.__notes__[0]


@pytest.mark.parametrize(
    "make",
    [io.BytesIO, io.StringIO, lambda: temporary(b""), tempfile.NamedTemporaryFile],
    ids=["BytesIO", "StringIO", "file", "wrapper"],
)
def test_file_that_was_just_written_is_not_taken_for_empty(make: Any) -> None:
    """A file that stands at its end is an error that says how to go back."""
    file = make()
    file.write("abc" if isinstance(file, io.StringIO) else b"abc")
    with pytest.raises(SourceError, match=r"at its end.*seek\(0\)") as caught:
        archive({"a": b"", "b": file})
    assert caught.value.__notes__ == ["It was raised for entry 2, 'b'."]
    assert file.closed
    assert one(make()) == b""


def test_empty_list_has_no_chunks() -> None:
    """Where the name is that of no format, a list without chunks is an empty file."""
    assert one([], "a.txt") == b""
