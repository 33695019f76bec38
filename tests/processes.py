"""The name of a server and of an application enter; that server, running, leaves."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

TESTS = Path(__file__).parent
BIN = Path(sys.executable).parent

GUNICORN = (
    "gunicorn",
    "--no-control-socket",
    "--log-level",
    "warning",
    "-b",
    "{address}",
)


def by_code(kind: str) -> tuple[str, ...]:
    """Return the command of a server that has none of its own."""
    return ("python", "-m", "code_servers", kind, "{port}", "{target}")


#: How each server is started; ``{target}`` is ``module:application``.
COMMANDS: dict[str, tuple[str, ...]] = {
    "werkzeug": by_code("werkzeug"),
    "werkzeug-debugger": by_code("werkzeug_debugger"),
    "gunicorn-sync": (*GUNICORN, "-k", "sync", "{target}"),
    "gunicorn-gthread": (*GUNICORN, "-k", "gthread", "--threads", "8", "{target}"),
    "gunicorn-gevent": (*GUNICORN, "-k", "gevent", "{target}"),
    "waitress": ("waitress-serve", "--listen={address}", "--threads=8", "{target}"),
    "cheroot": ("cheroot", "--bind", "{address}", "{target}"),
    "granian": (
        *("granian", "--interface", "wsgi", "--blocking-threads", "8"),
        *("--host", "127.0.0.1", "--port", "{port}", "--no-ws", "{target}"),
    ),
    "uwsgi-http": (
        *("uwsgi", "--http", "{address}", "--master", "--need-app", "--threads", "4"),
        *("--disable-logging", "--die-on-term", "--module", "{target}"),
    ),
    "uwsgi-auto-chunked": (
        *("uwsgi", "--http", "{address}", "--http-auto-chunked", "--http-keepalive"),
        *("--master", "--need-app", "--threads", "4", "--disable-logging"),
        *("--die-on-term", "--module", "{target}"),
    ),
    "hypercorn": ("hypercorn", "-b", "{address}", "wsgi:{target}"),
    "hypercorn-a2wsgi": by_code("hypercorn_a2wsgi"),
    "gevent": by_code("gevent"),
    "eventlet": by_code("eventlet"),
    "bjoern": by_code("bjoern"),
    "wsgiref": by_code("wsgiref"),
    "uvicorn-a2wsgi": by_code("uvicorn_a2wsgi"),
    "uvicorn-asgiref": by_code("uvicorn_asgiref"),
    "uvicorn-wsgi": by_code("uvicorn_wsgi"),
    "uvicorn-connexion": by_code("uvicorn_connexion"),
    "tornado": by_code("tornado"),
}

#: More that are not in the table of servers.
OTHERS = {name: by_code(name) for name in ("aiohttp", "flup", "paste")}

#: What a server imports that its command does not name.
MODULES = {
    "hypercorn-a2wsgi": "a2wsgi",
    "gevent": "gevent",
    "eventlet": "eventlet",
    "bjoern": "bjoern",
    "uvicorn-a2wsgi": "a2wsgi",
    "uvicorn-asgiref": "uvicorn",
    "uvicorn-wsgi": "uvicorn",
    "uvicorn-connexion": "connexion",
    "tornado": "tornado",
    "aiohttp": "aiohttp_wsgi",
    "flup": "flup",
    "paste": "paste",
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, its application within."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def read_log(self) -> str:
        """Return what the server and the application have written so far."""
        return self.log.read_text(errors="replace")


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _command(name: str) -> tuple[str, ...]:
    return COMMANDS.get(name) or OTHERS[name]


def missing_program(name: str) -> str | None:
    """Return the program or package that a server lacks on this machine, if one."""
    if (module := MODULES.get(name)) and find_spec(module) is None:
        return module
    program = _command(name)[0]
    found = (BIN / program).exists() or shutil.which(program)
    return None if found else program


@contextmanager
def running(
    name: str, target: str, directory: Path, *options: str, **environment: str
) -> Iterator[Server]:
    """Run a server on a free port until the block ends; stop it by process id.

    :param target: ``module:application``, imported from this folder.
    :param directory: where its log goes.
    :param options: more arguments of the server's command.
    :param environment: more variables for its process.
    """
    port = free_port()
    facts = {"port": port, "address": f"127.0.0.1:{port}", "target": target}
    program, *arguments = (part.format(**facts) for part in _command(name))
    # Options come before the target, where some command lines want them.
    command = [str(BIN / program), *arguments[:-1], *options, arguments[-1]]
    with listening(name, command, port, directory, **environment) as server:
        yield server


@contextmanager
def listening(
    name: str, command: list[str], port: int, directory: Path, **environment: str
) -> Iterator[Server]:
    """Run a command that listens on a port until the block ends."""
    log = directory / f"{name}-{port}.log"
    variables = {**os.environ, "PYTHONUNBUFFERED": "1", **environment}
    variables["PYTHONPATH"] = os.pathsep.join(
        [str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=TESTS, env=variables
        )
    server = Server(name, port, process, log)
    try:
        _wait_until_listening(server)
        yield server
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_listening(server: Server) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if server.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{server.name} did not start:\n{server.read_log()}")
