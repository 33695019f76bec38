"""Tests of errors after the first byte: reported once, and seen by the client."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterator
from contextvars import ContextVar
from contextvars import copy_context
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import got_request_exception
from flask import request
from flask import Response
from flask.testing import FlaskClient

from delivery.streams import ANY_SOURCE
from delivery.streams import rows
from delivery.streams import taken
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour import StreamInterrupted
from flask_outpour.testing import open_stream


@ANY_SOURCE
def test_error_in_the_middle_is_reported_once(
    app: Flask,
    exceptions: list[BaseException],
    endings: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    wrap: Any,
) -> None:
    """A mid-stream error reaches the log, the signals and the server, once each."""
    error = ValueError("disk on fire")
    app.add_url_rule("/", "view", lambda: Response(wrap(rows(error))))
    data, met = taken(app)
    assert data == b"first,second,"
    assert met is error
    assert exceptions == [error]
    (record,) = (r for r in caplog.records if r.levelno >= logging.ERROR)
    assert record.name == app.logger.name
    assert record.getMessage() == "Exception on / [GET]"
    assert record.exc_info is not None
    assert record.exc_info[1] is error
    (ending,) = endings
    assert (ending["outcome"], ending["error"]) == ("failed", error)


@ANY_SOURCE
def test_error_in_the_middle_cuts_the_connection(
    app: Flask, serve: Callable[[Any], str], wrap: Any
) -> None:
    """A client sees that its download is not whole, after what was produced."""
    app.add_url_rule("/", "view", lambda: Response(wrap(rows(ValueError()))))
    with open_stream(serve(app)) as response:
        assert response.status == 200
        assert next(response).data == b"first,"
        response.read()
        assert response.ending == "cut"


def test_reporting_sees_the_context_that_is_kept(app: Flask) -> None:
    """Receivers and log filters see the request of a stream that failed."""
    seen = []
    g_values = []

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(stream_with_context(rows(ValueError())))

    def failed(sender: Flask, **_: Any) -> None:
        seen.append(request.path)
        g_values.append(g.unit)

    with got_request_exception.connected_to(failed, app):
        taken(app)
    assert (seen, g_values) == (["/"], ["km"])


@ANY_SOURCE
def test_who_is_told_of_an_error_knows_it_again_around_the_application(
    app: Flask, wrap: Any
) -> None:
    """What a receiver notes in a context variable is seen where the error arrives."""
    noted: ContextVar[BaseException | None] = ContextVar("noted", default=None)
    of_the_view: ContextVar[str] = ContextVar("of_the_view", default="nothing")
    error = ValueError("disk on fire")

    @app.get("/")
    def view() -> Response:
        of_the_view.set("mine")
        return Response(wrap(rows(error)))

    def failed(sender: Flask, exception: BaseException, **_: Any) -> None:
        noted.set(exception)

    def seen() -> tuple[Any, ...]:
        with got_request_exception.connected_to(failed, app):
            return *taken(app), noted.get(), of_the_view.get()

    assert copy_context().run(seen)[1:] == (error, error, "nothing")


@pytest.mark.parametrize("handled", [False, True])
@pytest.mark.parametrize("source", ["rows", "context"])
def test_teardown_has_the_error_of_a_first_item_that_nobody_handled(
    app: Flask, client: FlaskClient, source: str, handled: bool
) -> None:
    """As in Flask, teardown functions have an error that became a plain 500."""
    error = ValueError("disk on fire")
    told: list[BaseException | None] = []
    app.teardown_request(told.append)
    if handled:
        app.register_error_handler(ValueError, lambda error: ("sorry", 503))

    def failing() -> Iterator[str]:
        raise error
        yield ""

    views = {"rows": stream_rows, "context": stream_with_context}
    app.add_url_rule("/", "view", lambda: views[source](failing()))
    assert client.get("/").status_code == (503 if handled else 500)
    assert told == [None if handled else error]


def test_missing_context_in_the_middle_names_the_cure(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """A bare generator that uses ``request`` later on is told the cure in the log."""

    def generate() -> Iterator[str]:
        yield "a"
        yield request.path

    app.add_url_rule("/", "view", lambda: Response(generate()))
    data, error = taken(app)
    assert data == b"a"
    assert isinstance(error, RuntimeError)
    assert any("stream_with_context" in note for note in error.__notes__)
    assert "flask_outpour.stream_with_context" in caplog.text


@ANY_SOURCE
def test_system_exit_becomes_an_ordinary_error(
    app: Flask, endings: list[dict[str, Any]], wrap: Any
) -> None:
    """gunicorn's timeout, a ``SystemExit`` in a generator, only cuts the connection."""
    leaving = SystemExit(1)
    app.add_url_rule("/", "view", lambda: Response(wrap(rows(leaving))))
    data, error = taken(app)
    assert data == b"first,second,"
    assert isinstance(error, StreamInterrupted)
    assert error.__cause__ is leaving
    assert endings[0]["error"] is error


@ANY_SOURCE
def test_keyboard_interrupt_passes(
    app: Flask, endings: list[dict[str, Any]], wrap: Any
) -> None:
    """Ctrl-C while a stream is sent stops the server as ever; the stream has failed."""
    app.add_url_rule("/", "view", lambda: Response(wrap(rows(KeyboardInterrupt()))))
    _, error = taken(app)
    assert isinstance(error, KeyboardInterrupt)
    assert [ending["outcome"] for ending in endings] == ["failed"]
