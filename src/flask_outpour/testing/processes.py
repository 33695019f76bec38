"""The name of an application enters; a server in a process of its own leaves."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from .errors import ServerError
from .server import HOST
from .server import listen
from .server import Server

#: How each server is started by ``python -m``; the arguments of the test come in the
#: place of ``*``.
COMMANDS: dict[str, tuple[str, ...]] = {
    "werkzeug": (
        *("flask", "--app", "{target}", "run", "--port", "{port}"),
        *("--no-debugger", "--no-reload", "*"),
    ),
    "waitress": ("waitress", "--listen={host}:{port}", "*", "{target}"),
    "gunicorn": ("gunicorn", "--bind", "{host}:{port}", "*", "{target}"),
    "cheroot": ("cheroot", "--bind", "{host}:{port}", "*", "{target}"),
    "granian": (
        *("granian", "--interface", "wsgi", "--host", "{host}", "--port", "{port}"),
        *("*", "{target}"),
    ),
}
#: Seconds that a server has to stop in, before it is killed.
_GRACE = 5


@contextmanager
def in_process(
    name: str,
    target: str,
    port: int,
    *,
    arguments: Sequence[str],
    env: Mapping[str, str],
    timeout: float,
) -> Iterator[Server]:
    """Serve ``module:application`` until the block ends, then stop it by its id.

    :raises ServerError: when it does not start.
    """
    # Another process could take the port before the server does, which then says so.
    with listen(port) as probe:
        port = probe.getsockname()[1]
    command = _command(name, target, port, arguments)
    with tempfile.TemporaryDirectory(
        prefix="outpour-", ignore_cleanup_errors=True
    ) as folder:
        log = Path(folder, "log")
        with log.open("wb") as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**_environment(), **env},
                # So that its workers can be stopped with it, and nobody else.
                start_new_session=True,
            )
        wrote: list[str] = []

        def read_log() -> str:
            # At the end the file is gone.
            return wrote[0] if wrote else log.read_text(errors="replace")

        server = Server(name, port, process.pid, read_log)
        try:
            _wait_until_serving(server, process, command, timeout)
            yield server
        finally:
            _stop(process)
            wrote.append(read_log())


def _command(name: str, target: str, port: int, arguments: Sequence[str]) -> list[str]:
    facts = {"host": HOST, "port": port, "target": target}
    command = [sys.executable, "-m"]
    for part in COMMANDS[name]:
        command += arguments if part == "*" else [part.format(**facts)]
    # Newer ones would leave a socket in the user's home.
    if name == "gunicorn" and find_spec("gunicorn.ctl"):
        command.insert(3, "--no-control-socket")
    return command


def _environment() -> dict[str, str]:
    """Return variables with which a server imports what this process can import."""
    path = os.pathsep.join(filter(None, sys.path))
    return {**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _wait_until_serving(
    server: Server,
    process: subprocess.Popen[bytes],
    command: list[str],
    timeout: float,
) -> None:
    deadline = time.monotonic() + timeout
    while process.poll() is None:
        if _is_serving(server.port):
            return
        if time.monotonic() > deadline:
            what = f"did not answer within {timeout:g} s"
            break
        time.sleep(0.05)
    else:
        what = f"ended with exit code {process.returncode} before it answered"
    raise ServerError(
        f"{server.name} {what}. It was started by\n{' '.join(command)}\n"
        f"and wrote:\n{server.log or '(nothing)'}"
    )


def _is_serving(port: int) -> bool:
    """Whether somebody takes a connection and lets it go.

    A client that connects and sends nothing is passed over by every server without
    a word. gunicorn listens before its workers have loaded the application, and
    resets the connections that wait when that fails.
    """
    try:
        with socket.create_connection((HOST, port), 1) as connection:
            connection.shutdown(socket.SHUT_WR)
            return connection.recv(1) == b""
    except OSError:
        return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        # A gunicorn worker that still sends would outlive its master.
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
