"""Tests of "orders today", deferred and on plain Flask, over real sockets."""

from __future__ import annotations

import html
import http.client
import re
import threading
import time
from codecs import getincrementaldecoder
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_outpour.demo.application import orders_application
from flask_outpour.demo.figures import Figures
from flask_outpour.demo.figures import Point
from flask_outpour.demo.figures import read_seconds
from flask_outpour.demo.orders import generate_orders
from flask_outpour.demo.orders import orders

from .conftest import SIDES
from .test_application import Page
from .test_views import get
from .test_views import left_early
from .test_views import read_table

MANY = 12_000
SHOWN = 10_000
CHARTS = ("Revenue by hour", "Revenue by day", "Revenue by customer")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of more orders than the page shows."""
    path = tmp_path_factory.mktemp("orders") / "orders.sqlite3"
    generate_orders(path, MANY, lambda done: None)
    return path


@pytest.fixture
def url(path: Path, serve: Callable[[Any], str]) -> str:
    """Return the address of the demo over these orders."""
    return serve(orders_application(path, MANY))


def arrivals(address: str) -> Iterator[tuple[float, str]]:
    """Yield the pieces of a page as they come, and after how many seconds."""
    parts = urlsplit(address)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    start, decoder = time.monotonic(), getincrementaldecoder("utf-8")()
    with closing(connection):
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        while piece := response.read1():
            yield time.monotonic() - start, decoder.decode(piece)


def numbers(page: str, label: str) -> list[tuple[str, str]]:
    """Return the labels and the numbers of a chart."""
    (table,) = re.findall(rf'<table aria-label="{label}">(.*?)</table>', page, re.S)
    rows = re.findall(r"<th[^>]*>(.*?)</th>\s*<td[^>]*>(.*?)</td>", table, re.S)
    return [(html.unescape(name), number) for name, number in rows]


def revenue(label: Callable[[str, str], str | None]) -> list[tuple[str, str]]:
    """Return what a chart has to show, computed from the orders without SQL.

    :param label: gives the bar of an order, from its time and customer.
    """
    amounts: Counter[str] = Counter()
    for _, created, customer, _, amount, *_ in orders(MANY):
        if (bar := label(created, customer)) is not None:
            amounts[bar] += amount
    return [(bar, f"{amount:,.2f}") for bar, amount in amounts.most_common()]


@pytest.mark.parametrize("side", SIDES)
def test_each_chart_has_the_numbers_of_the_orders(url: str, side: str) -> None:
    """The charts show the revenue by hour, by day and of the best customers."""
    page = get(f"{url}/{side}/today")
    *_, last = orders(MANY)
    day = last[1][:10]
    hours = revenue(lambda time, _: f"{time[11:13]}:00" if time[:10] == day else None)
    assert numbers(page, "Revenue by hour") == sorted(hours)
    assert numbers(page, "Revenue by day") == sorted(revenue(lambda time, _: time[:10]))
    best = revenue(lambda _, customer: customer)[:8]
    assert numbers(page, "Revenue by customer") == best
    assert f'<time datetime="{day}">' in page


def test_the_bars_are_as_high_as_the_numbers(url: str) -> None:
    """The bars of a chart stand to each other as its numbers do."""
    page = get(f"{url}/outpour/today")
    (chart,) = re.findall(r'<svg[^>]*"Revenue by hour;.*?</svg>', page, re.S)
    bars = re.findall(r'height="([\d.]+)"><title>(.*?): ([\d.,]+)</title>', chart)
    assert [(name, number) for _, name, number in bars] == numbers(
        page, "Revenue by hour"
    )
    ratios = [float(height) / float(n.replace(",", "")) for height, _, n in bars]
    assert ratios == pytest.approx([ratios[0]] * len(bars), rel=0.01)


@pytest.mark.parametrize("side", SIDES)
def test_the_table_has_the_newest_10000_orders(url: str, side: str) -> None:
    """The table has 10,000 orders, the newest first."""
    page = get(f"{url}/{side}/today")
    table = page[page.index('<table aria-labelledby="orders">') :]
    shown = read_table(table[: table.index("</table>")])[1:]
    newest = [*orders(MANY)][: -SHOWN - 1 : -1]
    assert shown == [
        [str(n), time, name, str(quantity), f"{amount:,.2f}", ["no", "yes"][paid]]
        for n, time, name, _, amount, quantity, paid, _ in newest
    ]


def test_the_page_comes_before_its_charts(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Header and table are there while the last chart's query still runs."""
    table_came = threading.Event()
    query = Figures.customers

    def customers(figures: Figures) -> list[Point]:
        assert table_came.wait(60)
        return query(figures)

    monkeypatch.setattr(Figures, "customers", customers)
    page, end = "", ""
    for _, piece in arrivals(f"{url}/outpour/today"):
        page += piece
        end = (end + piece)[-len(piece) - len("</main>") :]
        if "</main>" in end:
            table_came.set()
    assert numbers(page, "Revenue by customer")
    assert page.rstrip().endswith("</html>")


