"""Tests that the files of a release work in an environment with nothing else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import find_python
from .conftest import Installed
from .conftest import PYTHONS
from .conftest import Release
from .conftest import run

SMOKE = Path(__file__).with_name("smoke.py")

pytestmark = pytest.mark.timeout(600)


def python_of(version: str) -> str:
    """Return an interpreter, or skip the test where there is none."""
    python = find_python(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed")
    return python


@pytest.mark.parametrize("version", PYTHONS)
def test_the_wheel_works_on_each_python(
    version: str, release: Release, install: Callable[[str, str], Installed]
) -> None:
    """Installed with Flask alone, it streams each kind of content, with no warning."""
    environment = install(python_of(version), str(release.wheel))
    assert run([*environment.pip, "check"]) == "No broken requirements found.\n"
    number = release.wheel.name.split("-")[1]
    assert environment.run_script(SMOKE).strip() == number
    assert environment.run("outpour", "--version") == f"outpour, version {number}\n"
    assert "doctor" in environment.run("flask", "outpour", "--help")


def test_the_source_distribution_installs(
    release: Release, install: Callable[[str, str], Installed]
) -> None:
    """pip builds what it installs from, with what the file says that it needs."""
    version = "{}.{}".format(*sys.version_info)
    environment = install(python_of(version), str(release.sdist))
    environment.run_script(SMOKE)
