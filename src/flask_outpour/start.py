"""A server's ``start_response`` enters; one that waits for the first chunk leaves."""

from __future__ import annotations

from typing import Any
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse


class HeldStart:
    """Hold status and headers until the body has its first chunk.

    The server's ``start_response`` is then called once. Calling it a second time
    with ``exc_info`` replaces the first headers by the letter of PEP 3333; gunicorn
    and cheroot append them to the new ones, uWSGI answers nothing.
    """

    def __init__(self, start_response: StartResponse) -> None:
        self._start_response = start_response
        self._held: tuple[Any, ...] | None = None
        self._released = False
        self._write: Any = None

    def __call__(self, status: str, headers: Any, exc_info: Any = None) -> Any:
        """Hold the call; once released, pass it on, as a late application's."""
        arguments = (
            (status, headers) if exc_info is None else (status, headers, exc_info)
        )
        if self._released:
            return self._start_response(*arguments)
        if self._held is not None and exc_info is None:
            raise AssertionError("start_response was already called for this response")
        self._held = arguments
        return self.write

    def write(self, data: bytes) -> object:
        """Send the headers and then the data, as the old ``write()`` does."""
        self.release()
        return self._write(data)

    def forget(self) -> None:
        """Forget the headers of a response that failed before its first chunk."""
        self._held = None

    def release(self) -> None:
        """Call the server's ``start_response`` with what was held, once."""
        if self._released:
            return
        self._released = True
        if self._held is not None:
            self._write = self._start_response(*self._held)
