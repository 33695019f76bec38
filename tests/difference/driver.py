"""A WSGI application and an environ enter; what a faithful server sends leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

Headers = list[tuple[str, str]]


@dataclass(slots=True)
class Sent:
    """What a server has sent for one request, and what it caught."""

    status: str | None = None
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    error: BaseException | None = None


class Driver:
    """Serve one request as PEP 3333 says, and copy each chunk when it is given.

    So an item is sent as it was when it was yielded. Status and fields go with the
    first chunk that has bytes, or at the end.

    :param leaves: the number of chunks after which the client is gone.
    """

    def __init__(self, leaves: int | None = None) -> None:
        self.sent = Sent()
        self._leaves = leaves
        self._started: tuple[str, Headers] | None = None

    def serve(self, app: Callable[..., Iterable[Any]], environ: dict[str, Any]) -> Sent:
        """Call the application, take its chunks, and close what it gave.

        What it raises is caught, as servers do.
        """
        try:
            iterable = app(environ, self._start_response)
            try:
                for number, chunk in enumerate(iterable):
                    if number == self._leaves:
                        break
                    self._write(chunk)
                self._send_headers()
            finally:
                if hasattr(iterable, "close"):
                    iterable.close()
        except BaseException as error:
            self.sent.error = error
        return self.sent

    def _start_response(
        self, status: str, headers: Headers, exc_info: Any = None
    ) -> Callable[[bytes], None]:
        if exc_info is not None and self.sent.status is not None:
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self._started is not None:
            raise AssertionError("start_response was called twice")
        self._started = status, list(headers)
        return self._write

    def _write(self, chunk: Any) -> None:
        if not isinstance(chunk, bytes | bytearray | memoryview):
            raise TypeError(f"a chunk is a {type(chunk).__name__}")
        data = bytes(chunk)
        if data:
            self._send_headers()
            self.sent.body += data

    def _send_headers(self) -> None:
        if self._started is None:
            raise AssertionError("start_response was not called")
        if self.sent.status is None:
            self.sent.status, self.sent.headers = self._started
