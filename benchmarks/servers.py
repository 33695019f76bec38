"""The name of a server enters; that server, running the views, leaves."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from .client import fetch_body

ROOT = Path(__file__).parent.parent

#: How each server is started. All have one process, and ``{threads}`` threads or,
#: uvicorn, an event loop.
COMMANDS: dict[str, tuple[str, ...]] = {
    "gunicorn": (
        *("gunicorn", "--no-control-socket", "--log-level", "warning"),
        *("--bind", "{address}", "--worker-class", "gthread"),
        *("--threads", "{threads}", "{app}"),
    ),
    "waitress": ("waitress", "--listen={address}", "--threads={threads}", "{app}"),
    "uvicorn": ("uvicorn", "--log-level", "warning", "--port", "{port}", "{app}"),
    # Without its limit of 100 MB; what it serves is a SQLite file.
    "datasette": (
        *("datasette", "serve", "--port", "{port}"),
        *("--setting", "max_csv_mb", "0", "{app}"),
    ),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def worker(self) -> int:
        """The id of the process that runs the views: gunicorn's worker, or itself."""
        process = self.process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
        return int((children.split() or [process])[0])


@contextmanager
def running(
    name: str,
    *,
    outpour: bool,
    rows: int,
    threads: int = 4,
    app: str = "benchmarks.apps:app",
    ready: str = "/text",
    **variables: str,
) -> Iterator[Server]:
    """Run a server on a free port until the block ends; stop it by process id.

    :param outpour: whether the application has Outpour.
    :param rows: how many rows its streams have.
    :param app: what the server serves, as its command line wants it.
    :param ready: a path that it answers with 200 once it is ready.
    :param variables: more for its environment.
    """
    port = free_port()
    facts = {"address": f"127.0.0.1:{port}", "port": port, "threads": threads}
    command = [part.format(**facts, app=app) for part in COMMANDS[name]]
    variables |= {"BENCHMARK_ROWS": str(rows), "BENCHMARK_OUTPOUR": "1" * outpour}
    with _serving(command, port, ready, **variables) as server:
        yield server


@contextmanager
def _serving(
    command: list[str], port: int, ready: str, **variables: str
) -> Iterator[Server]:
    environment = {**os.environ, **variables}
    for name in [name for name, value in variables.items() if not value]:
        del environment[name]  # `BENCHMARK_OUTPOUR` counts even if it is empty.
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment,
        )
        try:
            if not _answers(process, port, ready):
                log.seek(0)
                text = log.read().decode(errors="replace")
                raise RuntimeError(f"{command[0]} did not start:\n{text}")
            yield Server(port, process)
        finally:
            _stop(process)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int, path: str) -> bool:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        # A worker that cannot import the views resets what its master accepted.
        with suppress(OSError, RuntimeError):
            fetch_body(port, path)
            return True
        time.sleep(0.05)
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
