"""Tests of the demo's server: how it listens, serves and stops."""

from __future__ import annotations

import csv
import io
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask

from flask_outpour.demo.errors import DemoError
from flask_outpour.demo.server import listen
from flask_outpour.demo.server import serve
from flask_outpour.demo.server import url_of

from .conftest import COMMANDS
from .test_views import get
from .test_views import left_early

FLIGHTS = Path(__file__).parents[2] / "../shared/data/flights.csv.zip"


def read_flights() -> Iterator[list[str]]:
    """Yield the columns and the rows of the flights, ``NA`` as they have it."""
    with zipfile.ZipFile(FLIGHTS) as archive, archive.open("flights.csv") as file:
        yield from csv.reader(io.TextIOWrapper(file, "utf-8", newline=""))


def load_flights(path: Path) -> None:
    """Load the flights into a SQLite file, numbers as numbers and NA as NULL."""
    rows = read_flights()
    columns = next(rows)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            f"CREATE TABLE flights ({', '.join(f'{name} NUMERIC' for name in columns)})"
        )
        connection.executemany(
            f"INSERT INTO flights VALUES ({', '.join('?' * len(columns))})",
            ([None if cell == "NA" else cell for cell in row] for row in rows),
        )


def is_gone(process: subprocess.Popen[str]) -> bool:
    """Whether no process is left of the group that a process led."""
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("server", COMMANDS)
def test_the_demo_serves(
    run_demo: Callable[..., Any], database: Path, server: str
) -> None:
    """On either server the rows come, and who serves is in the headers."""
    with run_demo("--database", str(database), server=server) as demo:
        with urlopen(f"{demo.url}/outpour/few.csv", timeout=30) as response:
            assert response.read() == b"text\nplain\n"
            assert response.headers["Server"].startswith(server)
        assert get(f"{demo.url}/plain/few.csv") == "text\nplain\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX has the signals")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("server", COMMANDS)
def test_a_signal_stops_the_demo(
    run_demo: Callable[..., Any],
    tmp_path: Path,
    database: Path,
    server: str,
    sign: signal.Signals,
) -> None:
    """In the middle of a stream, a signal ends all, and nothing is left behind."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS"
            " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
    with run_demo("--database", str(database), server=server) as demo:
        with left_early(f"{demo.url}/outpour/endless.csv"):
            # Ctrl-C reaches every process of the terminal.
            os.killpg(demo.process.pid, sign)
            _, errors = demo.process.communicate(timeout=30)
        assert demo.process.returncode == 0
        assert is_gone(demo.process)
        assert errors == ""
        assert list((tmp_path / "home").iterdir()) == []
        with pytest.raises(OSError, match="refused"):
            get(demo.url)


def test_the_end_of_each_stream_is_shown(
    run_demo: Callable[..., Any], database: Path
) -> None:
    """The terminal has one line for each stream under Outpour."""
    with run_demo("--database", str(database)) as demo:
        get(f"{demo.url}/outpour/few.csv")
        demo.process.terminate()
        _, errors = demo.process.communicate(timeout=30)
    (line,) = errors.splitlines()
    assert line.startswith("stream complete: GET /few.csv 200, 11 bytes")


@pytest.mark.skipif(not FLIGHTS.exists(), reason="flights.csv.zip is not there")
def test_all_flights_arrive(run_demo: Callable[..., Any], tmp_path: Path) -> None:
    """Each of 336,776 real rows arrives, equal to its source."""
    path = tmp_path / "flights.db"
    load_flights(path)
    count = 0
    with (
        run_demo("--database", str(path)) as demo,
        urlopen(f"{demo.url}/outpour/flights.csv", timeout=60) as response,
    ):
        lines = io.TextIOWrapper(response, "utf-8", newline="")
        for sent, source in zip(csv.reader(lines), read_flights(), strict=True):
            assert sent == ["" if cell == "NA" else cell for cell in source]
            count += 1
    assert count == 1 + 336_776


def test_any_free_port_is_found() -> None:
    """Port 0 gives a port that a client can reach."""
    with listen("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        assert url_of(listener) == f"http://{host}:{port}/"
        socket.create_connection((host, port), 5).close()


def test_an_ipv6_address_is_written_in_brackets() -> None:
    """The address of an IPv6 host can be pasted into a browser."""
    try:
        listener = listen("::1", 0)
    except DemoError:
        pytest.skip("this machine has no IPv6")
    with listener:
        assert url_of(listener) == f"http://[::1]:{listener.getsockname()[1]}/"


@pytest.mark.parametrize("host", ["nobody.invalid", "a" * 70 + ".example"])
def test_a_host_that_is_none_is_said(host: str) -> None:
    """A name that no machine has is one sentence that names it."""
    with pytest.raises(DemoError, match=f"port 0 of {host}: .*\\.$"):
        listen(host, 0)


def test_without_a_server_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where neither gunicorn nor waitress is installed, it says what to install."""
    monkeypatch.setitem(sys.modules, "gunicorn.app.base", None)
    monkeypatch.setitem(sys.modules, "waitress", None)
    with (
        listen("127.0.0.1", 0) as listener,
        pytest.raises(DemoError, match=r"pip install .*Flask-Outpour\[demo\]"),
    ):
        serve(Flask("unserved"), listener, lambda: None)
