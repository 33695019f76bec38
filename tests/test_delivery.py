"""Tests of endings: each is one, is told once, and cuts the connection if it must."""

from __future__ import annotations

import logging
import queue
import socket
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextvars import ContextVar
from contextvars import copy_context
from typing import Any
from urllib.request import urlopen

import flask
import pytest
from flask import Flask
from flask import g
from flask import got_request_exception
from flask import request
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

import flask_outpour
from flask_outpour import LengthError
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour import StreamInterrupted
from flask_outpour import StreamTimeout
from flask_outpour.testing import open_stream
from processes import Server

ANY_SOURCE = pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(flask_outpour.stream_with_context, id="ours"),
        pytest.param(flask.stream_with_context, id="flask"),
        pytest.param(iter, id="bare"),
    ],
)


def rows(error: BaseException | None = None) -> Iterator[str]:
    yield "first,"
    yield "second,"
    if error is not None:
        raise error


def taken(app: Flask, path: str = "/") -> tuple[bytes, BaseException | None]:
    """Return what a server would send, and the error that it meets."""
    body, _, _ = run_wsgi_app(app, create_environ(path))
    data, error = b"", None
    try:
        for chunk in body:
            data += chunk
    except BaseException as caught:
        error = caught
    finally:
        body.close()  # type: ignore[attr-defined]
    return data, error


@pytest.fixture
def endings(app: Flask) -> Iterator[list[dict[str, Any]]]:
    """Return what ``stream_finished`` tells, as it happens."""
    told: list[dict[str, Any]] = []

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        yield told


@pytest.fixture
def exceptions(app: Flask) -> Iterator[list[BaseException]]:
    """Return what ``got_request_exception`` tells, as it happens."""
    told: list[BaseException] = []

    def failed(sender: Flask, exception: BaseException, **_: Any) -> None:
        told.append(exception)

    with got_request_exception.connected_to(failed, app):
        yield told


# Errors after the first byte


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


# Lengths and durations


@pytest.mark.parametrize(
    ("declared", "sent"), [(20, b"first,second,"), (10, b"first,")]
)
def test_wrong_content_length_is_an_error(
    app: Flask, endings: list[dict[str, Any]], declared: int, sent: bytes
) -> None:
    """More or fewer bytes than the view's Content-Length fail the stream."""

    @app.get("/")
    def view() -> Response:
        return Response(rows(), headers={"Content-Length": str(declared)})

    data, error = taken(app)
    assert data == sent
    assert isinstance(error, LengthError)
    assert endings[0]["outcome"] == "failed"


@pytest.mark.parametrize("declared", [20, 10])
def test_wrong_content_length_is_seen_by_the_client(
    app: Flask, serve: Callable[[Any], str], declared: int
) -> None:
    """A client that was promised another length sees an incomplete download."""

    @app.get("/")
    def view() -> Response:
        return Response(rows(), headers={"Content-Length": str(declared)})

    with open_stream(serve(app)) as response:
        response.read()
        assert (response.framing, response.ending) == ("content-length", "cut")


def test_right_content_length_is_sent(app: Flask, serve: Callable[[Any], str]) -> None:
    """A stream of the declared length has that length, and no chunked framing."""
    length = len("".join(rows()))
    outcomes: queue.Queue[str] = queue.Queue()

    def finished(sender: Flask, outcome: str, **_: Any) -> None:
        outcomes.put(outcome)

    @app.get("/")
    def view() -> Response:
        return Response(rows(), headers={"Content-Length": str(length)})

    with stream_finished.connected_to(finished, app):
        with urlopen(serve(app), timeout=20) as response:
            assert response.headers["Content-Length"] == str(length)
            assert response.headers["Transfer-Encoding"] is None
            assert len(response.read()) == length
        # The client has all it was promised before the server is done.
        assert outcomes.get(timeout=20) == "complete"


def test_empty_stream_that_declares_a_length_is_a_500(app: Flask) -> None:
    """A stream that has nothing of what it declared fails before its headers."""

    @app.get("/")
    def view() -> Response:
        return Response(iter(()), headers={"Content-Length": "5"})

    response = app.test_client().get("/")
    assert response.status_code == 500
    assert response.content_length != 5


