"""Tests of the section of the demo's home page that reads the orders in each format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from browsers.orders import ORDERS

FORMATS = 11
DONE = "!document.getElementById('read-all').hasAttribute('aria-disabled')"
UNITS = {"B": 1, "kB": 1_000, "MB": 1_000_000}


@pytest.fixture
def section(open_tab: Callable[..., Any], url: str) -> Any:
    """Return the section of the demo over these orders."""
    tab = open_tab("native")
    tab.goto(url)
    return tab.locator("section[aria-labelledby=formats]")


def real_size(section: Any, line: Any) -> int:
    """Return how many bytes the file of a line of the table has."""
    address = line.get_by_role("link").get_attribute("href")
    with urlopen(urljoin(section.page.url, address), timeout=30) as response:
        return len(response.read())


def shown_size(line: Any) -> float:
    """Return how many bytes are said to have come."""
    number, unit = line.locator(".bytes").inner_text().split()
    return float(number) * UNITS[unit]


def test_all_formats_are_read_one_after_the_other(section: Any) -> None:
    """Each has all rows and its real size, and the smallest is named."""
    section.get_by_role("button", name="Read all").press("Enter")
    section.get_by_text("The smallest is").wait_for()
    lines = section.locator("tbody tr").all()
    assert len(lines) == FORMATS
    sizes = {}
    for line in lines:
        name = line.get_by_role("link").inner_text()
        sizes[name] = real_size(section, line)
        assert shown_size(line) == pytest.approx(sizes[name], rel=0.01), name
        assert line.locator(".done").inner_text() == f"{ORDERS:,}"
        assert line.get_by_role("progressbar").evaluate("bar => bar.value") == ORDERS
        assert line.locator(".rate").inner_text().endswith(" rows/s")
    smallest = min(sizes, key=lambda name: sizes[name])
    said = section.get_by_role("status").inner_text()
    assert said.startswith(f"The smallest is {smallest}: {ORDERS:,} rows")


def test_the_bar_shows_what_the_server_has_read(section: Any) -> None:
    """While a file is read the bar has the server's number; Stop ends it."""
    tab = section.page
    tab.route("**/orders.csv?run=*", lambda route: None)
    tab.route("**/progress?*", lambda route: route.fulfill(json={"rows": 5000}))
    line = section.locator("tr[data-name=CSV]")
    with tab.expect_request("**/progress?*") as asked:
        section.get_by_role("button", name="Read CSV", exact=True).press("Enter")
    assert "run=" in asked.value.url
    line.get_by_text("5,000").wait_for()
    assert line.get_by_role("progressbar").evaluate("bar => bar.value") == 5000
    section.get_by_role("button", name="Stop").press("Enter")
    section.get_by_text("Stopped.").wait_for()
    assert section.get_by_role("button", name="Stop").count() == 0


def test_a_file_that_is_cut_is_said(section: Any) -> None:
    """What does not come to its end is no result, but a sentence."""
    section.page.route("**/orders.tsv?*", lambda route: route.abort())
    section.get_by_role("button", name="Read TSV").click()
    section.get_by_text("That went wrong: TSV").wait_for()
    assert section.locator("tr[data-name=TSV] .rate").inner_text() == ""
