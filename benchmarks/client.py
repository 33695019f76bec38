"""A request enters; the seconds that its answer took leave.

A bare socket that reads and forgets: the client shares the machine with the server,
so a client that decodes what it reads would measure itself.
"""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from http.client import HTTPConnection
from time import perf_counter
from typing import BinaryIO
from typing import NamedTuple

HEADERS_END = b"\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
CHUNKED = b"transfer-encoding: chunked"


class Times(NamedTuple):
    """Seconds from the request to the first byte of the body, and to the last."""

    first_byte: float
    total: float
    #: All that came, head and chunks' frames too.
    length: int


def fetch(port: int, path: str) -> Times:
    """Read one answer to its end over a connection of its own.

    :raises RuntimeError: for another status than 200, and for a body cut short, which
        would pass for a fast one.
    """
    buffer = bytearray(1 << 20)
    with socket.create_connection(("127.0.0.1", port)) as connection:
        begun = perf_counter()
        connection.sendall(request_head(path, "close"))
        head = connection.recv(1 << 16)
        # A body's first byte is behind the empty line.
        while head.partition(HEADERS_END)[2] == b"":
            more = connection.recv(1 << 16)
            if not more:
                break
            head += more
        first_byte = perf_counter() - begun
        length, last = len(head), 0
        while received := connection.recv_into(buffer):
            length += received
            last = received
        times = Times(first_byte, perf_counter() - begun, length)
    _check(path, head, bytes(buffer[:last] or head)[-len(LAST_CHUNK) :])
    return times


def save(port: int, path: str, file: BinaryIO) -> None:
    """Write a body to a file.

    :raises RuntimeError: for a status that is not 200.
    """
    for piece in _pieces(port, path):
        file.write(piece)


def fetch_body(port: int, path: str) -> tuple[int, str]:
    """Return the length and a digest of a body, to compare contenders.

    :raises RuntimeError: for a status that is not 200.
    """
    length, digest = 0, hashlib.sha256()
    for piece in _pieces(port, path):
        length += len(piece)
        digest.update(piece)
    return length, digest.hexdigest()


def _pieces(port: int, path: str) -> Iterator[bytes]:
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"{path} answered {response.status}")
        while piece := response.read(1 << 16):
            yield piece


def _check(path: str, head: bytes, end: bytes) -> None:
    _check_status(path, head)
    chunked = CHUNKED in head.partition(HEADERS_END)[0].lower()
    # What was received last may be even less than the last chunk.
    if chunked and not LAST_CHUNK.endswith(end):
        raise RuntimeError(f"{path} was cut short")


def _check_status(path: str, head: bytes) -> None:
    status = head.split(b" ", 2)[1].decode()
    if status != "200":
        raise RuntimeError(f"{path} answered {status}")


class KeptConnection:
    """One connection that is kept open for many short answers."""

    def __init__(self, connection: socket.socket, path: str) -> None:
        self._connection = connection
        self._path = path
        self._request = request_head(path, "keep-alive")
        #: Of a whole answer; ``None`` where only its last chunk tells the end.
        self._length = self._read_first()

    def time(self) -> float:
        """Ask once, and return the seconds until the whole answer is here."""
        begun = perf_counter()
        self._connection.sendall(self._request)
        if self._length is None:
            self._read_chunks(b"")
        else:
            self._read_bytes(self._length)
        return perf_counter() - begun

    def _read_first(self) -> int | None:
        self._connection.sendall(self._request)
        answer = self._receive()
        while HEADERS_END not in answer:
            answer += self._receive()
        _check_status(self._path, answer)
        head = answer.partition(HEADERS_END)[0].lower()
        if CHUNKED in head:
            self._read_chunks(answer[-len(LAST_CHUNK) :])
            return None
        length = int(head.partition(b"content-length: ")[2].split()[0])
        whole = len(head) + len(HEADERS_END) + length
        self._read_bytes(whole - len(answer))
        return whole

    def _read_bytes(self, left: int) -> None:
        while left > 0:
            left -= len(self._receive())

    def _read_chunks(self, end: bytes) -> None:
        while end != LAST_CHUNK:
            end = (end + self._receive())[-len(LAST_CHUNK) :]

    def _receive(self) -> bytes:
        received = self._connection.recv(1 << 16)
        if not received:
            raise RuntimeError(f"{self._path} was cut short")
        return received


@contextmanager
def keep_connection(port: int, path: str) -> Iterator[KeptConnection]:
    """Open a connection for one path, until the block ends."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield KeptConnection(connection, path)


def request_head(path: str, connection: str) -> bytes:
    """Return a request of a path as bytes; ``connection`` is close or keep-alive."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: {connection}\r\n\r\n"
    ).encode()
