"""An address enters; what a client of HTTP/1.0 or 1.1 makes of the answer leaves."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from http.client import HTTPResponse
from pathlib import Path

from conftest import lack
from processes import Server

#: Seconds after which a test gives up on a server.
PATIENCE = 20.0
#: Seconds after which it believes that nothing will come.
SOON = 1.0


class OldConnection(HTTPConnection):
    """A client that speaks HTTP/1.0."""

    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


CLIENTS: dict[str, type[HTTPConnection]] = {
    "1.1": HTTPConnection,
    "1.0": OldConnection,
}


def connect(
    port: int, version: str = "1.1", patience: float = PATIENCE
) -> HTTPConnection:
    """Return a connection to a port of the loopback address."""
    return CLIENTS[version]("127.0.0.1", port, timeout=patience)


def ask(connection: HTTPConnection, path: str, method: str = "GET") -> HTTPResponse:
    """Send a request, and return the response when its headers are there."""
    connection.request(method, path)
    return connection.getresponse()


def fetch(port: int, path: str, version: str = "1.1") -> tuple[HTTPResponse, bytes]:
    """Return the response to one request, and its body."""
    with closing(connect(port, version)) as connection:
        response = ask(connection, path)
        return response, response.read()


@dataclass(frozen=True, slots=True)
class Download:
    """What curl has of a response, and the exit code with which it ended."""

    code: int
    body: bytes


def curl(url: str, version: str = "1.1", patience: float = PATIENCE) -> Download:
    """Download a response with curl, whose exit code says what it thinks of it."""
    if not shutil.which("curl"):
        lack("curl", "apt-get install curl")
    options = ["--silent", f"--http{version}", "--max-time", str(patience)]
    done = subprocess.run(["curl", *options, url], stdout=subprocess.PIPE)
    return Download(done.returncode, done.stdout)


def send(port: int, method: str, path: str, *headers: str) -> socket.socket:
    """Send a request of HTTP/1.1 over a new connection, and return that."""
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.sendall(request(method, path, *headers))
    return connection


def request(method: str, path: str, *headers: str) -> bytes:
    """Return a request of HTTP/1.1 as it goes over the wire."""
    lines = (f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", "")
    return "\r\n".join(lines).encode()


def receive(connection: socket.socket, end: bytes | None = None) -> bytes:
    """Return what comes until it ends so, or until the server closes."""
    received = b""
    while end is None or not received.endswith(end):
        try:
            data = connection.recv(1 if end else 65536)
        except ConnectionResetError:
            break
        if not data:
            break
        received += data
    return received


def first_item_passes(
    server: Server, gate: Path, kind: str = "", patience: float = PATIENCE
) -> bool:
    """Whether a client has the first item while the second does not exist."""
    path = f"/gated?gate={gate}&{kind}"
    with closing(send(server.port, "GET", path, "Connection: close")) as connection:
        connection.settimeout(patience)
        try:
            return receive(connection, b"first\n").endswith(b"first\n")
        except TimeoutError:
            return False
        finally:
            gate.touch()
            connection.settimeout(PATIENCE)
            assert b"second\n" in receive(connection)


def wait_for(condition: Callable[[], object]) -> bool:
    """Wait until a condition holds, and return whether it came to that."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
