"""A response enters; whether its class makes the bytes itself, and these, leave."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from werkzeug.wrappers import Response

from .sources import close_source

#: What a response passes through on its way to a server, and may change its bytes or
#: their number.
_WAY = (
    "__call__",
    "get_app_iter",
    "get_wsgi_headers",
    "get_wsgi_response",
    "iter_encoded",
)


def has_own_way(response: Response) -> bool:
    """Whether a method between the items of a response and its server is its own.

    Such a response is sent as its class does it; the body is made from what leaves the
    application.
    """
    kind: Any = type(response)
    return _has_own_way(kind) or not vars(response).keys().isdisjoint(_WAY)


# Bounded, since a class may be made for a single test.
@lru_cache(64)
def _has_own_way(kind: type[Response]) -> bool:
    return any(getattr(kind, name) is not getattr(Response, name) for name in _WAY)


class Whole:
    """All that the application returns for a response, once it has returned it.

    :param source: is closed where that never comes.
    """

    def __init__(self, source: Any) -> None:
        self.iterable: Iterable[bytes] | None = None
        self._source = source

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.iterable or ())

    def close(self) -> None:
        """Close it, and with it the source."""
        close_source(self._source if self.iterable is None else self.iterable)
