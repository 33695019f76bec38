"""The drawing of the flow can be read by everyone, and says what its page says."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from fences import ROOT

SOURCE = (ROOT / "docs" / "flow.svg").read_text()
DRAWING = ET.fromstring(SOURCE)
SVG = "{http://www.w3.org/2000/svg}"
PAGE = (ROOT / "docs" / "how-it-works.md").read_text()


def text_of(element: ET.Element) -> str:
    return "".join(element.itertext()).strip()


def test_the_drawing_is_told_to_who_cannot_see_it() -> None:
    """A screen reader finds an image with a title and a description."""
    assert DRAWING.get("role") == "img"
    parts = {part.get("id"): text_of(part) for part in DRAWING if part.get("id")}
    named = (DRAWING.get("aria-labelledby") or "").split()
    assert len(named) == 2
    assert all(parts[name] for name in named)
    assert re.search(r"!\[[^\]]{40,}\]\(flow\.svg\)", PAGE)


def test_the_drawing_has_its_words_as_text() -> None:
    """The steps can be searched for, and the description has each of them."""
    names = [
        text_of(element).lower()
        for element in DRAWING.iter()
        if "name" in element.get("class", "").split()
    ]
    described = text_of(DRAWING.findall(f"{SVG}desc")[0]).lower()
    for name in names:
        for word in name.replace("→", " ").split():
            # "coalesce" is told as what it does.
            assert word in described or word in PAGE.lower(), word
    assert names[-3:] == ["complete", "failed", "disconnected"]


def test_the_drawing_is_large_enough_for_a_phone() -> None:
    """Scaled to a page 328 pixels wide, no letter is smaller than 11 pixels."""
    width = float((DRAWING.get("viewBox") or "").split()[2])
    sizes = [int(size) for size in re.findall(r"\b(\d+)px", SOURCE)]
    assert min(sizes) * 328 / width > 11


def test_the_drawing_is_for_light_and_dark() -> None:
    """Each colour of a text has another one in the dark, and a ground below it."""
    light, _, dark = SOURCE.partition("@media (prefers-color-scheme: dark)")
    for rule in ("text", r"\.name", r"\.paper", r"\.context", r"\.yours", r"\.ours"):
        assert re.search(rf"^{rule} {{", light, re.M)
        assert re.search(rf"^{rule} {{", dark, re.M)
    first = DRAWING.findall(f"{SVG}rect")[0]
    assert first.get("class") == "paper"
    assert DRAWING.get("viewBox") == f"0 0 {first.get('width')} {first.get('height')}"
