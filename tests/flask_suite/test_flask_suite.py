"""Flask's own tests, with Outpour in every application, end as they do without it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from sources import unpacked_source

PLUGIN = "outpour_everywhere"
FOLDER = Path(__file__).parent

#: Outcomes of the tests by name.
Outcomes = dict[str, str]


@pytest.fixture(scope="module")
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of Flask's source package, with its tests."""
    return unpacked_source("flask", request.config, tmp_path_factory)


@pytest.fixture(scope="module")
def run_suite(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[Outcomes, list[str]]]:
    """Return a function that runs Flask's tests.

    It gives their outcomes, and the modules that cannot be imported.
    """

    def run(tests: str, *options: str) -> tuple[Outcomes, list[str]]:
        report = tmp_path_factory.mktemp("report") / "report.xml"
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", tests, "--quiet", "--tb=no"),
                *("-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="),
                *("-p", "older_pytest"),
                # Flask's settings make errors of warnings that newer versions of
                # its own dependencies give.
                *("-o", "filterwarnings=", "--continue-on-collection-errors"),
                *(f"--junit-xml={report}", *options),
            ],
            cwd=source,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
                "PYTHONPATH": str(FOLDER),
            },
            capture_output=True,
            timeout=300,
            check=False,
        )
        return read_report(report)

    return run


def read_report(report: Path) -> tuple[Outcomes, list[str]]:
    """Return the outcomes that a JUnit file tells, and the modules with none."""
    outcomes: Outcomes = {}
    unimportable = []
    for case in ElementTree.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        outcome = next((child.tag for child in case), "passed")
        if outcome == "error" and not case.get("classname"):
            unimportable.append(str(case.get("name")))
        elif outcomes.get(name) in (None, "passed"):
            outcomes[name] = outcome
    return outcomes, unimportable


@pytest.mark.timeout(700)
def test_flasks_own_tests_pass_as_without_outpour(
    run_suite: Callable[..., tuple[Outcomes, list[str]]],
) -> None:
    """No test of Flask fails for Outpour being in each of its applications."""
    plain, unimportable = run_suite("tests")
    ours, unimportable_with_outpour = run_suite("tests", "-p", PLUGIN)
    failing = sorted(name for name, outcome in plain.items() if outcome != "passed")
    print("Flask's tests without Outpour:", dict(Counter(plain.values())))
    print("Flask's tests with Outpour:", dict(Counter(ours.values())))
    # The rest of a long list would say nothing new.
    print("Not passed without Outpour either:", failing[:20])
    print("Modules that cannot be imported without Outpour either:", unimportable)
    assert unimportable_with_outpour == unimportable
    changed = {n: (plain.get(n), o) for n, o in ours.items() if plain.get(n) != o}
    assert changed == {}
    assert len(ours) == len(plain)
    assert Counter(ours.values())["passed"] >= 400


@pytest.mark.timeout(400)
def test_plugin_is_seen_by_flasks_tests(
    source: Path, run_suite: Callable[..., tuple[Outcomes, list[str]]]
) -> None:
    """The plugin really sets Outpour up, else the test above would say nothing."""
    path = "tests/test_outpour_is_there.py"
    (source / path).write_text(
        "def test_outpour(app):\n    assert 'outpour' in app.extensions\n"
    )
    ours, _ = run_suite(path, "-p", PLUGIN)
    plain, _ = run_suite(path)
    (source / path).unlink()
    name = "tests.test_outpour_is_there::test_outpour"
    assert (ours[name], plain[name]) == ("passed", "failure")
