"""Tests of contexts that last to the last byte, and no longer."""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from urllib.request import Request
from urllib.request import urlopen

import flask
from flask import current_app
from flask import Flask
from flask import g
from flask import has_app_context
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient

from context.calls import BOTH_IMPORTS
from flask_outpour import stream_with_context


@BOTH_IMPORTS
def test_contexts_last_to_the_last_byte(
    app: Flask, client: FlaskClient, keep: Any
) -> None:
    """``request``, ``session``, ``g`` and ``current_app`` are there for every item."""
    seen_at_the_end = []

    def seen() -> str:
        return f"{request.args['name']} {session['user']} {g.unit} {current_app.name}\n"

    @app.get("/")
    def view() -> Response:
        session["user"] = "ada"
        g.unit = "km"

        def generate() -> Iterator[str]:
            try:
                for _ in range(3):
                    yield seen()
            finally:
                seen_at_the_end.append(seen())

        return Response(keep(generate()))

    line = "x ada km tests.app\n"
    assert client.get("/?name=x").text == line * 3
    assert seen_at_the_end == [line]


def test_contexts_are_gone_after_the_stream(
    app: Flask, client: FlaskClient, teardowns: list[str]
) -> None:
    """Nothing is left in the thread, and teardown ran once, after the last item."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            teardowns.append("last item")
            yield "b"

        return Response(stream_with_context(generate()))

    assert client.get("/").text == "ab"
    assert teardowns == ["last item", "request NoneType", "app NoneType"]
    assert not has_app_context()


def test_first_item_sees_the_context_of_the_view(
    app: Flask, client: FlaskClient
) -> None:
    """What a view binds in ``g`` before and after it makes the stream is seen."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield g.before
            yield g.after

        g.before = "before"
        stream = stream_with_context(generate())
        g.after = " after"
        return Response(stream)

    assert client.get("/").text == "before after"


def test_uploaded_file_is_readable_to_the_end(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """A stream can read a file that came with the request, which lies on disk."""

    @app.post("/")
    def view() -> Response:
        def generate() -> Iterator[bytes]:
            while part := request.files["file"].read(100_000):
                yield part

        return Response(stream_with_context(generate()))

    # Werkzeug keeps up to 500 kB of an upload in memory.
    content = bytes(range(256)) * 4_000
    disposition = b'Content-Disposition: form-data; name="file"; filename="x"'
    form = b"--b\r\n" + disposition + b"\r\n\r\n" + content + b"\r\n--b--\r\n"
    form_type = {"Content-Type": "multipart/form-data; boundary=b"}
    with urlopen(Request(serve(app), form, form_type), timeout=20) as response:
        assert response.read() == content


@BOTH_IMPORTS
def test_popped_view_argument_stays_popped(
    app: Flask, client: FlaskClient, keep: Any
) -> None:
    """What a URL value preprocessor took out of ``view_args`` does not come back."""

    @app.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.language = (values or {}).pop("language")

    @app.get("/<language>/<int:page>")
    def view(page: int) -> Response:
        def generate() -> Iterator[str]:
            yield json.dumps([g.language, request.view_args])
            yield json.dumps([g.language, request.view_args])

        return Response(keep(generate()))

    text = json.dumps(["ru", {"page": 3}])
    if keep is stream_with_context:
        assert client.get("/ru/3").text == text * 2
    else:
        # Flask matches the URL again when it pushes its context for the stream.
        assert client.get("/ru/3").text.startswith('["ru", {')


def test_bare_generator_has_no_context(app: Flask, client: FlaskClient) -> None:
    """A generator that is not wrapped sees no request, as Flask documents."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield str(flask.has_request_context())
            yield str(flask.has_app_context())

        return Response(generate())

    assert client.get("/").text == "FalseFalse"
