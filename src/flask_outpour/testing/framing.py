"""What comes over a socket enters; the parts of one HTTP response leave.

Each step either takes a whole part from what has arrived or takes nothing, so that it
can be tried again after a timeout.
"""

from __future__ import annotations

import socket
from time import monotonic
from typing import Literal
from typing import Protocol

Framing = Literal["chunked", "content-length", "until-close", "none"]

_LARGEST = 65536


class Wire:
    """The bytes that come from a server, as they come."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._arrived = bytearray()
        #: When the last bytes came, by the monotonic clock.
        self.moment = monotonic()
        #: Whether the server has closed the connection, or reset it.
        self.over = False
        self.reset = False

    def line(self) -> bytes | None:
        """Take a line with its end, or ``None`` when there is no whole one left."""
        while (end := self._arrived.find(b"\n")) < 0:
            if not self._receive():
                return None
        return self._take(end + 1)

    def exactly(self, count: int) -> bytes:
        """Take so many bytes, or fewer when no more come."""
        while len(self._arrived) < count and self._receive():
            pass
        return self._take(count)

    def some(self, most: int = _LARGEST) -> bytes:
        """Take what is there, or else what comes next; nothing at the end."""
        if not self._arrived:
            self._receive()
        return self._take(most)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._arrived[:count])
        del self._arrived[:count]
        return taken

    def _receive(self) -> bool:
        if self.over:
            return False
        try:
            data = self._connection.recv(_LARGEST)
        except (ConnectionResetError, BrokenPipeError):
            data, self.reset = b"", True
        self.over = not data
        self.moment = monotonic()
        self._arrived += data
        return bool(data)


class Parts(Protocol):
    """What a framing makes of a wire."""

    @property
    def complete(self) -> bool:
        """Whether the last byte came, and nothing is missing."""

    def next(self) -> bytes:
        """Take the next part of the body; nothing at its end, sound or not."""


class ChunkedParts:
    """The chunks of HTTP/1.1, as the server made them: RFC 9112, section 7.1."""

    complete = False
    _size: int | None = None

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def next(self) -> bytes:
        if self._size is None:
            line = self._wire.line()
            if line is None:
                return b""
            self._size = int(line.partition(b";")[0], 16)
        if self._size == 0:
            self._end()
            return b""
        data = self._wire.exactly(self._size + 2)[: self._size]
        self._size = None
        return data

    def _end(self) -> None:
        while not self.complete and (trailer := self._wire.line()) is not None:
            self.complete = not trailer.strip()


class CountedParts:
    """What arrives at a time, up to a Content-Length."""

    def __init__(self, wire: Wire, length: int) -> None:
        self._wire = wire
        self._left = length

    @property
    def complete(self) -> bool:
        return not self._left

    def next(self) -> bytes:
        data = self._wire.some(self._left) if self._left else b""
        self._left -= len(data)
        return data


class RemainingParts:
    """What arrives at a time, until the server closes: only a reset tells a cut."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    @property
    def complete(self) -> bool:
        return self._wire.over and not self._wire.reset

    def next(self) -> bytes:
        return self._wire.some()
