"""Tests of what is closed and torn down at an end, and of errors on the way."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import Flask
from flask import Response
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from delivery.streams import ANY_SOURCE
from delivery.streams import rows
from delivery.streams import taken
from flask_outpour import stream_with_context


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
