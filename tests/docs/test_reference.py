"""The reference has a page for each module, and each public name in one place."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest
from fences import ROOT

import flask_outpour
from flask_outpour import archives
from flask_outpour import formats
from flask_outpour import testing

FOLDER = ROOT / "docs" / "reference"
INDEX = (FOLDER / "index.md").read_text()
PAGES = sorted({*FOLDER.glob("*.md")} - {FOLDER / "index.md"})
#: What applications import, by the module that they import it from.
PUBLIC = {
    "flask_outpour": flask_outpour.__all__,
    "flask_outpour.archives": ["EntryError"],
    "flask_outpour.formats": ["Arrow", "HTMLTable", "JSONSequence", "Parquet", "TSV"],
    "flask_outpour.testing": testing.__all__,
}


def documented_on(page: Path) -> list[str]:
    """Return the names that a page documents one by one, with their modules."""
    module, names = "", []
    for kind, name in re.findall(r"^\.\. (\w+):: ([\w.]+)", page.read_text(), re.M):
        if kind in ("automodule", "currentmodule"):
            module = name
        elif kind != "modules":
            names.append(name if name.startswith("flask_") else f"{module}.{name}")
    return names


def contents_of(part: str) -> set[str]:
    """Return the pages of modules that a part of the index has in its contents."""
    found = re.findall(r"```{toctree}\n(?::[^\n]*\n)*\n(.*?)```", part, re.S)
    return {page for each in found for page in each.split() if "/" not in page}


#: The pages before and under the heading of what applications do not import.
OUTSIDE, INSIDE = map(contents_of, INDEX.split("\n## Inside\n"))


def test_each_module_has_a_page() -> None:
    """The pages are those of the package's modules, and each is in the contents."""
    folder = ROOT / "src" / "flask_outpour"
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    modules |= {path.parent.name for path in folder.glob("*/__init__.py")}
    assert {page.stem for page in PAGES} == modules
    assert modules == OUTSIDE | INSIDE
    assert not OUTSIDE & INSIDE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_each_page_is_made_from_its_module(page: Path) -> None:
    """A page begins with what its module says of itself."""
    module = f"flask_outpour.{page.stem}"
    (first, *_) = re.findall(r"^\.\. automodule:: (.*)$", page.read_text(), re.M)
    assert first == module


def test_each_public_name_is_documented_once() -> None:
    """Whoever looks a name up finds it, under the name by which it is imported."""
    counts = Counter(name for page in PAGES for name in documented_on(page))
    public = {f"{module}.{name}" for module in PUBLIC for name in PUBLIC[module]}
    assert {name for name in public if counts[name] != 1} == set()
    assert max(counts.values()) == 1


@pytest.mark.parametrize("package", [formats, archives])
def test_no_public_name_of_a_package_is_forgotten(package: ModuleType) -> None:
    """What a package offers is public, or one of the few names for its own use."""
    public = {*flask_outpour.__all__, *PUBLIC[package.__name__]}
    own = {"BUILT_IN", "Formats", "ZipStream", "require_format"}
    assert {*package.__all__} - own == {*package.__all__} & public


def test_the_table_of_the_names_is_whole() -> None:
    """The index has each name of the package in the row of a page that documents it."""
    rows = re.findall(r"^\| \[\w+\]\((\w+\.md)\) \| (.*) \|$", INDEX, re.M)
    shown = {
        name: page
        for page, names in rows
        for name in re.findall(r"`~(flask_outpour\.\w+)`", names)
    }
    assert {*shown} == {f"flask_outpour.{name}" for name in flask_outpour.__all__}
    for name, page in shown.items():
        assert name in documented_on(FOLDER / page)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_is_inside_says_so(page: Path) -> None:
    """What applications do not import is marked: the page, or a part of it."""
    text = page.read_text()
    warned = re.findall(r"Applications do not import .*may change without notice", text)
    assert bool(warned) == (page.stem in INSIDE or "## Inside" in text)


@pytest.mark.parametrize("module", [flask_outpour, archives, formats, testing])
def test_each_public_name_has_a_docstring(module: ModuleType) -> None:
    """The reference has something to say of each name."""
    names = PUBLIC[module.__name__]
    texts = {name: getattr(module, name).__doc__ or "" for name in names}
    assert [name for name, text in texts.items() if not text.strip()] == []
