"""The documentation is built by Sphinx without a warning."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from fences import ROOT

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
    assert "stream_with_context" in (tmp_path / "html" / "reference.html").read_text()
