"""Tests of what is told of a server, and of connections that are reset for honesty."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from flask_outpour import servers
from flask_outpour.servers import hard_abort
from flask_outpour.servers import let_items_pass
from flask_outpour.servers import server_that_hides_cuts
from flask_outpour.servers import server_warning


@pytest.mark.parametrize(
    ("environ", "server"),
    [
        ({"uwsgi.version": b"2.0.31"}, "uWSGI"),
        ({"mod_wsgi.process_group": "site"}, "mod_wsgi in daemon mode"),
        ({"SERVER_SOFTWARE": "WSGIServer/0.2"}, "wsgiref's server"),
        ({"SERVER_SOFTWARE": "Apache", "wsgi.run_once": True}, "CGI"),
        ({"paste.httpserver.thread_pool": object()}, "Paste's server"),
    ],
)
def test_server_that_hides_a_cut_is_named(environ: dict[str, Any], server: str) -> None:
    """Where a broken download looks complete, the warning names server and cure."""
    warning = server_warning(environ)
    assert warning is not None
    assert warning.startswith(server)
    assert "Content-Length" in warning


@pytest.mark.parametrize(
    ("version", "hides"),
    [("2.8.7", True), ("2.7.10", True), ("2.8.9", False), ("2.10.0", False)],
)
def test_only_old_granian_is_warned_of(
    monkeypatch: pytest.MonkeyPatch, version: str, hides: bool
) -> None:
    """granian cuts the connection since 2.8.9, and needs no warning then."""
    monkeypatch.setattr(servers, "version", lambda name: version)
    servers._is_old_granian.cache_clear()
    warning = server_warning({"SERVER_SOFTWARE": "Granian"})
    servers._is_old_granian.cache_clear()
    assert (warning or "").startswith("granian before 2.8.9") == hides


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("flup.server.fcgi_base", "flup ends a response cleanly"),
        ("tornado.wsgi", "tornado's WSGIContainer collects a whole response"),
        ("paste.translogger", ""),
        ("app", ""),
    ],
)
def test_server_is_known_by_its_start_response(module: str, words: str) -> None:
    """A server that leaves no mark in the environ is known by what it calls back."""

    def start_response() -> None: ...

    start_response.__module__ = module
    assert (server_warning({}, start_response) or "").startswith(words)
    assert bool(server_warning({}, start_response)) == bool(words)


def test_debugger_hides_cuts_without_a_warning() -> None:
    """The doctor is told, and whoever debugs need not be, at each reload."""
    environ = {"werkzeug.debug.preserve_context": object()}
    assert server_that_hides_cuts(environ) == "Werkzeug's debugger"
    assert server_warning(environ) is None


@pytest.mark.parametrize(
    ("environ", "size"), [({"eventlet.input": object()}, 1), ({}, None)]
)
def test_eventlet_is_told_to_hold_nothing(
    environ: dict[str, Any], size: int | None
) -> None:
    """What eventlet reads of the environ is set where eventlet is, and only there."""
    let_items_pass(environ)
    assert environ.get("eventlet.minimum_write_chunk_size") == size


def test_sync_worker_is_named() -> None:
    """gunicorn's sync worker is warned of, since it dies while it sends."""
    warning = server_warning({"gunicorn.socket": object(), "wsgi.multithread": False})
    assert warning is not None
    assert "gthread" in warning


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"SERVER_SOFTWARE": "waitress"},
        {"SERVER_SOFTWARE": "Werkzeug/3.1.9"},
        {"SERVER_SOFTWARE": "Cheroot/11.1.2"},
        {"SERVER_SOFTWARE": "gevent/26.9 Python/3.11", "wsgi.run_once": False},
        {"eventlet.input": object()},
        {"asgi.scope": {}},
        {"gunicorn.socket": object(), "wsgi.multithread": True},
        {"mod_wsgi.process_group": ""},
    ],
)
def test_honest_server_is_not_warned_of(environ: dict[str, Any]) -> None:
    """A server that cuts the connection needs no warning."""
    assert server_warning(environ) is None


@pytest.fixture
def connection() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a TCP connection, the server's first."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=20)
        server, _ = listener.accept()
        with client, server:
            yield server, client


@pytest.mark.parametrize("key", ["gunicorn.socket", "werkzeug.socket"])
def test_hard_abort_resets_an_old_client(
    connection: tuple[socket.socket, socket.socket], key: str
) -> None:
    """An HTTP/1.0 client whose stream failed sees a reset, not an end."""
    server, client = connection
    hard_abort({"SERVER_PROTOCOL": "HTTP/1.0", key: server})
    with pytest.raises(ConnectionResetError):
        client.recv(1)


@pytest.mark.parametrize(
    "protocol", [{"SERVER_PROTOCOL": "HTTP/1.1"}, {"SERVER_PROTOCOL": "HTTP/2"}, {}]
)
def test_hard_abort_leaves_newer_clients(
    connection: tuple[socket.socket, socket.socket], protocol: dict[str, Any]
) -> None:
    """Where chunks tell a cut, the connection is left to the server."""
    server, client = connection
    hard_abort({**protocol, "gunicorn.socket": server})
    server.sendall(b"x")
    assert client.recv(1) == b"x"


def test_hard_abort_without_a_socket_does_nothing() -> None:
    """A server that does not show its socket is left alone."""
    environ = {"SERVER_PROTOCOL": "HTTP/1.0"}
    hard_abort(environ)
    assert environ == {"SERVER_PROTOCOL": "HTTP/1.0"}
