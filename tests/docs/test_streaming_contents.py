"""Flask's page "Streaming Contents": what it promises, of its views as they stand."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from fences import ROOT
from flask import got_request_exception
from flask import Response
from jinja2 import DictLoader
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.test import Client

from flask_outpour import stream_finished
from processes import free_port

EXAMPLE = ROOT / "examples" / "streaming_contents.py"
IMPORTS = ("Response", "stream_with_context")
GATE = 10  # seconds; a gate that nobody opens fails the test

Serve = Callable[[Any], str]


def load(imports: str) -> ModuleType:
    """Return the example as a module, its names imported from the given package."""
    source = EXAMPLE.read_text()
    for name in IMPORTS:
        line = f"from flask import {name}\n"
        assert line in source
        source = source.replace(line, f"from {imports} import {name}\n")
    module = ModuleType("streaming_contents")
    module.__file__ = str(EXAMPLE)
    # Flask finds the templates beside the module's file.
    sys.modules[module.__name__] = module
    exec(compile(source, EXAMPLE, "exec"), module.__dict__)
    return module


@pytest.fixture(params=["flask", "flask_outpour"])
def page(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
    """Return the page with Flask's imports, and again with ours; its table shorter."""
    module = load(request.param)
    module.ROWS = 2_000
    yield module
    del sys.modules["streaming_contents"]


@pytest.fixture(params=[True, False], ids=["outpour", "switched-off"])
def either(request: pytest.FixtureRequest, page: ModuleType) -> ModuleType:
    """Return the page with Outpour, and again with Outpour switched off."""
    page.app.config["OUTPOUR_ENABLED"] = request.param
    return page


def fetch(url: str) -> tuple[str, str]:
    """Return the media type and the text of an address."""
    with urllib.request.urlopen(url, timeout=GATE) as response:
        return response.headers["Content-Type"], response.read().decode()


def begin(url: str) -> http.client.HTTPResponse:
    """Ask for an address; the body is for the test to read."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=GATE)
    connection.request("GET", f"{parts.path}?{parts.query}")
    response = connection.getresponse()
    connection.close()  # the response keeps the socket until it is closed
    return response


@pytest.mark.parametrize("path", ["/large.csv", "/large-too.csv"])
def test_the_csv_views_send_every_row(
    either: ModuleType, serve: Serve, path: str
) -> None:
    """Both forms of the CSV view send all rows, in order, as text/csv."""
    media_type, text = fetch(serve(either.app) + path)
    assert media_type.partition(";")[0] == "text/csv"
    assert text.splitlines() == [",".join(row) for row in either.iter_all_rows()]


def test_the_template_recipe_sends_the_whole_page(
    either: ModuleType, serve: Serve
) -> None:
    """The page's recipe sends what rendering the template at once would give."""
    media_type, text = fetch(serve(either.app) + "/my-large-page.html")
    template = either.app.jinja_env.get_template("the_template.html")
    assert media_type == "text/html; charset=utf-8"
    assert text == template.render(rows=either.iter_all_rows())


@pytest.mark.parametrize("path", ["/stream", "/stream-too"])
def test_the_stream_reads_the_request(
    either: ModuleType, serve: Serve, path: str
) -> None:
    """Wrapped and decorated, the generator reads the name, which is escaped."""
    _, text = fetch(serve(either.app) + f"{path}?name=%3Cb%3EAnn")
    assert text == "Hello &lt;b&gt;Ann!"


def test_without_context_the_first_item_is_a_clean_500(
    page: ModuleType, serve: Serve
) -> None:
    """A bare generator that needs the request first gives the page of a 500."""
    errors: list[BaseException] = []

    def remember(sender: object, exception: BaseException) -> None:
        errors.append(exception)

    with got_request_exception.connected_to(remember, page.app):
        response = begin(serve(page.app) + "/name-without-context?name=Ann")
        text = response.read()
    response.close()
    assert response.status == 500
    assert b"Internal Server Error" in text
    assert [type(error) for error in errors] == [RuntimeError]


def test_without_context_a_later_item_cuts_the_connection(
    page: ModuleType, serve: Serve
) -> None:
    """A bare generator that needs the request later sends what it had, and is cut."""
    ends: list[dict[str, Any]] = []

    def remember(sender: object, **facts: Any) -> None:
        ends.append(facts)

    with stream_finished.connected_to(remember, page.app):
        response = begin(serve(page.app) + "/stream-without-context?name=Ann")
        with pytest.raises(http.client.IncompleteRead) as caught:
            response.read()
    response.close()
    assert caught.value.partial == b"Hello "
    assert ends[0]["outcome"] == "failed"
    assert isinstance(ends[0]["error"], RuntimeError)


