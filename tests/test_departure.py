"""Tests of clients that leave under ASGI, through the real a2wsgi."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import request

from flask_outpour import stream_finished
from flask_outpour.departure import departure_of

a2wsgi = pytest.importorskip("a2wsgi")

#: More items than are sent before a departure is noticed.
MANY = 10_000


class Visit:
    """An ASGI server with one client: what it sends, and what it has got.

    :param headers: the request's.
    :param messages: what the server receives of it.
    """

    def __init__(self, app: Flask, *messages: dict[str, Any], **headers: str) -> None:
        self._asgi_app = a2wsgi.WSGIMiddleware(app)
        self._messages = messages
        self._headers = [
            (name.replace("_", "-").encode(), value.encode())
            for name, value in headers.items()
        ]
        self.body = b""
        #: Tasks that were there when the application was done.
        self.left_over: set[Any] = set()

    async def _serve(self, method: str, path: str) -> None:
        received = asyncio.Queue[dict[str, Any]]()
        for message in self._messages:
            received.put_nowait(message)

        async def send(message: dict[str, Any]) -> None:
            self.body += message.get("body", b"")
            if b"leaves" in self.body:
                received.put_nowait({"type": "http.disconnect"})

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": b"",
            "http_version": "1.1",
            "headers": self._headers,
        }
        await self._asgi_app(scope, received.get, send)
        # A task that was cancelled ends in the next rounds.
        for _ in range(3):
            await asyncio.sleep(0)
        self.left_over = asyncio.all_tasks() - {asyncio.current_task()}

    def run(self, method: str = "GET", path: str = "/") -> Visit:
        """Serve the request, and return this."""
        asyncio.run(self._serve(method, path))
        return self


def part(body: bytes = b"", *, more: bool = False) -> dict[str, Any]:
    """Return a message with some of a request's body."""
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.fixture
def outcomes(app: Flask) -> Iterator[list[str]]:
    """Return the outcomes of the streams of a test."""
    found: list[str] = []

    def note(sender: Flask, outcome: str, **facts: Any) -> None:
        found.append(outcome)

    with stream_finished.connected_to(note, app):
        yield found


def test_client_that_leaves_ends_the_stream(app: Flask, outcomes: list[str]) -> None:
    """A long stream is closed when ASGI tells that its client is gone."""
    closed = []

    @app.get("/")
    def long() -> Iterator[str]:
        try:
            yield "first\n"
            yield "the client leaves\n"
            for _ in range(MANY):
                yield "\n" * 5000
        finally:
            closed.append(True)

    visit = Visit(app, part()).run()
    assert visit.body.startswith(b"first\nthe client leaves\n")
    assert (closed, outcomes, visit.left_over) == ([True], ["disconnected"], set())


def test_client_that_stays_has_all(app: Flask, outcomes: list[str]) -> None:
    """A sound stream comes whole, and nothing goes on waiting for its client."""
    app.add_url_rule("/", "rows", lambda: (f"{number}\n" for number in range(3)))
    visit = Visit(app, part()).run()
    assert visit.body == b"0\n1\n2\n"
    assert (outcomes, visit.left_over) == (["complete"], set())


@pytest.mark.parametrize(
    "headers", [{"content_length": "6"}, {"transfer_encoding": "chunked"}]
)
def test_upload_is_left_to_the_view(
    app: Flask, outcomes: list[str], headers: dict[str, str]
) -> None:
    """What a view reads of a request while it streams the answer comes to the view."""

    @app.post("/")
    def echo() -> Iterator[bytes]:
        upload = request.environ["wsgi.input"]

        def generate() -> Iterator[bytes]:
            yield b"got:"
            for _ in range(3):
                yield upload.read(2)
            yield b"; leaves"
            for _ in range(MANY):
                yield b" " * 5000

        return generate()

    parts = [part(b"on", more=True), part(b"et", more=True), part(b"wo")]
    visit = Visit(app, *parts, **headers).run("POST")
    assert visit.body.startswith(b"got:onetwo; leaves")
    assert outcomes == ["disconnected"]


def test_body_without_a_length_is_left_to_the_view(app: Flask) -> None:
    """HTTP/2 needs no header that announces a body: a view that reads it has all."""

    @app.post("/")
    def echo() -> Iterator[bytes]:
        upload = request.environ["wsgi.input"]

        def generate() -> Iterator[bytes]:
            yield b"got:"
            yield b"..."
            yield upload.read()

        return generate()

    visit = Visit(app, part(b"one", more=True), part(b"two")).run("POST")
    assert visit.body == b"got:...onetwo"


def test_failing_to_ask_is_no_departure(app: Flask, outcomes: list[str]) -> None:
    """A middleware that raises where it is asked a second time cuts no stream."""
    app.add_url_rule("/", "rows", lambda: (f"{number}\n" for number in range(2000)))
    visit = Visit(app, part(), {}).run()
    assert visit.body.endswith(b"1999\n")
    assert outcomes == ["complete"]


@pytest.mark.parametrize(
    "environ", [{}, {"asgi.scope": {}}, {"asgi.scope": {}, "wsgi.input": object()}]
)
def test_other_servers_are_not_asked(environ: dict[str, Any]) -> None:
    """Where there are no means to ask, nothing is asked."""
    assert departure_of(environ) is None
