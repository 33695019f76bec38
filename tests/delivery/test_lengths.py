"""Tests of streams that are longer, shorter or slower than they may be."""

from __future__ import annotations

import queue
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import Response

from delivery.streams import rows
from delivery.streams import taken
from flask_outpour import LengthError
from flask_outpour import stream_finished
from flask_outpour import StreamTimeout
from flask_outpour.testing import open_stream


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
