"""Tests of the three signals: when they come, with what, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import current_app
from flask import Flask
from flask import g
from flask import has_request_context
from flask import request
from flask import Response
from flask import url_for
from werkzeug.test import create_environ

from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_first_byte
from flask_outpour import stream_started
from flask_outpour import stream_with_context

SIGNALS = {
    "started": stream_started,
    "first byte": stream_first_byte,
    "finished": stream_finished,
}


@pytest.fixture
def told(app: Flask) -> Iterator[list[Any]]:
    """Return the names of the signals of the application, as they come."""
    names: list[Any] = []
    with ExitStack() as stack:
        for name, signal in SIGNALS.items():

            def receive(sender: Flask, name: str = name, **_: Any) -> None:
                names.append(name)

            stack.enter_context(signal.connected_to(receive, app))
        yield names


def rows(told: list[Any]) -> Iterator[str]:
    told.append("first item")
    yield "a"
    told.append("second item")
    yield "b"
    told.append("end")


def test_signals_come_in_order(app: Flask, told: list[Any]) -> None:
    """A stream starts, sends its first byte and finishes, each told once."""
    app.add_url_rule("/", "view", lambda: Response(rows(told)))
    body = app(create_environ("/"), lambda *_: None)  # type: ignore[arg-type, return-value]
    assert told == ["started", "first item"]
    assert b"".join(body) == b"ab"
    assert told == [
        "started",
        "first item",
        "first byte",
        "second item",
        "end",
        "finished",
    ]


def test_receivers_get_request_and_response(app: Flask) -> None:
    """Each signal is sent by the application, with its request and response."""
    received: list[tuple[Any, ...]] = []

    @app.get("/<name>")
    def view(name: str) -> Response:
        return Response(iter("ab"), 203)

    with ExitStack() as stack:
        for signal in SIGNALS.values():

            def receive(sender: Flask, request: Any, response: Any, **_: Any) -> None:
                received.append((sender, request.path, response.status_code))

            stack.enter_context(signal.connected_to(receive))
        assert app.test_client().get("/rows").text == "ab"
    assert received == [(app, "/rows", 203)] * 3


def test_finished_tells_the_facts(app: Flask) -> None:
    """The end is told with outcome, bytes, items, seconds and error."""
    facts: list[dict[str, Any]] = []
    app.add_url_rule("/", "view", lambda: Response(iter(["é", "", "bc"])))

    def receive(sender: Flask, **kwargs: Any) -> None:
        facts.append(kwargs)

    with stream_finished.connected_to(receive, app):
        assert app.test_client().get("/").text == "ébc"
    (ending,) = facts
    assert ending["outcome"] == "complete"
    assert (ending["bytes"], ending["items"]) == (4, 3)
    assert 0 <= ending["seconds"] < 60
    assert ending["error"] is None


def test_finished_tells_of_a_stream_without_bytes(app: Flask, told: list[Any]) -> None:
    """An empty stream starts and finishes, but has no first byte."""
    app.add_url_rule("/", "view", lambda: Response(iter(())))
    assert app.test_client().get("/").data == b""
    assert told == ["started", "finished"]


def test_failed_start_is_told(app: Flask) -> None:
    """A bare stream that fails before its first byte has failed, with no bytes."""
    facts: list[dict[str, Any]] = []

    def fail() -> Iterator[str]:
        raise ValueError
        yield ""

    app.add_url_rule("/", "view", lambda: Response(fail()))

    def receive(sender: Flask, **kwargs: Any) -> None:
        facts.append(kwargs)

    with stream_finished.connected_to(receive, app):
        assert app.test_client().get("/").status_code == 500
    (ending,) = facts
    assert (ending["outcome"], ending["bytes"]) == ("failed", 0)
    assert isinstance(ending["error"], ValueError)


def test_receivers_run_in_the_context_that_is_kept(app: Flask) -> None:
    """Receivers see the request of a kept stream, and what its view left in ``g``."""
    seen: dict[str, Any] = {}

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(stream_with_context(iter("ab")))

    with ExitStack() as stack:
        for name, signal in SIGNALS.items():

            def receive(sender: Flask, name: str = name, **_: Any) -> None:
                seen[name] = has_request_context() and (request.path, g.unit)

            stack.enter_context(signal.connected_to(receive, app))
        assert app.test_client().get("/").text == "ab"
    assert seen == {
        "started": ("/", "km"),
        "first byte": ("/", "km"),
        "finished": ("/", "km"),
    }


def test_other_applications_hear_nothing(app: Flask, told: list[Any]) -> None:
    """A receiver of one application is not told of the streams of another."""
    other = Flask("tests.other")
    Outpour(other)
    other.add_url_rule("/", "view", lambda: Response(iter("ab")))
    assert other.test_client().get("/").text == "ab"
    assert told == []


@pytest.mark.parametrize("name", SIGNALS)
def test_receivers_see_the_request_of_a_bare_stream(app: Flask, name: str) -> None:
    """The contexts of a bare stream are over, and yet its receivers see the request."""
    seen: list[Any] = []
    closed: list[Any] = []
    app.teardown_request(closed.append)
    app.add_url_rule("/<name>", "view", lambda name: Response(iter("ab")))

    def receive(sender: Flask, **_: Any) -> None:
        seen.append((request.path, url_for("view", name="other"), current_app.name))

    with SIGNALS[name].connected_to(receive, app):
        assert app.test_client().get("/rows").text == "ab"
    assert seen == [("/rows", "/other", "tests.app")]
    assert len(closed) == 1
    assert not has_request_context()


async def wait_and_fail() -> None:
    """Fail as a receiver that is a coroutine does."""
    raise ValueError("receiver")


@pytest.mark.parametrize("kind", ["function", "coroutine"])
@pytest.mark.parametrize("name", SIGNALS)
def test_error_of_a_receiver_changes_nothing(
    app: Flask, caplog: pytest.LogCaptureFixture, name: str, kind: str
) -> None:
    """What a receiver raises is logged; the other one is told, the stream is whole."""
    app.add_url_rule("/", "view", lambda: Response(iter("ab")))
    told: list[str] = []

    def receive(sender: Flask, **_: Any) -> None:
        raise ValueError("receiver")

    async def receive_later(sender: Flask, **_: Any) -> None:
        await wait_and_fail()

    def listen(sender: Flask, **_: Any) -> None:
        told.append(name)

    failing = receive if kind == "function" else receive_later
    with (
        SIGNALS[name].connected_to(listen, app),
        SIGNALS[name].connected_to(failing, app),
    ):
        response = app.test_client().get("/")
        assert (response.status_code, response.text) == (200, "ab")
    assert told == [name]
    (record,) = [record for record in caplog.records if record.exc_info]
    assert (
        record.getMessage() == f"A receiver of the signal {SIGNALS[name].name} failed."
    )
    assert isinstance(record.exc_info[1], ValueError)


def test_error_of_a_receiver_leaves_nothing_open(app: Flask) -> None:
    """A receiver that fails at the end does so after closing and teardown."""
    order: list[str] = []
    app.teardown_appcontext(lambda error: order.append("teardown"))

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            try:
                yield "a"
            finally:
                order.append("finally")

        return Response(stream_with_context(generate()))

    def receive(sender: Flask, **_: Any) -> None:
        order.append("receiver")
        raise ValueError("receiver")

    with stream_finished.connected_to(receive, app):
        assert app.test_client().get("/").text == "a"
    assert order == ["finally", "teardown", "receiver"]
    assert not has_request_context()
