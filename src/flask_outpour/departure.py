"""Whether the client of a request has left, where the server tells it."""

from __future__ import annotations

from collections.abc import Awaitable
from collections.abc import Callable
from typing import Any
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from concurrent.futures import Future

    from _typeshed.wsgi import WSGIEnvironment


class Departure:
    """Learn from ASGI that the client has left.

    An ASGI server drops what is sent to a client that is gone, and tells only who
    receives: "receive" gives the body of the request, and then waits until the client
    leaves. a2wsgi, through which a WSGI application runs there, does not ask, but its
    ``wsgi.input`` has the means.

    :param body: what a2wsgi has put there.
    :param bodyless: whether the request has announced no body.
    """

    def __init__(self, body: Any, *, bodyless: bool) -> None:
        self._body = body
        self._bodyless = bodyless
        self._left: Future[None] | None = None

    def noticed(self) -> bool:
        """Whether the client is known to have left."""
        if self._left is None:
            if self._may_have_body():
                return False
            if self._body.loop.is_closed():
                return True
            # Under ASGI it is loaded; elsewhere nobody pays for it.
            from asyncio import run_coroutine_threadsafe

            self._left = run_coroutine_threadsafe(
                _departure(self._body.receive), self._body.loop
            )
        left = self._left
        return left.done() and not left.cancelled() and left.exception() is None

    def forget(self) -> None:
        """Stop waiting for the client to leave."""
        if self._left is not None:
            self._left.cancel()

    def _may_have_body(self) -> bool:
        """Whether to receive could take away what the view has yet to read."""
        if self._bodyless and self._body.has_more:
            # Receives the end of the body that the request has not.
            self._body.buffer[:0] = self._body.read(1)
            self._bodyless = False
        return bool(self._body.has_more)


def departure_of(environ: WSGIEnvironment) -> Departure | None:
    """Return what tells that the client has left, if the server itself does not."""
    if "asgi.scope" not in environ:
        return None
    body = environ.get("wsgi.input")
    means = ("receive", "loop", "has_more", "buffer")
    if not all(hasattr(body, name) for name in means):
        return None
    announced = environ.get("CONTENT_LENGTH", "") not in ("", "0")
    chunked = "HTTP_TRANSFER_ENCODING" in environ
    return Departure(body, bodyless=not announced and not chunked)


async def _departure(receive: Callable[[], Awaitable[Any]]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
