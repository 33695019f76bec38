"""Tests of the one line: set-up, off switches, and the life of the application."""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask import send_file
from flask.testing import FlaskClient
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from chunks import add_rows
from chunks import chunks_of
from chunks import is_joined
from chunks import ROWS
from flask_outpour import ConfigurationError
from flask_outpour import Outpour
from flask_outpour import stream_with_context

CONTENT = bytes(range(256)) * 400


# Set-up


def test_set_up_by_constructor() -> None:
    """``Outpour(app)`` is all that an application needs."""
    app = Flask("tests.extension")
    add_rows(app)
    assert not is_joined(app)
    Outpour(app)
    assert is_joined(app)


def test_set_up_by_factory() -> None:
    """One ``Outpour()`` can be given to several applications."""
    outpour = Outpour()
    for name in ("tests.first", "tests.second"):
        app = Flask(name)
        outpour.init_app(app)
        add_rows(app)
        assert is_joined(app)


def test_second_set_up_is_an_error(app: Flask) -> None:
    """An application that has Outpour already is told so."""
    with pytest.raises(ConfigurationError, match=r"tests\.app.* has Outpour already"):
        Outpour(app)


def test_application_without_outpour_is_untouched(app: Flask) -> None:
    """An application beside one that has Outpour streams as Flask does."""
    other = Flask("tests.other")
    add_rows(other)
    assert len(chunks_of(other)) == len(ROWS)


# Off switches


def add_views(app: Flask, keep: Any) -> None:
    """Add one view of each kind."""

    @app.get("/kept")
    def kept() -> Response:
        return Response(keep(f"{request.path}{n}" for n in range(50)))

    @app.get("/bare")
    def bare() -> tuple[Iterator[str], dict[str, str]]:
        return iter(ROWS), {"Content-Type": "text/csv"}

    @app.get("/file")
    def file() -> Response:
        return send_file(
            io.BytesIO(CONTENT), "application/x-data", etag=False, max_age=60
        )

    @app.get("/json")
    def json() -> list[int]:
        return [1, 2]

    @app.get("/text")
    def text() -> str:
        g.seen = True
        return "é"

    @app.get("/fails")
    def fails() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            raise ValueError

        return Response(generate())


def whole(
    app: Flask, method: str, path: str
) -> tuple[str, list[Any], list[bytes], str]:
    """Return status, headers, chunks and the error of a request."""
    client_environ = create_environ(path, method=method)
    body, status, headers = run_wsgi_app(app, client_environ)
    chunks, error = [], ""
    try:
        chunks.extend(body)
    except Exception as caught:
        error = repr(caught)
    finally:
        body.close()  # type: ignore[attr-defined]
    return status, list(headers), chunks, error


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/kept", "/bare", "/file", "/json", "/text", "/fails", "/none"]
)
def test_application_that_is_switched_off_is_plain_flask(
    method: str, path: str
) -> None:
    """With ``OUTPOUR_ENABLED = False`` every chunk and header is as without Outpour."""
    plain = Flask("tests.switch")
    add_views(plain, flask.stream_with_context)
    switched_off = Flask("tests.switch")
    switched_off.config["OUTPOUR_ENABLED"] = False
    Outpour(switched_off)
    add_views(switched_off, stream_with_context)
    assert whole(switched_off, method, path) == whole(plain, method, path)


@pytest.mark.parametrize("path", ["/kept", "/bare", "/file", "/json", "/text", "/none"])
def test_bytes_and_headers_are_those_of_flask(app: Flask, path: str) -> None:
    """With Outpour a client gets the same bytes and headers as without it."""
    plain = Flask("tests.switch")
    add_views(plain, flask.stream_with_context)
    add_views(app, flask.stream_with_context)
    status, headers, chunks, error = whole(app, "GET", path)
    expected = whole(plain, "GET", path)
    assert (status, headers, error) == (expected[0], expected[1], expected[3])
    assert b"".join(chunks) == b"".join(expected[2])


def test_switch_is_read_for_each_request(app: Flask) -> None:
    """The switch can be turned while the application runs."""
    add_rows(app)
    assert is_joined(app)
    app.config["OUTPOUR_ENABLED"] = False
    assert not is_joined(app)


def test_exempt_view_uses_flasks_contexts(app: Flask, client: FlaskClient) -> None:
    """In an exempt view our ``stream_with_context`` is Flask's own."""
    outpour = Outpour()
    kinds = []

    @app.get("/")
    @outpour.exempt
    def rows() -> Response:
        stream = stream_with_context(request.path for _ in range(2))
        kinds.append(type(stream))
        return Response(stream)

    assert client.get("/").text == "//"
    assert kinds == [type(i for i in ())]


# The application's life


def test_application_is_freed_without_collector() -> None:
    """Outpour does not keep an application alive when its last reference goes."""
    gc.collect()
    gc.disable()
    try:
        app = Flask("tests.freed")
        Outpour(app)
        left = weakref.ref(app)
        del app
        assert left() is None
    finally:
        gc.enable()


def test_served_application_is_freed() -> None:
    """An application that has served streams is freed with its last reference."""
    app = Flask("tests.freed")
    Outpour(app)
    add_rows(app)
    with app.test_client() as client:
        assert client.get("/").text == "".join(ROWS)
    left = weakref.ref(app)
    del app, client
    gc.collect()
    assert left() is None


def test_entrance_of_a_freed_application_says_so() -> None:
    """Serving the ``wsgi_app`` of an application that is gone names the cause."""
    app = Flask("tests.freed")
    Outpour(app)
    entrance = app.wsgi_app
    del app
    gc.collect()
    with pytest.raises(RuntimeError, match="application of this wsgi_app is gone"):
        entrance(create_environ("/"), lambda *_: None)  # type: ignore[arg-type, return-value]


def test_after_request_that_loses_the_response_is_told_so(
    app: Flask, client: FlaskClient
) -> None:
    """A function that forgets to return is named as the cause, and not our code."""
    app.testing = True
    app.add_url_rule("/", "index", lambda: "rows")
    app.after_request(lambda response: None)  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="An after_request function returned None"):
        client.get("/")
