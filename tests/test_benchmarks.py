"""Tests that each benchmark runs and says what it measured; no time is judged."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conftest import lack
from postgresql import missing_postgresql

ROOT = Path(__file__).parent.parent
ON_POSTGRESQL = ("bench_rows_http", "bench_rows_memory")
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("bench_*.py"))


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module of the benchmarks that counts and compares."""
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.measure")


@pytest.fixture(params=NAMES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Run one benchmark in its smallest size, and return what it wrote."""
    wanted = ["gunicorn", "waitress"]
    if "rows" in request.param:
        wanted += ["duckdb", "msgspec", "psycopg", "sqlalchemy"]
    for package in wanted:
        if find_spec(package) is None:
            lack(package, "pip install --group tests 'Flask-Outpour[all]'")
    if request.param in ON_POSTGRESQL and missing_postgresql():
        lack("PostgreSQL", "apt-get install postgresql")
    if not Path("/proc/self/clear_refs").exists() and "memory" in request.param:
        lack("/proc", "the memory of a process is read there, on Linux")
    path = tmp_path / "benchmark.json"
    command = [sys.executable, "-m", f"benchmarks.{request.param}", "--tiny"]
    done = subprocess.run(
        [*command, "--json", str(path)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    facts: dict[str, Any] = json.loads(path.read_text())
    assert f"bench_{facts['benchmark']}" == request.param
    return facts


def test_each_benchmark_writes_what_it_measured(written: dict[str, Any]) -> None:
    """A run prints nothing but results, and its JSON holds samples and claims."""
    assert written["size"] == "tiny"
    assert written["machine"]["cores"] >= 1
    assert written["claims"]
    for taken in written["measurements"]:
        assert taken["lowest"] <= taken["median"] <= taken["highest"]
        assert len(taken["samples"]) >= 1
    for claim in written["claims"]:
        assert claim["group"] and claim["text"] and claim["unit"]
        assert claim["lowest"] <= claim["value"] <= claim["highest"]
        assert math.isfinite(claim["value"])
        assert (claim["met"] is None) == (claim["target"] is None)


def test_the_benchmarks_page_names_every_benchmark() -> None:
    """The docs tell of each benchmark by the command that runs it."""
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    assert NAMES
    assert [name for name in NAMES if f"benchmarks.{name}" not in page] == []


def test_contenders_take_turns_after_a_round_that_is_not_counted(
    measure: ModuleType,
) -> None:
    """Each round asks every contender once, in order; the first warms up."""
    asked = []
    counter = iter(range(100))

    def sample(name: str) -> float:
        asked.append(name)
        return float(next(counter))

    contenders = {"a": lambda: sample("a"), "b": lambda: sample("b")}
    samples = measure.Report("name", "tiny").alternate("group", contenders, rounds=2)
    assert asked == ["a", "b"] * 3
    assert samples.of == {"a": [2.0, 4.0], "b": [3.0, 5.0]}


def test_a_ratio_is_the_median_over_pairs_of_one_round(measure: ModuleType) -> None:
    """A round in which the machine was busy for both does not move the ratio."""
    report = measure.Report("name", "tiny")
    times = {"slow": [2.0, 30.0, 4.0], "fast": [1.0, 10.0, 1.0]}
    report.claim_ratio("slow / fast", measure.Samples("group", "s", times))
    claim = report.claims[0]
    assert (claim.value, claim.lowest, claim.highest) == (3.0, 2.0, 4.0)


@pytest.mark.parametrize(
    ("options", "code"), [({}, 0), ({"fails_on_miss": True}, 1)], ids=["run", "check"]
)
def test_a_missed_target_fails_only_a_check(
    measure: ModuleType, options: dict[str, bool], code: int
) -> None:
    """``--check`` turns a missed target into exit code 1; else it is only printed."""
    report = measure.Report("name", "tiny", **options)
    report.claim("group", "growth", "bytes", [2.0], at_most=1.0)
    assert report.claims[0].met is False
    assert report.finish() == code


def test_a_met_target_passes_a_check(
    measure: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    """A value on its bound meets it, and the output says so."""
    report = measure.Report("name", "tiny", fails_on_miss=True)
    report.claim("group", "gain", "times", [30.0], at_least=30.0)
    assert report.finish() == 0
    assert "at least 30.0: met" in capsys.readouterr().out
