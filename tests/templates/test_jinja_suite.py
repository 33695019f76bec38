"""Jinja's own tests, rendered by the driver of streamed pages, end as by Jinja."""

from __future__ import annotations

import importlib.metadata
import json
import os
import subprocess
import sys
import tarfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conftest import lack

FOLDER = Path(__file__).parent

#: Modules of asynchronous templates alone, which need trio to be imported.
ASYNCHRONOUS = ("test_async.py", "test_async_filters.py")


@dataclass(frozen=True, slots=True)
class Told:
    """What a run of Jinja's tests told."""

    #: How each test ended, by its name.
    outcomes: dict[str, str]
    #: How many templates the driver rendered.
    renders: int

    @property
    def failed(self) -> set[str]:
        """The tests that did not pass."""
        return {test for test, end in self.outcomes.items() if end != "passed"}


def fetched_source(folder: Path) -> Path | None:
    """Return the source package of the installed Jinja, fetched once to a folder."""
    archive = f"[jJ]inja2-{importlib.metadata.version('jinja2')}.tar.gz"
    found = [*folder.glob(archive)]
    if not found:
        subprocess.run(
            [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--no-binary", ":all:", "--dest", str(folder)),
                f"jinja2=={importlib.metadata.version('jinja2')}",
            ],
            capture_output=True,
            timeout=100,
            check=False,
        )
        found = [*folder.glob(archive)]
    return found[0] if found else None


@pytest.fixture(scope="module")
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of Jinja's source package, with its tests."""
    cache = getattr(request.config, "cache", None)
    folder = cache.mkdir("jinja_suite") if cache else tmp_path_factory.mktemp("sdist")
    archive = fetched_source(folder)
    if archive is None:
        lack("Jinja's source package", "pip download --no-binary :all: jinja2")
        raise AssertionError
    target = tmp_path_factory.mktemp("jinja")
    with tarfile.open(archive) as package:
        package.extractall(target, filter="data")
    (root,) = target.iterdir()
    return root


@pytest.fixture(scope="module")
def run_suite(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Told]:
    """Return a function that runs Jinja's tests with a rendering of the plugin."""

    def run(rendering: str) -> Told:
        told = tmp_path_factory.mktemp("told") / "told.json"
        result = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "tests", "--quiet", "--tb=short"),
                *("-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="),
                # Jinja's settings make errors of warnings that newer versions of
                # Python give.
                *(
                    "-o",
                    "filterwarnings=",
                    *(f"--ignore=tests/{name}" for name in ASYNCHRONOUS),
                ),
                *("-p", "jinja_suite_plugin", f"--rendering={rendering}"),
                f"--told={told}",
            ],
            cwd=source,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
                "PYTHONPATH": str(FOLDER),
            },
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        print(result.stdout[-20_000:], result.stderr[-2_000:])
        return Told(**json.loads(told.read_text()))

    return run


@pytest.fixture(scope="module")
def by_jinja(run_suite: Callable[[str], Told]) -> Told:
    """Return what the tests tell when Jinja renders by itself."""
    return run_suite("jinja")


@pytest.mark.timeout(400)
def test_driver_renders_what_jinja_renders(
    run_suite: Callable[[str], Told], by_jinja: Told
) -> None:
    """Each template of Jinja's tests has the same text when it is streamed."""
    told = run_suite("driver")
    assert told.failed == by_jinja.failed
    assert told.outcomes.keys() == by_jinja.outcomes.keys()
    assert Counter(told.outcomes.values())["passed"] >= 700
    assert told.renders >= 600
