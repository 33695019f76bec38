"""Tests of the names that tables have as files of an archive."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from flask_outpour.archives.names import Names
from flask_outpour.demo.file_names import FileNames

from .conftest import NAMES


def files_of(*names: str) -> list[str]:
    """Return the names of files for those of tables."""
    taken = FileNames()
    return [taken.add(name) for name in names]


def test_a_plain_name_stays() -> None:
    """A table that has a sound name is found under it."""
    assert files_of("orders", "two words", "жар 🌻") == [
        *("orders.csv", "two words.csv", "жар 🌻.csv")
    ]


def test_signs_of_paths_are_mended() -> None:
    """No name leads elsewhere, to a drive or to a hidden file."""
    assert files_of("../x", "a/b", r"c\d", "C:e", ".f", "..", "") == [
        *("_x.csv", "a_b.csv", "c_d.csv", "C_e.csv"),
        *("f.csv", "download.csv", "download (2).csv"),
    ]


def test_names_that_are_one_to_a_file_system_are_numbered() -> None:
    """Case, or how an accent is written, does not keep two files apart."""
    assert files_of("T", "t", "T (2)", "t") == [
        *("T.csv", "t (2).csv", "T (2) (2).csv", "t (3).csv")
    ]
    apart = unicodedata.normalize("NFD", "É")
    assert files_of("é", apart)[1].endswith(" (2).csv")


@given(st.lists(st.text() | st.sampled_from([*NAMES, "CON", "x" * 300, "я" * 300])))
def test_any_names_go_into_an_archive(names: list[str]) -> None:
    """Whatever the tables are called, each has a file, short enough for a disk."""
    archive, seen = Names(), set()
    for number, file in enumerate(files_of(*names), 1):
        archive.add(number, file)
        seen.add(file.casefold())
        assert len(file.encode()) <= 255
        assert "/" not in file
    assert len(seen) == len(names)
