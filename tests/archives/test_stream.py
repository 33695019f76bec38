"""Tests of an archive that is made while it is sent: what comes when, how it ends."""

from __future__ import annotations

import weakref
import zipfile
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from archives.readers import contents
from archives.readers import extracted
from archives.readers import infos
from archives.readers import is_readable_in_order
from archives.readers import PROGRAMS
from archives.sources import archive
from archives.sources import Chunks
from archives.sources import stream
from flask_outpour import ZipEntry
from flask_outpour.archives.contents import PIECE

folders = st.sampled_from(["", "日本/", "Straße/a b/", "مجلد/", "папка/"])
stems = st.text(
    st.characters(exclude_characters="/\\:", exclude_categories=["Cs", "Cc"]),
    min_size=1,
    max_size=8,
).filter(lambda stem: stem.strip("."))
chunks = st.lists(
    st.binary(max_size=50) | st.text(max_size=20) | st.just(bytes(PIECE + 1)),
    max_size=5,
)
moments = st.datetimes(datetime(1980, 1, 1), datetime(2107, 12, 31))
entries = st.dictionaries(
    st.builds(str.__add__, folders, stems),
    st.tuples(chunks, st.booleans(), st.booleans(), moments),
    max_size=6,
)


def joined(parts: list[Any]) -> bytes:
    """Return chunks as the bytes that they make."""
    return b"".join(part.encode() if isinstance(part, str) else part for part in parts)


@given(entries)
@settings(deadline=None)
def test_what_goes_in_comes_out(given_entries: dict[str, Any]) -> None:
    """Whatever names, chunks, methods and times: the same bytes, names and times."""
    made = archive(
        ZipEntry(
            name,
            joined(parts) if is_known else iter(parts),
            stored=stored,
            modified=modified,
        )
        for name, (parts, is_known, stored, modified) in given_entries.items()
    )
    expected = {name: joined(parts) for name, (parts, *_) in given_entries.items()}
    assert contents(made) == expected
    assert is_readable_in_order(made)
    for name, info in infos(made).items():
        modified = given_entries[name][3]
        seconds = modified.second // 2 * 2
        assert info.date_time == (*modified.timetuple()[:5], seconds)


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("stored", [False, True])
def test_programs_read_what_is_streamed(
    program: str, stored: bool, tmp_path: Path
) -> None:
    """Known and unknown contents, in any order, are read by each program."""
    path = tmp_path / "a.zip"
    data = {
        f"{number} {kind}.txt": bytes([number]) * size
        for number, size in enumerate([0, 1, PIECE, 2 * PIECE + 1])
        for kind in ("chunks", "日本")
    }
    path.write_bytes(
        archive(
            {
                name: iter([part]) if "chunks" in name else part
                for name, part in data.items()
            },
            stored=stored,
        )
    )
    assert extracted(program, path) == b"".join(data.values())


def test_nothing_is_read_before_its_turn() -> None:
    """Each content is pulled, and each function called, when the one before is done."""
    seen: list[str] = []

    def chunks_of(name: str) -> Iterator[bytes]:
        seen.append(f"begin {name}")
        yield bytes(10)
        seen.append(f"end {name}")

    def called() -> Iterator[bytes]:
        seen.append("call c")
        return chunks_of("c")

    made = stream({"a": chunks_of("a"), "b": chunks_of("b"), "c": called})
    assert seen == []
    next(made)
    assert seen == ["begin a"]
    list(made)
    made.close()
    assert seen == [
        *("begin a", "end a", "begin b", "end b"),
        *("call c", "begin c", "end c"),
    ]


def test_archive_begins_with_its_first_content() -> None:
    """An error in the first chunk of all comes before any byte, and has its status."""
    for entries in (
        {"a": Chunks([], ZeroDivisionError())},
        lambda: {"a": Chunks([], ZeroDivisionError())},
        {"a": lambda: 1 / 0},
    ):
        made = stream(entries)
        with pytest.raises(ZeroDivisionError) as caught:
            next(made)
        made.close()
        assert caught.value.__notes__ == ["It was raised for entry 1, 'a'."]


def test_later_header_does_not_wait_for_its_content() -> None:
    """That of the second entry leaves before its first chunk is there."""
    slow = Chunks([b"x"])
    made = stream([("a", b"x"), ("slow", slow)])
    sent = b""
    while b"slow" not in sent:
        sent += next(made)
    assert slow.pulled == 0
    made.close()


def test_piece_is_never_empty() -> None:
    """A server gets bytes in every item."""
    parts = [b"", b"x", "", bytes(PIECE), b""]
    made = stream({"a": iter(parts), "b": b"", "c": iter([]), "d/": None})
    assert all(made)
    made.close()


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_slow_content_is_not_held_back() -> None:
    """What deflate has held for a second leaves with the next chunk."""
    clock = Clock()
    reader = zlib.decompressobj(-15)

    def slow() -> Iterator[str]:
        for number in range(4):
            clock.now += 0.6
            yield f"line {number}\n"

    made = stream({"a": slow()}, clock=clock)
    header = next(made)
    second = next(made)
    assert reader.decompress(second) == b"line 0\nline 1\nline 2\n"
    rest = b"".join(made)
    made.close()
    assert contents(header + second + rest) == {
        "a": b"line 0\nline 1\nline 2\nline 3\n"
    }


