"""Pages with deferred blocks, from a real server, as they come to stand in Chromium."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import Response

from browsers import dashboard
from flask_outpour import stream_template_string
from processes import Server
from servers.clients import wait_for
from servers.nginx import in_front_of
from servers.nginx import recommended

#: Records when each element with ``data-late`` came to stand in the document, in
#: seconds since the tab went to the page.
RECORDER = """
window.arrivals = {};
new MutationObserver(() => {
  for (const element of document.querySelectorAll("[data-late]"))
    window.arrivals[element.dataset.late] ??= performance.now() / 1000;
}).observe(document, {childList: true, subtree: true});
"""
_TIMING = "performance.getEntriesByType('navigation')[0].response{} / 1000"

Tabs = Callable[..., Any]


@pytest.fixture
def address(app: Flask, serve: Callable[[Any], str]) -> str:
    """Return where the page of the test is served."""
    app.add_url_rule("/", "page", lambda: "")
    return serve(app)


@pytest.fixture
def show(app: Flask, address: str) -> Callable[..., str]:
    """Return a function that makes a body the page of the test, and its address."""

    def set_page(
        body: str, headers: dict[str, str] | None = None, **context: Any
    ) -> str:
        source = f"<!doctype html><title>t</title><body>{body}</body></html>"
        app.view_functions["page"] = lambda: Response(
            stream_template_string(source, **context), headers=headers
        )
        return address

    return set_page


@pytest.fixture(params=["native", "plain"])
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of each of most readers' browsers in turn."""
    return str(request.param)


def html(tab: Any, selector: str) -> str:
    """Return what is in an element, less the space between elements."""
    text = tab.eval_on_selector(selector, "element => element.innerHTML")
    return "".join(line.strip() for line in text.splitlines())


def see_arrivals(tab: Any, address: str) -> tuple[dict[str, float], float]:
    """Return when the page's late elements arrived, and when it ended, in seconds."""
    # What the browser and the server do at first takes its time.
    tab.goto(f"{address}/none")
    tab.add_init_script(RECORDER)
    tab.goto(address)
    began, ended = (tab.evaluate(_TIMING.format(time)) for time in ("Start", "End"))
    arrivals = tab.evaluate("window.arrivals")
    return {late: when - began for late, when in arrivals.items()}, ended - began


def assert_one_by_one(arrivals: dict[str, float], ended: float) -> None:
    """Assert that the dashboard's blocks came each when it was ready."""
    assert list(arrivals) == ["0.3", "1.0", "2.0"]
    assert [*arrivals.values(), ended] == pytest.approx([0.3, 1.0, 2.0, 2.0], abs=0.6)


def test_page_is_whole_but_for_what_is_late(
    name: str, open_tab: Tabs, show: Callable[..., str]
) -> None:
    """All that is ready is seen, fallbacks too, while a block waits; then it comes."""
    gates = [threading.Event(), threading.Event()]
    tab = open_tab(name)
    address = show(
        "<p id=a>{% defer %}{{ wait(0) }}A{% fallback %}soon A{% enddefer %}</p>"
        "<p id=b>{% defer %}{{ wait(1) }}B{% fallback %}soon B{% enddefer %}</p>"
        "<p id=c>C</p>",
        wait=lambda gate: gates[gate].wait(20) and "",
    )
    tab.goto(address, wait_until="commit")
    tab.wait_for_selector("#c")
    assert [tab.inner_text(p) for p in ("#a", "#b", "#c")] == ["soon A", "soon B", "C"]
    gates[1].set()
    tab.wait_for_selector("#b >> text='B'")
    assert [tab.inner_text(p) for p in ("#a", "#b", "#c")] == ["soon A", "B", "C"]
    gates[0].set()
    tab.wait_for_load_state()
    assert tab.inner_text("body").split() == ["A", "B", "C"]


@pytest.mark.parametrize("name", ["native", "marking", "plain"])
def test_nothing_of_the_delivery_stays(
    name: str, open_tab: Tabs, show: Callable[..., str]
) -> None:
    """The document ends up as if each block had stood at its place from the start."""
    tab = open_tab(name)
    tab.goto(show("<p>{% defer %}<b>1</b>{% fallback %}0{% enddefer %}</p>"))
    assert html(tab, "body") == "<p><b>1</b></p>"


