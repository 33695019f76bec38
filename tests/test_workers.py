"""Tests of what a view can know of its server."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import request

from flask_outpour.probe import HEADER
from flask_outpour.probe import path_of
from flask_outpour.testing import serve
from flask_outpour.workers import server_facts
from processes import Server
from servers.clients import connect

TOKEN = "0123456789abcdef" * 2

#: What each server says of its threads, as tests/processes.py starts it.
FACTS = {
    "gunicorn-sync": {
        "server": "gunicorn",
        "worker_class": "sync",
        "timeout": 30,
        "threads": 1,
        "workers": 1,
    },
    "gunicorn-gthread": {
        "server": "gunicorn",
        "worker_class": "gthread",
        "timeout": 7,
        "threads": 8,
        "workers": 1,
    },
    "waitress": {"server": "waitress", "threads": 8},
    "cheroot": {"server": "cheroot", "threads": 10},
    "uwsgi-http": {"server": "uWSGI", "threads": 4, "workers": 1},
    "hypercorn": {"server": "hypercorn"},
    "granian": {},
}
OPTIONS = {"gunicorn-gthread": ("--timeout", "7")}


def facts_of(server: Server) -> dict[str, Any]:
    """Return what the probe says of a server."""
    with closing(connect(server.port)) as connection:
        path = f"{path_of(TOKEN)}?items=1"
        connection.request("GET", path, headers={HEADER: TOKEN})
        line = json.loads(connection.getresponse().read())
    return dict(line["server"])


@pytest.mark.parametrize("name", FACTS)
def test_servers_tell_their_settings(
    run_server: Callable[..., Server], name: str
) -> None:
    """Class, timeout, threads and workers are those that the server was given."""
    options = OPTIONS.get(name, ())
    server = run_server(name, "apps.probed:app", *options, PROBED_TOKEN=TOKEN)
    facts = facts_of(server)
    assert {*facts} - {*FACTS[name]} == {
        *("software", "protocol", "multithread", "multiprocess", "ends_cleanly")
    }
    assert facts == {**facts, **FACTS[name]}
    assert facts["ends_cleanly"] == (name == "uwsgi-http")


class Unknown:
    """Something on the stack that is of no server."""

    cfg = "a secret"

    def call(self) -> dict[str, Any]:
        """Return the facts, as seen from below."""
        return server_facts({"SERVER_PROTOCOL": "HTTP/1.0"})


def test_without_a_server_nothing_is_guessed() -> None:
    """Objects that only look like a server's are not read."""
    assert Unknown().call() == {
        "software": "",
        "protocol": "HTTP/1.0",
        "multithread": False,
        "multiprocess": False,
        "ends_cleanly": False,
    }


def test_waitress_tells_its_threads() -> None:
    """What is on the stack of a view is found, in whatever thread it runs."""
    app = Flask("threads")
    app.add_url_rule("/", "facts", lambda: server_facts(request.environ))
    with serve(app, "waitress") as server, urlopen(server.url, timeout=20) as response:
        facts = json.load(response)
    assert facts["server"] == "waitress"
    assert facts["threads"] >= 1
    assert not facts["ends_cleanly"]
