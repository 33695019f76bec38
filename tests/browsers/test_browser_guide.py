"""The page of the guide "Streams in the browser" reads rows, and says their end."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import Response

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour.testing import assert_closed
from flask_outpour.testing import Source

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "browser.md"
(PAGE,) = re.findall(r"^```jinja\n(.*?)^```$", GUIDE.read_text(), re.M | re.S)
_NEWS = "document.getElementById('news').textContent"


@pytest.fixture
def open_guide(
    open_tab: Callable[..., Any], serve: Callable[[Any], str]
) -> Callable[[Source], Any]:
    """Return a function that opens the page on a source, and begins to read."""

    def start(source: Source) -> Any:
        app = Flask("guide")
        Outpour(app)
        app.add_url_rule("/", "index", lambda: PAGE)

        @app.route("/orders.ndjson")
        def orders() -> Response:
            response = stream_rows(source)
            response.headers["X-Rows"] = "4"
            return response

        tab = open_tab("native")
        tab.goto(serve(app))
        tab.click("#read")
        return tab

    return start


def source_of(**options: Any) -> Source:
    """Return a source of four rows."""
    return Source(({"id": number} for number in range(4)), **options)


def test_all_rows_are_counted(open_guide: Callable[[Source], Any]) -> None:
    """At the end the page knows how many came."""
    tab = open_guide(source_of())
    tab.wait_for_function(f"{_NEWS} === '4 rows'")
    assert tab.evaluate("document.getElementById('bar').position") == 1


def test_a_cut_is_an_error(open_guide: Callable[[Source], Any]) -> None:
    """A stream that breaks off is not taken for a whole one."""
    tab = open_guide(source_of(fail_at=3))
    tab.wait_for_function(f"{_NEWS} === '2 rows, then an error: network error'")


def test_an_error_before_the_first_row_has_its_status(
    open_guide: Callable[[Source], Any],
) -> None:
    """The page is told of a failed query, and reads no rows."""
    tab = open_guide(source_of(fail_at=1))
    tab.wait_for_function(f"{_NEWS} === '0 rows, then an error: status 500'")


def test_rows_come_one_by_one_until_the_reader_stops(
    open_guide: Callable[[Source], Any],
) -> None:
    """The bar moves while rows are missing; whoever stops closes the source."""
    source = source_of(gated=True)
    source.release(2)
    tab = open_guide(source)
    tab.wait_for_function("document.getElementById('bar').position === 0.5")
    tab.click("#stop")
    tab.wait_for_function(f"{_NEWS} === '2 rows, stopped'")
    source.release(2)
    assert_closed(source)
