"""The docs say what differs on purpose, as the catalogue does."""

from __future__ import annotations

from pathlib import Path

from difference.better import Better
from difference.catalogue import ENTRIES
from difference.table import difference_section
from difference.table import HEADING
from difference.table import PAGE

ROOT = Path(__file__).parents[2]


def test_the_docs_have_the_table() -> None:
    """The last section of the page is what the catalogue makes of itself."""
    _, found, rest = (ROOT / PAGE).read_text().partition(HEADING)
    assert found + rest == difference_section()


def test_each_difference_has_a_view() -> None:
    """The docs claim no difference that no view of the catalogue shows."""
    assert {entry.better for entry in ENTRIES.values()} - {None} == {*Better}


def test_no_entry_differs_without_a_reason() -> None:
    """An entry that expects another answer says what is better about it."""
    assert [e.name for e in ENTRIES.values() if bool(e.ours) != bool(e.better)] == []


def test_the_catalogue_is_large() -> None:
    """Views may be added, and are not to be lost."""
    assert len(ENTRIES) >= 300