def test_fast_content_is_not_flushed() -> None:
    """Where no time passes, small chunks are compressed together."""
    made = stream({"a": iter(["row\n"] * 10_000)}, clock=Clock())
    assert len(b"".join(made)) < 500
    made.close()


@pytest.mark.parametrize("ending", ["complete", "left", "unread", "failed"])
def test_all_is_closed_once_on_every_ending(ending: str) -> None:
    """Whatever was pulled or not: contents are closed once."""
    error = ValueError("gone") if ending == "failed" else None
    sources = [Chunks([b"x"], error if n == 1 else None) for n in range(3)]
    made = stream([(str(number), source) for number, source in enumerate(sources)])
    if ending == "complete":
        assert len(contents(b"".join(made))) == 3
    elif ending == "left":
        next(made)
    elif ending == "failed":
        with pytest.raises(ValueError, match="gone") as caught:
            list(made)
        assert caught.value.__notes__ == ["It was raised for entry 2, '1'."]
    made.close()
    made.close()
    assert [source.closed for source in sources] == [1, 1, 1]
    pulled = {"complete": [2, 2, 2], "left": [1, 0, 0], "failed": [2, 2, 0]}
    assert [source.pulled for source in sources] == pulled.get(ending, [0, 0, 0])


def test_generator_of_entries_is_closed() -> None:
    """A generator that gives the entries ends with the archive, however that ends."""
    seen = []

    def entries() -> Iterator[Any]:
        try:
            yield "a", b"x"
            yield "b", b"x"
        finally:
            seen.append("closed")

    for read in (list, next):
        made = stream(entries())
        read(made)  # type: ignore[operator]
        made.close()
    made = stream(entries)
    next(made)
    made.close()
    assert seen == ["closed"] * 3


@pytest.mark.parametrize("read", [list, next, iter])
def test_iterator_of_entries_is_closed_once(read: Callable[[Any], Any]) -> None:
    """What is no generator, and is not closed by being forgotten, is closed, too."""
    entries = Chunks([("a", b"x"), ("b", b"x")])
    made = stream(entries)
    read(made)
    made.close()
    made.close()
    assert entries.closed == 1


def test_content_that_fails_to_close_leaves_no_other_open() -> None:
    """All contents are closed, though one of them raises."""

    class Bad(Chunks):
        def close(self) -> None:
            super().close()
            raise OSError("stuck")

    sources = [Chunks(), Bad(), Chunks()]
    made = stream([(str(number), source) for number, source in enumerate(sources)])
    with pytest.raises(OSError, match="stuck"):
        made.close()
    assert [source.closed for source in sources] == [1, 1, 1]


def broken(sent: int) -> bytes:
    """Return what is sent of an archive whose last entry fails."""

    def fails() -> Iterator[bytes]:
        yield b"part"
        raise LookupError("gone")

    sound = [(str(number), b"x" * 100) for number in range(sent)]
    made = stream([*sound, ("fails", fails())])
    archive = b""
    with pytest.raises(LookupError):
        while True:
            archive += next(made)
    made.close()
    return archive


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("sent", [1, 20])
def test_broken_archive_is_not_taken_for_whole(
    program: str, sent: int, tmp_path: Path
) -> None:
    """After a failing entry no program says that the archive is sound."""
    path = tmp_path / "a.zip"
    path.write_bytes(broken(sent))
    assert b"fails" in path.read_bytes()
    assert extracted(program, path) is None
    assert not zipfile.is_zipfile(path)


def test_archive_that_ends_between_entries_is_not_taken_for_whole(
    tmp_path: Path,
) -> None:
    """Cut before its directory, an archive is no archive, whoever reads it."""
    path = tmp_path / "a.zip"
    whole = archive({"a": b"x", "b": b"y"})
    path.write_bytes(whole[: whole.index(b"PK\1\2")])
    for program in PROGRAMS:
        assert extracted(program, path) is None, program


def test_whole_archive_can_be_read_while_it_comes() -> None:
    """The first entry can be unpacked when only it has been sent."""
    made = stream({"a": b"first", "b": Chunks([b"x"] * 3)})
    sent = next(made) + next(made)
    made.close()
    assert sent.startswith(b"PK\3\4")
    body = zlib.decompressobj(-15)
    assert body.decompress(sent[30 + 1 :]) == b"first"


def test_many_entries_of_a_generator_hold_nothing() -> None:
    """An entry that was sent is forgotten, but for its place in the directory."""
    references = []

    def entries() -> Iterator[Any]:
        for number in range(20):
            source = Chunks([b"x"])
            references.append(weakref.ref(source))
            yield str(number), source

    made = stream(entries())
    most = 0
    for _ in made:
        most = max(most, sum(reference() is not None for reference in references))
    made.close()
    assert most <= 2
