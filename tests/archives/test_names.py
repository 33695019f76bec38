"""Tests of the names of entries: the sound stay, and what would harm is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_outpour import OutpourError
from flask_outpour.archives.errors import EntryError
from flask_outpour.archives.names import Names

SOUND = [
    *("a", "a.txt", "a/b/c.txt", "folder/", "a b/ c ", "...", "a..b", ".hidden"),
    *(
        "Käse.csv",
        "日本/東京.csv",
        "жар 🌻.txt",
        "12:30.txt",
        "~",
        "-rf",
        "x" * 65535,
    ),
]
#: Names, and words of what is said of them.
HARMFUL = {
    "": "is empty",
    "/": "is absolute",
    "/etc/passwd": "is absolute",
    "//server/share": "is absolute",
    "C:/a": "begins with the drive 'C:'",
    "c:a": "begins with the drive 'c:'",
    "..": "climbs out",
    "../a": "climbs out",
    "a/../../b": "climbs out",
    "a/..": "climbs out",
    "a/../": "climbs out",
    ".": "has the part '.'",
    "./a": "has the part '.'",
    "a/./b": "has the part '.'",
    "a//b": "has nothing between two slashes",
    "a//": "has nothing between two slashes",
    "a\\b": "has a backslash",
    "..\\a": "has a backslash",
    "a\0b": r"has the control character '\x00'",
    "a\nb": r"has the control character '\n'",
    "a\x7f": r"has the control character '\x7f'",
    "a\x9bb": r"has the control character '\x9b'",
    "a\udcffb": r"has '\udcff', which UTF-8 cannot encode",
    "x" * 65536: "has 65536 bytes",
    "ä" * 32768: "has 65536 bytes",
}


@pytest.mark.parametrize("name", SOUND, ids=lambda name: name[:20])
def test_sound_names_are_taken(name: str) -> None:
    """A name that can be unpacked anywhere is taken as it is."""
    Names().add(1, name)


@pytest.mark.parametrize("name", HARMFUL, ids=lambda name: ascii(name[:20]))
def test_harmful_names_are_refused(name: str) -> None:
    """The message says which entry it is, what is wrong, and what to do."""
    with pytest.raises(EntryError, match=re.escape(HARMFUL[name])) as caught:
        Names().add(7, name)
    assert str(caught.value).startswith("Entry 7, ")
    assert str(caught.value).count(". ") == 1, "what to do follows"
    assert len(str(caught.value)) < 400
    assert (caught.value.number, caught.value.name) == (7, name)
    assert isinstance(caught.value, ValueError)
    assert isinstance(caught.value, OutpourError)


@pytest.mark.parametrize(
    ("first", "second", "problem"),
    [
        ("a", "a", "is there already"),
        ("a/", "a/", "is there already"),
        ("a/b", "a/b", "is there already"),
        ("a", "a/b", "wants a folder 'a', which is a file here"),
        ("a", "a/b/c", "wants a folder 'a', which is a file here"),
        ("a", "a/", "wants a folder 'a', which is a file here"),
        ("a/b", "a", "is that of a folder with other entries in it"),
        ("a/b/c", "a", "is that of a folder with other entries in it"),
        ("a/", "a", "is that of a folder with other entries in it"),
    ],
)
def test_names_that_clash_are_refused(first: str, second: str, problem: str) -> None:
    """No entry is unpacked over another, nor into a file, in whatever order."""
    names = Names()
    names.add(1, first)
    with pytest.raises(EntryError, match=problem) as caught:
        names.add(2, second)
    assert str(caught.value).startswith(f"Entry 2, {second!r}: ")


def test_names_beside_each_other_are_taken() -> None:
    """Folders may be named before what is in them, after it, or never."""
    names = Names()
    for name in ("a/", "a/b", "a/c/d", "a/c/", "a/e/f/g", "ab", "A", "a/B"):
        names.add(1, name)


parts = st.sampled_from(["a", "b", "..", ".", "", "C:", "日", "\0", "x\\y"])


@given(st.lists(st.lists(parts, min_size=1, max_size=4).map("/".join), max_size=8))
@settings(deadline=None)
def test_what_is_taken_stays_inside_and_apart(given_names: list[str]) -> None:
    """Whatever is given, the names that are taken make one tree below a folder."""
    names, taken = Names(), []
    for number, name in enumerate(given_names, 1):
        try:
            names.add(number, name)
        except EntryError:
            continue
        taken.append(name)
    files = [name for name in taken if not name.endswith("/")]
    assert len(set(taken)) == len(taken)
    for name in taken:
        assert not name.startswith("/")
        assert not {"", ".", "..", "C:"} & {*name.removesuffix("/").split("/")[:1]}
        assert ".." not in name.split("/")
        assert "\0" not in name
        assert "\\" not in name
        assert not any(name.startswith(f"{file}/") for file in files)
