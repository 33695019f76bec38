"""Tests of contexts that the test client or the debugger keeps."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from flask import current_app
from flask import Flask
from flask import g
from flask import has_app_context
from flask import request
from flask import Response
from flask.testing import FlaskClient
from werkzeug.debug import DebuggedApplication
from werkzeug.test import create_environ

from context.calls import call
from context.calls import close
from flask_outpour import stream_with_context


@pytest.mark.parametrize("read", ["inside", "outside"])
def test_client_preserves_the_contexts(
    app: Flask, teardowns: list[str], read: str
) -> None:
    """Inside ``with client:`` the request of a stream can be looked at, as ever."""

    @app.get("/")
    def view() -> Response:
        g.unit = "km"

        def generate() -> Iterator[str]:
            yield g.unit
            yield request.args["name"]

        return Response(stream_with_context(generate()))

    with app.test_client() as client:
        response = client.get("/?name=x")
        assert request.args["name"] == "x"
        if read == "inside":
            assert response.text == "kmx"
        assert g.unit == "km"
    assert response.text == "kmx"
    assert not has_app_context()
    assert teardowns == ["request NoneType", "app NoneType"]


def test_client_preserves_the_contexts_of_the_last_request(app: Flask) -> None:
    """Several streams inside one ``with client:`` each have their own request."""

    @app.get("/")
    def view() -> Response:
        return Response(stream_with_context(iter([request.args["name"], "!"])))

    with app.test_client() as client:
        for name in "abc":
            assert client.get("/", query_string={"name": name}).text == f"{name}!"
            assert request.args["name"] == name
    assert not has_app_context()


@pytest.fixture
def debugged(app: Flask) -> DebuggedApplication:
    """Return the application as the development server's debugger serves it."""
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return DebuggedApplication(app, evalex=True, pin_security=False)


def test_debugger_serves_streams(
    app: Flask, debugged: DebuggedApplication, serve: Callable[[Any], str]
) -> None:
    """Under Werkzeug's debugger a stream keeps its contexts to the last item."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield request.path
            yield current_app.name

        return Response(stream_with_context(generate()))

    with urlopen(serve(debugged), timeout=20) as response:
        assert response.read() == b"/tests.app"


@pytest.mark.parametrize("kept", [True, False])
def test_debugger_shows_an_error_before_the_first_item(
    app: Flask, debugged: DebuggedApplication, client: FlaskClient, kept: bool
) -> None:
    """The debugger's page, with status 500, tells of an error in a stream's start."""
    statuses = []

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            raise ValueError("no rows at all")
            yield ""

        return Response(stream_with_context(generate()) if kept else generate())

    body = debugged(create_environ("/"), lambda status, *_: statuses.append(status))
    page = b"".join(body).decode()
    assert statuses == ["500 INTERNAL SERVER ERROR"]
    assert "no rows at all" in page
    assert not has_app_context()


def test_debugger_leaves_nothing_in_the_thread(
    app: Flask, debugged: DebuggedApplication
) -> None:
    """After a stream that failed or was left, the thread has no context, even there."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            raise ValueError

        return Response(stream_with_context(generate()))

    assert b"".join(call(debugged, "/")).startswith(b"a")
    assert not has_app_context()
    contexts: list[Any] = []
    preserving = {"werkzeug.debug.preserve_context": contexts.append}
    body = call(app, "/", **preserving)
    next(iter(body))
    close(body)
    assert not has_app_context()
    # What a person then types into the debugger sees the request.
    with contexts[0], contexts[1]:
        assert request.path == "/"
    assert not has_app_context()
