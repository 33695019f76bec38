"""Tests of the detector of streams that were left open."""

from __future__ import annotations

import threading

import pytest
from flask import Flask
from flask import Response
from flask.testing import FlaskClient

from flask_outpour.body import Body
from flask_outpour.testing import detect_leaks
from flask_outpour.testing import open_stream
from flask_outpour.testing import serve
from flask_outpour.testing import Source


@pytest.fixture
def source(app: Flask) -> Source[str]:
    """Return the source of the view at ``/``."""
    made = Source(["one", "two"])
    app.add_url_rule("/", "view", lambda: Response(made))
    return made


def test_a_stream_that_is_read_is_no_leak(client: FlaskClient, source: object) -> None:
    """A response that is read to its end, or closed, passes."""
    with detect_leaks():
        assert client.get("/").data == b"onetwo"
        client.get("/").close()


def test_a_stream_that_is_left_is_a_leak(
    client: FlaskClient, source: Source[str]
) -> None:
    """The error names the request, and the source is closed."""
    with (
        pytest.raises(
            AssertionError, match=r"1 response body .* never ended: GET /\. "
        ),
        detect_leaks(timeout=0.05),
    ):
        response = client.get("/")
    assert source.closed
    response.close()


def test_a_server_has_a_moment_to_close(app: Flask, source: Source[str]) -> None:
    """A client that has left is noticed by the server's thread a little later."""
    gate = Source(["one", "two"], gated=True)
    app.add_url_rule("/gated", "gated", lambda: Response(gate))
    gate.release()
    with serve(app) as server, detect_leaks():
        with open_stream(server.url + "/gated") as response:
            next(response)
        timer = threading.Timer(0.2, gate.release, [None])
        timer.start()
    timer.join()


def test_an_error_of_the_block_comes_first(client: FlaskClient, source: object) -> None:
    """A block that fails says why, and not what it has left."""
    with pytest.raises(KeyError), detect_leaks():
        response = client.get("/")
        raise KeyError
    response.close()


def test_nothing_is_left_of_the_detector() -> None:
    """Bodies are as before when the block has ended."""
    before = Body.__init__
    with detect_leaks():
        pass
    assert Body.__init__ is before
