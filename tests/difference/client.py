"""A request enters; all that a server sends until it closes leaves, as an answer."""

from __future__ import annotations

import io
import select
import socket
import time
from collections.abc import Callable
from http.client import HTTPException
from http.client import HTTPResponse
from http.client import IncompleteRead
from typing import Any
from typing import cast

from difference.answer import Answer
from difference.answer import kept
from difference.entry import Entry

#: Seconds of silence that no server may take.
PATIENCE = 30.0
#: The same for an answer in which bytes are missing: some servers wait for ever.
SHORT_PATIENCE = 1.5
#: The same for an answer of which nothing came though the application has ended.
END_PATIENCE = 3.0
#: What is left of an answer that never came, or that the client left.
NOTHING = Answer(0, (), b"", whole=False)


def fetch(
    port: int, entry: Entry, journal: str, ended: Callable[[], bool] | None = None
) -> Answer:
    """Ask for an entry over a connection of its own, and read until that closes.

    Of an answer that the client leaves nothing is kept: how much came, is chance.

    :param ended: tells that the application is done, for a server on which nothing
        may come then.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(_request(entry, journal))
            if entry.leaves:
                connection.recv(1_000)
                return NOTHING
            if ended is not None and not _comes(connection, ended):
                return NOTHING
            received = _receive(connection, entry)
    except ConnectionError:
        # The server is gone, or would not read what was sent.
        return NOTHING
    return _parse(received, entry.method)


def _request(entry: Entry, journal: str) -> bytes:
    target = f"/{entry.name}/" + (f"?{entry.query}" if entry.query else "")
    facts = {"Host": "difference.test", "Connection": "close", "X-Journal": journal}
    if entry.body:
        facts["Content-Length"] = str(len(entry.body))
    lines = [f"{entry.method} {target} HTTP/{entry.version}"]
    lines += [f"{name}: {value}" for name, value in {**facts, **entry.fields}.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + entry.body


def _comes(connection: socket.socket, ended: Callable[[], bool]) -> bool:
    """Return whether anything comes before the client gives up."""
    deadline = time.monotonic() + PATIENCE
    while not ended():
        if _is_readable(connection, 0.05):
            return True
        if time.monotonic() > deadline:
            raise TimeoutError("The application neither answers nor ends.")
    return _is_readable(connection, END_PATIENCE)


def _is_readable(connection: socket.socket, patience: float) -> bool:
    return bool(select.select([connection], [], [], patience)[0])


def _receive(connection: socket.socket, entry: Entry) -> bytes:
    received = bytearray()
    try:
        while data := connection.recv(65536):
            received += data
            if entry.waits:
                connection.settimeout(SHORT_PATIENCE)
    except ConnectionResetError:
        pass
    except TimeoutError as silence:
        # A server that hangs is not asked for the rest.
        if connection.gettimeout() == PATIENCE:
            raise TimeoutError(f"{entry.name} stays without an end") from silence
    return bytes(received)


class _Received:
    """What was received, where the standard library wants a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: Any) -> io.BytesIO:
        return io.BytesIO(self._data)


def _parse(received: bytes, method: str) -> Answer:
    """Return what the standard library's client makes of it."""
    response = HTTPResponse(cast(Any, _Received(received)), method=method)
    try:
        response.begin()
    except (HTTPException, OSError):
        return Answer(0, (), received, whole=False)
    try:
        body, whole = response.read(), True
    except IncompleteRead as incomplete:
        body, whole = incomplete.partial, False
    return Answer(response.status, kept(response.getheaders()), body, whole)
