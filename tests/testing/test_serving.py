"""Tests of the servers that a test can start, and of what it is told if it cannot."""

from __future__ import annotations

import os
import socket

import pytest
from flask import Flask

from flask_outpour import ConfigurationError
from flask_outpour.testing import open_stream
from flask_outpour.testing import serve
from flask_outpour.testing import ServerError
from flask_outpour.testing import serving


def body(url: str) -> bytes:
    with open_stream(url) as response:
        return response.read()


def is_listened_on(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_an_application_is_served_by_werkzeug(app: Flask) -> None:
    """Without more words it is Werkzeug's server, on a free port of the loopback."""
    app.add_url_rule("/", "view", lambda: "ours")
    with serve(app) as server:
        assert server.name == "werkzeug"
        assert server.url == f"http://127.0.0.1:{server.port}"
        assert body(server.url) == b"ours"
    assert not is_listened_on(server.port)


def test_a_port_can_be_chosen(app: Flask) -> None:
    """A test that must know the port before may say it."""
    with serve(app) as server:
        port = server.port
    with serve(app, port=port) as server:
        assert server.port == port


@pytest.mark.parametrize("server", ["werkzeug", "waitress", "gunicorn"])
def test_a_port_that_is_taken_is_an_error(app: Flask, server: str) -> None:
    """The error names the port, and what to do."""
    target = "testing.views:app" if server == "gunicorn" else app
    with (
        serve(app) as first,
        pytest.raises(ServerError, match=f"port {first.port} of .*in use.* a free one"),
        serve(target, server, port=first.port),
    ):
        pass


@pytest.mark.parametrize(
    ("target", "server", "message"),
    [
        (Flask("x"), "gunicorn", "gunicorn imports the application itself.*'module:"),
        (Flask("x"), "apache", "knows no server 'apache', but werkzeug, waitress"),
        ("testing.views:app", "apache", "knows no server 'apache', but werkzeug, wait"),
        ("testing.views", "gunicorn", "'testing.views' names no application"),
    ],
)
def test_what_cannot_be_served_is_an_error(
    target: Flask | str, server: str, message: str
) -> None:
    """The error says what to give instead, before anything starts."""
    with pytest.raises(ConfigurationError, match=message):
        serve(target, server)


def test_arguments_are_for_a_process(app: Flask) -> None:
    """A server in a thread has no command line."""
    with pytest.raises(ConfigurationError, match="for a server in a process"):
        serve(app, arguments=["--threads", "4"])
    with pytest.raises(ConfigurationError, match="for a server in a process"):
        serve(app, env={"SHOP": "x"})


def test_a_missing_server_is_named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says what to install."""
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="not installed: pip install waitress"):
        serve(app, "waitress")


def test_the_process_is_known(app: Flask) -> None:
    """A thread has the id of this process."""
    with serve(app, "waitress") as server:
        assert server.pid == os.getpid()
