"""Tests of pages with deferred blocks, by a request to an application."""

from __future__ import annotations

import queue
import re
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import g
from flask import request
from flask import session
from flask.testing import FlaskClient
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import ConfigurationError
from flask_outpour import Outpour
from flask_outpour import stream_template_string
from flask_outpour.templates import page as pages
from flask_outpour.templates import TemplateStream

IN_ORDER = "/?deferred=in-order"


@pytest.fixture
def show(app: Flask) -> Callable[..., None]:
    """Return a function that makes a template the page at ``/``."""

    def set_page(source: str, **context: Any) -> None:
        app.view_functions["page"] = lambda: stream_template_string(source, **context)

    app.add_url_rule("/", "page", lambda: "")
    return set_page


def patches(text: str) -> dict[str, str]:
    """Return what a page in place puts where, in the order of arrival."""
    found = re.findall('<template for="([^"]*)">(.*?)</template>\n', text, re.DOTALL)
    return {name: content for name, content in found if name != "outpour-in-order"}


def test_blocks_are_rendered_at_the_same_time(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """Three blocks that wait for each other all end."""
    barrier = threading.Barrier(3)
    show("{% for i in 'abc' %}{% defer %}{{ i }}{{ wait() }}{% enddefer %}{% endfor %}",
         wait=lambda: barrier.wait(20) and "")  # fmt: skip
    text = client.get(IN_ORDER).text
    assert re.sub("[0-9]", "", text) == "abc"


def test_blocks_arrive_in_the_order_in_which_they_are_ready(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """A later block that is ready first is sent first, at its own place."""
    early = threading.Event()

    def wait() -> str:
        assert early.wait(20)
        # The other has to hand its text over, too.
        time.sleep(0.1)
        return ""

    show(
        "<p>{% defer late %}{{ wait() }}late{% fallback %}soon {{ n }}"
        "{% enddefer %}</p><p>{% defer %}early{{ go() }}{% enddefer %}</p>",
        **{"wait": wait, "n": "<1>", "go": lambda: early.set() or ""},
    )
    text = client.get("/").text
    assert text.startswith(
        '<p><?start name="late">soon &lt;1&gt;<?end></p>'
        '<p><?start name="defer-1"><?end></p>'
    )
    assert list(patches(text).items()) == [("defer-1", "early"), ("late", "late")]


def test_page_in_order_is_plain(client: FlaskClient, show: Callable[..., None]) -> None:
    """In order there are no markers, no meanwhile, no script and no template."""
    show("a{% defer %}b{% defer %}c{% fallback %}x{% enddefer %}d{% enddefer %}e")
    assert client.get(IN_ORDER).text == "abcde"


def crawler(request: Any) -> bool:
    return "bot" in request.user_agent.string


@pytest.mark.parametrize(
    ("keyword", "setting", "query", "agent", "in_order"),
    [
        (None, False, "", "", False),
        (None, True, "", "", True),
        ("in-place", True, "", "", False),
        ("in-place", False, "?deferred=in-order", "", True),
        ("in-order", False, "", "", True),
        (None, False, "?deferred=in-place", "", False),
        (None, crawler, "", "a bot", True),
        (None, crawler, "", "a browser", False),
    ],
)
def test_delivery_is_chosen(
    app: Flask,
    client: FlaskClient,
    keyword: str | None,
    setting: Any,
    query: str,
    agent: str,
    in_order: bool,
) -> None:
    """The view's word goes before the setting, and the reader's before both."""
    app.config["OUTPOUR_DEFER_IN_ORDER"] = setting

    @app.get("/")
    def view() -> TemplateStream:
        return stream_template_string("{% defer %}a{% enddefer %}", deferred=keyword)

    text = client.get(f"/{query}", headers={"User-Agent": agent}).text
    assert (text == "a") is in_order
    assert ("<template for" in text) is not in_order


def test_unknown_delivery_is_refused(app: Flask, client: FlaskClient) -> None:
    """Another word is an error that says which there are."""
    app.testing = True
    app.add_url_rule(
        "/", "view", lambda: stream_template_string("", deferred="in_order")
    )
    with pytest.raises(ConfigurationError, match=r'"in-order" or "in-place".*in_order'):
        client.get("/")


def test_reader_without_scripts_is_led_to_the_page_in_order(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """The link keeps what the query had, and stands in what a browser may remove."""
    show("{% defer %}a{% enddefer %}")
    text = client.get('/?q="<&q=2').text
    link = re.search(
        '<[?]start name="([^"]+)"><noscript><p><a href="(.+?)".*</noscript><[?]end>',
        text,
    )
    assert link is not None
    assert link[2] == "?q=%22%3C&amp;q=2&amp;deferred=in-order"
    assert f'<template for="{link[1]}"></template>' in text
    assert client.get(f"/{link[2].replace('&amp;', '&')}").text == "a"
    assert client.get("/?deferred=x").text.count('href="?deferred=in-order"') == 1


def test_answer_to_a_form_has_no_link(app: Flask, client: FlaskClient) -> None:
    """A link asks by GET, which a view that answers a POST may not take."""
    source = "{% defer %}a{% enddefer %}"
    app.post("/")(lambda: stream_template_string(source))
    assert "noscript" not in client.post("/").text


def test_script_is_written_once_with_the_nonce(
    app: Flask, client: FlaskClient, show: Callable[..., None]
) -> None:
    """The nonce is the template's ``csp_nonce``, wherever that comes from."""
    show("{% defer %}a{% enddefer %}{% defer %}b{% enddefer %}")
    app.jinja_env.globals["csp_nonce"] = lambda: 'n"1'
    assert client.get("/").text.count('<script nonce="n&#34;1">') == 1
    app.template_context_processors[None].append(lambda: {"csp_nonce": "of the page"})
    assert client.get("/").text.count('<script nonce="of the page">') == 1


def test_page_without_blocks_has_nothing_more(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """No script comes, where no block does."""
    show("<body>a{% flush %}{{ 1 }}</body></html>")
    assert client.get("/").text == "<body>a1</body></html>"


@pytest.mark.parametrize("end", ["</body></html>\n", "</body>\n</html>", "</body>", ""])
def test_page_ends_with_its_end_tags(
    client: FlaskClient, show: Callable[..., None], end: str
) -> None:
    """What arrives late stands inside of the body."""
    show(f"<body>{{% defer %}}a{{% enddefer %}}<!-- </body> -->b{{{{ '' }}}}{end}")
    text = client.get("/").text
    assert text.endswith(f"</template>\n{end.rstrip(chr(10))}")
    assert "<!-- </body> -->b" in text
    assert text.count("</body>") == 1 + ("</body>" in end)


def test_block_has_the_values_at_its_place(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """What changes behind a block does not change the block."""
    go = threading.Event()
    show(
        "{% set x = 1 %}{% for i in 'ab' %}{% set y = i ~ loop.index %}"
        "{% defer %}{{ wait() }}{{ i }}{{ y }}{{ x }},{% enddefer %}{% endfor %}"
        "{% set x = 2 %}{% set i = 3 %}{{ go.set() or '' }}",
        **{"wait": lambda: "" if go.wait(20) else "!", "go": go},
    )
    assert client.get(IN_ORDER).text == "aa11,bb21,"


def test_block_reads_the_request_and_the_session(
    app: Flask, client: FlaskClient, show: Callable[..., None]
) -> None:
    """In its thread a block has the request, the session and url_for."""

    @app.before_request
    def bind() -> None:
        session["user"] = "ada"
        g.unit = "km"

    show(
        "{% defer %}{{ read() }} {{ request.path }} {{ session.user }} {{ g.unit }}"
        " {{ url_for('page', x=1) }}{% enddefer %}",
        read=lambda: f"{request.args['deferred']} {session['user']}",
    )
    assert client.get(IN_ORDER).text == "in-order ada / ada km /?x=1"


def test_block_has_an_application_context_of_its_own(
    app: Flask, client: FlaskClient, show: Callable[..., None]
) -> None:
    """What a block opens in ``g`` is closed when it ends, and only that."""
    told: list[str] = []

    @app.before_request
    def connect() -> None:
        g.db = "page"

    @app.teardown_appcontext
    def close(error: BaseException | None) -> None:
        told.append(f"{g.pop('db', 'none')} {type(error).__name__}")

    @app.teardown_request
    def end(error: BaseException | None) -> None:
        told.append("request")

    def query(name: str) -> str:
        assert "db" not in g
        g.db = name
        return name

    show(
        "{% defer %}{{ query('a') }}{% enddefer %}"
        "{% defer %}{{ query('b') }}{{ 1 // 0 }}{% enddefer %}{% defer %}{% enddefer %}"
        "{{ g.db }}",
        query=query,
    )
    assert client.get(IN_ORDER).text == "apage"
    blocks, page = told[:-2], told[-2:]
    assert sorted(blocks) == [
        *("a NoneType", "b ZeroDivisionError", "none NoneType", "none NoneType")
    ]
    assert page == ["request", "page NoneType"]


def test_names_of_g_are_taken_over_as_set(
    app: Flask,
    client: FlaskClient,
    show: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a setting names is in a block's ``g``; what it lacks names the setting."""
    app.before_request(lambda: setattr(g, "user", "ada"))
    show("{% defer %}{{ user() }}{% onerror %}nobody{% enddefer %}",
         user=lambda: g.user)  # fmt: skip
    assert client.get(IN_ORDER).text == "nobody"
    assert "name it in OUTPOUR_DEFER_G" in caplog.text
    app.config["OUTPOUR_DEFER_G"] = ["user", "other"]
    assert client.get(IN_ORDER).text == "ada"


def test_failing_block_leaves_the_page_whole(
    client: FlaskClient,
    show: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It is logged with its line, its error part is shown, and no word of the error."""

    def fail() -> None:
        raise RuntimeError("secret")

    source = (
        "a\n{% defer %}b{% defer %}inner{% enddefer %}{{ fail() }}{% onerror %}"
        "sorry {{ x }}{% enddefer %}{% defer %}{{ 1//0 }}{% enddefer %}c"
    )
    show(source, fail=fail, x="<x>")
    assert client.get(IN_ORDER).text == "a\nsorry &lt;x&gt;c"
    assert "The deferred block at <template>, line 2 failed." in caplog.text
    assert "secret" in caplog.text
    text = client.get("/").text
    assert "secret" not in text
    assert {*patches(text).values()} == {"sorry &lt;x&gt;", ""}


def test_failing_error_part_leaves_the_page_whole(
    client: FlaskClient,
    show: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where the error part fails as well, nothing is shown, and both are logged."""
    show("a{% defer %}{{ 1//0 }}{% onerror %}{{ x.y.z }}{% enddefer %}b")
    assert client.get(IN_ORDER).text == "ab"
    assert "ZeroDivisionError" in caplog.text
    assert "UndefinedError" in caplog.text


def test_block_that_exits_leaves_the_page_whole(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """``SystemExit`` in a block ends neither the page nor the thread."""

    def leave() -> None:
        raise SystemExit(3)

    show("a{% defer %}{{ leave() }}{% onerror %}x{% enddefer %}b", leave=leave)
    assert [client.get(IN_ORDER).text for _ in range(20)] == ["axb"] * 20


def test_failure_before_the_first_piece_is_an_error_page(
    app: Flask, client: FlaskClient, show: Callable[..., None]
) -> None:
    """What fails outside of blocks at the start has the status of an error."""
    show("{{ 1 // 0 }}{% defer %}a{% enddefer %}")
    app.register_error_handler(ZeroDivisionError, lambda error: ("zero", 418))
    response = client.get("/")
    assert (response.status_code, response.text) == (418, "zero")


def test_block_that_takes_too_long_shows_its_error_part(
    client: FlaskClient,
    show: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The page goes on without it, and its late result is dropped."""
    go = threading.Event()
    show(
        "{% defer timeout=0.05 %}{{ go.wait(20) }}{% onerror %}late{% enddefer %}"
        "{% defer timeout=20 %}b{% enddefer %}",
        go=go,
    )
    assert client.get(IN_ORDER).text == "lateb"
    assert "line 1 took over 0.05 seconds." in caplog.text
    assert sorted(patches(client.get("/").text).values()) == ["b", "late"]
    go.set()


@pytest.mark.parametrize("address", ["/", IN_ORDER])
def test_block_that_was_ready_in_time_is_shown(
    client: FlaskClient, show: Callable[..., None], address: str
) -> None:
    """That the page itself took longer than their timeouts takes away no block."""
    show(
        "{% for i in 'abc' %}{% defer timeout=0.2 %}{{ i }}{% onerror %}x"
        "{% enddefer %}{% endfor %}<br>{{ sleep(0.5) or '' }}",
        sleep=time.sleep,
    )
    text = client.get(address).text
    shown = "".join(patches(text).values()) or text.removesuffix("<br>")
    assert sorted(shown) == ["a", "b", "c"]


def test_failing_teardown_leaves_the_page_whole(
    app: Flask,
    client: FlaskClient,
    show: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What a block's teardown raises is logged, and its error part is shown."""

    @app.teardown_appcontext
    def fail(error: BaseException | None) -> None:
        if threading.current_thread().name == "outpour-defer":
            raise RuntimeError("teardown")

    show("a{% defer %}b{% onerror %}x{% enddefer %}c")
    assert [client.get(IN_ORDER).text for _ in range(20)] == ["axc"] * 20
    assert "RuntimeError: teardown" in caplog.text


def test_block_knows_its_timeout(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """An application can give the timeout to its database."""
    show(
        "{% defer timeout=2.5 %}{{ left() }}{% enddefer %}"
        "{% defer %}{{ left() }}{% enddefer %}",
        left=lambda: str(g.outpour_timeout),
    )
    assert client.get(IN_ORDER).text == "2.5None"


def test_hung_blocks_do_not_starve_other_pages(
    app: Flask,
    client: FlaskClient,
    show: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """When half of the threads hang, blocks are rendered at their place."""
    app.config["OUTPOUR_DEFER_WORKERS"] = 4
    go = threading.Event()
    try:
        show(
            "{% defer timeout=0.05 %}{{ go.wait(60) }}{% onerror %}x{% enddefer %}" * 2,
            go=go,
        )
        assert client.get(IN_ORDER).text == "xx"
        show("{% defer %}{{ name() }}{% enddefer %}",
             name=lambda: threading.current_thread().name)  # fmt: skip
        assert "outpour-defer" not in client.get("/").text
        assert "Raise OUTPOUR_DEFER_WORKERS" in caplog.text
    finally:
        go.set()


def test_block_that_never_began_is_told_apart(
    app: Flask,
    client: FlaskClient,
    show: Callable[..., None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where all of the timeout was a wait for a thread, the log says so."""
    app.config["OUTPOUR_DEFER_WORKERS"] = 1
    gate = threading.Event()
    place = app.extensions["outpour"].pool.get(1).submit(lambda: gate.wait(60))
    assert place is not None
    show("{% defer timeout=0.1 %}b{% onerror %}late{% enddefer %}")
    try:
        assert client.get(IN_ORDER).text == "late"
    finally:
        gate.set()
    assert "in wait for a thread (OUTPOUR_DEFER_WORKERS)" in caplog.text


def test_nested_blocks_need_one_thread(
    app: Flask, client: FlaskClient, show: Callable[..., None]
) -> None:
    """A block never waits for another in the pool, so one thread is enough."""
    app.config["OUTPOUR_DEFER_WORKERS"] = 1
    nested = "x"
    for level in range(10):
        nested = f"{level}{{% defer %}}{nested}{{% enddefer %}}"
    show(nested * 2)
    assert client.get(IN_ORDER).text == "9876543210x" * 2
    placed = client.get("/").text
    assert sorted(patches(placed)) == sorted(re.findall('start name="(d.*?)"', placed))


def test_nested_block_of_one_that_failed_is_not_shown(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """The error part of a block takes the place of all that was in it."""
    show(
        "{% defer a %}{% defer b %}{{ sleep(0.2) or '' }}b{% enddefer %}{{ 1//0 }}"
        "{% onerror %}x{% enddefer %}",
        sleep=time.sleep,
    )
    assert patches(client.get("/").text) == {"a": "x"}


def test_same_name_twice_is_told_apart(
    client: FlaskClient, show: Callable[..., None]
) -> None:
    """A block with a name in a loop has each of its contents at its own place."""
    show("{% for i in 'ab' %}{% defer n %}{{ i }}{% enddefer %}{% endfor %}")
    text = client.get("/").text
    names = re.findall('start name="(n.*?)"', text)
    assert len({*names}) == 2
    assert [patches(text)[name] for name in names] == ["a", "b"]


def test_what_follows_a_block_is_bounded_in_memory(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In order, a long page behind a slow block waits, and is not collected."""
    go = threading.Event()
    taken: list[int] = []

    def rows() -> Iterator[int]:
        for row in range(100_000):
            taken.append(row)
            yield row

    app.add_url_rule("/", "view", lambda: stream_template_string(
        "a{% defer %}{{ go.wait(20) }}{% enddefer %}"
        "{% for r in rows %}{{ r }}{% endfor %}",
        deferred="in-order", go=go, rows=rows()))  # fmt: skip
    body, _, _ = run_wsgi_app(app, create_environ("/"))
    assert next(iter(body)) == b"a"
    threading.Timer(0.5, lambda: (taken.append(-1), go.set())).start()
    text = b"".join(body).decode()
    body.close()  # type: ignore[attr-defined]
    assert text == "True" + "".join(map(str, range(100_000)))
    assert 1_000 < taken.index(-1) < 20_000


@pytest.mark.parametrize("address", ["", "?deferred=in-order"])
def test_flush_sends_what_was_rendered(
    app: Flask, serve: Callable[[Any], str], address: str
) -> None:
    """A reader has all that stands before ``flush``, however much was joined."""
    go = threading.Event()
    app.add_url_rule("/", "view", lambda: stream_template_string(
        "{% for i in range(5000) %}{{ i }},{% endfor %}{% flush %}{{ go.wait(20) }}",
        go=go))  # fmt: skip
    expected = "".join(f"{i}," for i in range(5000)).encode()
    with urlopen(f"{serve(app)}{address}", timeout=20) as response:
        assert response.read(len(expected)) == expected
        go.set()
        assert response.read() == b"True"


def test_page_is_sent_before_its_blocks(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """A reader has the page's own text and each ready block while others wait."""
    turns: dict[str, queue.Queue[str]] = {name: queue.Queue() for name in "ab"}
    app.add_url_rule("/", "view", lambda: stream_template_string(
        "{% for n in 'ab' %}{% defer %}{{ turns[n].get() }}{% enddefer %}{% endfor %}"
        "own\n</body>", turns=turns))  # fmt: skip
    with urlopen(serve(app), timeout=20) as response:
        assert response.readline().endswith(b"own\n")
        while b"</script>" not in (line := response.readline()):
            assert line
        turns["b"].put("second")
        assert b"second</template>" in _line_with_text(response)
        turns["a"].put("first")
        assert b"first</template>" in _line_with_text(response)
        assert response.read() == b"</body>"


def _line_with_text(response: Any) -> bytes:
    while (line := response.readline()) == b"\n":
        pass
    return bytes(line)


def test_reader_who_leaves_frees_the_pool(
    app: Flask, serve: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks that nobody waits for stop at their next piece and close their rows."""
    monkeypatch.setattr(pages, "TICK", 0.05)
    begun, closed = threading.Event(), threading.Event()
    pool = app.extensions["outpour"].pool.get(8)

    def rows() -> Iterator[str]:
        try:
            while True:
                begun.set()
                time.sleep(0.01)
                yield "row"
        finally:
            closed.set()

    app.add_url_rule("/", "view", lambda: stream_template_string(
        "a{% defer %}{% for r in rows() %}{{ r }}{% endfor %}{% enddefer %}",
        rows=rows))  # fmt: skip
    with urlopen(serve(app), timeout=20) as response:
        response.readline()
        assert begun.wait(20)
        assert pool.busy == 1
    assert closed.wait(20)
    for _ in range(1000):
        if pool.busy == 0:
            break
        time.sleep(0.01)
    assert pool.busy == 0


def test_page_without_a_request_is_rendered(app: Flask) -> None:
    """With an application context alone, blocks have one, too."""
    with app.app_context():
        page = stream_template_string(
            "{% defer %}{{ config.TESTING }}{% enddefer %}", deferred="in-order"
        )
        assert "".join(page) == "False"


def test_buffered_page_has_its_blocks(app: Flask, client: FlaskClient) -> None:
    """Jinja's own buffering changes when pieces come, not which."""

    @app.get("/")
    def view() -> TemplateStream:
        page = stream_template_string("a{% defer %}b{% enddefer %}{{ 1 }}{% flush %}")
        page.enable_buffering(5)
        return page

    assert client.get(IN_ORDER).text == "ab1"


def test_exempt_view_sends_no_empty_items(app: Flask) -> None:
    """Where Outpour does not serve a view, what asks for sending is left out."""
    app.add_url_rule("/", "view", Outpour.exempt(
        lambda: stream_template_string("{{ 1 }}{% flush %}{{ 2 }}")))  # fmt: skip
    body, _, _ = run_wsgi_app(app, create_environ("/"))
    assert [*body] == [b"1", b"2"]
    body.close()  # type: ignore[attr-defined]
