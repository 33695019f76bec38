"""Tests of event streams, which are neither pulled early nor joined."""

from __future__ import annotations

import queue
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from urllib.request import Request
from urllib.request import urlopen

from flask import Flask
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import create_environ

from exchange.sources import ANY_SOURCE


@ANY_SOURCE
def test_event_stream_starts_before_its_first_event(app: Flask, wrap: Any) -> None:
    """``text/event-stream`` has its headers before there is any event."""
    statuses, asked_for = [], []

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            asked_for.append("an event")
            yield "data: 0\n\n"

        return Response(wrap(generate()), mimetype="text/event-stream")

    environ = create_environ("/", headers={"Accept": "text/event-stream"})
    body = app(environ, lambda status, *_: statuses.append(status))
    assert (statuses, asked_for) == (["200 OK"], [])
    assert b"".join(body) == b"data: 0\n\n"


@ANY_SOURCE
def test_each_event_arrives_before_the_next_exists(
    app: Flask, serve: Callable[[Any], str], wrap: Any
) -> None:
    """Events that come one after the other at any pace are each seen at once."""
    events: queue.Queue[str | None] = queue.Queue()

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield from iter(events.get, None)

        return Response(wrap(generate()), mimetype="text/event-stream")

    asked = Request(serve(app), headers={"Accept": "text/event-stream"})
    events.put("data: 0\n\n")
    with urlopen(asked, timeout=20) as response:
        for number in range(40):
            assert response.readline() == f"data: {number}\n".encode()
            assert response.readline() == b"\n"
            events.put(f"data: {number + 1}\n\n")
        events.put(None)
        assert response.read() == b"data: 40\n\n"


def test_events_are_never_joined(app: Flask, client: FlaskClient) -> None:
    """However fast events come, each is a chunk of its own."""
    events = [f"data: {number}\n\n" for number in range(100)]

    @app.get("/")
    def view() -> Response:
        return Response(iter(events), mimetype="text/event-stream")

    chunks = list(client.get("/").iter_encoded())
    assert chunks == [event.encode() for event in events]
