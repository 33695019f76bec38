"""The page of packages names each that has tests here, and no other."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "works-with.md"
TESTED = {file.name for file in HERE.glob("test_*.py")} - {Path(__file__).name}


def sections() -> dict[str, str]:
    """Return the text of each section by its title."""
    _, *parts = re.split(r"^## (.+)$", PAGE.read_text(), flags=re.M)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_each_package_has_its_section_and_its_tests() -> None:
    """A section's title is the name of a file of tests, which it names."""
    files = {
        title: f"test_{title.lower().replace('-', '_')}.py" for title in sections()
    }
    assert sorted(files.values()) == sorted(TESTED)
    for title, text in sections().items():
        assert f"`tests/works_with/{files[title]}`" in text


def test_each_package_is_in_the_table() -> None:
    """The table at the top leads to each section."""
    top = PAGE.read_text().partition("\n## ")[0]
    rows = re.findall(r"^\| \[([^]]+)\]\(#([\w-]+)\) \|", top, flags=re.M)
    assert [title for title, _ in rows] == [*sections()]
    assert all(anchor == title.lower() for title, anchor in rows)


def test_tests_that_the_page_names_are_there() -> None:
    """No file that it sends a reader to is gone."""
    named = re.findall(r"`(tests/[\w/]+\.py)`", PAGE.read_text())
    assert [path for path in named if not (HERE.parents[1] / path).exists()] == []
