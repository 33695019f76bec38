"""Tests beside gevent: many slow streams in one worker, each with its own context."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import g
from flask import request

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context
from flask_outpour.testing import open_stream
from processes import running

#: More than gunicorn's other workers have threads, by default or in these tests.
STREAMS = 60


def application() -> Flask:
    """Return an application whose streams wait for each other."""
    app = Flask(__name__)
    Outpour(app)
    ended: list[str] = []
    # gevent's, since gunicorn has patched the modules before it calls this.
    meeting = threading.Barrier(STREAMS)

    @app.before_request
    def remember() -> None:
        g.name = request.args.get("name")

    @app.teardown_request
    def forget(error: BaseException | None) -> None:
        if request.endpoint in ("meet", "endless"):
            ended.append(g.name)

    def lines() -> Iterator[str]:
        yield f"{g.name}\n"
        meeting.wait(60)
        yield f"{request.args['name']}\n"

    @app.get("/meet/<how>")
    def meet(how: str) -> Any:
        if how == "rows":
            return stream_rows(([line.strip()] for line in lines()), columns=["name"])
        return stream_with_context(lines())

    @app.get("/endless")
    def endless() -> Any:
        def generate() -> Iterator[str]:
            while True:
                yield f"{g.name}\n"
                time.sleep(0.01)

        return stream_with_context(generate())

    @app.get("/page")
    def page() -> Any:
        def slow() -> str:
            time.sleep(0.05)
            return str(request.args["name"])

        return stream_template_string(
            "{% for i in range(2) %}{% defer %}{{ slow() }},{% enddefer %}{% endfor %}",
            slow=slow,
            deferred="in-order",
        )

    app.add_url_rule("/ended", "ended", lambda: sorted(ended))
    app.add_url_rule("/forget", "forget", lambda: str(ended.clear()))
    return app


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the application on one worker of gevent's."""
    folder = tmp_path_factory.mktemp("gevent")
    with running("gunicorn-gevent", f"{__name__}:application()", folder) as server:
        yield server.url


@pytest.fixture(autouse=True)
def nothing_ended(url: str) -> None:
    """Let the application forget what the test before has seen."""
    with urlopen(f"{url}/forget", timeout=60) as response:
        assert response.status == 200


def test_streams_wait_for_each_other_and_keep_their_context(url: str) -> None:
    """All are open at once; each item has the ``g`` and ``request`` of its own."""
    with ExitStack() as stack:
        streams = {
            f"{how}-{number}": stack.enter_context(
                open_stream(f"{url}/meet/{how}?name={how}-{number}", timeout=90)
            )
            for how in ("rows", "lines")
            for number in range(STREAMS // 2)
        }
        for name, stream in streams.items():
            header = "name\n" if name.startswith("rows") else ""
            assert stream.read().decode() == f"{header}{name}\n{name}\n"
            assert stream.ending == "complete"
    wait_for_ended(url, sorted(streams))


def test_stream_ends_when_its_client_leaves(url: str) -> None:
    """The others go on, and its contexts are torn down once."""
    names = ["ada", "bo", "cy"]
    with ExitStack() as stack:
        ada, bo, cy = (
            stack.enter_context(open_stream(f"{url}/endless?name={name}", timeout=60))
            for name in names
        )
        for name, stream in zip(names, (ada, bo, cy), strict=True):
            assert next(stream).data == f"{name}\n".encode()
        bo.close()
        wait_for_ended(url, ["bo"])
        assert next(ada).data == b"ada\n"
        assert next(cy).data == b"cy\n"
    wait_for_ended(url, names)


def test_deferred_blocks_run_in_greenlets(url: str) -> None:
    """Each block has the request of its page."""
    for name in ("ada", "bo"):
        with urlopen(f"{url}/page?name={name}", timeout=60) as response:
            assert response.read().decode() == f"{name},{name},"


def wait_for_ended(url: str, names: list[str]) -> None:
    """Wait until these streams have ended, and no others."""
    deadline = time.monotonic() + 60
    ended: Any = None
    while ended != names and time.monotonic() < deadline:
        time.sleep(0.02)
        with urlopen(f"{url}/ended", timeout=60) as response:
            ended = json.load(response)
    assert ended == names
