"""Tests of what a view may give as entries, and of what an entry says of itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archives.readers import contents
from archives.readers import infos
from archives.sources import archive
from archives.sources import stream
from flask_outpour import SourceError
from flask_outpour import ZipEntry

PAIRS = [("a", b"x"), ("b", b"y")]


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(lambda: dict(PAIRS), id="mapping"),
        pytest.param(lambda: dict(PAIRS).items(), id="items"),
        pytest.param(lambda: PAIRS, id="list"),
        pytest.param(lambda: tuple(map(list, PAIRS)), id="tuple of lists"),
        pytest.param(lambda: [ZipEntry(*pair) for pair in PAIRS], id="entries"),
        pytest.param(lambda: [PAIRS[0], ZipEntry(*PAIRS[1])], id="both"),
        pytest.param(lambda: iter(PAIRS), id="iterator"),
        pytest.param(lambda: lambda: dict(PAIRS), id="function of a mapping"),
        pytest.param(lambda: lambda: iter(PAIRS), id="function of an iterator"),
    ],
)
def test_kinds_of_entries(entries: Callable[[], Any]) -> None:
    """Whatever holds names and contents gives the same archive."""
    assert contents(archive(entries())) == dict(PAIRS)


@pytest.mark.parametrize("entries", [7, None, "a", b"a", dict])
def test_what_has_no_entries_is_told_at_once(entries: Any) -> None:
    """The message names its type, and what is taken."""
    with pytest.raises(SourceError, match=f"^{type(entries).__name__} gives no entr"):
        stream(entries)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("ab", "Entry 2 is str"),
        ({"a", "b"}, "Entry 2 is set"),
        (("a",), "Entry 2 is tuple"),
        (("a", b"", None), "Entry 2 is tuple"),
        (None, "Entry 2 is NoneType"),
        ((7, b""), "The name of entry 2 is int, not str"),
        ((b"a", b""), "The name of entry 2 is bytes, not str"),
        (ZipEntry("a", b"", modified=1.5), "'a': modified= takes a datetime"),  # type: ignore[arg-type]
    ],
)
def test_what_is_no_entry_is_told(item: Any, words: str) -> None:
    """It is told before the first byte where it is known, else when it is reached."""
    with pytest.raises(SourceError, match=words):
        stream([("first", b""), item])
    lazily = stream(iter([("first", b""), item]))
    next(lazily)
    with pytest.raises(SourceError, match=words):
        list(lazily)
    lazily.close()


@pytest.mark.parametrize(
    ("name", "entry", "whole", "stored"),
    [
        ("a.txt", None, None, False),
        ("a.JPG", None, None, True),
        ("folder.jpg/a", None, None, False),
        ("jpg", None, None, False),
        ("v1.2/harbour.2024.jpg", None, None, True),
        ("a.jpg", None, False, False),
        ("a.txt", None, True, True),
        ("a.jpg", False, None, False),
        ("a.txt", True, None, True),
        ("a.jpg", False, True, False),
        ("a.txt", True, False, True),
    ],
)
def test_who_decides_what_is_compressed(
    name: str, entry: bool | None, whole: bool | None, stored: bool
) -> None:
    """An entry's word counts before the archive's, and that before the suffix."""
    made = archive([ZipEntry(name, bytes(1000), stored=entry)], stored=whole)
    assert (infos(made)[name].compress_size == 1000) is stored


def test_level_is_that_of_deflate() -> None:
    """A higher level is smaller; 0 compresses nothing, whatever else is said."""
    data = Path(__file__).read_bytes() * 20
    sizes = [
        len(archive({"a": data}, level=level, stored=False)) for level in (0, 1, 9)
    ]
    assert sizes[0] > len(data) > sizes[1] > sizes[2]


def test_entry_shows_what_it_is() -> None:
    """An entry is printed with its options, and is of its own kind alone."""
    entry = ZipEntry("a.csv", [], format="csv")
    assert "name='a.csv'" in repr(entry)
    assert "format='csv'" in repr(entry)
    with pytest.raises(TypeError):
        ZipEntry("a.csv", [], "csv")  # type: ignore[misc]
