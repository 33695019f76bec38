"""Tests of what is answered in place of a stream that failed."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import abort
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from exchange.sources import ANY_SOURCE
from exchange.sources import failing
from exchange.sources import raise_value_error
from flask_outpour import ItemError
from flask_outpour import Outpour
from flask_outpour import stream_with_context


@pytest.mark.parametrize("answer", ["kept", "bare"])
@ANY_SOURCE
def test_handler_may_stream_its_answer(
    app: Flask, client: FlaskClient, wrap: Any, answer: str
) -> None:
    """An error handler may itself return a stream, with context or without."""

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(wrap(failing(raise_value_error)))

    @app.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[Iterator[str], int]:
        if answer == "bare":
            return iter(["sorry", "!"]), 503
        return stream_with_context(f"{request.path}{g.unit}" for _ in range(2)), 503

    response = client.get("/")
    assert response.status_code == 503
    assert response.text == ("sorry!" if answer == "bare" else "/km/km")


def test_handler_whose_stream_fails_is_the_servers_500(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """When the answer to an error fails too, the server hears of it, and the log."""

    @app.get("/")
    def view() -> Response:
        return Response(failing(lambda: abort(404)))

    @app.errorhandler(404)
    def handle(error: Exception) -> Response:
        return Response(failing(raise_value_error))

    with pytest.raises(ValueError, match="no rows at all"):
        run_wsgi_app(app, create_environ("/"))
    assert "no rows at all" in caplog.text


def test_keyboard_interrupt_before_the_first_item_passes(app: Flask) -> None:
    """Ctrl-C before the first item ends the server's call, and is no error page."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    @app.get("/")
    def view() -> Response:
        return Response(failing(interrupt))

    with pytest.raises(KeyboardInterrupt):
        run_wsgi_app(app, create_environ("/"))
    assert not flask.has_app_context()


def test_headers_are_sent_once(app: Flask) -> None:
    """The server's ``start_response`` is called once, with the error's headers."""
    calls = []

    @app.get("/")
    def view() -> Response:
        return Response(failing(raise_value_error))

    body = app(create_environ("/"), lambda *call: calls.append(call))
    ((status, _),) = calls
    assert status == "500 INTERNAL SERVER ERROR"
    body.close()  # type: ignore[attr-defined]


def test_inner_middleware_may_change_the_headers(app: Flask) -> None:
    """Middleware between Flask and Outpour may change the headers of a stream."""
    app = Flask("tests.inner")
    inner = app.wsgi_app
    statuses = []

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            statuses.append(status)
            return start_response(status, [*headers, ("X-Inner", "yes")], exc_info)

        return inner(environ, start)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    Outpour(app)

    @app.get("/")
    def view() -> Response:
        return Response(iter("ab"))

    response = app.test_client().get("/")
    assert (response.text, response.headers["X-Inner"]) == ("ab", "yes")
    assert statuses == ["200 OK"]


def test_handler_has_the_contexts_of_a_kept_stream(
    app: Flask, client: FlaskClient
) -> None:
    """When a kept stream has a wrong first item, its handler sees the request."""
    torn_down = []
    app.teardown_appcontext(torn_down.append)

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(stream_with_context(iter([1])))  # type: ignore[list-item]

    @app.errorhandler(ItemError)
    def handle(error: ItemError) -> tuple[str, int]:
        return f"{request.path} {g.unit} {len(torn_down)}", 422

    response = client.get("/")
    assert (response.status_code, response.text) == (422, "/ km 0")
    assert torn_down == [None]


@pytest.mark.parametrize("wrap", [iter, stream_with_context])
def test_stream_that_flask_gives_up_after_all_is_answered(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """When a session cannot be saved, the stream's response gives way to a 500."""

    class Sessions(SecureCookieSessionInterface):
        def save_session(self, *args: Any) -> None:
            if not failures:
                failures.append(True)
                raise OSError("no room for the session")

    failures: list[bool] = []
    app.session_interface = Sessions()
    app.add_url_rule("/", "view", lambda: wrap(iter(["a", "b"])))
    response = client.get("/")
    assert (response.status_code, failures) == (500, [True])
    assert "Internal Server Error" in response.text
