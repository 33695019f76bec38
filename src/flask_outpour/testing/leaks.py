"""A block enters; an error leaves, if a response body that it made did not end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from typing import Any

from flask import has_request_context
from flask import request

from ..body import Body

#: Seconds between two looks.
_POLL = 0.01


@contextmanager
def detect_leaks(*, timeout: float = 2.0) -> Iterator[None]:
    """Assert that every stream that Outpour served during the block has ended.

    A stream that is neither read to its end nor closed keeps its source open, be it a
    file, a cursor or a transaction, and the request's contexts. With Flask's test
    client, read the response or use it in a ``with`` block.

    :param timeout: seconds to wait for the thread of a server whose client has left.
    :raises AssertionError: names the requests whose streams are open; these are then
        closed.
    """
    __tracebackhide__ = True
    bodies: list[tuple[Body, str]] = []
    with _made_bodies(bodies):
        yield
    deadline = time.monotonic() + timeout
    while (left := _open(bodies)) and time.monotonic() < deadline:
        time.sleep(_POLL)
    # What the error keeps alive must not be what the test has left.
    names = ", ".join(name for _, name in left)
    for body, _ in left:
        # It may fail to close, or be in the hands of a server's thread.
        with suppress(Exception):
            body.close()
    count = len(left)
    left.clear()
    bodies.clear()
    if count:
        raise AssertionError(
            f"{count} response {'body was' if count == 1 else 'bodies were'} never"
            f" ended: {names}. Read each response to its end, or close it."
        )


def _open(bodies: list[tuple[Body, str]]) -> list[tuple[Body, str]]:
    return [entry for entry in bodies if entry[0].progress.outcome is None]


@contextmanager
def _made_bodies(bodies: list[tuple[Body, str]]) -> Iterator[None]:
    """Remember every body that is made, and the request that it is made for."""
    original = Body.__init__

    def remember(self: Body, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        bodies.append((self, _request_name()))

    Body.__init__ = remember  # type: ignore[method-assign]
    try:
        yield
    finally:
        Body.__init__ = original  # type: ignore[method-assign]


def _request_name() -> str:
    return f"{request.method} {request.path}" if has_request_context() else "a body"
