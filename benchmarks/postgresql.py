"""A number of rows enters; a PostgreSQL server with that many orders leaves.

A cluster of its own on a free port of the loopback address, in a temporary directory
that is removed with it. It has the default settings, but does not wait for the disk.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from .measure import doing
from .orders import load_postgresql
from .servers import free_port

SYSTEM_USER = "postgres"
WHERE_DEBIAN_HAS_THEM = "/usr/lib/postgresql"
INITIALLY = (
    *("-U", "benchmarks", "-A", "trust"),
    *("-E", "UTF8", "--locale=C", "--no-sync"),
)
OPTIONS = (
    *("listen_addresses=127.0.0.1", "timezone=UTC"),
    *("fsync=off", "full_page_writes=off", "autovacuum=off"),
    # Else a query may begin where another one has just read, so that the first rows
    # are not the first orders.
    "synchronize_seqscans=off",
)


@contextmanager
def postgresql_with_orders(rows: int, repeats: int = 1) -> Iterator[str]:
    """Run a server until the block ends, and yield the URL of its database."""
    with postgresql() as url:
        load_postgresql(url, rows, repeats)
        yield url


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server with an empty database until the block ends; yield its URL."""
    directory = Path(tempfile.mkdtemp(prefix="outpour-postgresql-"))
    try:
        account = _account(directory)
        with (directory / "log").open("wb") as log:
            streams: dict[str, Any] = {"stdout": log, "stderr": log, "cwd": directory}
            data = directory / "data"
            with doing("making a cluster of PostgreSQL"):
                subprocess.run(
                    [_program("initdb"), "-D", data, *INITIALLY],
                    check=True,
                    **streams,
                    **account,
                )
            port = free_port()
            process = subprocess.Popen(
                [_program("postgres"), "-D", data, "-k", directory, "-p", str(port)]
                + [part for option in OPTIONS for part in ("-c", option)],
                **streams,
                **account,
            )
        try:
            url = f"postgresql://benchmarks@127.0.0.1:{port}/postgres"
            _wait(process, url, directory / "log")
            yield url
        finally:
            _stop(process)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _account(directory: Path) -> dict[str, Any]:
    """Return how to run PostgreSQL, which refuses to be run by root."""
    if os.geteuid() != 0:
        return {}
    shutil.chown(directory, SYSTEM_USER, SYSTEM_USER)
    return {"user": SYSTEM_USER, "group": SYSTEM_USER, "extra_groups": []}


def find_program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs, the newest that there is."""
    found = Path(WHERE_DEBIAN_HAS_THEM).glob(f"*/bin/{name}")
    newest = max(found, key=lambda path: int(path.parts[-3]), default=None)
    # In PATH, Debian's psql is a script that takes its time to look for this one.
    return shutil.which(name) if newest is None else str(newest)


def _program(name: str) -> str:
    program = find_program(name)
    if program is None:
        raise RuntimeError(
            f"PostgreSQL's {name} is neither in PATH nor below {WHERE_DEBIAN_HAS_THEM}."
        )
    return program


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            psycopg.connect(url).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # Its "fast shutdown": it breaks connections off, and waits for nobody.
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()
