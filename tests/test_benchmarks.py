"""Tests that each benchmark runs and says what it measured; no time is judged."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

from conftest import lack
from postgresql import missing_postgresql
from terminals import standard_error

ROOT = Path(__file__).parent.parent
BENCHMARKS = ROOT / "docs" / "benchmarks.md"
NAMES = sorted(path.stem for path in (ROOT / "benchmarks").glob("bench_*.py"))
#: What benchmarks want beside the servers, by a part of their names.
PACKAGES = {
    "rows": ("duckdb", "msgspec", "psycopg", "sqlalchemy"),
    "compress": ("brotli", "flask_compress", "psycopg", "sqlalchemy"),
    "copy": ("msgspec", "psycopg", "sqlalchemy"),
    "arrow": ("msgspec", "psycopg", "pyarrow", "sqlalchemy"),
    "race": ("msgspec", "psycopg", "sqlalchemy"),
}
#: What starts a PostgreSQL of its own as ``rows_http`` and the race do, which are run
#: here; ``scripts/test --full`` runs these.
LIKE_OTHERS = {
    *("bench_arrow", "bench_compress", "bench_copy"),
    *("bench_fetch_ahead", "bench_rows_memory"),
}
ON_POSTGRESQL = ("rows_http", "rows_memory", "compress", "copy", "arrow", "race")


def require_what_is_wanted(name: str) -> None:
    """Skip, or in CI fail, where something is missing that a benchmark wants."""
    more = [
        package for part, names in PACKAGES.items() if part in name for package in names
    ]
    for package in ("gunicorn", "waitress", *more):
        if find_spec(package) is None:
            lack(package, "pip install --group tests 'Flask-Outpour[all]'")
    if name.removeprefix("bench_") in ON_POSTGRESQL and missing_postgresql():
        lack("PostgreSQL", "apt-get install postgresql")
    on_linux = "memory" in name or "deferred" in name
    if not Path("/proc/self/clear_refs").exists() and on_linux:
        lack("/proc", "memory and threads of a process are read there, on Linux")


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module of the benchmarks that counts and compares."""
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.measure")


@pytest.fixture(params=[name for name in NAMES if name not in LIKE_OTHERS])
def written(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Run one benchmark in its smallest size, and return what it wrote."""
    require_what_is_wanted(request.param)
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


@pytest.mark.timeout(300)
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
    page = BENCHMARKS.read_text()
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


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(4.23e-6, "4.2 µs"), (-5e-6, "-5.0 µs"), (0.0123, "12.300 ms"), (2.5, "2.50 s")],
)
def test_seconds_are_shown_as_exactly_as_they_are_small(
    measure: ModuleType, capsys: pytest.CaptureFixture[str], seconds: float, shown: str
) -> None:
    """What a call costs is some microseconds, and a large stream takes seconds."""
    measure.Report("name", "tiny").claim("group", "cost", "s", [seconds])
    assert f" {shown} " in capsys.readouterr().out


class Scripted:
    """A socket on which pieces of answers arrive; then it is closed."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def sendall(self, data: bytes) -> None:
        """Take a request."""

    def recv(self, size: int) -> bytes:
        """Return the next piece."""
        return self._pieces.pop(0) if self._pieces else b""


HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
COUNTED = HEAD + b"Content-Length: 4\r\n\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        (CHUNKED, b"4\r\nitem\r\n0", b"\r\n\r", b"\n"),
        (CHUNKED + b"4\r\nitem\r\n0\r\n\r\n",),
        (HEAD, COUNTED.removeprefix(HEAD), b"it", b"em"),
    ],
    ids=["chunks in pieces", "chunks at once", "a length"],
)
def test_a_kept_connection_reads_each_answer_to_its_end(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[bytes, ...]
) -> None:
    """However the bytes come, the next request waits for the last of them."""
    monkeypatch.syspath_prepend(ROOT)
    client = import_module("benchmarks.client")
    kept = client.KeptConnection(Scripted(*answer, *answer), "/x")
    assert kept.time() >= 0
    with pytest.raises(RuntimeError, match="cut short"):
        kept.time()


