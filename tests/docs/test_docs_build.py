"""The documentation is built by Sphinx without a warning."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib
from importlib.util import find_spec
from pathlib import Path

from fences import ROOT

import flask_outpour
from conftest import lack


def test_the_docs_build_without_a_warning(tmp_path: Path) -> None:
    """All pages, their links and the docstrings of the reference are sound."""
    if not (find_spec("sphinx") and find_spec("furo") and find_spec("myst_parser")):
        lack("Sphinx", "pip install --group docs")
    places = [ROOT / "docs", tmp_path / "html"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E", *places],
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    places_of = read_inventory(tmp_path / "html" / "objects.inv")
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
