"""A server that sends bytes as a test says, whether they are HTTP or not."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

#: In the place of bytes: the server resets the connection.
RESET = None
Answer = Callable[..., str]


@pytest.fixture
def answer() -> Iterator[Answer]:
    """Return a function that starts a server, which gives one answer in pieces.

    It returns the server's address. A piece that is an event is waited for.
    """
    with ExitStack() as stack:

        def start(*pieces: bytes | threading.Event | None) -> str:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=_send, args=(listener, pieces))
            thread.start()
            stack.callback(thread.join)
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

        yield start


def _send(
    listener: socket.socket, pieces: tuple[bytes | threading.Event | None, ...]
) -> None:
    connection, _ = listener.accept()
    with connection:
        received = b""
        while not received.partition(b"\r\n\r\n")[1]:
            received += connection.recv(65536)
        for piece in pieces:
            if isinstance(piece, threading.Event):
                assert piece.wait(20)
            elif piece is RESET:
                for_no_time = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, for_no_time)
            else:
                connection.sendall(piece)
