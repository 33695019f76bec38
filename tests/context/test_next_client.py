"""Tests of what one client leaves to the next one, and of when its end is told."""

from __future__ import annotations

import http.client
import json
import socket
import struct
import time
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import flask
import pytest
from flask import Flask
from flask import g
from flask import Response
from flask.testing import FlaskClient

from context.calls import BOTH_IMPORTS
from context.calls import call
from context.calls import close
from flask_outpour import stream_finished
from flask_outpour import stream_with_context
from processes import Server


def poison(app: Flask) -> tuple[str, Exception | None]:
    """Leave a stream to another thread; return who the next client seems to be.

    Also returns the error that closing in the other thread raised.
    """
    caught: Exception | None = None
    with ThreadPoolExecutor(1) as worker:
        body = worker.submit(call, app, "/").result()
        chunks = iter(body)
        assert worker.submit(next, chunks).result() == b"the first client"
        try:
            close(body)
        except Exception as error:
            caught = error
        answer = worker.submit(lambda: b"".join(call(app, "/user"))).result()
    return answer.decode(), caught


def user_views(app: Flask, keep: Any) -> None:
    @app.get("/")
    def view() -> Response:
        g.user = "the first client"

        def generate() -> Iterator[str]:
            while True:
                yield g.user

        return Response(keep(generate()))

    @app.get("/user")
    def user() -> str:
        return g.get("user", "nobody")  # type: ignore[no-any-return]


def test_plain_flask_poisons_a_thread() -> None:
    """On plain Flask a stream closed in another thread shows its user to the next."""
    app = Flask("tests.poison")
    user_views(app, flask.stream_with_context)
    answer, error = poison(app)
    assert answer == "the first client"
    assert isinstance(error, (ValueError, LookupError, RuntimeError))


@BOTH_IMPORTS
def test_outpour_poisons_no_thread(app: Flask, teardowns: list[str], keep: Any) -> None:
    """With Outpour the next client on that thread has its own, empty context."""
    user_views(app, keep)
    answer, error = poison(app)
    assert answer == "nobody"
    assert error is None
    # The next client's request was torn down, as it is not on a poisoned thread.
    assert teardowns[-2:] == ["request NoneType", "app NoneType"]


def leave(port: int, path: str) -> None:
    """Ask for a stream, read its first bytes and reset the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert client.recv(1024).startswith(b"HTTP/1.1 200")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("outpour", "user"), [("", "the first client"), ("flask", None), ("ours", None)]
)
def test_next_client_of_a_worker_thread(
    run_server: Callable[..., Server], outpour: str, user: str | None
) -> None:
    """A client that left shows up in the next one's ``g``, unless Outpour is set up."""
    server = run_server(
        "gunicorn-gthread",
        "apps.context_poison:app",
        "--threads=1",
        "--timeout=60",
        OUTPOUR=outpour,
    )
    leave(server.port, "/endless")
    # With one thread, this waits until the stream has been left.
    with urlopen(f"{server.url}/collect", timeout=30) as response:
        assert response.status == 200
    with urlopen(f"{server.url}/user", timeout=30) as response:
        assert json.load(response) == {"user": user}


def events_when(
    path: Path, enough: Callable[[list[str]], bool], seconds: float = 30
) -> list[str]:
    """Return the lines of a file once they are enough, or after a bound."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines = path.read_text().splitlines() if path.exists() else []
        if enough(lines):
            break
        time.sleep(0.02)
    return lines


@pytest.mark.parametrize("name", ["gunicorn-gthread", "gunicorn-gevent"])
def test_teardown_runs_once_however_a_stream_ends(
    run_server: Callable[..., Server], tmp_path: Path, name: str
) -> None:
    """Complete, failed and left streams are closed, then torn down, each once."""
    file = tmp_path / "events"
    server = run_server(name, "apps.context_teardown:app", EVENTS=str(file))
    times = 3
    for _ in range(times):
        with urlopen(f"{server.url}/complete", timeout=30) as response:
            assert response.read() == b"row\n" * 3
        with (
            pytest.raises(http.client.IncompleteRead) as cut,
            urlopen(f"{server.url}/failed", timeout=30) as response,
        ):
            response.read()
        assert cut.value.partial in (b"", b"row\n" * 3)
        leave(server.port, "/endless")
    wanted = {
        "/complete": "NoneType",
        "/failed": "ValueError",
        "/endless": "NoneType",
    }
    total = 3 * len(wanted) * times
    events = events_when(file, lambda lines: len(lines) >= total)
    for path, error in wanted.items():
        own = [event for event in events if path in event]
        # Streams of one path may end at the same time, but never twice.
        assert own.count(f"{path} closed {path}") == times
        assert own.count(f"{path} teardown_request {path} {error}") == times
        assert own.count(f"{path} teardown_appcontext") == times
        assert len(own) == 3 * times


def test_teardown_comes_before_the_end_is_told(
    app: Flask, client: FlaskClient, teardowns: list[str]
) -> None:
    """Receivers of ``stream_finished`` hear of a stream that is wholly over."""

    @app.get("/")
    def view() -> Response:
        return Response(stream_with_context(iter(["a"])))

    def finished(sender: Flask, **facts: Any) -> None:
        teardowns.append("finished")

    with stream_finished.connected_to(finished, app):
        assert client.get("/").text == "a"
    assert teardowns == ["request NoneType", "app NoneType", "finished"]
