"""Tests of a connection that is reset, so that a client of HTTP/1.0 sees a cut."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask import Response

from delivery.streams import rows
from delivery.streams import taken
from processes import Server

SERVERS = pytest.mark.parametrize("name", ["werkzeug", "gunicorn-gthread"])


def read_old(server: Server, path: str) -> bytes:
    """Read a response as a client of HTTP/1.0, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as client:
        client.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return b"".join(iter(lambda: client.recv(65_536), b""))


@SERVERS
def test_hard_abort_resets_the_connection_of_a_failed_stream(
    run_server: Callable[..., Server], name: str
) -> None:
    """With ``OUTPOUR_HARD_ABORT`` an HTTP/1.0 client sees that a stream failed."""
    server = run_server(name, "apps.context_abort:app", HARD_ABORT="1")
    with pytest.raises(ConnectionResetError):
        read_old(server, "/failed")
    assert read_old(server, "/complete").count(b"row\n") == 2


@SERVERS
def test_without_hard_abort_the_failed_stream_just_ends(
    run_server: Callable[..., Server], name: str
) -> None:
    """Without the setting nothing is reset, so that no byte on its way is lost."""
    server = run_server(name, "apps.context_abort:app", HARD_ABORT="")
    assert read_old(server, "/failed").count(b"row\n") == 2


@pytest.mark.parametrize("declares", [True, False])
def test_declared_length_needs_no_hard_abort(
    app: Flask, monkeypatch: pytest.MonkeyPatch, declares: bool
) -> None:
    """A stream with a Content-Length tells its cut by that, and is never reset."""
    aborted: list[Any] = []
    monkeypatch.setattr("flask_outpour.delivery.hard_abort", aborted.append)
    app.config["OUTPOUR_HARD_ABORT"] = True

    @app.get("/")
    def view() -> Response:
        response = Response(rows(ValueError()))
        if declares:
            response.content_length = 100
        return response

    _, error = taken(app)
    assert isinstance(error, ValueError)
    assert len(aborted) == (0 if declares else 1)
