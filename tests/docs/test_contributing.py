"""The contributor's page names files and tests that are there."""

from __future__ import annotations

import re

from fences import ROOT

PAGE = (ROOT / "docs" / "contributing.md").read_text()


def test_each_file_that_it_names_exists() -> None:
    """Whoever follows a byte finds each file of its way, and each test to run."""
    named = set(re.findall(r"`([\w/]+\.py|[\w/]+/)(?:::\w+)?`", PAGE))
    named |= set(re.findall(r"(tests/[\w/]+\.py)", PAGE))
    folders = (ROOT, ROOT / "src" / "flask_outpour", ROOT / "src/flask_outpour/formats")
    assert len(named) >= 15
    there = {name for name in named for folder in folders if (folder / name).exists()}
    assert named - there == set()


def test_the_test_that_it_runs_exists() -> None:
    """The command that runs one test names one."""
    path, name = re.findall(r"(tests/[\w/]+\.py)::(\w+)", PAGE)[0]
    assert f"def {name}(" in (ROOT / path).read_text()
