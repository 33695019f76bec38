"""Tests of sources that are not sent, or not to their end, and are let go."""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import abort
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask.testing import FlaskClient

import flask_outpour
from flask_outpour import stream_finished
from flask_outpour import stream_with_context


class Rows:
    """What a view gives to its generator, to see whether it is let go."""


@pytest.fixture
def released(app: Flask) -> Callable[[], bool]:
    """Return whether what the generator of ``/`` was given has been let go.

    The views are ``/ours``, ``/flask`` and ``/bare``.
    """
    app.config["left"] = []

    def generate(rows: Rows) -> Iterator[str]:
        yield f"{type(rows)}"
        yield "more"

    def add(name: str, wrap: Any) -> None:
        def view() -> Response:
            rows = Rows()
            app.config["left"].append(weakref.ref(rows))
            response = Response(wrap(generate(rows)))
            response.set_etag("rows")
            if "rows" in request.if_none_match:
                response.status_code = 304
            return response

        app.add_url_rule(f"/{name}", name, view)

    add("ours", flask_outpour.stream_with_context)
    add("flask", flask.stream_with_context)
    add("bare", iter)

    def all_gone() -> bool:
        # An error's traceback would keep the frames, and with them the rows.
        assert sys.exc_info()[0] is None
        return app.config["left"] != [] and not any(ref() for ref in app.config["left"])

    return all_gone


PATHS = pytest.mark.parametrize("path", ["/ours", "/flask", "/bare"])


@PATHS
def test_head_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """HEAD has the headers of GET, and lets go of a source that never started."""
    response = client.head(path)
    assert response.data == b""
    assert response.headers["ETag"] == '"rows"'
    response.close()
    assert released()


@PATHS
def test_unchanged_response_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """A 304 sends nothing, and lets go of its source."""
    response = client.get(path, headers={"If-None-Match": '"rows"'})
    assert (response.status_code, response.data) == (304, b"")
    response.close()
    assert released()


@PATHS
def test_replaced_response_releases_the_source(
    app: Flask, client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """When ``after_request`` answers with something else, the source is let go."""
    app.after_request(lambda response: Response("maintenance", 503))
    response = client.get(path)
    assert (response.status_code, response.text) == (503, "maintenance")
    response.close()
    assert released()


@PATHS
def test_left_stream_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """A client that leaves after the headers lets go of the source."""
    response = client.get(path)
    response.close()
    assert released()


@PATHS
def test_finished_stream_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """After its last byte a stream holds nothing of its source."""
    response = client.get(path)
    assert response.text.endswith("more")
    assert released()
    response.close()


def test_head_starts_no_generator(app: Flask, client: FlaskClient) -> None:
    """HEAD runs nothing of the generator, and no signal tells of a stream."""
    told = []

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            told.append("started")
            yield "a"

        return Response(stream_with_context(generate()))

    def finished(sender: Flask, **facts: Any) -> None:
        told.append("finished")

    with stream_finished.connected_to(finished, app):
        client.head("/").close()
    assert told == []


@pytest.fixture
def cleanups(app: Flask) -> list[str]:
    """Return what the ``finally`` of the stream at ``/`` sees of its contexts."""
    seen: list[str] = []

    @app.get("/")
    def view() -> Response:
        g.unit = "km"

        def generate() -> Iterator[str]:
            try:
                yield "a"
                yield "b"
            finally:
                seen.append(f"{request.path} {g.unit}")

        response = Response(stream_with_context(generate()))
        if "fail" in request.args:
            abort(409)
        if "rows" in request.if_none_match:
            response.status_code = 304
        return response

    return seen


def test_cleanup_of_a_replaced_stream_has_its_context(
    app: Flask, client: FlaskClient, cleanups: list[str]
) -> None:
    """A stream whose response was replaced cleans up with ``request`` and ``g``."""
    app.after_request(lambda response: Response("maintenance", 503))
    response = client.get("/")
    assert (response.status_code, response.text) == (503, "maintenance")
    response.close()
    assert cleanups == ["/ km"]


def test_cleanup_of_a_stream_that_the_view_gave_up_has_its_context(
    client: FlaskClient, cleanups: list[str]
) -> None:
    """A view that fails after it made its stream answers with its error's page."""
    response = client.get("/?fail")
    assert response.status_code == 409
    response.close()
    assert cleanups == ["/ km"]


def test_cleanup_of_an_unchanged_stream_has_its_context(
    client: FlaskClient, cleanups: list[str]
) -> None:
    """A stream that a 304 does not send cleans up with ``request`` and ``g``."""
    response = client.get("/", headers={"If-None-Match": '"rows"'})
    assert response.status_code == 304
    response.close()
    assert cleanups == ["/ km"]


def test_failing_cleanup_of_a_replaced_stream_changes_no_answer(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """What a stream that is not sent raises as it closes goes to the log alone."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            try:
                yield "a"
            finally:
                raise OSError("cannot close")

        return Response(stream_with_context(generate()))

    app.after_request(lambda response: Response("maintenance", 503))
    response = client.get("/")
    assert (response.status_code, response.text) == (503, "maintenance")
    assert "cannot close" in caplog.text


def test_cleanup_of_a_disconnected_stream_has_its_context(
    client: FlaskClient, cleanups: list[str]
) -> None:
    """A stream that its client left cleans up with ``request`` and ``g``."""
    client.get("/").close()
    assert cleanups == ["/ km"]
