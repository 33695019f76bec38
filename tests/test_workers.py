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

from flask_outpour import workers
from flask_outpour.probe import HEADER
from flask_outpour.probe import path_of
from flask_outpour.testing import serve
from flask_outpour.workers import leaving_check
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
    "eventlet": {"server": "eventlet", "protocol": "HTTP/1.1"},
    "uvicorn-a2wsgi": {"server": "a2wsgi", "protocol": "HTTP/1.1"},
    "wsgiref": {"software": "WSGIServer/0.2"},
    "werkzeug-debugger": {},
}
#: Those on which a broken response looks whole.
CLEAN = {"uwsgi-http", "wsgiref", "werkzeug-debugger"}
ALWAYS = ("software", "protocol", "multithread", "multiprocess", "ends_cleanly")
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
    assert {*facts} == {*ALWAYS, *FACTS[name]}
    assert facts == {**facts, **FACTS[name]}
    assert facts["ends_cleanly"] == (name in CLEAN)


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


class Worker:
    """What gunicorn's worker has for its requests."""

    __module__ = "gunicorn.workers.gthread"

    def __init__(self) -> None:
        self.alive = True

    def handle(self) -> Any:
        """Ask as a view does, from below."""
        return leaving_check({"SERVER_SOFTWARE": "gunicorn/27.0.1"})


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each test find its own worker."""
    monkeypatch.setattr(workers, "_checks", {})


@pytest.mark.usefixtures("no_worker")
def test_worker_says_when_it_is_to_go() -> None:
    """The answer is the worker's own, each time."""
    worker = Worker()
    is_leaving = worker.handle()
    assert not is_leaving()
    worker.alive = False
    assert is_leaving()


@pytest.mark.usefixtures("no_worker")
def test_worker_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second stream of a process does not look at the stack again."""
    first = Worker().handle()
    monkeypatch.setattr(workers, "_callers", None)
    assert Worker().handle() is first


@pytest.mark.usefixtures("no_worker")
def test_forked_process_looks_for_its_own_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What the parent has found is not the child's."""
    first = Worker().handle()
    monkeypatch.setattr("os.getpid", lambda: -1)
    assert Worker().handle() is not first


@pytest.mark.usefixtures("no_worker")
def test_owner_of_the_signal_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that is on no stack, as under gevent's own server, handles SIGTERM."""
    worker = Worker()
    monkeypatch.setattr("signal.getsignal", lambda number: worker.handle)
    is_leaving = leaving_check({"SERVER_SOFTWARE": "gevent/26 gunicorn/27.0.1"})
    assert is_leaving is not None
    worker.alive = False
    assert is_leaving()


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("software", ["gunicorn/27.0.1", "waitress", ""])
def test_without_a_worker_nobody_is_asked(software: str) -> None:
    """No guess is made on other servers, and none where no worker is found."""
    assert leaving_check({"SERVER_SOFTWARE": software}) is None