ANSWERS = [f"<p>answer {number} of the database</p>" for number in range(3)]


@pytest.mark.parametrize(
    ("body", "sent", "whole"),
    [
        ("".join(ANSWERS) + "</html>\n", 1.0, True),
        ("".join(reversed(ANSWERS)) + "</html>\n", 1.0, True),
        ("".join(ANSWERS[:2]) + "</html>\n", 1.0, False),
        ("".join(ANSWERS) + ANSWERS[0] + "</html>\n", 1.0, False),
        ("".join(ANSWERS), 1.0, False),
        ("</html>" + "".join(ANSWERS), 1.0, False),
        ("".join(ANSWERS) + "</html>\n", 0.9, False),
        ("", 0.0, False),
    ],
    ids=[
        "right",
        "reversed",
        "one-lost",
        "one-twice",
        "no-end",
        "end-first",
        "cut",
        "nothing",
    ],
)
def test_a_page_is_whole_with_each_answer_once(
    monkeypatch: pytest.MonkeyPatch, body: str, sent: float, whole: bool
) -> None:
    """Of a crowd's pages only those count that a reader can take for complete."""
    monkeypatch.syspath_prepend(ROOT)
    require_what_is_wanted("deferred")
    is_whole = import_module("benchmarks.bench_deferred").is_whole
    chunks = f"{len(body):x}\r\n{body}\r\n0\r\n\r\n" if body else ""
    answer = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}".encode()
    assert is_whole(answer[: int(len(answer) * sent)]) is whole


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module that compares what a contestant sent with the orders."""
    require_what_is_wanted("race")
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.checks")


HEADER = b"id,created_at,customer,email,amount,quantity,paid,note\n"


def as_csv(rows: int, *, null: str = "", quote: bool = True) -> bytes:
    """Return orders as the csv module writes them, or joined by commas."""
    from benchmarks.orders import orders

    text = io.StringIO()
    for order in orders(rows):
        cells = [null if cell is None else str(cell) for cell in order]
        if quote:
            csv.writer(text).writerow(cells)
        else:
            text.write(",".join(cells) + "\n")
    return text.getvalue().encode()


def find_fault(checks: ModuleType, sent: bytes, rows: int, kind: str = "csv") -> Any:
    """Return what is wrong with some bytes."""
    return checks.find_fault(io.BytesIO(sent), kind, rows)


def test_rows_that_read_back_are_right(checks: ModuleType) -> None:
    """Any spelling of a value will do that a reader takes for it."""
    sent = as_csv(500)
    assert find_fault(checks, sent, 500) is None
    assert find_fault(checks, HEADER + sent, 500) is None
    assert find_fault(checks, sent.replace(b"+00:00", b"Z"), 500) is None
    assert find_fault(checks, sent.replace(b",True,", b",t,"), 500) is None


@pytest.mark.parametrize(
    ("fault", "sent"),
    [
        ("note is 'None' instead of NULL", lambda: as_csv(500, null="None")),
        ("cells instead of 8", lambda: as_csv(500, quote=False)),
        ("ends before row 500", lambda: as_csv(499)),
        ("row 501 is one too many", lambda: as_csv(501)),
        ("id is 'id' instead of 500", lambda: as_csv(499) + HEADER),
        ("created_at is", lambda: as_csv(500).replace(b"+00:00", b"")),
        ("paid is", lambda: as_csv(500).replace(b",True,", b",False,")),
        ("cannot be read", lambda: b"\xff"),
    ],
)
def test_what_is_wrong_with_rows_is_told(
    checks: ModuleType, fault: str, sent: Callable[[], bytes]
) -> None:
    """What a reader would get wrong is a fault, whatever else is right."""
    assert fault in find_fault(checks, sent(), 500)


@pytest.mark.timeout(300)
def test_the_race_marks_who_sends_wrong_rows() -> None:
    """A small race has everyone that is installed; of ours nobody is wrong."""
    require_what_is_wanted("race")
    command = [sys.executable, "-m", "benchmarks.race", "--rows=1000", "--rounds=1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [line.split(" | ") for line in done.stdout.splitlines() if " | " in line]
    right = {cells[0].strip("|* "): cells[-1].rstrip("| ") for cells in rows[1:]}
    assert right["Flask's page"].startswith("**wrong**: note is 'None' instead of NULL")
    assert right["Flask, csv.writer"] == "yes"
    ours = {name for name in right if name.startswith("Outpour")}
    assert "Outpour, COPY" in ours
    assert {right[name] for name in ours} == {"yes"}
    left_out = [line for line in done.stdout.splitlines() if "left out" in line]
    assert not any("answered" in line for line in left_out), left_out


@pytest.fixture
def race_page(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module that writes the page of the race."""
    require_what_is_wanted("race")
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.race_page")


