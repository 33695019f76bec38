"""Tests that type checkers know the installed package, by its ``py.typed``."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import flask_outpour
from conftest import lack

from .conftest import find_python
from .conftest import Installed
from .conftest import installed
from .conftest import Release

HERE = Path(__file__).parent
TYPED = "typed_app.py"
MISTAKEN = "mistaken_app.py"

#: Where a type checker finds something: the name of a file, and a line.
Findings = set[tuple[str, int]]

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def environment(
    release: Release, tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """Return an environment with the wheel, and copies of the applications."""
    directory = tmp_path_factory.mktemp("typed")
    for name in (TYPED, MISTAKEN):
        shutil.copy(HERE / name, directory)
    python = find_python("{}.{}".format(*sys.version_info))
    assert python is not None
    return installed(python, str(release.wheel), directory / "environment")


def run_mypy(environment: Installed) -> Findings:
    """Return what mypy reports of the applications."""
    directory = environment.directory.parent
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", os.devnull]
    done = subprocess.run(
        [*command, "--python-executable", environment.python, TYPED, MISTAKEN],
        cwd=directory,
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found = re.findall(r"(?m)^(\S+?):(\d+): error:", done.stdout)
    return {(name, int(line)) for name, line in found}


def run_pyright(environment: Installed) -> Findings:
    """Return what pyright reports of the applications."""
    options = ("--pythonpath", environment.python)
    report = pyright(environment, *options, TYPED, MISTAKEN)
    return {
        (Path(found["file"]).name, found["range"]["start"]["line"] + 1)
        for found in report["generalDiagnostics"]
    }


def pyright(environment: Installed, *arguments: str) -> dict[str, Any]:
    """Run pyright on what an environment has, and return what it reports."""
    path = f"{environment.bin}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "pyright", "--outputjson", *arguments],
        cwd=environment.directory.parent,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def names_in(path: Path) -> Iterator[str]:
    """Yield what a file imports from the package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "flask_outpour":
            yield from (alias.name for alias in node.names)


def test_the_application_uses_every_public_name() -> None:
    """What the tests below say, they say of all that the package offers."""
    assert set(names_in(HERE / TYPED)) == set(flask_outpour.__all__)


@pytest.mark.parametrize("check", [run_mypy, run_pyright])
def test_a_type_checker_knows_the_installed_package(
    check: Callable[[Installed], Findings], environment: Installed
) -> None:
    """It finds nothing in an application of every public name, and each mistake."""
    name = check.__name__.removeprefix("run_")
    if find_spec(name) is None:
        lack(name, "pip install --group tests --group style")
    lines = enumerate((HERE / MISTAKEN).read_text().splitlines(), 1)
    mistakes = {(MISTAKEN, number) for number, line in lines if "# mistake" in line}
    assert mistakes
    assert check(environment) == mistakes


def test_public_names_have_types_that_are_not_guessed(environment: Installed) -> None:
    """pyright, which counts them, finds each public name fully annotated."""
    if find_spec("pyright") is None:
        lack("pyright", "pip install --group tests")
    report = pyright(environment, "--verifytypes", "flask_outpour", "--ignoreexternal")
    symbols = {
        each["name"].removeprefix("flask_outpour."): each["isTypeKnown"]
        for each in report["typeCompleteness"]["symbols"]
    }
    assert {name: symbols.get(name) for name in flask_outpour.__all__} == dict.fromkeys(
        flask_outpour.__all__, True
    )