def test_plain_flask_sends_nothing_before_the_last_chart(url: str) -> None:
    """On plain Flask the first byte waits for all queries, one after the other."""
    (first, _), *_ = arrivals(f"{url}/plain/today?delay=0.5,0.5,1")
    assert first >= 2


def test_in_order_the_charts_come_at_their_places(url: str) -> None:
    """Who asks for the page in order gets it without markers or a script."""
    page = get(f"{url}/outpour/today?deferred=in-order")
    places = [page.index(part) for part in (*CHARTS, "forecast failed", "newest")]
    assert all(before < behind for before, behind in pairwise(places))
    assert "<script" not in page
    assert "<?" not in page


def test_the_block_that_fails_takes_nothing_with_it(url: str) -> None:
    """The reader sees that the forecast failed, and nothing of the exception."""
    page = get(f"{url}/outpour/today")
    assert "The forecast failed; the rest of the page does not care." in page
    assert "no such table" not in page
    assert all(numbers(page, chart) for chart in CHARTS)


def test_on_plain_flask_the_failure_takes_the_page(url: str) -> None:
    """The same failure is an error page there, and is asked for by its own link."""
    links = Page(get(f"{url}/plain/today")).links()
    assert "?fail=yes" in links
    with pytest.raises(HTTPError, match="500"):
        get(f"{url}/plain/today?fail=yes")


@pytest.mark.parametrize("side", SIDES)
def test_the_page_says_what_delay_it_was_asked_for(url: str, side: str) -> None:
    """Charts that are slow on purpose are called that; others are not."""
    note = "The charts take at least 0.0, 0.1, 0.2 seconds here"
    assert note in get(f"{url}/{side}/today?delay=0,0.1,0.2")
    assert "at least" not in get(f"{url}/{side}/today")


@pytest.mark.parametrize("delay", ["1", "1,2,x", "1,2,-1", "1,2,11", "nan,0,0"])
@pytest.mark.parametrize("side", SIDES)
def test_a_wrong_delay_is_refused(url: str, side: str, delay: str) -> None:
    """A delay that is none is the client's error, which says what is taken."""
    with pytest.raises(HTTPError, match="400") as refusal:
        get(f"{url}/{side}/today?delay={delay}")
    assert "3 numbers of seconds, each from 0 to 10" in refusal.value.read().decode()


@given(st.tuples(*[st.floats(0, 10)] * 3))
def test_seconds_are_read_as_written(seconds: tuple[float, ...]) -> None:
    """Three numbers with commas between them are what was asked for."""
    assert read_seconds(",".join(map(str, seconds))) == seconds


@given(st.text(st.sampled_from("0159.,e-+_ naif")))
def test_any_other_text_is_a_value_error(text: str) -> None:
    """Whatever a client writes, the charts take a bounded time or none are made."""
    try:
        seconds = read_seconds(text)
    except ValueError:
        return
    assert len(seconds) in (0, 3)
    assert all(0 <= number <= 10 for number in seconds)


@pytest.mark.parametrize("side", SIDES)
def test_each_query_closes_its_connection(
    url: str, connections: list[str], side: str
) -> None:
    """No connection is left, neither the page's own nor those of its charts."""
    get(f"{url}/{side}/today")
    assert connections.count("closed") == connections.count("opened") > len(CHARTS)


def test_a_reader_who_leaves_frees_the_connections(
    url: str, connections: list[str]
) -> None:
    """The connections are closed soon after the reader of the page has left."""
    with left_early(f"{url}/outpour/today"):
        pass
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if connections.count("closed") == connections.count("opened"):
            break
        time.sleep(0.05)
    assert connections.count("closed") == connections.count("opened") > 0


def test_home_leads_to_the_pages_and_shows_their_code(url: str) -> None:
    """The home page has both pages, the film strip, the views and the template."""
    page = get(f"{url}/")
    assert {"/outpour/today", "/plain/today", "/film"} <= {*Page(page).links()}
    shown = html.unescape(page)
    for part in ('@views.route("/today")', "{% defer hours %}", "class Figures:"):
        assert part in shown


def test_the_film_strip_can_be_read_by_everybody(url: str) -> None:
    """It has a name for each frame, and links to both pages for who has no scripts."""
    text = get(f"{url}/film")
    page = Page(text)
    assert {"/outpour/today", "/plain/today"} <= {*page.links()}
    frames = page.all("iframe")
    assert len({frame["title"] for frame in frames}) == 8
    assert {frame["sandbox"] for frame in frames} == {"allow-scripts"}
    assert page.all("html") == [{"lang": "en"}]
    scripts = page.all("script")
    assert scripts == [{"type": "module", "src": "/static/film.js"}]
    assert "your browser loads both pages here" in text
    assert get(f"{url}/static/film.js")
