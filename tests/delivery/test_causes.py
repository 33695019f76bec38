"""Tests of what is told of a failure: its cause, first and always, and once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import abort
from flask import Flask
from flask import g
from flask import got_request_exception
from flask import request
from flask import Response
from flask import session
from flask import url_for

from delivery.streams import ANY_SOURCE
from delivery.streams import taken
from flask_outpour import stream_finished
from flask_outpour import stream_with_context
from flask_outpour.testing import open_stream

CAUSE = ZeroDivisionError("the cause")


def late() -> Iterator[str]:
    yield "first,"
    raise CAUSE


def early() -> Iterator[str]:
    raise CAUSE
    yield ""


def causes(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the records that have the traceback of the cause."""
    return [r for r in caplog.records if r.exc_info and r.exc_info[1] is CAUSE]


def reads_the_request(sender: Flask, exception: BaseException, **_: Any) -> None:
    url_for("view")
    assert request.url and request.path == "/"


def fails(sender: Flask, exception: BaseException, **_: Any) -> None:
    raise ConnectionRefusedError("the mail server is down")


def leaves(sender: Flask, exception: BaseException, **_: Any) -> None:
    raise SystemExit(3)


@ANY_SOURCE
@pytest.mark.parametrize("source", [early, late])
def test_receivers_of_a_failure_see_the_request(
    app: Flask, caplog: pytest.LogCaptureFixture, wrap: Any, source: Any
) -> None:
    """A receiver may read the request of a bare generator, too; nothing else is told.

    The reference is a view of plain Flask, whose receivers see the request.
    """
    app.add_url_rule("/", "view", lambda: Response(wrap(source())))
    with got_request_exception.connected_to(reads_the_request, app):
        taken(app)
    assert len(causes(caplog)) == 1
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == causes(caplog)


#: Where the first item is not pulled in the view, whose errors are Flask's own affair.
LATER_SOURCE = pytest.mark.parametrize("wrap", [flask.stream_with_context, iter])


@LATER_SOURCE
@pytest.mark.parametrize("source", [early, late])
def test_cause_is_logged_though_a_receiver_fails(
    app: Flask, caplog: pytest.LogCaptureFixture, wrap: Any, source: Any
) -> None:
    """The cause is logged first, once, with its traceback; the receiver's error too."""
    app.add_url_rule("/", "view", lambda: Response(wrap(source())))
    told: list[BaseException] = []

    def listen(sender: Flask, exception: BaseException, **_: Any) -> None:
        told.append(exception)

    with (
        got_request_exception.connected_to(fails, app),
        got_request_exception.connected_to(listen, app),
    ):
        data, error = taken(app)
    if source is late:
        assert (data, error) == (b"first,", CAUSE)
        assert told == [CAUSE]
    else:
        assert b"Internal Server Error" in data
    errors = [r for r in caplog.records if r.levelno >= logging.ERROR]
    assert len(errors) == 2
    assert errors[0] is causes(caplog)[0]
    assert errors[0].getMessage() == "Exception on / [GET]"
    assert "Traceback" in caplog.text
    assert isinstance(errors[1].exc_info[1], ConnectionRefusedError)  # type: ignore[index]


@ANY_SOURCE
def test_cause_is_logged_though_a_receiver_leaves(
    app: Flask, caplog: pytest.LogCaptureFixture, wrap: Any
) -> None:
    """Even a receiver that wants to end the process changes nothing."""
    app.add_url_rule("/", "view", lambda: Response(wrap(late())))
    with got_request_exception.connected_to(leaves, app):
        _, error = taken(app)
    assert error is CAUSE
    assert len(causes(caplog)) == 1


@LATER_SOURCE
def test_page_of_a_failed_first_item_is_the_applications(
    app: Flask, caplog: pytest.LogCaptureFixture, wrap: Any
) -> None:
    """Where a receiver fails, the handler of 500 still gets the cause."""
    app.add_url_rule("/", "view", lambda: Response(wrap(early())))
    app.register_error_handler(500, lambda error: (str(error.original_exception), 500))
    with got_request_exception.connected_to(fails, app):
        data, _ = taken(app)
    assert data == b"the cause"
    assert len(causes(caplog)) == 1