@pytest.mark.parametrize("path", ["/large.csv", "/large-too.csv"])
def test_a_row_is_sent_before_the_next_exists(
    page: ModuleType, serve: Serve, path: str
) -> None:
    """A client has the first row while the second is not made yet."""
    gate = threading.Event()

    def rows() -> Iterator[list[str]]:
        yield ["1", "Ann"]
        assert gate.wait(GATE)
        yield ["2", "Bob"]

    page.iter_all_rows = rows
    response = begin(serve(page.app) + path)
    first = response.readline()
    gate.set()
    assert (first, response.read()) == (b"1,Ann\n", b"2,Bob\n")


def test_an_endless_table_ends_with_its_client(page: ModuleType, serve: Serve) -> None:
    """Rows without end are sent as they are made, until the client leaves."""
    closed = threading.Event()

    def rows() -> Iterator[list[str]]:
        try:
            while True:
                yield ["x" * 1000]
        finally:
            closed.set()

    page.iter_all_rows = rows
    response = begin(serve(page.app) + "/large.csv")
    assert len(response.read(3_000_000)) == 3_000_000
    assert not closed.is_set()
    response.close()
    assert closed.wait(GATE)


def test_a_template_renders_as_it_is_sent(page: ModuleType, serve: Serve) -> None:
    """A client has the top of a page while a later row is not made yet."""
    gate = threading.Event()

    def rows() -> Iterator[list[str]]:
        # The recipe buffers five pieces, and a row of three cells has eight.
        yield ["1", "Ann", "paid"]
        assert gate.wait(GATE)
        yield ["2", "Bob", "open"]

    page.iter_all_rows = rows
    response = begin(serve(page.app) + "/my-large-page.html")
    first = response.readline()
    gate.set()
    assert first == b"<!doctype html>\n"
    assert b"Bob" in response.read()


def test_the_recipe_updates_the_template_context(page: ModuleType) -> None:
    """The page's recipe gives its template what context processors add."""
    page.app.jinja_env.loader = DictLoader({"named.html": "{{ company }}"})
    page.app.context_processor(lambda: {"company": "Orders & Co"})
    page.app.add_url_rule(
        "/named", view_func=lambda: Response(page.stream_template("named.html"))
    )
    assert page.app.test_client().get("/named").text == "Orders &amp; Co"


def test_the_recipe_buffers_five_pieces(page: ModuleType) -> None:
    """Jinja's buffering joins five pieces of the template to one item."""
    ends: list[dict[str, Any]] = []

    def remember(sender: object, **facts: Any) -> None:
        ends.append(facts)

    template = page.app.jinja_env.get_template("the_template.html")
    pieces = sum(1 for _ in template.generate(rows=page.iter_all_rows()))
    with stream_finished.connected_to(remember, page.app):
        assert page.app.test_client().get("/my-large-page.html").text
    assert ends[0]["items"] == pytest.approx(pieces / 5, rel=0.01)


def test_a_profiler_holds_the_stream_back(page: ModuleType) -> None:
    """The page's warning is true: under a profiler the first row waits for the last."""
    made: list[int] = []

    def rows() -> Iterator[list[str]]:
        for number in range(100):
            made.append(number)
            yield [str(number)]

    page.iter_all_rows = rows
    plain = Client(page.app).get("/large.csv")
    assert len(made) < 100
    plain.close()
    made.clear()
    profiled = Client(ProfilerMiddleware(page.app, stream=None)).get("/large.csv")
    assert len(made) == 100
    profiled.close()


def test_the_example_runs_by_its_own_command() -> None:
    """``flask --app examples/streaming_contents.py run`` serves the page."""
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", str(EXAMPLE), "run"]
    server = subprocess.Popen(
        [*command, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "FLASK_DEBUG": "0"},
    )
    try:
        wait_for(port)
        _, text = fetch(f"http://127.0.0.1:{port}/stream?name=Ann")
    finally:
        server.terminate()
        server.wait(GATE)
    assert text == "Hello Ann!"


def wait_for(port: int) -> None:
    """Return when somebody listens on the port."""
    deadline = time.monotonic() + 3 * GATE
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody listens on port {port}")
