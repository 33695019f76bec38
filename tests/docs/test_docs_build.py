"""The documentation is built by Sphinx without a warning, and its links lead on."""

from __future__ import annotations

import re
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from urllib.parse import urljoin
from urllib.parse import urlsplit

import pytest
from fences import DOCS
from fences import PAGES

import flask_outpour
from built_docs import build_docs

#: What is written for the documentation: README is none of its pages.
WRITTEN = [page for page in PAGES if page.is_relative_to(DOCS)]


class Links(HTMLParser):
    """The text of a page enters; what it links or shows, and its anchors, leave."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors = {"", "top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name == "id":
                self.anchors.add(value)
            elif value and name in ("href", "src"):
                self.targets.add(value)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the pages as a browser gets them."""
    return build_docs(tmp_path_factory)[0]


def test_the_docs_build_without_a_warning(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """All pages and the docstrings of the reference are sound."""
    assert build_docs(tmp_path_factory)[1] == ""


def test_each_public_name_is_in_the_inventory(pages: Path) -> None:
    """Documentation of other projects can link each name, and finds one."""
    places_of = read_inventory(pages / "objects.inv")
    assert places_of["flask_outpour.body"] == "reference/body.html"
    for name in flask_outpour.__all__:
        (full_name,) = (each for each in places_of if each.endswith(f".{name}"))
        assert full_name == f"flask_outpour.{name}"


def read_inventory(path: Path) -> dict[str, str]:
    """Return the names that the reference documents, each with its page."""
    _, _, packed = path.read_bytes().partition(b"zlib.\n")
    # One that is found by another name, too, has a priority below 0 there.
    lines = r"^(\S+) py:\S+ [01] ([^#\s]+)"
    return dict(re.findall(lines, zlib.decompress(packed).decode(), re.M))


def test_each_link_and_image_is_there(pages: Path) -> None:
    """Nothing that a page links or shows is missing, nor the part that it names."""
    found = {page.as_uri(): Links(page.read_text()) for page in pages.rglob("*.html")}
    assert len(found) > 70
    wrong = []
    for page, links in found.items():
        for target in links.targets:
            address, _, anchor = urljoin(page, target).partition("#")
            if urlsplit(address).scheme != "file":
                continue
            if address in found:
                there = unquote(anchor) in found[address].anchors
            else:
                there = Path(unquote(urlsplit(address).path)).is_file()
            if not there:
                wrong.append(f"{page.rpartition('/')[2]}: {target}")
    assert wrong == []


def test_each_page_says_what_it_is(pages: Path) -> None:
    """A page has a title of its own, and what is written a description, too."""
    titles = set()
    for source in WRITTEN:
        text = (pages / source.relative_to(DOCS)).with_suffix(".html").read_text()
        head = text.partition("</head>")[0]
        titles.update(re.findall(r"<title>(.*?)</title>", head))
        assert head.count('<meta name="description" content="') == 1
    assert len(titles) == len(WRITTEN)


def test_the_russian_page_says_so(pages: Path) -> None:
    """A voice that reads the page aloud knows its language, and that of others."""
    for page, language in (("quickstart.ru", "ru"), ("quickstart", "en")):
        text = (pages / f"{page}.html").read_text()
        assert re.findall(r'<html[^>]* lang="(\w+)"', text) == [language]