def raced(page: ModuleType) -> dict[Any, Any]:
    """Return results: the page's snippet, wrong, and COPY, ten times as fast."""
    from benchmarks.client import Times
    from benchmarks.lineup import ARROW_IPC
    from benchmarks.lineup import COPY
    from benchmarks.lineup import PAGE

    fault = "note is '|' instead of <NULL>"
    return {
        PAGE: page.Result(PAGE, 1000, 100_000, None, fault, [Times(0.1, 2.0, 0)]),
        COPY: page.Result(COPY, 1000, 100_000, 2**20, None, [Times(0.1, 0.2, 0)]),
        ARROW_IPC: page.Result(ARROW_IPC, 1000, 90_000, 0.0, None, [Times(0, 1e-3, 0)]),
    }


def test_the_table_of_the_race_begins_with_the_fastest(race_page: ModuleType) -> None:
    """Each has its rows a second, and how many times those of the page that is."""
    lines = race_page.table(raced(race_page)).splitlines()
    assert [line.split(" | ")[0].strip("|* ") for line in lines[2:]] == [
        *("Outpour, Arrow to Arrow IPC", "Outpour, COPY", "Flask's page")
    ]
    assert " | 5,000 | 10.00 | 1,000 | 100 | 100.0 ms | 1.0 MiB | yes |" in lines[3]
    assert lines[4].endswith(" |  | **wrong**: note is '\\|' instead of <NULL> |")


def test_the_page_of_the_race_says_where_it_was_and_without_whom(
    race_page: ModuleType,
) -> None:
    """A reader can tell the machine, the versions and who is missing."""
    machine = {"processor": "Abacus", "cores": 2, "system": "Linux", "python": "3.11"}
    text = race_page.page(raced(race_page), machine, ["Django"])
    assert "Measured on Abacus, 2 cores, Linux, python 3.11. Left out: Django." in text
    assert "--rows 1000 --write" in text


SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def charts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the module that draws the charts of the documentation."""
    monkeypatch.syspath_prepend(ROOT)
    return import_module("benchmarks.charts")


def bars_of(svg: str) -> list[tuple[str | None, float]]:
    """Return the kind and the length of each bar, but for those of the legend."""
    from benchmarks.bars import THICK

    return [
        (bar.get("class"), float(bar.get("width", "")))
        for bar in ElementTree.fromstring(svg).iter(f"{SVG}rect")
        if bar.get("height") == str(THICK)
    ]


def texts_of(svg: str) -> list[str]:
    """Return what a chart says, beside its bars."""
    root = ElementTree.fromstring(svg)
    return [text.text or "" for text in root.iter(f"{SVG}text")]


def test_the_chart_of_the_race_cuts_what_would_dwarf_the_rest(
    race_page: ModuleType, charts: ModuleType
) -> None:
    """Bars are as long as their rows a second, but for those that are not text."""
    from benchmarks.bars import FULL
    from benchmarks.bars import ROOM

    svg = charts.race(race_page.table(raced(race_page)))
    assert bars_of(svg) == [("ours", ROOM), ("ours", FULL), ("wrong", FULL / 10)]
    assert "500, wrong" in texts_of(svg)
    assert "1,000,000 (cut)" in texts_of(svg)


def test_the_charts_are_those_of_the_pages(charts: ModuleType) -> None:
    """Each chart is drawn from the tables as they are, and stands on its page."""
    drawn = dict(charts.charts())
    old = [path.name for path, svg in drawn.items() if path.read_text() != svg]
    assert old == [], "run python -m benchmarks.charts"
    assert {*charts.DOCS.glob("charts/*.svg")} == {*drawn} - {charts.DOCS / "race.svg"}
    shown = re.findall(r"!\[[^]]+\]\((charts/[^)]+)\)", BENCHMARKS.read_text())
    assert {charts.DOCS / name for name in shown} == {*charts.DOCS.glob("charts/*.svg")}


@pytest.mark.parametrize(
    ("name", "cell", "changed"),
    [
        ("faster", "| 53 |", "| 54 |"),
        ("rows", "| 15.6 |", "| 17.1 |"),
        ("first-byte", "| 41, 11, 3.2, 1.7 ms |", "| 41, 12, 3.2, 1.7 ms |"),
        ("memory", "| 45 MiB |", "| 47 MiB |"),
        ("compression", "| 0.3 ms | 0.3 ms | 0.3 ms |", "| 0.3 ms | 0.3 ms | 0.4 ms |"),
        ("workbooks", "| 18.8 |", "| 18.4 |"),
    ],
)
def test_a_changed_figure_changes_its_chart(
    charts: ModuleType, name: str, cell: str, changed: str
) -> None:
    """What a cell of the page says is what is drawn, and nothing besides."""
    page = BENCHMARKS.read_text()
    assert page.count(cell) == 1
    before = charts.chart_of(charts.CHARTS[name], page)
    after = charts.chart_of(charts.CHARTS[name], page.replace(cell, changed))
    assert len({*texts_of(before)} - {*texts_of(after)}) == 1
    assert bars_of(before) != bars_of(after)


def test_a_chart_says_in_words_what_it_shows(charts: ModuleType) -> None:
    """What stands for a picture on the page has no figure that the picture lacks."""
    pictures = re.findall(r"!\[([^]]+)\]\(charts/([^)]+)\)", BENCHMARKS.read_text())
    assert pictures
    for said, name in pictures:
        svg = charts.DOCS.joinpath("charts", name).read_text()
        drawn = " ".join(texts_of(svg))
        figures = re.findall(r"\d[\d,]*(?:\.\d+)?", said)
        assert figures
        lacking = [each for each in figures if not re.search(rf"\b{each}\b", drawn)]
        assert lacking == [], name
        (what,) = ElementTree.fromstring(svg).iter(f"{SVG}desc")
        assert all(text in (what.text or "") for text in texts_of(svg)[2:-3:2])


def test_lines_of_a_chart_fit_into_it(charts: ModuleType) -> None:
    """A label leaves room for its figure, and a title ends before the chart does."""
    for path, svg in charts.charts():
        title, note, *texts = texts_of(svg)
        assert max(len(title), len(note)) <= 52, path
        for label, figure in zip(texts[::2], texts[1::2], strict=False):
            assert len(label + figure) <= 52, path


def test_a_row_that_is_gone_is_missed(charts: ModuleType) -> None:
    """A chart whose row has another name says which, and is not drawn without it."""
    page = BENCHMARKS.read_text().replace("| ORM entities |", "| entities |")
    with pytest.raises(LookupError, match="ORM entities"):
        charts.chart_of(charts.CHARTS["memory"], page)


def test_a_terminal_sees_the_rounds(
    measure: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While contenders take turns, it is shown whose is on, and how far it is."""
    with standard_error(monkeypatch) as terminal:
        measure.Report("name", "tiny").alternate(
            "two ways", {"ours": lambda: 1.0, "theirs": lambda: 2.0}, rounds=1
        )
    assert re.search(r" 50%\S* +round 1 of 1: ours, two ways", terminal.got)
    assert re.search(r" 75%\S* +round 1 of 1: theirs, two ways", terminal.got)
