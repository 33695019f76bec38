"""Tests of the section of the demo's home page whose streams break on purpose."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from demo.conftest import run_demo

__all__ = ["run_demo"]

#: What stands there once all have been broken.
DONE = "document.getElementById('break').textContent === 'Break them again'"


@pytest.fixture
def section(open_tab: Callable[..., Any], run_demo: Callable[..., Any]) -> Any:
    """Return the section of the demo on gunicorn, when all streams were broken."""
    with run_demo("--rows", "12000") as demo:
        tab = open_tab("native")
        tab.goto(demo.url)
        tab.get_by_role("button", name="Break all three").press("Enter")
        tab.wait_for_function(DONE)
        yield tab.locator("section[aria-labelledby=broken]")


def test_both_sides_are_shown_as_they_are(section: Any) -> None:
    """What the reader is told, what came, and who says what in the log."""

    def seen(path: str, side: str, part: str) -> str:
        place = section.locator(f"[data-path='{path}'] [data-side={side}]")
        return str(place.locator(part).inner_text())

    assert seen("missing.csv", "plain", ".told").startswith("500")
    assert "gunicorn.error" in seen("missing.csv", "plain", ".log")
    assert seen("missing.csv", "outpour", ".told") == "404 NOT FOUND"
    assert seen("missing.csv", "outpour", ".text").startswith("Not Found")
    assert "ERROR" not in seen("missing.csv", "outpour", ".log")
    for side in ("plain", "outpour"):
        assert seen("half.csv", side, ".told") == "200 OK"
        assert "the connection was cut" in seen("half.csv", side, ".came")
        assert "order 26 cannot be read" in seen("half.csv", side, ".log")
    assert "flask_outpour" not in seen("half.csv", "plain", ".log")
    assert "stream failed: GET /broken/half.csv" in seen("half.csv", "outpour", ".log")
    assert seen("tutorial.csv", "plain", ".told").startswith("500")
    assert "closed database" in seen("tutorial.csv", "plain", ".log")
    assert seen("tutorial.csv", "outpour", ".came").startswith("1,000 rows")
    said = section.get_by_role("status").inner_text()
    assert "Nothing there: 500 on plain Flask, 404 under Outpour." in said
    assert "Half of it: 200 and a cut on both sides." in said
