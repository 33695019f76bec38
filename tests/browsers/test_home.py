"""Tests of the demo's home page in Chromium: its race, and who can use the page."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any
from urllib.request import urlopen

import pytest

from browsers.orders import ORDERS
from conftest import lack

SIDES = ("outpour", "plain")
SIZES = ((360, 800), (1280, 900))
#: What a page does not do before somebody presses a button.
QUIET = re.compile(r"/(film|static/[\w.-]+)?$")


@pytest.fixture
def tab(open_tab: Callable[..., Any], url: str) -> Any:
    """Return a tab with the home page, before anything is pressed."""
    tab = open_tab("native")
    tab.goto(f"{url}/")
    return tab


def shown(tab: Any, side: str, key: str) -> str:
    """Return what a lane of the race shows, its thin spaces as plain ones."""
    text = tab.locator(f"[data-lane={side}] [data-shows={key}]").text_content()
    return str(text).replace("\u202f", " ")


def plotted(tab: Any, side: str) -> list[tuple[float, float]]:
    """Return the points of a side's line of rows, from 0,0 at the lower left."""
    line = tab.locator(f"#plot-rows polyline.{side}").get_attribute("points")
    pairs = (point.split(",") for point in line.split())
    return [(float(x), 100 - float(y)) for x, y in pairs]


def assert_rising(points: list[tuple[float, float]]) -> None:
    """Assert that a line goes from no row to all rows, and never back."""
    assert points[0] == (0, 0)
    assert points[-1][1] == 100
    assert all(x <= x2 and y <= y2 for (x, y), (x2, y2) in pairwise(points))


def finished(tab: Any) -> None:
    """Wait for the end of a race, which the reader is told."""
    tab.get_by_text("Race again").wait_for()


def test_the_race_counts_every_row_of_both_sides(tab: Any, url: str) -> None:
    """Started by the keyboard, it shows the rows and the bytes that there are."""
    tab.get_by_role("button", name="Start the race").press("Enter")
    finished(tab)
    for side in SIDES:
        with urlopen(f"{url}/{side}/large.csv", timeout=30) as response:
            size = len(response.read())
        assert shown(tab, side, "rows") == f"{ORDERS:,}"
        assert shown(tab, side, "bytes") == f"{size / 1e6:.3g} MB"
        assert re.fullmatch(r"\d+(\.\d+)? m?s", shown(tab, side, "first"))
        assert tab.locator(f".first.{side}").is_visible()
        assert_rising(plotted(tab, side))
    picture = tab.get_by_role("img", name="Rows against time")
    described = picture.get_attribute("aria-label")
    assert described.count(f"{ORDERS:,} rows after") == len(SIDES)
    told = tab.locator("#race-news").text_content().replace("\u202f", " ")
    assert f"The same {ORDERS:,} rows in " in told


def test_the_memory_of_the_worker_is_watched(tab: Any) -> None:
    """The most that it grew by, since the side began, is what is shown."""
    sizes = iter([50_000_000, 50_900_000])
    tab.route(
        "**/worker",
        lambda route: route.fulfill(json={"memory": next(sizes, 50_400_000)}),
    )
    tab.get_by_role("button", name="Start the race").click()
    finished(tab)
    assert shown(tab, "outpour", "grown") == "+ 900 kB"
    assert shown(tab, "plain", "grown") == "+ 0 B"
    picture = tab.get_by_role("img", name="Growth of the worker")
    assert "Outpour: at most + 900" in picture.get_attribute("aria-label")


def test_where_memory_is_not_told_the_race_runs_without(tab: Any) -> None:
    """A system that does not tell its memory has all the rest."""
    tab.route("**/worker", lambda route: route.fulfill(json={"memory": None}))
    tab.get_by_role("button", name="Start the race").click()
    finished(tab)
    assert [shown(tab, side, "rows") for side in SIDES] == [f"{ORDERS:,}"] * 2
    assert shown(tab, "plain", "grown") == "unknown here"
    assert tab.locator("#plot-memory").is_hidden()


def held_files(tab: Any) -> list[Any]:
    """Return the requests of the race's files, which are held back from now on."""
    held: list[Any] = []
    tab.route("**/large.csv", lambda route: held.append(route))
    return held


def asked_for(tab: Any, held: list[Any], count: int) -> list[str]:
    """Return of which sides the files were asked for, once these are so many.

    The page tells that it runs before the browser tells what it asks for.
    """
    for _ in range(400):
        if len(held) >= count:
            break
        tab.wait_for_timeout(50)
    return [route.request.url.split("/")[3] for route in held]


