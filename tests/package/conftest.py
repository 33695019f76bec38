"""The files of a release, and environments that they are installed into."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from conftest import lack

ROOT = Path(__file__).parents[2]
PYTHONS = ("3.11", "3.12", "3.13")


@dataclass(frozen=True, slots=True)
class Release:
    """The files that would be uploaded."""

    wheel: Path
    sdist: Path


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment that something was installed into, and nothing else."""

    directory: Path

    @property
    def bin(self) -> Path:
        """Where its programs are."""
        return self.directory / "bin"

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.bin / "python")

    @property
    def pip(self) -> list[str]:
        """The command of this Python's pip, for it."""
        return [sys.executable, "-m", "pip", "--python", self.python]

    def run(self, *command: str) -> str:
        """Run one of its programs in its folder, and return what that prints.

        What Python takes from variables does not reach it.
        """
        program, *arguments = command
        return run(
            [str(self.bin / program), *arguments],
            cwd=self.directory,
            env={"HOME": str(self.directory), "PATH": str(self.bin)},
        )

    def run_script(self, path: Path, *arguments: str) -> str:
        """Run a script, of which only what is installed can be imported."""
        options = ("-I", "-X", "dev", "-W", "error")
        return self.run("python", *options, str(path), *arguments)


def run(command: list[str], **options: object) -> str:
    """Run a program that is to succeed, and return what it prints."""
    done = subprocess.run(command, capture_output=True, text=True, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return str(done.stdout)


@pytest.fixture(scope="session")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    """Build the files as a release does: the wheel from the source distribution."""
    for module, name in (("build", "build"), ("flit_core", "flit-core")):
        if find_spec(module) is None:
            lack(name, "pip install --group tests")
    directory = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir"]
    run([*command, str(directory), str(ROOT)])
    (wheel,), (sdist,) = directory.glob("*.whl"), directory.glob("*.tar.gz")
    return Release(wheel, sdist)


@pytest.fixture
def install(release: Release, tmp_path: Path) -> Callable[[str, str], Installed]:
    """Return a function that installs something with a Python, into an environment.

    ``install("/usr/bin/python3", f"{release.wheel}[fast]")``
    """
    return lambda python, what: installed(python, what, tmp_path / "environment")


def installed(python: str, what: str, directory: Path) -> Installed:
    """Make an environment, and install something into it."""
    run([python, "-m", "venv", "--without-pip", str(directory)])
    environment = Installed(directory)
    # Compiled or not makes no difference, but takes as long as all the rest.
    command = [*environment.pip, "install", "--quiet", "--no-compile", what]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode and "No matching distribution" in done.stderr:
        lack("Flask", "pip reaches no index to install it from")
    assert done.returncode == 0, done.stderr
    return environment


@cache
def find_python(version: str) -> str | None:
    """Return an interpreter of a version such as ``"3.12"``, if there is one."""
    return next((each for each in _candidates(version) if _is(each, version)), None)


def _candidates(version: str) -> list[str]:
    # A name may be one of pyenv's, which does not run.
    names = [getattr(sys, "_base_executable", sys.executable), f"python{version}"]
    try:
        root = Path(run(["pyenv", "root"]).strip())
    except FileNotFoundError:
        return names
    return [*names, *map(str, root.glob(f"versions/{version}.*/bin/python"))]


def _is(python: str, version: str) -> bool:
    code = "import sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True)
    except FileNotFoundError:
        return False
    return done.stdout.strip() == version
