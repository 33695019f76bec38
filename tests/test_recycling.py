"""Tests of endless streams on gunicorn's workers when those are to go."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from http.client import HTTPException
from http.client import HTTPResponse
from pathlib import Path

import pytest

from apps.endless import LINE
from processes import Server
from servers.clients import ask
from servers.clients import connect
from servers.clients import curl
from servers.clients import Download

APP = "apps.endless:app"
PRELOADS = pytest.mark.parametrize(
    "preload", [(), ("--preload",)], ids=["import", "preload"]
)
#: The sync worker serves one stream at a time.
WORKERS = {
    "sync": ("gunicorn-sync", "--workers", "6"),
    "gthread": ("gunicorn-gthread",),
    "gevent": ("gunicorn-gevent",),
    "gevent-pywsgi": ("gunicorn-gevent", "--worker-class", "gevent_pywsgi"),
}
#: Seconds for which gunicorn waits for open streams.
GRACE = 30
#: Seconds within which nothing waits for that.
SOON = GRACE / 2


class Stream:
    """A response that has begun."""

    def __init__(self, response: HTTPResponse) -> None:
        self._response = response
        assert response.status == 200
        self.body = response.read1()
        assert self.body

    def ends_whole(self) -> bool:
        """Read to the end, and return whether nothing is missing by the protocol."""
        try:
            while data := self._response.read1():
                self.body += data
        except (HTTPException, OSError):
            return False
        return True


@contextmanager
def opened(server: Server, path: str, method: str = "GET") -> Iterator[Stream]:
    """Hold a stream open that has begun."""
    connection = connect(server.port)
    try:
        yield Stream(ask(connection, path, method))
    finally:
        connection.close()


@pytest.mark.parametrize("worker", WORKERS)
@PRELOADS
def test_streams_end_when_the_server_stops(
    run_server: Callable[..., Server], worker: str, preload: tuple[str, ...]
) -> None:
    """Events end whole, ticks are cut, and gunicorn is gone long before its grace is.

    A download that is under way comes whole.
    """
    options = ("--graceful-timeout", str(GRACE), *preload)
    server = run_server(*_with_target(worker), *options)
    size = 30_000 * len(LINE)
    with (
        opened(server, "/ticks") as ticks,
        opened(server, "/events") as events,
        opened(server, f"/download?count={size // len(LINE)}") as download,
    ):
        server.process.send_signal(signal.SIGTERM)
        assert events.ends_whole()
        assert events.body.endswith(b"\n\n")
        assert events.body.count(b"event: ") == events.body.count(b"data: ")
        assert not ticks.ends_whole()
        assert ticks.body.endswith(b"tick\n")
        assert download.ends_whole()
        assert len(download.body) == size
    assert server.process.wait(SOON) == 0
    log = server.read_log()
    assert "The stream of /ticks [GET] was ended, since its worker is to go." in log
    # The application's own logger would have had it so.
    assert "Exception on /ticks" not in log
    assert {*log.splitlines()} >= {"ticks closed", "events closed"}


def _with_target(worker: str) -> tuple[str, ...]:
    name, *options = WORKERS[worker]
    return (name, APP, *options)


@pytest.mark.parametrize("worker", ["gthread", "gevent"])
@PRELOADS
def test_recycling_does_not_stop_a_site(
    run_server: Callable[..., Server], worker: str, preload: tuple[str, ...]
) -> None:
    """One worker after another has its share of requests, and each ping is answered.

    A client holds an endless stream open all the while, and comes back when it ends.
    """
    options = ("--max-requests", "5", "--graceful-timeout", str(GRACE), *preload)
    server = run_server(*_with_target(worker), *options)
    over = threading.Event()

    def stay() -> None:
        while not over.is_set():
            with suppress(HTTPException, OSError), opened(server, "/ticks") as ticks:
                ticks.ends_whole()

    client = threading.Thread(target=stay)
    client.start()
    try:
        pings = [*pings_of(server)]
    finally:
        over.set()
        server.process.terminate()
        client.join()
    assert {ping.code for ping in pings} == {0}


def pings_of(server: Server) -> Iterator[Download]:
    """Ask again and again, until the fourth worker answers."""
    seen: set[bytes] = set()
    while len(seen) < 4:
        yield (ping := curl(f"{server.url}/ping", patience=SOON))
        seen.add(ping.body)


def test_streams_end_when_a_worker_reloads(
    run_server: Callable[..., Server], tmp_path: Path
) -> None:
    """A change of the code ends open events, and the client sees no failure."""
    code = tmp_path / "changed.txt"
    code.touch()
    watching = ("--reload", "--reload-engine", "poll", "--reload-extra-file", str(code))
    server = run_server(*_with_target("gthread"), *watching)
    before = curl(f"{server.url}/ping").body
    with opened(server, "/events") as events:
        code.write_text("changed")
        assert events.ends_whole()
    assert curl(f"{server.url}/ping").body != before


def test_events_of_who_does_not_come_back_are_cut(
    run_server: Callable[..., Server],
) -> None:
    """Only ``EventSource`` connects anew by itself, and it never asks by POST."""
    server = run_server(*_with_target("gthread"))
    with opened(server, "/events", "POST") as events:
        server.process.send_signal(signal.SIGTERM)
        assert not events.ends_whole()
    assert server.process.wait(SOON) == 0


@pytest.mark.parametrize("path", ["/ticks", "/events"])
def test_none_leaves_the_streams_to_the_server(
    run_server: Callable[..., Server], path: str
) -> None:
    """Without the setting, gunicorn waits for its own grace, and cuts then."""
    options = ("--graceful-timeout", "2")
    server = run_server(*_with_target("gevent"), *options, DRAIN="None")
    with opened(server, path) as stream:
        server.process.send_signal(signal.SIGTERM)
        assert not stream.ends_whole()
    assert "since its worker is to go" not in server.read_log()


@pytest.mark.parametrize("path", ["/attachment", "/rows", "/page", "/declared"])
def test_streams_with_an_end_are_left_to_the_server(
    run_server: Callable[..., Server], path: str, tmp_path: Path
) -> None:
    """However slow they are, rows, pages and downloads have the server's own grace."""
    server = run_server(*_with_target("gthread"), "--graceful-timeout", str(GRACE))
    with opened(server, f"{path}?seconds=4") as stream:
        server.process.send_signal(signal.SIGTERM)
        assert stream.ends_whole()
    assert server.process.wait(SOON) == 0