@ANY_SOURCE
def test_cause_is_logged_though_the_log_of_the_application_fails(
    app: Flask, caplog: pytest.LogCaptureFixture, wrap: Any
) -> None:
    """A filter that fails, as one that reads the user does, loses no cause."""

    def needs_a_user(record: logging.LogRecord) -> bool:
        return bool(g.user)

    app.add_url_rule("/", "view", lambda: Response(wrap(late())))
    app.logger.addFilter(needs_a_user)
    try:
        data, error = taken(app)
    finally:
        app.logger.removeFilter(needs_a_user)
    assert (data, error) == (b"first,", CAUSE)
    (record,) = causes(caplog)
    assert (record.name, record.levelno) == ("flask_outpour", logging.ERROR)
    assert "AttributeError: user" in caplog.text


@ANY_SOURCE
def test_cause_comes_before_what_fails_in_closing(
    app: Flask, caplog: pytest.LogCaptureFixture, wrap: Any
) -> None:
    """A teardown function that fails adds its error behind the cause."""

    class Source:
        def __iter__(self) -> Iterator[str]:
            return late()

        def close(self) -> None:
            raise OSError("cannot close")

    app.add_url_rule("/", "view", lambda: Response(wrap(Source())))
    taken(app)
    errors = [r.exc_info[1] for r in caplog.records if r.exc_info]
    assert errors[0] is CAUSE
    assert errors.count(CAUSE) == 1


def test_client_of_a_failed_receiver_sees_the_cut(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """Over a socket the stream is cut as it is without the receiver."""
    app.add_url_rule("/", "view", lambda: Response(late()))
    with (
        got_request_exception.connected_to(fails, app),
        open_stream(serve(app)) as response,
    ):
        assert response.read() == b"first,"
        assert response.ending == "cut"


@pytest.mark.parametrize("status", [404, 409])
def test_page_is_sent_though_a_function_misses_what_teardown_removed(
    app: Flask, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """``abort()`` in a bare generator has its status, whatever ``g`` has lost.

    Flask tears down before the first item of a bare generator.
    """

    @app.before_request
    def connect() -> None:
        g.connection = "open"

    @app.teardown_request
    def disconnect(error: BaseException | None) -> None:
        g.pop("connection", None)

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-Connection"] = g.connection
        return response

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            abort(status)
            yield ""

        return Response(generate())

    assert app.test_client().get("/").status_code == status
    assert "Request finalizing failed" in caplog.text


class Odd(Exception):
    """An error that has no text."""

    def __str__(self) -> str:
        raise IndexError("no text")


@LATER_SOURCE
def test_error_without_a_text_has_its_handler(app: Flask, wrap: Any) -> None:
    """An error whose text cannot be had is handled, as in a view."""

    def failing() -> Iterator[str]:
        raise Odd
        yield ""

    app.add_url_rule("/", "view", lambda: Response(wrap(failing())))
    app.register_error_handler(Odd, lambda error: ("odd", 409))
    assert app.test_client().get("/").status_code == 409


@LATER_SOURCE
def test_receiver_that_fails_hides_no_error_from_a_test(app: Flask, wrap: Any) -> None:
    """Under ``TESTING`` the error of the stream is raised, not the receiver's."""
    app.testing = True
    app.add_url_rule("/", "view", lambda: Response(wrap(early())))
    with (
        got_request_exception.connected_to(fails, app),
        pytest.raises(ZeroDivisionError, match="the cause"),
    ):
        app.test_client().get("/")


class Breaks(logging.Handler):
    """A handler whose log is gone."""

    def emit(self, record: logging.LogRecord) -> None:
        raise ConnectionError("the log is gone")


def test_log_that_fails_ends_no_stream(app: Flask) -> None:
    """A warning that cannot be logged neither cuts a stream nor keeps its contexts."""
    ended: list[Any] = []
    app.teardown_appcontext(ended.append)

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            session["n"] = 1
            yield "b"

        return Response(stream_with_context(generate()))

    def receive(sender: Flask, **_: Any) -> None:
        raise ValueError("receiver")

    handler = Breaks()
    app.logger.addHandler(handler)
    try:
        with stream_finished.connected_to(receive, app):
            assert app.test_client().get("/").data == b"ab"
    finally:
        app.logger.removeHandler(handler)
    assert ended == [None]