def test_contents_that_stand_in_few_places(
    name: str, open_tab: Tabs, show: Callable[..., str]
) -> None:
    """Rows, cells, items, options and terms come to stand among their likes."""
    body = expected = ""
    for before, item, after in (
        ("<table><tbody>", "<tr><td>{}</td></tr>", "</tbody></table>"),
        ("<table><tbody><tr>", "<td>{}</td>", "</tr></tbody></table>"),
        ("<ol>", "<li>{}</li>", "</ol>"),
        ("<select>", "<option>{}</option>", "</select>"),
        ("<dl>", "<dt>{}</dt><dd>x</dd>", "</dl>"),
    ):
        late = item.format(2) + item.format(3)
        block = f"{{% defer %}}{late}{{% fallback %}}{item.format(0)}{{% enddefer %}}"
        body += f"{before}{item.format(1)}{block}{item.format(4)}{after}"
        items = "".join(item.format(number) for number in (1, 2, 3, 4))
        expected += f"{before}{items}{after}"
    tab = open_tab(name)
    tab.goto(show(body))
    assert html(tab, "body") == expected


def test_drawing(name: str, open_tab: Tabs, show: Callable[..., str]) -> None:
    """A late SVG is a drawing, not elements that are called as its parts are."""
    tab = open_tab(name)
    tab.goto(show('{% defer %}<svg id=s><circle r="3"/></svg>{% enddefer %}'))
    kind = "document.querySelector('#s > circle') instanceof SVGCircleElement"
    assert tab.evaluate(kind)


def test_blocks_in_blocks(name: str, open_tab: Tabs, show: Callable[..., str]) -> None:
    """The outer block is seen while the inner one waits, which then is put into it."""
    gate = threading.Event()
    tab = open_tab(name)
    address = show(
        "<p>{% defer %}<i>outer <u>{% defer %}{{ wait() }}inner{% fallback %}soon"
        "{% enddefer %}</u></i>{% enddefer %}</p>",
        wait=lambda: gate.wait(20) and "",
    )
    tab.goto(address, wait_until="commit")
    tab.wait_for_selector("u >> text='soon'")
    gate.set()
    tab.wait_for_load_state()
    assert html(tab, "body") == "<p><i>outer <u>inner</u></i></p>"


def test_script_in_a_block(name: str, open_tab: Tabs, show: Callable[..., str]) -> None:
    """A script that a block has runs once, and finds the block's elements."""
    tab = open_tab(name)
    tab.goto(
        show(
            "{% defer %}<b id=b>no</b><script>runs = (window.runs || 0) + 1;"
            "document.getElementById('b').append(runs)</script>{% enddefer %}"
        )
    )
    assert tab.inner_text("#b") == "no1"


def test_block_that_fails(
    app: Flask, name: str, open_tab: Tabs, show: Callable[..., str]
) -> None:
    """Its part for errors is shown, nothing of the exception, and the others come."""
    tab = open_tab(name)
    tab.goto(
        show(
            "<p id=a>{% defer %}{{ 'password=' ~ 1 // 0 }}{% fallback %}soon"
            "{% onerror %}not today{% enddefer %}</p>"
            "<p id=b>{% defer %}well{% enddefer %}</p>"
        )
    )
    assert html(tab, "body") == '<p id="a">not today</p><p id="b">well</p>'
    document = tab.content()
    assert not [word for word in ("Error", "zero", "password") if word in document]


def test_page_with_an_open_element(
    name: str, open_tab: Tabs, show: Callable[..., str]
) -> None:
    """An element that the page does not close keeps no block from its place."""
    tab = open_tab(name)
    tab.goto(show("<p id=a>{% defer %}late{% enddefer %}</p><div id=open>"))
    assert (html(tab, "#a"), html(tab, "#open")) == ("late", "")


