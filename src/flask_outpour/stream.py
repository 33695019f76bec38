"""A generator of a view enters; one that keeps the view's contexts leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from functools import update_wrapper
from itertools import chain
from typing import Any
from typing import AnyStr
from typing import overload

import flask
from flask import request

from .errors import ItemError
from .errors import StreamInterrupted
from .exchange import current_exchange
from .exchange import Exchange
from .exchange import is_exempt

_END = object()


class ContextStream(Iterator[Any]):
    """The items of a view's generator, whose body keeps the request's contexts."""

    #: Whether it comes to an end by itself, as rows, archives and pages do.
    is_finite = False

    def __init__(
        self, source: Iterator[Any], exchange: Exchange, *, primes: bool
    ) -> None:
        self._source = source
        self._items = _primed(source) if primes else source
        exchange.streams.append(self)

    @property
    def rows(self) -> int | None:
        """Rows that were written so far, where it writes rows."""
        return getattr(self._source, "rows", None)

    def __iter__(self) -> Iterator[Any]:
        # Not self: a body iterates the items without a call into Python for each.
        return self._items

    def __next__(self) -> Any:
        return next(self._items)

    def close(self) -> None:
        """Close the generator, whether it started or not, and let go of it."""
        source = self._source
        self._source = self._items = iter(())
        if hasattr(source, "close"):
            source.close()


def _waits(request: flask.Request) -> bool:
    """Whether nothing is to be pulled before the view returns.

    HEAD wants no item. An event stream may have none for minutes; ``EventSource``
    always asks for its media type.
    """
    accepts_events = "text/event-stream" in request.headers.get("Accept", "")
    return request.method == "HEAD" or accepts_events


def _primed(source: Iterator[Any]) -> Iterator[Any]:
    try:
        first = next(source, _END)
    except (Exception, KeyboardInterrupt):
        raise
    except BaseException as error:
        # In the view as in a body: servers must not see it.
        raise StreamInterrupted(error) from error
    # A list's iterator lets go of the list at its end; chain() keeps its arguments.
    return iter(()) if first is _END else chain(iter([first]), source)


@overload
def stream_with_context(
    generator_or_function: Iterator[AnyStr],
) -> Iterator[AnyStr]: ...


@overload
def stream_with_context(
    generator_or_function: Callable[..., Iterator[AnyStr]],
) -> Callable[..., Iterator[AnyStr]]: ...


def stream_with_context(
    generator_or_function: Iterable[Any] | Callable[..., Iterator[Any]],
) -> Any:
    """Keep ``request``, ``session``, ``g`` and ``current_app`` until the last item.

    Takes a generator, or decorates a generator function, as Flask's own
    :func:`flask.stream_with_context` does. Unlike it,

    - the first item is produced in the view, so that an error there is handled as
      the view's own, and ``session`` can be written until then. It is left for
      later where the client asks by HEAD or for ``text/event-stream``;
    - the contexts are those of the view, kept open: teardown functions run once,
      after the last item, and what the view put into ``g`` lives until then;
    - a client that leaves does not poison the worker's thread (pallets/flask#6123).

    Where Outpour does not serve the view, because the application has not set it
    up, or has switched it off, this is Flask's own function.

    :param generator_or_function: a generator, or a function that returns one.
    :raises RuntimeError: when no request context is active.
    :raises ItemError: for an asynchronous generator.
    """
    if hasattr(generator_or_function, "__aiter__"):
        raise ItemError.of_source(generator_or_function)
    try:
        source = iter(generator_or_function)  # type: ignore[arg-type]
    except TypeError:

        def decorator(*args: Any, **kwargs: Any) -> Any:
            return stream_with_context(generator_or_function(*args, **kwargs))  # type: ignore[operator]

        return update_wrapper(decorator, generator_or_function)  # type: ignore[arg-type]
    exchange = _serving_exchange()
    if exchange is None:
        return flask.stream_with_context(source)
    return ContextStream(source, exchange, primes=not _waits(request))


def keep_context(source: Iterator[bytes]) -> Iterator[bytes]:
    """Keep the view's contexts, and leave the first item to the response.

    What the view closes as it returns, such as a connection in a ``with`` block, is
    then missed before the headers go, and not in the middle of the stream.
    """
    exchange = _serving_exchange()
    if exchange is None:
        return flask.stream_with_context(source)
    stream = ContextStream(source, exchange, primes=False)
    stream.is_finite = True
    return stream


def _serving_exchange() -> Exchange | None:
    exchange = current_exchange()
    if exchange is None or is_exempt(exchange, exchange.app, request):
        return None
    return exchange
