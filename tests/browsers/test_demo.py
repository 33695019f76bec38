"""Tests of the demo's pages whose slow parts come last, and of their film strip."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from zipfile import ZipFile

import pytest

ENDED = "document.getElementById('film-news').textContent === 'That was it.'"
#: Seconds that the film's charts take at least, one after the other and at once.
PLAIN = 0.3 + 0.8 + 1.6
DEFERRED = 1.6


def texts(tab: Any, part: str) -> list[str]:
    """Return the text of each element that a selector finds."""
    return [text.strip() for text in tab.locator(part).all_text_contents()]


def frame(tab: Any, side: str, moment: str) -> Any:
    """Return what is in a frame of the film strip."""
    return tab.frame_locator(f"[data-side={side}] [data-moment='{moment}'] iframe")


def kilobytes(tab: Any, side: str) -> list[int]:
    """Return the sizes under the frames of a page."""
    sizes = texts(tab, f"[data-side={side}] .size")
    return [int(size.removesuffix(" kB").replace(",", "")) for size in sizes]


def seconds(tab: Any, side: str) -> float:
    """Return after how long a page is said to have been whole."""
    (end,) = texts(tab, f"[data-side={side}] .end")
    return float(end.removeprefix("The whole page had come after ").split()[0])


@pytest.mark.parametrize(
    ("link", "name"), [("Excel workbook", "orders.xlsx"), ("tables.zip", "tables.zip")]
)
def test_a_click_saves_the_file(
    open_tab: Callable[..., Any], url: str, link: str, name: str
) -> None:
    """The links of the home page save a workbook and an archive, both whole."""
    tab = open_tab("native")
    tab.goto(url)
    with tab.expect_download() as download:
        tab.get_by_role("link", name=link, exact=True).click()
    assert download.value.suggested_filename == name
    with ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("browser", ["native", "plain"])
def test_every_browser_puts_the_charts_at_their_places(
    open_tab: Callable[..., Any], url: str, browser: str
) -> None:
    """Three charts and the failed forecast are in their boxes, and nothing waits."""
    tab = open_tab(browser)
    tab.goto(f"{url}/outpour/today")
    for name in ("hours", "days", "customers"):
        tab.locator(f"section[aria-labelledby={name}] svg").wait_for()
    tab.locator("section[aria-labelledby=forecast] .failed").wait_for()
    assert tab.locator(".waiting").count() == 0
    assert tab.locator("[aria-labelledby=orders] tbody tr").count() == 10_000


def test_the_film_strip_shows_both_pages_as_they_come(
    open_tab: Callable[..., Any], url: str
) -> None:
    """Of plain Flask nothing is there at first; of Outpour all but the slow charts."""
    tab = open_tab("native")
    problems: list[str] = []
    tab.on("pageerror", lambda error: problems.append(str(error)))
    tab.goto(f"{url}/film")
    tab.wait_for_function(ENDED)
    assert kilobytes(tab, "plain") == [0] * 4
    assert texts(tab, "[data-side=plain] .nothing") == ["nothing yet"] * 4
    early = frame(tab, "outpour", "0.5")
    assert early.locator("h1").text_content() == "Orders today"
    assert early.locator("[aria-labelledby=orders] tbody tr").count() > 20
    assert early.locator("[aria-labelledby=customers] .waiting").count() == 1
    assert early.locator("[aria-labelledby=customers] svg").count() == 0
    sizes = kilobytes(tab, "outpour")
    assert sizes == sorted(sizes)
    assert sizes[1] > 0
    assert seconds(tab, "plain") >= PLAIN
    assert DEFERRED <= seconds(tab, "outpour") < seconds(tab, "plain")
    assert problems == []


def test_a_frame_is_described_as_what_it_shows(
    open_tab: Callable[..., Any], url: str
) -> None:
    """Who does not see a frame reads under it how many charts are there."""
    tab = open_tab("native")
    tab.goto(f"{url}/film")
    tab.wait_for_function(ENDED)
    said = texts(tab, "[data-side=outpour] .seen")
    for moment, words in zip(["0.1", "0.5", "1", "2"], said, strict=True):
        charts = frame(tab, "outpour", moment).locator("svg").count()
        assert not charts or f"{charts} of 3 charts" in words
    assert re.match(r"the header, [\d,]+ orders, ", said[-1])


def test_the_film_is_played_again_without_the_delay(
    open_tab: Callable[..., Any], url: str
) -> None:
    """The button starts the film anew, its queries as fast as they are."""
    tab = open_tab("native")
    tab.goto(f"{url}/film")
    tab.get_by_text("the page is loading").wait_for()
    tab.get_by_label("Charts take at least").uncheck()
    with tab.expect_request(lambda request: request.url == f"{url}/plain/today"):
        tab.get_by_role("button", name="Play again").press("Enter")
    tab.wait_for_function(ENDED)
    assert seconds(tab, "plain") < PLAIN


def test_nothing_plays_on_its_own_where_motion_is_unwanted(
    open_tab: Callable[..., Any], url: str
) -> None:
    """With reduced motion, the film waits for the button."""
    tab = open_tab("native")
    tab.emulate_media(reduced_motion="reduce")
    asked: list[str] = []
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{url}/film")
    button = tab.get_by_role("button", name="Play")
    button.wait_for()
    assert not any("today" in address for address in asked)
    button.click()
    tab.get_by_text("the page is loading").wait_for()


def test_a_page_that_does_not_come_is_said(
    open_tab: Callable[..., Any], url: str
) -> None:
    """When the server fails, the film ends with a sentence about it."""
    tab = open_tab("native")
    tab.route("**/plain/today*", lambda route: route.fulfill(status=500))
    tab.goto(f"{url}/film")
    tab.get_by_text("That went wrong: the server answered 500.").wait_for()


def test_without_scripts_the_film_strip_gives_the_links(
    open_tab: Callable[..., Any], url: str
) -> None:
    """Who has no scripts reads what would be there, and follows the links."""
    tab = open_tab("native", scripts=False)
    tab.goto(f"{url}/film")
    assert tab.get_by_text("Without them, open the two links above.").is_visible()
    assert tab.get_by_role("button").count() == 0
    tab.get_by_role("link", name="under Outpour").click()
    tab.get_by_role("heading", name="Orders today").wait_for()
