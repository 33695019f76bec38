"""What the README says of itself is so: its length, its figures, its log line."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fences import PageRun
from fences import ROOT

from flask_outpour.testing import open_stream

README = (ROOT / "README.md").read_text()
#: Lines that a stranger reads in a minute.
LONGEST = 120


@pytest.fixture
def page(
    tmp_path: Path, serve: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """Run the README from top to bottom, and return the names of its examples."""
    monkeypatch.chdir(tmp_path)
    run = PageRun(ROOT / "README.md", tmp_path, serve, "readme")
    run.run()
    yield run.names
    with run.names["app"].app_context():
        run.names["db"].engine.dispose()
    sys.modules.pop("readme")


def test_it_is_short() -> None:
    """A stranger reads it in a minute."""
    assert len(README.splitlines()) <= LONGEST


def test_each_benchmark_that_it_names_exists() -> None:
    """A number names the file that measures it."""
    named = re.findall(r"benchmarks/\w+\.py", README)
    assert len(named) >= 5
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_it_shows_the_line_that_its_stream_logs(
    caplog: pytest.LogCaptureFixture, request: pytest.FixtureRequest
) -> None:
    """The log line is the one that an example leaves."""
    caplog.set_level(logging.INFO, "flask_outpour")
    request.getfixturevalue("page")
    shown = re.search(r"^stream complete: .*(?= in [\d.]+ s$)", README, re.M)
    assert shown
    logged = [record.getMessage() for record in caplog.records]
    assert [line for line in logged if line.startswith(f"{shown[0]} in ")]


def test_its_page_comes_before_its_slow_part(page: dict[str, Any]) -> None:
    """The block's fallback comes first, and what the query found comes last."""
    text = page["app"].test_client().get("/today").text
    assert "<p>Counting ...</p>" in text
    assert text.index("Counting") < text.index("<p>1 orders</p>")


def test_its_first_view_sends_every_row(
    page: dict[str, Any], serve: Callable[[Any], str]
) -> None:
    """All 200,000 rows come, in far fewer chunks."""
    with open_stream(f"{serve(page['app'])}/large.csv") as response:
        chunks = list(response)
    rows = b"".join(chunk.data for chunk in chunks).splitlines()
    assert rows[-1] == b"200000,customer 83,open"
    assert len(rows) == 200_000
    assert len(chunks) < 50_000
