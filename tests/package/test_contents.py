"""Tests of what is in the files of a release, and of what they say of themselves."""

from __future__ import annotations

import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.metadata import Metadata
from packaging.version import Version

from .conftest import Release
from .conftest import ROOT

SOURCE = ROOT / "src"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture
def in_wheel(release: Release) -> dict[str, bytes]:
    """Return the files of the wheel."""
    with zipfile.ZipFile(release.wheel) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


@pytest.fixture
def in_sdist(release: Release) -> set[str]:
    """Return the names of the files of the source distribution."""
    with tarfile.open(release.sdist) as sdist:
        return {name.partition("/")[2] for name in sdist.getnames()}


@pytest.fixture
def metadata(in_wheel: dict[str, bytes]) -> Metadata:
    """Return what the wheel says of itself, checked as PyPI does."""
    return Metadata.from_email(in_wheel[f"{dist_info(in_wheel)}/METADATA"])


def dist_info(names: dict[str, bytes]) -> str:
    """Return the name of the one folder beside the package."""
    (folder,) = {name.partition("/")[0] for name in names} - {"flask_outpour"}
    return folder


def sources(*suffixes: str) -> set[str]:
    """Return the files of the package, by the ends of their names."""
    return {
        str(path.relative_to(SOURCE))
        for path in (SOURCE / "flask_outpour").rglob("*")
        if path.is_file() and path.suffix in suffixes
    }


def test_the_wheel_has_the_package_and_nothing_else(
    in_wheel: dict[str, bytes],
) -> None:
    """All modules, templates, static files and the mark of types are there."""
    own = sources(".py", ".typed", ".html", ".css", ".js", ".svg")
    assert {"flask_outpour/__init__.py", "flask_outpour/py.typed"} <= own
    assert {Path(name).parts[2] for name in own if "/demo/" in name} >= {
        "static",
        "templates",
    }
    described = ("METADATA", "RECORD", "WHEEL", "entry_points.txt")
    about = {*described, "licenses/LICENSE.txt"}
    expected = own | {f"{dist_info(in_wheel)}/{name}" for name in about}
    assert set(in_wheel) == expected
    licence = in_wheel[f"{dist_info(in_wheel)}/licenses/LICENSE.txt"]
    assert licence == (ROOT / "LICENSE.txt").read_bytes()


def test_the_source_distribution_has_what_the_tests_need(in_sdist: set[str]) -> None:
    """Who repackages it finds sources, tests and documentation, and nothing built."""
    top = ("README.md", "CHANGELOG.md", "LICENSE.txt", "pyproject.toml", "PKG-INFO")
    assert {*top, "tests/conftest.py", "docs/conf.py", "scripts/test"} <= in_sdist
    assert {f"src/{name}" for name in sources(".py")} <= in_sdist
    built = re.compile(r"__pycache__|\.pyc$|_build/|\.venv|\.hypothesis")
    assert [name for name in in_sdist if built.search(name)] == []


def test_the_wheel_says_what_it_is(metadata: Metadata) -> None:
    """Name, version, licence and readme are those of the project."""
    assert metadata.name == "Flask-Outpour"
    assert metadata.version == Version(PROJECT["version"])
    assert metadata.summary == PROJECT["description"]
    assert str(metadata.license_expression) == "BSD-3-Clause"
    assert metadata.license_files == ["LICENSE.txt"]
    assert metadata.description_content_type == "text/markdown"
    readme = (ROOT / "README.md").read_text()
    assert (metadata.description or "").strip() == readme.strip()


def test_the_wheel_says_what_it_needs(metadata: Metadata) -> None:
    """Flask is the one requirement without an extra, and each extra is declared."""
    assert str(metadata.requires_python) == ">=3.11"
    needed = [str(each) for each in metadata.requires_dist or [] if not each.marker]
    assert needed == ["flask>=3.1"]
    assert set(metadata.provides_extra or []) == set(PROJECT["optional-dependencies"])


def test_the_classifiers_name_the_tested_pythons(metadata: Metadata) -> None:
    """Each Python that ``scripts/test`` runs is named, and no other."""
    classifiers = metadata.classifiers or []
    python = re.compile(r"Programming Language :: Python :: (3\.\d+)")
    named = [found[1] for each in classifiers if (found := python.fullmatch(each))]
    (tested,) = re.findall('PYTHONS="(.*)"', (ROOT / "scripts/test").read_text())
    assert named == tested.split()
    assert {"Framework :: Flask", "Typing :: Typed"} <= set(classifiers)
    # The licence is an expression (PEP 639); PyPI refuses both.
    assert not [each for each in classifiers if each.startswith("License ::")]


def test_commands_are_declared(in_wheel: dict[str, bytes]) -> None:
    """``outpour`` is a program, and a command of ``flask``."""
    text = in_wheel[f"{dist_info(in_wheel)}/entry_points.txt"].decode()
    assert "[console_scripts]\noutpour=flask_outpour.cli:main" in text
    assert "[flask.commands]\noutpour=flask_outpour.doctor.command:group" in text