def test_scripts_forbidden_by_the_reader(
    open_tab: Tabs, show: Callable[..., str]
) -> None:
    """The native feature needs no scripts, and leaves no link to another page."""
    tab = open_tab("native", scripts=False)
    tab.goto(show("<p>{% defer %}late{% fallback %}soon{% enddefer %}</p>"))
    assert tab.locator("body > p").all_inner_texts() == ["late"]
    assert tab.locator("a").count() == 0


@pytest.mark.parametrize("name", ["marking", "plain"])
def test_way_out_of_a_page_without_scripts(
    name: str, open_tab: Tabs, show: Callable[..., str]
) -> None:
    """With neither feature nor scripts a link leads to the page in order."""
    tab = open_tab(name, scripts=False)
    body = "<p id=a>{% defer %}late{% fallback %}soon{% enddefer %}</p><p id=b>end</p>"
    tab.goto(f"{show(body)}/?page=2")
    assert tab.inner_text("#a") == "soon"
    assert tab.locator("a").is_visible()
    tab.click("a")
    tab.wait_for_url("**/?page=2&deferred=in-order")
    assert tab.inner_text("body").split() == ["late", "end"]
    assert tab.locator("a").count() == 0


def test_nonce(name: str, open_tab: Tabs, show: Callable[..., str]) -> None:
    """Under a policy that wants a nonce the blocks come to their places."""
    tab = open_tab(name)
    address = show(
        "<p>{% defer %}late{% fallback %}soon{% enddefer %}</p>",
        {"Content-Security-Policy": "script-src 'nonce-Rm9vIQ=='"},
        csp_nonce=lambda: "Rm9vIQ==",
    )
    tab.goto(address)
    assert html(tab, "body") == "<p>late</p>"


@pytest.mark.parametrize(("name", "seen"), [("native", "late"), ("plain", "soon")])
def test_scripts_forbidden_by_a_policy(
    open_tab: Tabs, show: Callable[..., str], name: str, seen: str
) -> None:
    """The native feature obeys no policy for scripts; the script obeys, of course."""
    tab = open_tab(name)
    address = show(
        "<p id=a>{% defer %}late{% fallback %}soon{% enddefer %}</p>",
        {"Content-Security-Policy": "script-src 'none'"},
    )
    tab.goto(address)
    assert tab.inner_text("#a") == seen


def test_closed_tab(
    app: Flask, name: str, open_tab: Tabs, show: Callable[..., str]
) -> None:
    """Who closes the tab ends the block: its source is closed, its thread is free."""
    closed = threading.Event()

    def endless() -> Iterator[str]:
        try:
            while True:
                yield "."
                time.sleep(0.02)
        finally:
            closed.set()

    tab = open_tab(name)
    address = show(
        "<p>{% defer %}{% for x in dots() %}{{ x }}{% endfor %}{% fallback %}soon"
        "{% enddefer %}</p>",
        dots=endless,
    )
    tab.goto(address, wait_until="commit")
    tab.wait_for_selector("text=soon")
    pool = app.extensions["outpour"].pool.get(0)
    assert (pool.busy, closed.is_set()) == (1, False)
    tab.close()
    assert closed.wait(10)
    assert wait_for(lambda: pool.busy == 0)


def test_times(name: str, open_tab: Tabs, serve: Callable[[Any], str]) -> None:
    """Each block is seen when it is ready, and the page ends with the slowest."""
    assert_one_by_one(*see_arrivals(open_tab(name), serve(dashboard.app)))


def test_times_behind_gunicorn_and_nginx(
    name: str, open_tab: Tabs, run_server: Callable[..., Server], tmp_path: Path
) -> None:
    """The blocks come one by one through compression and a proxy, too."""
    gunicorn = run_server("gunicorn-gthread", "browsers.dashboard:app")
    tab = open_tab(name)
    with in_front_of(gunicorn, recommended(), tmp_path) as nginx:
        headers: dict[str, Any] = {}
        tab.on("response", lambda it: headers.update({it.url: it.headers}))
        arrivals, ended = see_arrivals(tab, nginx.url)
    assert "content-encoding" in headers[f"{nginx.url}/"]
    assert_one_by_one(arrivals, ended)
