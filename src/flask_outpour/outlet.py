"""An application's iterable enters; one that any thread may step or close leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from threading import Lock
from typing import Any

from .body import Body
from .departure import Departure


class Outlet:
    """Take each step of an iterable, and its ``close()``, inside one Context.

    ``close()`` may come from any thread, twice, before the first step, or while one
    runs (DataDog/dd-trace-py#4202): a generator and a Context cannot be entered
    twice, so that step then closes the iterable.

    :param iterable: what the application returned to its server.
    :param body: what is in it, and is closed too: middleware in between may lose
        ``close()``.
    :param run: calls a function inside the request's Context.
    :param departure: tells that the client has left, where the server does not.
    """

    _close_asked = False

    def __init__(
        self,
        iterable: Iterable[bytes],
        body: Body,
        run: Callable[..., Any],
        departure: Departure | None = None,
    ) -> None:
        self._run = run
        self._departure = departure
        self._step = Lock()
        #: ``None`` once they are closed.
        self._open: tuple[Body, Iterable[bytes]] | None = (body, iterable)
        self._iterator = run(iter, iterable)

    def __iter__(self) -> Outlet:
        return self

    def __next__(self) -> bytes:
        """Give the next chunk, unless the client has left."""
        if self._departure is not None and self._departure.noticed():
            self.close()
        if not self._step.acquire(blocking=False):
            raise RuntimeError("Another thread is already reading this response body.")
        try:
            return self._run(next, self._iterator)  # type: ignore[no-any-return]
        finally:
            self._step.release()
            if self._close_asked:
                self.close()

    def close(self) -> None:
        """Close the iterable once, now or when the step that runs is over."""
        self._close_asked = True
        if self._open is not None and self._step.acquire(blocking=False):
            try:
                self._run(self._close)
            finally:
                self._step.release()

    def _close(self) -> None:
        # Another thread may have been first.
        if self._open is None:
            return
        (body, iterable), self._open = self._open, None
        self._iterator = iter(())
        if self._departure is not None:
            self._departure.forget()
        try:
            body.close()
        finally:
            if hasattr(iterable, "close"):
                iterable.close()

    def __del__(self) -> None:
        # Outer middleware that loses close() must not keep a database connection.
        self.close()
