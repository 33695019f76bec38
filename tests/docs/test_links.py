"""On GitHub, too, each link from README and docs leads to a heading that is there."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from fences import name_of
from fences import PAGES
from fences import ROOT

_FENCE = re.compile(r"^```.*?^```$", re.M | re.S)
#: ``[text](page.md#anchor)``, and ``[name]: page.md#anchor`` at the end of a page.
_LINK = re.compile(r"(?:\]\(|^\[[^\]\n]+\]: )([^()\s:]*)#([^()\s]+)", re.M)


def read(page: Path) -> str:
    """Return the text of a page without its examples."""
    return _FENCE.sub("", page.read_text())


@cache
def anchors_of(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    anchors: dict[str, int] = {}
    for heading in re.findall(r"^#+ (.*?) *$", read(page), re.M):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        anchor = re.sub(r"[^\w\- ]", "", text).replace(" ", "-")
        anchors[anchor] = anchors.get(anchor, -1) + 1
        if anchors[anchor]:
            anchors[f"{anchor}-{anchors[anchor]}"] = 0
    return {*anchors}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md"], ids=name_of)
def test_each_heading_that_a_page_links_exists(page: Path) -> None:
    """Whoever follows a link to a part of a page arrives there."""
    links = [
        (page.parent / name if name else page, anchor)
        for name, anchor in _LINK.findall(read(page))
    ]
    assert [
        f"{target.name}#{anchor}"
        for target, anchor in links
        if target.suffix == ".md" and anchor not in anchors_of(target)
    ] == []


def test_links_to_headings_are_found() -> None:
    """The search above sees what it looks for."""
    assert sum(len(_LINK.findall(read(page))) for page in PAGES) > 100
    assert "extras" in anchors_of(ROOT / "docs" / "quickstart.md")
