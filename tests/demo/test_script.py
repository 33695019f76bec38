"""Tests of ``scripts/demo``, with Pythons that only pretend to install."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from terminals import run_on_terminal

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(
    not shutil.which("bash"), reason="bash is not installed"
)

#: All that is to be found beside a Python.
TOOLS = [
    "bash",
    "basename",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "dirname",
    "env",
    "mkdir",
    "sh",
]
#: Writes down what it is asked to do, and makes what the real one would make.
PYTHON = """\
#!/usr/bin/env bash
echo "$(basename "$0") $*" >> "{log}"
case "$1 ${{2-}} ${{3-}}" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    "-m pip install")
        echo "collecting"
        printf '#!/bin/sh\\necho ran "$@"\\n' > "$(dirname "$0")/outpour"
        chmod +x "$(dirname "$0")/outpour" ;;
    "-c "*) exit {fits} ;;
esac
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a folder that is to the script what a clone is."""
    clone = tmp_path / "a clone"
    (clone / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "demo", clone / "scripts")
    shutil.copy(ROOT / "pyproject.toml", clone)
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    return clone


def add_python(clone: Path, name: str, *, fits: bool = True) -> None:
    """Put a Python, which fits or not, into a folder of the search path."""
    path = clone.parent / name
    log = clone.parent / "log.txt"
    path.write_text(PYTHON.format(log=log, fits=0 if fits else 127))
    path.chmod(0o755)


def start(
    clone: Path, *arguments: str, terminal: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run the script from elsewhere, as a user may, on a terminal or not."""
    tools = clone.parent / "tools"
    if not tools.exists():
        tools.mkdir()
        for tool in TOOLS:
            (tools / tool).symlink_to(shutil.which(tool) or tool)
    folders = [str(clone.parent / name) for name in ("first", "second", "tools")]
    command = [clone / "scripts" / "demo", *arguments]
    how: Any = {"cwd": clone.parent, "env": {"PATH": os.pathsep.join(folders)}}
    if terminal:
        return run_on_terminal(command, **how)
    return subprocess.run(command, **how, capture_output=True, text=True, timeout=60)


def done_by(clone: Path) -> list[str]:
    """Return what the Pythons were asked to do, but for what they are."""
    lines = (clone.parent / "log.txt").read_text().splitlines()
    return [line for line in lines if " -m " in line and "--version" not in line]


def test_a_fresh_clone_is_set_up_and_run(clone: Path) -> None:
    """One command makes the environment, installs the demo, and runs it."""
    add_python(clone, "first/python3")
    result = start(clone, "--port", "0", "my file.db")
    venv = clone / ".venv"
    assert result.stdout == "ran demo --port 0 my file.db\n", result.stderr
    assert done_by(clone) == [
        f"python3 -m venv {venv}",
        "python -m pip install --quiet --disable-pip-version-check"
        f" --editable {clone}[demo]",
    ]
    assert "Making" in result.stderr
    assert "Installing" in result.stderr


def test_pip_shows_on_a_terminal_how_far_it_is(clone: Path) -> None:
    """Where somebody watches, pip is not quiet, and the output is still the demo's."""
    add_python(clone, "first/python3")
    result = start(clone, terminal=True)
    assert result.stdout == "ran demo\n"
    assert "collecting" in result.stderr
    assert done_by(clone)[-1] == (
        f"python -m pip install --disable-pip-version-check --editable {clone}[demo]"
    )


def test_a_second_run_installs_nothing(clone: Path) -> None:
    """What is installed is not installed again, and nothing is said of it."""
    add_python(clone, "first/python3")
    start(clone)
    before = done_by(clone)
    result = start(clone)
    assert result.stdout == "ran demo\n"
    assert result.stderr == ""
    assert done_by(clone) == before


def test_changed_requirements_are_installed(clone: Path) -> None:
    """After an update of the clone its new requirements are installed."""
    add_python(clone, "first/python3")
    start(clone)
    with (clone / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    before = done_by(clone)
    assert start(clone).stdout == "ran demo\n"
    assert len(done_by(clone)) == len(before) + 1


def test_a_moved_clone_is_installed_again(clone: Path) -> None:
    """A clone that has moved, whose environment points elsewhere, is mended."""
    add_python(clone, "first/python3")
    start(clone)
    moved = clone.rename(clone.parent / "moved")
    assert start(moved).stdout == "ran demo\n"
    assert done_by(moved)[-1].endswith(f"--editable {moved}[demo]")


def test_a_python_that_does_not_work_is_passed_over(clone: Path) -> None:
    """A version manager's shim without its Python does not hide the one behind it."""
    add_python(clone, "first/python3.13", fits=False)
    add_python(clone, "first/python3.11", fits=False)
    add_python(clone, "second/python3.11")
    result = start(clone)
    assert result.stdout == "ran demo\n"
    assert f"({clone.parent}/second/python3.11)" in result.stderr


def test_no_python_is_said(clone: Path) -> None:
    """Where no Python fits, it says what to install, and makes nothing."""
    add_python(clone, "first/python3", fits=False)
    result = start(clone)
    assert result.returncode != 0
    assert result.stdout == ""
    assert "No Python 3.11 or later" in result.stderr
    assert "apt install python3 python3-venv" in result.stderr
    assert not (clone / ".venv").exists()


def test_the_script_is_sound_bash() -> None:
    """The script can be started as it is in the repository."""
    script = ROOT / "scripts" / "demo"
    assert os.access(script, os.X_OK) or sys.platform == "win32"
    assert subprocess.run(["bash", "-n", script], timeout=30).returncode == 0
