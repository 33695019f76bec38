"""An address enters; a response that is read chunk by chunk, as it arrives, leaves."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from collections.abc import Mapping
from itertools import islice
from time import monotonic
from types import TracebackType
from typing import Literal
from typing import NamedTuple
from urllib.parse import urlsplit

from werkzeug.datastructures import Headers
from werkzeug.urls import iri_to_uri

from ..errors import ConfigurationError
from .framing import ChunkedParts
from .framing import CountedParts
from .framing import Framing
from .framing import Parts
from .framing import RemainingParts
from .framing import Wire


class Chunk(NamedTuple):
    """A part of a body, and when it came."""

    data: bytes
    #: Seconds from when the request was sent to when this was whole.
    seconds: float


class StreamedResponse(Iterator[Chunk]):
    """A response whose body is read when it is asked for, and no sooner.

    Iterate it for its chunks: those of HTTP where it is chunked, else what the
    network brought at a time. Nothing is decoded. A client that does not ask is a
    slow client: the server waits for it when the network's buffers are full. Leave by
    :meth:`close`, or at the end of the ``with`` block.

    Reading on after a :exc:`TimeoutError` is possible.
    """

    def __init__(self, connection: socket.socket, url: str, method: str) -> None:
        self._connection = connection
        self._url = url
        self._sent = monotonic()
        self._wire = Wire(connection)
        #: ``"HTTP/1.1"`` or ``"HTTP/1.0"``, as the server says.
        self.version: str = ""
        self.status: int = 0
        self.headers: Headers = Headers()
        try:
            self._read_head()
        except TimeoutError:
            raise TimeoutError(
                f"{url} sent no headers for {connection.gettimeout():g} s."
            ) from None
        #: How the end of the body is told: ``"chunked"``, ``"content-length"``,
        #: ``"until-close"``, or ``"none"`` where there is no body.
        self.framing: Framing = _framing_of(method, self.status, self.headers)
        self._parts = _parts_of(self._wire, self.framing, self.headers)
        #: How the body ended: ``"cut"`` when the server broke it off, ``None`` while
        #: the end is not read. Until the server closes, only a reset tells a cut.
        self.ending: Literal["complete", "cut"] | None = None
        self._received = 0
        if self._parts.complete:
            self.ending = "complete"

    @property
    def timeout(self) -> float | None:
        """Seconds after which :exc:`TimeoutError` is raised when nothing comes."""
        return self._connection.gettimeout()

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._connection.settimeout(seconds)

    def __next__(self) -> Chunk:
        """Return the next chunk.

        :raises TimeoutError: when nothing comes; the body goes on.
        """
        if self.ending is not None:
            raise StopIteration
        try:
            data = self._parts.next()
        except TimeoutError:
            raise TimeoutError(
                f"{self._url} sent nothing for {self.timeout:g} s, after"
                f" {self._received} bytes."
            ) from None
        if not data:
            self.ending = "complete" if self._parts.complete else "cut"
            raise StopIteration
        self._received += len(data)
        return Chunk(data, self._wire.moment - self._sent)

    def take(self, count: int) -> list[Chunk]:
        """Return so many chunks more, or fewer where the body ends before."""
        return list(islice(self, count))

    def read(self) -> bytes:
        """Return the rest of the body, whole or cut: see :attr:`ending`."""
        return b"".join(chunk.data for chunk in self)

    def close(self) -> None:
        """Close the connection, as a client does that leaves."""
        self._connection.close()

    def __enter__(self) -> StreamedResponse:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _read_head(self) -> None:
        while self.status < 200:
            self.version, self.status = self._read_status()
            self.headers = Headers()
            while line := (self._wire.line() or b"").strip().decode("latin-1"):
                name, _, value = line.partition(":")
                self.headers.add(name, value.strip())

    def _read_status(self) -> tuple[str, int]:
        line = self._wire.line()
        version, _, rest = (line or b"").decode("latin-1").partition(" ")
        if not version.startswith("HTTP/") or not rest[:3].isdigit():
            raise ConnectionError(
                f"{self._url} closed the connection without an answer."
                if line is None
                else f"{self._url} answered no HTTP, but {line!r}."
            )
        return version, int(rest[:3])


def open_stream(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    data: bytes = b"",
    version: Literal["1.1", "1.0"] = "1.1",
    timeout: float = 5.0,
) -> StreamedResponse:
    """Send a request over a connection of its own; return when the headers are there.

    :param url: an address of ``http``; use :func:`serve` to have one.
    :param headers: more headers than Host and Content-Length, or other ones.
    :param data: the body of the request.
    :param version: of HTTP, which the client speaks.
    :param timeout: seconds after which :exc:`TimeoutError` is raised when nothing
        comes.
    :raises ConfigurationError: for another address.
    :raises ConnectionError: when nobody listens, or what answers is no HTTP.
    """
    parts = urlsplit(iri_to_uri(url))
    if parts.scheme != "http" or parts.hostname is None:
        raise ConfigurationError(
            f"open_stream() takes an address of http, but it is {url!r}."
        )
    target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
    fields = Headers({"Host": parts.netloc})
    if data:
        fields["Content-Length"] = str(len(data))
    fields.update(headers or {})
    request = f"{method} {target} HTTP/{version}\r\n{fields}".encode("latin-1") + data
    address = (parts.hostname, parts.port or 80)
    connection = socket.create_connection(address, timeout)
    try:
        connection.sendall(request)
        return StreamedResponse(connection, url, method)
    except BaseException:
        connection.close()
        raise


def _framing_of(method: str, status: int, headers: Headers) -> Framing:
    """Return how the end of the body is told: RFC 9112, section 6.3."""
    if method == "HEAD" or status in (204, 304):
        return "none"
    if headers.get("Transfer-Encoding", "").lower().endswith("chunked"):
        return "chunked"
    return "content-length" if "Content-Length" in headers else "until-close"


def _parts_of(wire: Wire, framing: Framing, headers: Headers) -> Parts:
    if framing == "chunked":
        return ChunkedParts(wire)
    if framing == "until-close":
        return RemainingParts(wire)
    counted = framing == "content-length"
    return CountedParts(wire, int(headers["Content-Length"]) if counted else 0)
