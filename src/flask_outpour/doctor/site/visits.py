"""A request to a site enters; what came back, piece by piece and when, leaves."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from collections.abc import Mapping
from http.client import BadStatusLine
from http.client import HTTPConnection
from http.client import HTTPException
from http.client import HTTPResponse
from http.client import HTTPSConnection
from http.client import RemoteDisconnected
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Literal
from typing import NamedTuple

from ..errors import DoctorError
from .address import Address

#: Seconds in which a site has to answer at all.
PATIENCE = 10.0

#: A stream that goes on for longer, or has more bytes, has shown what it does.
_LARGEST = 4 * 1024 * 1024

Framing = Literal["chunks", "Content-Length", "until the connection closes"]


class Piece(NamedTuple):
    """Bytes of a body that came at one time."""

    data: bytes
    #: Seconds since the request was sent.
    seconds: float


class Silence(TimeoutError):
    """A site did not answer in time."""


class Visit:
    """One response, read as it comes. Leave by :meth:`close`, or with the block."""

    def __init__(
        self,
        response: HTTPResponse,
        connection: HTTPConnection,
        sock: socket.socket,
        sent: float,
    ) -> None:
        self._response = response
        self._connection = connection
        self._socket = sock
        self._sent = sent
        self.headers = response.headers
        self.status = response.status
        self.version = "HTTP/1.0" if response.version == 10 else "HTTP/1.1"
        #: Seconds until the headers were there.
        self.answered = monotonic() - sent
        #: How the end of the body is told.
        self.framing: Framing = (
            "chunks"
            if response.chunked
            else "Content-Length"
            if response.length is not None
            else "until the connection closes"
        )
        self._left = response.length
        self.pieces: list[Piece] = []
        #: How the body ended; ``None`` while it goes on, and where nothing more came
        #: in the time that there was.
        self.ending: Literal["whole", "cut"] | None = None

    @property
    def coding(self) -> str:
        """The content coding, in lower case; nothing where there is none."""
        coding = self.headers.get("Content-Encoding", "").strip().lower()
        return "" if coding == "identity" else coding

    @property
    def body(self) -> bytes:
        """What has come so far."""
        return b"".join(piece.data for piece in self.pieces)

    def read(self, seconds: float, enough: Callable[[], bool] = lambda: False) -> None:
        """Read until the end, until these seconds are over, or until it is enough."""
        deadline = monotonic() + seconds
        size = 0
        while self.ending is None and size < _LARGEST and not enough():
            left = deadline - monotonic()
            if left <= 0:
                return
            self._socket.settimeout(left)
            try:
                data = self._response.read1(65536)
            except TimeoutError:
                return
            except (OSError, ValueError, HTTPException):
                self.ending = "cut"
                return
            size += len(data)
            self._take(data)

    def _take(self, data: bytes) -> None:
        if data:
            self.pieces.append(Piece(data, monotonic() - self._sent))
        if self._left is not None:
            self._left -= len(data)
        if self._left == 0 or (self._left is None and not data):
            self.ending = "whole"
        elif not data:
            self.ending = "cut"

    def close(self) -> None:
        """Leave, whatever is still to come."""
        self._response.close()
        self._connection.close()

    def __enter__(self) -> Visit:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Visitor:
    """Who visits one site, and counts the requests."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.requests = 0
        self._lock = Lock()

    def visit(
        self,
        target: str,
        headers: Mapping[str, str] | None = None,
        patience: float = PATIENCE,
        on_connect: Callable[[socket.socket], None] = lambda sock: None,
    ) -> Visit:
        """Send a GET over a connection of its own; return when the headers are there.

        Redirects are not followed. Without an Accept-Encoding among the headers, no
        coding is taken.

        :param patience: seconds to wait for the connection, and then for the headers.
        :param on_connect: gets the connection's socket before the request is sent.
        :raises Silence: when no headers come in time.
        :raises DoctorError: when there is no answer, or none of HTTP.
        """
        with self._lock:
            self.requests += 1
        connection = self._connect(patience)
        try:
            connection.connect()
            on_connect(connection.sock)
            return self._ask(connection, target, dict(headers or {}))
        except Silence:
            connection.close()
            raise
        except (OSError, HTTPException) as error:
            connection.close()
            raise DoctorError(self._explain(error)) from error
        except BaseException:
            connection.close()
            raise

    def _connect(self, patience: float) -> HTTPConnection:
        address = self.address
        if address.secure:
            context = ssl.create_default_context()
            context.set_alpn_protocols(["http/1.1"])
            return HTTPSConnection(
                address.host, address.port, timeout=patience, context=context
            )
        return HTTPConnection(address.host, address.port, timeout=patience)

    def _ask(
        self, connection: HTTPConnection, target: str, headers: dict[str, str]
    ) -> Visit:
        headers = {"User-Agent": "outpour-doctor", "Accept": "*/*", **headers}
        if self.address.authorization is not None:
            headers["Authorization"] = self.address.authorization
        sent = monotonic()
        connection.request("GET", target, headers=headers)
        # The connection forgets it when this response is to be the last one.
        sock = connection.sock
        try:
            response = connection.getresponse()
        except TimeoutError:
            raise Silence("No answer came in time.") from None
        return Visit(response, connection, sock, sent)

    def _explain(self, error: Exception) -> str:
        shown = self.address.shown
        if isinstance(error, socket.gaierror):
            return f"There is no host {self.address.host}. Is the name right?"
        if isinstance(error, ssl.SSLCertVerificationError):
            return (
                f"The certificate of {shown} was not accepted: {error.verify_message}."
                " Examine the site by a name that its certificate has, or let"
                " SSL_CERT_FILE name the authority that signed it."
            )
        if isinstance(error, ssl.SSLError):
            return (
                f"{shown} does not speak TLS as expected ({error.reason}). Is it a"
                " site of http:// rather than https://?"
            )
        if isinstance(error, TimeoutError):
            return f"{shown} took no connection within {PATIENCE:g} s. Does it run?"
        if isinstance(error, ConnectionRefusedError):
            return f"Nobody listens at {shown}. Does the site run, and on this port?"
        if isinstance(error, RemoteDisconnected | ConnectionError):
            return (
                f"{shown} closed the connection without an answer. Does it expect"
                " https://, or is its log more telling?"
            )
        if isinstance(error, BadStatusLine):
            return f"What listens at {shown} does not speak HTTP. Is the port right?"
        return f"{shown} could not be asked: {type(error).__name__}."
