"""What README and docs say of names, keys, files and tests is so."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fences import PageRun
from fences import PAGES
from fences import ROOT

import flask_outpour
from flask_outpour.configuration import DEFAULTS

DOCS = ROOT / "docs"


def read(page: str) -> str:
    return (ROOT / page).read_text()


def test_the_tests_that_the_docs_name_exist() -> None:
    """A test that a page names as its proof is there."""
    sources = "".join(path.read_text() for path in ROOT.glob("tests/**/test_*.py"))
    defined = set(re.findall(r"^def (test_\w+)\(", sources, re.M))
    texts = "".join(page.read_text() for page in PAGES)
    named = set(re.findall(r"`(?:[\w/.]+::)?(test_\w+)`", texts))
    assert len(named) >= 10
    assert named <= defined


def test_the_reference_has_every_public_name() -> None:
    """Every public name is documented in the reference."""
    documented = re.findall(r"^\.\. auto\w+:: (\w+)", read("docs/reference.md"), re.M)
    assert sorted(documented) == sorted(flask_outpour.__all__)


def test_each_public_name_has_a_docstring() -> None:
    """The reference has something to say of each name."""
    undocumented = [
        name
        for name in flask_outpour.__all__
        if not (getattr(flask_outpour, name).__doc__ or "").strip()
    ]
    assert undocumented == []


def test_the_map_of_the_modules_is_whole() -> None:
    """The page of how it works says of each module what enters and what leaves."""
    rows = re.findall(r"^\| (`.*?) \|.*\|.*\|$", read("docs/how-it-works.md"), re.M)
    modules = {path.stem for path in ROOT.glob("src/flask_outpour/*.py")}
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == modules - {"__init__", "cli"}


def test_the_configuration_page_has_every_key_and_its_default() -> None:
    """Every setting is documented with the default that it has."""
    text = read("docs/configuration.md")
    entries = re.findall(r"^`(OUTPOUR_\w+)`\n: (.*?)(?=^`|^\S*$)", text, re.M | re.S)
    defaults = {
        key: re.search(r"Default:\s+`(.*?)`", entry)[1]  # type: ignore[index]
        for key, entry in entries
    }
    assert defaults == {key: repr(value) for key, value in DEFAULTS.items()}


def test_the_errors_page_has_every_exception() -> None:
    """Every exception is documented with its cause and its cure."""
    entries = re.findall(r"^`(\w+)`\n: (.*?)^$", read("docs/errors.md"), re.M | re.S)
    names = {
        name
        for name in flask_outpour.__all__
        if isinstance(value := getattr(flask_outpour, name), type)
        and issubclass(value, Exception)
    }
    assert {name for name, _ in entries} == names - {"OutpourError"}
    assert all("**Cause:**" in text and "**Cure:**" in text for _, text in entries)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_files_that_a_page_links_exist(page: Path) -> None:
    """No link to a file of the repository leads nowhere."""
    text = page.read_text()
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[\w-]+)?\)", text)
    links += re.findall(r"^\[[^\]]+\]: ([^:\s]+)$", text, re.M)
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_the_benchmarks_that_the_readme_names_exist() -> None:
    """A number in the README names the file that measures it."""
    named = re.findall(r"benchmarks/\w+\.py", read("README.md"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_readme_shows_the_line_that_its_stream_logs(
    tmp_path: Path, serve: Callable[[Any], str], caplog: pytest.LogCaptureFixture
) -> None:
    """The log line in the README is the one that its example leaves."""
    caplog.set_level(logging.INFO, "flask_outpour")
    PageRun(ROOT / "README.md", tmp_path, serve, "readme").run()
    sys.modules.pop("readme")
    shown = re.search(r"^stream complete: .*(?= in [\d.]+ s$)", read("README.md"), re.M)
    assert shown
    logged = [record.getMessage() for record in caplog.records]
    assert [line for line in logged if line.startswith(f"{shown[0]} in ")]