def test_stream_over_the_maximum_duration_fails(
    app: Flask, endings: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that never ends is ended by ``OUTPOUR_MAX_DURATION``."""
    now = 0.0
    monkeypatch.setattr("flask_outpour.body.monotonic", lambda: now)
    app.config["OUTPOUR_MAX_DURATION"] = 60

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            nonlocal now
            while True:
                now += 25
                yield "row"

        return Response(generate())

    data, error = taken(app)
    assert data == b"row" * 3
    assert isinstance(error, StreamTimeout)
    assert endings[0]["error"] is error


# Closing and teardown


@ANY_SOURCE
def test_left_stream_is_disconnected(
    app: Flask,
    endings: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    wrap: Any,
) -> None:
    """A client that leaves is no error: nothing is reported, the outcome says it."""
    app.add_url_rule("/", "view", lambda: Response(wrap(rows())))
    body, _, _ = run_wsgi_app(app, create_environ("/"))
    assert next(iter(body)) == b"first,"
    body.close()  # type: ignore[attr-defined]
    (ending,) = endings
    assert ending["outcome"] == "disconnected"
    assert ending["error"] is None
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_sources_are_closed_before_the_teardown(app: Flask) -> None:
    """The generator's ``finally`` runs while ``g`` is whole; teardown comes then."""
    order = []
    app.teardown_appcontext(lambda error: order.append("teardown"))

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            try:
                yield "a"
                yield "b"
            finally:
                order.append("finally")

        return Response(stream_with_context(generate()))

    response = app.test_client().get("/")
    response.close()
    assert order == ["finally", "teardown"]


def test_source_with_close_is_closed_once(app: Flask) -> None:
    """An iterable with a ``close()`` of its own is closed at the end, once."""

    class Source:
        closings = 0

        def __iter__(self) -> Iterator[str]:
            return iter(["a", "b"])

        def close(self) -> None:
            self.closings += 1

    source = Source()
    app.add_url_rule("/", "view", lambda: Response(source))
    assert app.test_client().get("/").text == "ab"
    assert source.closings == 1


def test_functions_called_on_close_run_once(app: Flask) -> None:
    """What a response has to call when it is closed is called once, after the end."""
    order = []

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            order.append("last")

        response = Response(stream_with_context(generate()))
        response.call_on_close(lambda: order.append("closed"))
        return response

    with app.test_client().get("/") as response:
        assert response.text == "a"
    assert order == ["last", "closed"]


@pytest.mark.parametrize("wrap", [iter, stream_with_context])
@pytest.mark.parametrize("read", [True, False])
def test_error_while_closing_is_reported(
    app: Flask,
    exceptions: list[BaseException],
    endings: list[dict[str, Any]],
    wrap: Any,
    read: bool,
) -> None:
    """A ``close()`` that fails is reported, and the stream has failed."""
    error = OSError("cannot close")
    torn_down = []
    app.teardown_appcontext(torn_down.append)

    class Source:
        def __init__(self) -> None:
            self._items = iter(["a", "b"])

        def __iter__(self) -> Iterator[str]:
            return self

        def __next__(self) -> str:
            return next(self._items)

        def close(self) -> None:
            raise error

    app.add_url_rule("/", "view", lambda: Response(wrap(Source())))
    body, _, _ = run_wsgi_app(app, create_environ("/"))
    chunks = iter(body)
    assert next(chunks) == b"a"
    with pytest.raises(OSError, match="cannot close"):
        if read:
            list(chunks)
        body.close()  # type: ignore[attr-defined]
    assert exceptions == [error]
    assert (endings[0]["outcome"], endings[0]["error"]) == ("failed", error)
    assert len(torn_down) == 1


def test_error_of_a_teardown_is_reported(
    app: Flask,
    exceptions: list[BaseException],
    endings: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A teardown function that fails after the last byte is reported, not lost."""
    error = OSError("cannot tear down")

    @app.teardown_request
    def tear_down(_: BaseException | None) -> None:
        raise error

    @app.get("/")
    def view() -> Response:
        return Response(stream_with_context(rows()))

    data, met = taken(app)
    assert data == b"first,second,"
    assert met is error
    assert exceptions == [error]
    assert "cannot tear down" in caplog.text
    assert [ending["outcome"] for ending in endings] == ["failed"]
    assert not flask.has_app_context()


def test_error_of_a_teardown_does_not_hide_the_streams(
    app: Flask, exceptions: list[BaseException], endings: list[dict[str, Any]]
) -> None:
    """When a stream and then its teardown fail, both errors are reported."""
    error, later = ValueError("disk on fire"), OSError("cannot tear down")

    @app.teardown_request
    def tear_down(_: BaseException | None) -> None:
        raise later

    app.add_url_rule("/", "view", lambda: Response(stream_with_context(rows(error))))
    taken(app)
    assert exceptions == [error, later]
    assert endings[0]["error"] is error


# The log


@pytest.mark.parametrize("outcome", ["complete", "failed", "disconnected"])
def test_each_stream_has_one_line_in_the_log(
    app: Flask, caplog: pytest.LogCaptureFixture, outcome: str
) -> None:
    """One line, and its fields, say what was streamed and how it ended."""
    caplog.set_level(logging.INFO, "flask_outpour")
    error = ValueError() if outcome == "failed" else None
    app.add_url_rule("/rows", "view", lambda: (rows(error), 203), methods=["POST"])
    body, _, _ = run_wsgi_app(app, create_environ("/rows", method="POST"))
    chunks = iter(body)
    next(chunks)
    if outcome == "failed":
        with pytest.raises(ValueError):
            list(chunks)
    elif outcome == "complete":
        list(chunks)
    body.close()  # type: ignore[attr-defined]
    (record,) = (r for r in caplog.records if r.name == "flask_outpour")
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith(f"stream {outcome}: POST /rows 203, ")
    fields: dict[str, Any] = record.stream  # type: ignore[attr-defined]
    assert (fields["method"], fields["path"]) == ("POST", "/rows")
    assert fields["outcome"] == outcome
    assert fields["error"] is error
    assert fields["seconds"] >= 0
    sent = 6 if outcome == "disconnected" else 13
    assert fields["bytes"] == sent
    assert f" {sent} bytes " in record.getMessage()


# A hard abort

SERVERS = pytest.mark.parametrize("name", ["werkzeug", "gunicorn-gthread"])


def read_old(server: Server, path: str) -> bytes:
    """Read a response as a client of HTTP/1.0, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65_536), b""))


