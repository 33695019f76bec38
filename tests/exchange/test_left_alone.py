"""Tests of responses that are no stream, or more than one."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from flask import abort
from flask import current_app
from flask import Flask
from flask import request
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import run_wsgi_app

from exchange.sources import ANY_SOURCE
from flask_outpour import ItemError
from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from flask_outpour import stream_with_context


def test_response_that_reads_its_stream_is_no_stream(
    app: Flask, client: FlaskClient
) -> None:
    """A response class may read the whole stream to compute a header from it."""

    class Digested(Response):
        def get_wsgi_headers(self, environ: Any) -> Any:
            headers = super().get_wsgi_headers(environ)
            headers["X-Digest"] = str(sum(self.get_data()))
            return headers

    @app.get("/")
    def view() -> Response:
        return Digested(iter(["a", "b"]))

    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["X-Digest"] == str(ord("a") + ord("b"))
    assert response.text == "ab"


def test_stream_that_the_view_reads_itself(app: Flask, client: FlaskClient) -> None:
    """A view may use a stream with context as an iterator of its own."""

    @app.get("/")
    def view() -> str:
        return "".join(stream_with_context(iter(["a", "b"])))

    assert client.get("/").text == "ab"


def test_two_streams_in_one_response(app: Flask, client: FlaskClient) -> None:
    """A response may chain streams with context; both keep it."""

    @app.get("/")
    def view() -> Response:
        def generate(letter: str) -> Iterator[str]:
            yield letter + request.path
            yield letter + request.path

        first, second = (stream_with_context(generate(letter)) for letter in "ab")

        def both() -> Iterator[str]:
            yield from first
            yield from second

        return Response(both())

    assert client.get("/").text == "a/a/b/b/"


def test_async_generator_is_an_error_that_names_the_cure(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """An asynchronous generator is a 500, and the log says what to do instead."""

    @app.get("/")
    def view() -> Response:
        async def generate() -> AsyncIterator[str]:
            yield "a"

        return Response(generate())  # type: ignore[arg-type]

    assert client.get("/").status_code == 500
    assert "streams async_generator, which is asynchronous" in caplog.text


def test_wrong_first_item_is_a_500_that_names_it(
    app: Flask, client: FlaskClient
) -> None:
    """A first item that is no text is an ordinary error of the request."""
    app.testing = True

    @app.get("/")
    def view() -> Response:
        return Response(iter([1, 2]))  # type: ignore[list-item]

    with pytest.raises(ItemError, match="Item 1 of the stream is int"):
        client.get("/")


@pytest.mark.parametrize("kind", ["str", "bytes", "list", "json", "empty", "tuple"])
def test_whole_responses_are_left_alone(
    app: Flask, client: FlaskClient, kind: str
) -> None:
    """A response whose bytes are all there is not streamed: it has its length."""
    values: dict[str, Any] = {
        "str": "é",
        "bytes": b"ab",
        "list": Response(["a", "b"]),
        "json": {"a": 1},
        "empty": ("", 204),
        "tuple": Response(("a", "b")),
    }
    told = []
    app.add_url_rule("/", "view", lambda: values[kind])

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        response = client.get("/")
    assert told == []
    plain = Flask("tests.plain")
    plain.add_url_rule("/", "view", lambda: values[kind])
    expected = plain.test_client().get("/")
    assert response.data == expected.data
    assert list(response.headers) == list(expected.headers)


def test_redirect_of_the_router_is_no_stream(app: Flask, client: FlaskClient) -> None:
    """The page that Flask redirects with is not told of as a stream."""
    told = []
    app.add_url_rule("/rows/", "view", lambda: "rows")

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        response = client.get("/rows")
        assert response.status_code == 308
        assert "Redirecting" in response.text
    assert told == []


@pytest.mark.parametrize("status", [404, 500])
def test_error_page_is_no_stream(app: Flask, client: FlaskClient, status: int) -> None:
    """The pages that answer errors are not told of as streams."""
    told = []
    app.add_url_rule("/", "view", lambda: abort(status))

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        response = client.get("/")
        assert response.status_code == status
        assert response.data
    assert told == []


def test_operator_is_warned_once(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """On a server that hides a cut, one warning says so, however many streams run."""
    app.add_url_rule("/", "view", lambda: Response(iter("ab")))
    for _ in range(3):
        assert client.get("/", environ_base={"uwsgi.version": b"2"}).text == "ab"
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert [record.name for record in warnings] == [app.logger.name]
    assert "uWSGI" in caplog.text


def test_operator_is_not_warned_without_streams(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """An application that does not stream is not warned of anything."""
    app.add_url_rule("/", "view", lambda: "text")
    assert client.get("/", environ_base={"uwsgi.version": b"2"}).text == "text"
    assert caplog.text == ""


def test_stream_outside_a_request_is_an_error() -> None:
    """``stream_with_context`` without a request is an error, as it is in Flask."""
    with pytest.raises(RuntimeError, match="request context is active"):
        stream_with_context(iter("ab"))


def test_application_called_inside_a_view_has_its_own_exchange(
    app: Flask, client: FlaskClient
) -> None:
    """A view may call another application with its environ; both streams arrive."""
    other = Flask("tests.other")
    Outpour(other)

    @other.get("/inner")
    def inner() -> Response:
        return Response(stream_with_context(current_app.name for _ in range(2)))

    @app.get("/inner")
    def outer() -> Response:
        def generate() -> Iterator[str]:
            yield current_app.name
            body, _, _ = run_wsgi_app(other, request.environ)
            yield b"".join(body).decode()
            yield current_app.name

        return Response(stream_with_context(generate()))

    assert client.get("/inner").text == "tests.apptests.othertests.othertests.app"


@ANY_SOURCE
def test_response_within_the_first_item_is_read_whole(
    app: Flask, client: FlaskClient, wrap: Callable[..., Any]
) -> None:
    """What the first chunk has begun is not given up before it is sent."""
    rows = [{"id": number} for number in range(3000)]
    closed: list[str] = []

    @app.get("/")
    def view() -> Response:
        context = app.test_request_context() if wrap is iter else nullcontext()

        def generate() -> Iterator[bytes]:
            with context:
                inner = stream_rows(rows, "csv")
            inner.call_on_close(lambda: closed.append("inner"))
            try:
                yield from inner.iter_encoded()
            finally:
                inner.close()

        return Response(wrap(generate()))

    assert client.get("/").data.count(b"\n") == 3001
    assert closed == ["inner"]
