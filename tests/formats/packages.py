"""The name of a package enters; a folder in which it is installed apart leaves."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from conftest import lack


def installed_apart(
    package: str, config: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a folder for ``PYTHONPATH`` with a package and what it needs.

    For one that wants other versions than the tests, or changes what pytest does. It is
    installed once, where pytest has a cache.
    """
    cache = getattr(config, "cache", None)
    # Wheels differ from one version of Python to another.
    name = f"{package}-{sys.version_info.major}.{sys.version_info.minor}"
    folder = Path(cache.mkdir(name) if cache else tmp_path_factory.mktemp(name))
    done = folder / "installed"
    if not done.exists():
        # Apart until it is whole: others may install it at the same time.
        target = Path(tempfile.mkdtemp(dir=folder))
        command = [
            *(sys.executable, "-m", "pip", "install", "--quiet"),
            *("--target", str(target), package),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=110)
            target.rename(done)
        except (subprocess.SubprocessError, OSError):
            shutil.rmtree(target)
    if not done.exists():
        lack(package, f"pip install --target FOLDER {package}")
    return done
