"""Tests of the section of the demo's home page where lines are held back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flask_outpour.demo.application import orders_application
from flask_outpour.demo.finding import ITEMS
from flask_outpour.demo.finding import PAUSE
from flask_outpour.demo.orders import generate_orders


@pytest.fixture
def section(
    open_tab: Callable[..., Any], serve: Callable[[Any], str], tmp_path: Path
) -> Any:
    """Return the section of the demo."""
    path = tmp_path / "orders.sqlite3"
    generate_orders(path, 1000, lambda done: None)
    tab = open_tab("native")
    tab.goto(serve(orders_application(path, 1000)))
    return tab.locator("section[aria-labelledby=finding]")


def seconds(section: Any, side: str) -> list[float]:
    """Return when the lines are said to have arrived."""
    shown = section.locator(f"[data-side={side}] li.arrived .when").all_inner_texts()
    units = {"s": 1, "ms": 0.001}
    return [float(text.split()[0]) * units[text.split()[1]] for text in shown]


def test_lines_are_marked_as_they_arrive(section: Any) -> None:
    """By themselves they arrive one after the other; behind the middleware, at once."""
    section.get_by_role("button", name="Watch both").press("Enter")
    section.get_by_text("Behind AddLength: the first line after").wait_for()
    flowing, held = seconds(section, "flowing"), seconds(section, "held")
    assert len(flowing) == len(held) == ITEMS
    assert flowing == sorted(flowing)
    assert len(set(flowing)) > 1
    assert flowing[0] < held[0]
    assert held == [held[0]] * ITEMS
    assert held[0] >= round(ITEMS * PAUSE, 2)
    said = section.get_by_role("status").inner_text()
    assert f"the last after {flowing[-1]:.2f}" in said
    assert f"Behind AddLength: the first line after {held[0]:.2f}" in said


def test_the_doctor_is_asked_although_a_server_failed(section: Any) -> None:
    """A sentence says what failed; the report names the middleware."""
    section.page.route("**/held/slow.txt", lambda route: route.fulfill(status=500))
    section.get_by_role("button", name="Watch both").click()
    section.get_by_text(
        "Behind AddLength: that went wrong, with status 500."
    ).wait_for()
    report = section.locator("#report")
    assert report.is_hidden()
    section.get_by_role("button", name="Ask the doctor").press("Enter")
    section.get_by_text("report is below.").wait_for()
    assert "AddLength: joins all items" in report.inner_text()
