"""Tests of the servers in threads: what they share with the test, and their end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask import request
from flask import Response

from flask_outpour.testing import assert_closed
from flask_outpour.testing import open_stream
from flask_outpour.testing import serve
from flask_outpour.testing import Source

EACH = pytest.mark.parametrize("server", ["werkzeug", "waitress"])


@EACH
def test_clients_are_served_at_a_time(app: Flask, server: str) -> None:
    """A stream that waits holds no other client up."""
    source = Source(["one", "two"], gated=True)
    app.add_url_rule("/", "view", lambda: Response(source))
    app.add_url_rule("/other", "other", lambda: "other")
    source.release()
    with serve(app, server) as running, open_stream(running.url + "/") as waiting:
        assert next(waiting).data == b"one"
        with open_stream(running.url + "/other") as response:
            assert response.read() == b"other"
        source.release()
        assert waiting.read() == b"two"


@EACH
def test_the_server_is_the_one_that_was_asked_for(app: Flask, server: str) -> None:
    """The application sees its server's name."""
    app.add_url_rule("/", "view", lambda: request.environ["SERVER_SOFTWARE"])
    with serve(app, server) as running, open_stream(running.url) as response:
        assert response.read().decode().lower().startswith(server)


@EACH
def test_no_thread_and_no_handler_is_left(app: Flask, server: str) -> None:
    """When the block has ended, all is as before."""
    app.add_url_rule("/", "view", lambda: "x")
    before = {thread.name for thread in threading.enumerate()}
    handlers = list(logging.getLogger(server).handlers)
    with serve(app, server) as running, open_stream(running.url) as response:
        response.read()
    assert {thread.name for thread in threading.enumerate()} <= before
    assert logging.getLogger(server).handlers == handlers


@EACH
def test_open_streams_do_not_stop_the_end(app: Flask, server: str) -> None:
    """A server stops though a client is there, whose view is then closed."""
    source = Source(iter(lambda: "x" * 1000, None))
    app.add_url_rule("/", "view", lambda: Response(source))
    with serve(app, server) as running:
        response = open_stream(running.url)
        next(response)
    response.close()
    assert_closed(source)


@EACH
def test_errors_are_in_the_log(app: Flask, server: str) -> None:
    """What the server writes of a failed stream is there to read."""

    def generate() -> Iterator[str]:
        yield "one"
        raise ValueError("no second row")

    app.add_url_rule("/", "view", generate)
    with serve(app, server) as running, open_stream(running.url) as response:
        response.read()
        assert response.ending == "cut"
    assert "ValueError: no second row" in running.log
