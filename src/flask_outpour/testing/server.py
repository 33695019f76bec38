"""A port of the loopback address enters; what a test knows of its server leaves."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field

from .errors import ServerError

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs, until the block of :func:`serve` ends."""

    #: As it was given to :func:`serve`.
    name: str
    port: int
    #: The id of its process; for a server in a thread, of this one.
    pid: int
    _read_log: Callable[[], str] = field(repr=False)

    @property
    def url(self) -> str:
        """The address, without a slash at its end."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        """What the server, and in a process the application, has written so far.

        Servers in threads of this process share what they log by the name of their
        software, so two of a kind have each other's lines.
        """
        return self._read_log()


def listen(port: int) -> socket.socket:
    """Return a socket that listens on a port of the loopback address.

    :param port: 0 takes any free one.
    :raises ServerError: when the port is taken, or not for us.
    """
    try:
        return socket.create_server((HOST, port))
    except OSError as error:
        raise ServerError(
            f"The server cannot listen on port {port} of {HOST}: {error.strerror}."
            " Leave port out, and a free one is taken."
        ) from error
