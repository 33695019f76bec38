"""Tests of what is known of an archive ahead: its errors, and its length."""

from __future__ import annotations

import io
import re
from mmap import mmap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from archives.sources import archive
from archives.sources import Chunks
from archives.sources import stream
from flask_outpour import ZipEntry
from flask_outpour.archives.contents import PIECE
from flask_outpour.archives.errors import EntryError


def test_known_names_are_checked_before_the_first_byte() -> None:
    """One bad name among known entries is an error before anything is sent."""
    for entries in (
        {"a": b"", "../b": b""},
        [("a", b""), ("../b", b"")],
        (("a", b""), ZipEntry("../b", b"")),
    ):
        with pytest.raises(EntryError, match=re.escape("Entry 2, '../b': the name")):
            stream(entries)


def test_names_of_a_function_are_checked_before_the_first_byte() -> None:
    """So are those that a function returns, once it is called."""
    made = stream(lambda: [("a", b""), ("a", b"")])
    with pytest.raises(EntryError, match="Entry 2, 'a': the name is there already"):
        next(made)
    made.close()


def test_other_names_are_checked_when_they_are_reached() -> None:
    """A generator's bad name ends the archive where it comes."""
    made = stream(iter([("a", b"x"), ("a", b"")]))
    next(made)
    with pytest.raises(EntryError, match="Entry 2, 'a': the name is there already"):
        list(made)
    made.close()


@pytest.mark.parametrize("bad", ["../b", "a", None])
def test_error_ahead_closes_everything(bad: str | None) -> None:
    """Where one entry is wrong, the contents of all are closed, and none is pulled."""
    sources = [Chunks() for _ in range(3)]
    wrong: Any = 7 if bad is None else sources[1]
    entries = [("a", sources[0]), (bad or "b", wrong), ("c", sources[2])]
    with pytest.raises((EntryError, TypeError)):
        stream(entries)
    expected = [1, 0 if bad is None else 1, 1]
    assert [source.closed for source in sources] == expected
    assert [source.pulled for source in sources] == [0, 0, 0]


def test_length_is_known_where_all_sizes_are(tmp_path: Path) -> None:
    """Stored bytes, text, files and folders have a length that is then exact."""
    path = tmp_path / "file"
    path.write_bytes(bytes(3 * PIECE + 7))
    entries = {
        "bytes": b"x" * 1000,
        "Text 日本": "größer",
        "folder/": None,
        "folder/path": path,
        "open": path.open("rb"),
        "memory": io.BytesIO(bytes(PIECE)),
        "empty": b"",
    }
    made = stream(entries, stored=True)
    assert made.length == len(b"".join(made))
    made.close()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param(("b", iter([b"x"])), id="chunks"),
        pytest.param(("b", io.StringIO("x")), id="text file"),
        pytest.param(("b", lambda: b"x"), id="function"),
        pytest.param(("b.rows", [1]), id="rows"),
        pytest.param(ZipEntry("b", b"x", stored=False), id="deflated"),
    ],
)
def test_length_is_unknown_where_one_size_is(more: Any) -> None:
    """One entry whose size is not sure ahead leaves the length open."""
    made = stream([("a", b"x"), more], stored=True)
    assert made.length is None
    made.close()
    assert stream([("a.jpg", b"x")]).length is not None
    assert stream([("a.txt", b"x")]).length is None
    assert stream(iter([("a", b"x")]), stored=True).length is None
    assert stream(lambda: [("a", b"x")], stored=True).length is None


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=9),
            st.binary(max_size=40) | st.sampled_from([65535, 65536, PIECE]).map(bytes),
            st.booleans(),
        ),
        max_size=5,
        unique_by=lambda entry: entry[0],
    )
)
@settings(deadline=None)
def test_length_is_exact(entries: list[tuple[str, bytes, bool]]) -> None:
    """Whatever the names and sizes, the length that is told is that of the archive."""
    given_entries = [
        (name, io.BytesIO(data) if is_file else data) for name, data, is_file in entries
    ]
    made = stream(given_entries, stored=True)
    assert made.length == len(b"".join(made))
    made.close()


def test_bytes_that_change_fail_the_archive() -> None:
    """A mapped file that is written to after its checksum was taken is told."""
    buffer = mmap(-1, 3)
    made = stream({"a": memoryview(buffer)}, stored=True)
    assert made.length is not None
    buffer[:] = b"new"
    with pytest.raises(EntryError, match="bytes of entry 'a' changed"):
        list(made)
    made.close()


def test_archive_without_entries() -> None:
    """No entries are a whole archive, of a known length."""
    assert stream({}).length == len(archive({})) == len(archive(iter([]))) == 22
