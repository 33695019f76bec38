"""The name of a project enters; the folder of its unpacked source package leaves."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from conftest import lack


def unpacked_source(
    project: str, config: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the unpacked source package of an installed project.

    :param project: as the names of its archives begin.
    """
    cache = getattr(config, "cache", None)
    folder = cache.mkdir(f"{project}_suite") if cache else None
    archive = _fetched(project, folder or tmp_path_factory.mktemp("sdist"))
    if archive is None:
        lack(
            f"The source package of {project}",
            f"pip download --no-binary :all: {project}",
        )
        raise AssertionError
    target = tmp_path_factory.mktemp(project)
    with tarfile.open(archive) as package:
        package.extractall(target, filter="data")
    (root,) = target.iterdir()
    return root


def _fetched(project: str, folder: Path) -> Path | None:
    """Return the source package, fetched once to a folder."""
    version = importlib.metadata.version(project)
    first = project[0]
    archive = f"[{first}{first.upper()}]{project[1:]}-{version}.tar.gz"
    found = [*folder.glob(archive)]
    if not found:
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--no-binary", ":all:", "--dest", str(folder)),
                f"{project}=={version}",
            ],
            capture_output=True,
            timeout=100,
            check=False,
        )
        found = [*folder.glob(archive)]
    return found[0] if found else None
