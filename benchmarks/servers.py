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

#: How each server is started. Both have one process and ``{threads}`` threads.
COMMANDS: dict[str, tuple[str, ...]] = {
    "gunicorn": (
        *("gunicorn", "--no-control-socket", "--log-level", "warning"),
        *("--bind", "{address}", "--worker-class", "gthread"),
        *("--threads", "{threads}", "benchmarks.apps:app"),
    ),
    "waitress": (
        *("waitress", "--listen={address}", "--threads={threads}"),
        "benchmarks.apps:app",
    ),
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def worker(self) -> int:
        """The id of the process that runs the views: gunicorn's one worker."""
        process = self.process.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
        return int(children.split()[0])


@contextmanager
def running(
    name: str, *, outpour: bool, rows: int, threads: int = 4
) -> Iterator[Server]:
    """Run a server on a free port until the block ends; stop it by process id.

    :param outpour: whether the application has Outpour.
    :param rows: how many rows its streams have.
    """
    port = _free_port()
    facts = {"address": f"127.0.0.1:{port}", "threads": threads}
    arguments = [part.format(**facts) for part in COMMANDS[name]]
    environment = {**os.environ, "BENCHMARK_ROWS": str(rows)}
    environment.pop("BENCHMARK_OUTPOUR", None)
    if outpour:
        environment["BENCHMARK_OUTPOUR"] = "1"
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env=environment,
        )
        try:
            if not _answers(process, port):
                log.seek(0)
                text = log.read().decode(errors="replace")
                raise RuntimeError(f"{name} did not start:\n{text}")
            yield Server(port, process)
        finally:
            _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(process: subprocess.Popen[bytes], port: int) -> bool:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        # A worker that cannot import the views resets what its master accepted.
        with suppress(OSError, RuntimeError):
            fetch_body(port, "/text")
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