@SERVERS
def test_hard_abort_resets_the_connection_of_a_failed_stream(
    run_server: Callable[..., Server], name: str
) -> None:
    """With ``OUTPOUR_HARD_ABORT`` an HTTP/1.0 client sees that a stream failed."""
    server = run_server(name, "apps.context_abort:app", HARD_ABORT="1")
    with pytest.raises(ConnectionResetError):
        read_old(server, "/failed")
    assert read_old(server, "/complete").count(b"row\n") == 2


@SERVERS
def test_without_hard_abort_the_failed_stream_just_ends(
    run_server: Callable[..., Server], name: str
) -> None:
    """Without the setting nothing is reset, so that no byte on its way is lost."""
    server = run_server(name, "apps.context_abort:app", HARD_ABORT="")
    assert read_old(server, "/failed").count(b"row\n") == 2


@pytest.mark.parametrize("declares", [True, False])
def test_declared_length_needs_no_hard_abort(
    app: Flask, monkeypatch: pytest.MonkeyPatch, declares: bool
) -> None:
    """A stream with a Content-Length tells its cut by that, and is never reset."""
    aborted: list[Any] = []
    monkeypatch.setattr("flask_outpour.delivery.hard_abort", aborted.append)
    app.config["OUTPOUR_HARD_ABORT"] = True

    @app.get("/")
    def view() -> Response:
        response = Response(rows(ValueError()))
        if declares:
            response.content_length = 100
        return response

    _, error = taken(app)
    assert isinstance(error, ValueError)
    assert len(aborted) == (0 if declares else 1)


def test_iterable_of_a_view_is_not_asked_twice(app: Flask) -> None:
    """A source is iterated once, by the server's steps alone."""

    class Source:
        iterations = 0

        def __iter__(self) -> Iterable[str]:
            self.iterations += 1
            return iter(["a"])

    source = Source()
    app.add_url_rule("/", "view", lambda: Response(source))  # type: ignore[arg-type]
    assert app.test_client().get("/").text == "a"
    assert source.iterations == 1
