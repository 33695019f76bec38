"""Tests of each extra, alone in an environment."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from .conftest import find_python
from .conftest import Installed
from .conftest import Release
from .conftest import ROOT

SCRIPTS = Path(__file__).with_name("extras")
EXTRAS = ("arrow", "compress", "demo", "fast", "locale", "sqlalchemy")
#: The Python of this run, without what is installed beside it.
PYTHON = find_python("{}.{}".format(*sys.version_info))

pytestmark = pytest.mark.timeout(600)


def test_each_extra_is_tested() -> None:
    """The tests below know all the extras, and one has all others."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert set(extras) == {*EXTRAS, "all"}
    assert extras["all"] == [f"Flask-Outpour[{','.join(EXTRAS)}]"]


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_alone_does_what_it_is_for(
    extra: str, release: Release, install: Callable[[str, str], Installed]
) -> None:
    """With one extra installed its part works, and the others name theirs."""
    assert PYTHON is not None
    environment = install(PYTHON, f"{release.wheel}[{extra}]")
    environment.run_script(SCRIPTS / f"{extra}.py")
    others = [name for name in EXTRAS if name != extra]
    environment.run_script(SCRIPTS / "without.py", *others)
