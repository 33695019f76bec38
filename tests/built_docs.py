"""The documentation's sources enter; its pages leave, built once for all tests."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from conftest import lack

SOURCES = Path(__file__).parents[1] / "docs"


def build_docs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the folder of the pages, and what Sphinx complained of.

    Of the processes that run the tests the first builds them, and others wait.
    """
    if not (find_spec("sphinx") and find_spec("furo") and find_spec("myst_parser")):
        lack("Sphinx", "pip install --group docs")
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    pages, complaints = shared / "docs", shared / "docs.txt"
    with (shared / "docs.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not complaints.exists():
            complaints.write_text(_run_sphinx(pages))
    return pages, complaints.read_text()


def _run_sphinx(pages: Path) -> str:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-E"]
    done = subprocess.run([*command, SOURCES, pages], capture_output=True, text=True)
    return done.stderr or ("it failed" if done.returncode else "")
