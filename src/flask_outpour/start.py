"""A server's ``start_response`` enters; one that waits for the first chunk leaves."""

from __future__ import annotations

from typing import Any
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class HeldStart:
    """Hold status and headers while a body has yet to give its first chunk.

    The server's ``start_response`` is then called once. Calling it a second time
    with ``exc_info`` replaces the first headers by the letter of PEP 3333; gunicorn
    and cheroot append them to the new ones, uWSGI answers nothing.

    All other responses start at once, inside the request's contexts, where outer
    middleware looks for them.

    :param start_response: the server's.
    """

    #: Whether there is such a body.
    holds = False
    _held: tuple[Any, ...] | None = None
    _write: Any = None

    def __init__(self, start_response: StartResponse) -> None:
        #: What tells of the server.
        self.start_response = start_response

    def __call__(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        """Hold the call, or pass it on."""
        if exc_info is None and not self.holds:
            return self.start_response(status, headers)
        call = (status, headers) if exc_info is None else (status, headers, exc_info)
        if not self.holds:
            return self.start_response(*call)
        if self._held is not None and exc_info is None:
            raise AssertionError("start_response was already called for this response")
        self._held = call
        return self.write

    def write(self, data: bytes) -> object:
        """Send the headers and then the data, as the old ``write()`` does."""
        self.release()
        return self._write(data)

    def forget(self) -> None:
        """Forget the headers of a response that failed before its first chunk."""
        self._held, self.holds = None, False

    def release(self) -> None:
        """Call the server's ``start_response`` with what was held, once."""
        held = self._held
        self._held, self.holds = None, False
        if held is not None:
            self._write = self.start_response(*held)
