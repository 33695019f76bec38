"""Tests of what the kit offers, and of what it does not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from flask_outpour import testing

NAMES = [
    "Chunk",
    "Memory",
    "Server",
    "ServerError",
    "Source",
    "StreamedResponse",
    "assert_closed",
    "assert_flat_memory",
    "assert_streams",
    "detect_leaks",
    "open_stream",
    "serve",
]


def loaded(module: str) -> set[str]:
    """Return the modules that an import loads, in a Python of its own."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_the_names_are_pinned() -> None:
    """The kit offers these names, each with a docstring."""
    assert testing.__all__ == NAMES
    assert all(getattr(testing, name).__doc__ for name in NAMES)


def test_the_package_does_not_load_the_kit() -> None:
    """``import flask_outpour`` loads nothing of it."""
    assert not [name for name in loaded("flask_outpour") if "testing" in name]


def test_the_kit_loads_no_test_framework_and_no_server() -> None:
    """Its names are imported without pytest, waitress and gunicorn."""
    roots = {name.partition(".")[0] for name in loaded("flask_outpour.testing")}
    assert not roots & {"pytest", "_pytest", "waitress", "gunicorn", "brotli"}


def test_only_the_plugin_imports_pytest() -> None:
    """No other file of the kit knows of pytest."""
    users = []
    for path in sorted(Path(testing.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", ())]
            if "pytest" in [*names, getattr(node, "module", None)]:
                users.append(path.stem)
    assert users == ["pytest_plugin"]