def test_one_side_waits_for_the_other(tab: Any) -> None:
    """One after the other, plain Flask is asked when Outpour has ended."""
    held = held_files(tab)
    tab.get_by_role("button", name="Start the race").click()
    tab.get_by_text("Outpour runs …").wait_for()
    assert asked_for(tab, held, 1) == ["outpour"]
    held[0].continue_()
    tab.get_by_text("Plain Flask runs …").wait_for()
    assert shown(tab, "outpour", "rows") == f"{ORDERS:,}"


def test_both_sides_run_at_the_same_time(tab: Any) -> None:
    """Whoever chooses so has both asked for before one of them has ended."""
    held = held_files(tab)
    tab.get_by_label("at the same time").check()
    tab.get_by_role("button", name="Start the race").click()
    tab.get_by_text("Both run …").wait_for()
    assert sorted(asked_for(tab, held, len(SIDES))) == sorted(SIDES)
    for route in held:
        route.continue_()
    finished(tab)
    assert [shown(tab, side, "rows") for side in SIDES] == [f"{ORDERS:,}"] * 2


def test_the_race_is_stopped(tab: Any) -> None:
    """The button that started it ends it, and starts it anew."""
    held_files(tab)
    button = tab.locator("#race-form button")
    button.click()
    with tab.expect_event("requestfailed", lambda one: "large.csv" in one.url):
        button.press("Enter")
    tab.get_by_text("Stopped.").wait_for()
    assert button.text_content() == "Race again"


def test_a_side_that_fails_is_told(tab: Any) -> None:
    """When the server has an error, the race ends with a sentence about it."""
    tab.route("**/plain/large.csv", lambda route: route.fulfill(status=500))
    tab.get_by_role("button", name="Start the race").click()
    tab.get_by_text("That went wrong: the server answered 500.").wait_for()


def test_the_film_strip_plays_on_the_home_page(tab: Any) -> None:
    """Its frames come with the button, and are there for both pages."""
    assert tab.locator("#strips").get_by_role("group").count() == 0
    tab.get_by_role("button", name="Play", exact=True).press("Enter")
    tab.get_by_text("On plain Flask: the page is loading").wait_for()
    assert tab.locator("#strips").get_by_role("group").count() == len(SIDES)


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_starts_by_itself(
    open_tab: Callable[..., Any], url: str, motion: str
) -> None:
    """Before a button is pressed, only the page and its own files are asked for."""
    tab = open_tab("native")
    tab.emulate_media(reduced_motion=motion)
    asked: list[str] = []
    wrong: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("console", lambda message: wrong.append(message.text))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(f"{url}/", wait_until="networkidle")
    assert {address for address in asked if not address.startswith(url)} == set()
    assert [one for one in asked if not QUIET.fullmatch(one.removeprefix(url))] == []
    assert wrong == []


def test_without_scripts_every_section_has_its_links(
    open_tab: Callable[..., Any], url: str
) -> None:
    """Who has no scripts reads what would be there, and has no dead controls."""
    tab = open_tab("native", scripts=False)
    tab.goto(f"{url}/")
    assert tab.get_by_text("Without them, save both files").is_visible()
    assert tab.get_by_text("Without them, open the two links above").is_visible()
    for name in ("under Outpour", "on plain Flask"):
        assert tab.get_by_role("link", name=name, exact=True).first.is_visible()
    buttons = tab.get_by_role("button").all_text_contents()
    assert all("Say hello" in text for text in buttons)


def test_axe_finds_nothing_on_the_home_page(tab: Any) -> None:
    """Its sections, with all they fold and after a race, pass axe, and fit."""
    tab.get_by_role("button", name="Start the race").click()
    finished(tab)
    tab.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert_usable(tab)


def test_axe_finds_nothing_on_the_film_strip(
    open_tab: Callable[..., Any], url: str
) -> None:
    """Its page passes axe, and fits."""
    tab = open_tab("native")
    tab.emulate_media(reduced_motion="reduce")
    tab.goto(f"{url}/film")
    assert_usable(tab)


def assert_usable(tab: Any) -> None:
    """Assert that axe finds nothing, in each size and in light and dark."""
    try:
        from axe_playwright_python.sync_playwright import Axe
    except ImportError:
        lack("axe-playwright-python", "pip install --group tests")
    for width, height in SIZES:
        tab.set_viewport_size({"width": width, "height": height})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        for colors in ("light", "dark"):
            tab.emulate_media(color_scheme=colors)
            found = Axe().run(tab)
            assert found.violations_count == 0, found.generate_report()
