"""Tests of what outer middleware and a stream know of each other."""

from __future__ import annotations

import contextvars
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import current_app
from flask import Flask
from flask import g
from flask import has_app_context
from flask import request
from flask import Response
from flask.testing import FlaskClient

from flask_outpour import stream_with_context


@pytest.mark.parametrize("path", ["/text", "/kept", "/bare"])
def test_outer_middleware_sees_the_request_with_the_headers(
    app: Flask, client: FlaskClient, teardowns: list[str], path: str
) -> None:
    """Middleware that looks at ``request`` as the headers pass finds it."""
    inner = app.wsgi_app
    seen = []

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(*arguments: Any) -> Any:
            seen.append((request.path, current_app.name))
            return start_response(*arguments)

        return inner(environ, start)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    app.add_url_rule("/text", "text", lambda: "ab")
    app.add_url_rule("/kept", "kept", lambda: stream_with_context(iter("ab")))
    app.add_url_rule("/bare", "bare", lambda: iter("ab"))
    assert client.get(path).text == "ab"
    assert seen == [(path, "tests.app")]
    assert teardowns == ["request NoneType", "app NoneType"]


def test_outer_middleware_sees_what_a_view_binds(
    app: Flask, client: FlaskClient
) -> None:
    """A context variable that a view sets reaches the middleware around it."""
    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
    seen = []
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        token = tenant.set("before")
        try:
            return inner(environ, start_response)
        finally:
            seen.append(tenant.get())
            tenant.reset(token)

    app.wsgi_app = middleware  # type: ignore[method-assign]

    @app.get("/")
    def view() -> str:
        assert tenant.get() == "before"
        tenant.set("bound in the view")
        return ""

    client.get("/")
    assert seen == ["bound in the view"]


def test_stream_sees_what_an_outer_middleware_bound(
    app: Flask, client: FlaskClient
) -> None:
    """A context variable of the middleware around is there for every item."""
    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        token = tenant.set("a")
        try:
            return inner(environ, start_response)
        finally:
            tenant.reset(token)

    app.wsgi_app = middleware  # type: ignore[method-assign]

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield tenant.get()
            tenant.set("b")
            yield tenant.get()

        return Response(stream_with_context(generate()))

    assert client.get("/").text == "ab"
    assert tenant.get(None) is None


@pytest.mark.parametrize("path", ["/text", "/stream"])
def test_request_inside_an_application_context_leaves_it(
    app: Flask, client: FlaskClient, path: str
) -> None:
    """A request made inside an application context, as in a test, leaves it whole."""
    app.add_url_rule("/text", "text", lambda: request.path)

    @app.get("/stream")
    def stream() -> Response:
        return Response(stream_with_context(iter([request.path])))

    with app.app_context():
        g.outer = "still there"
        assert client.get(path).text == path
        assert g.outer == "still there"
        assert not flask.has_request_context()
    assert not has_app_context()
