"""An application and a path enter; an error leaves, if the view does not stream."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING

from flask import Flask

from ..decode import decoder
from ..errors import ConfigurationError
from .client import open_stream
from .client import StreamedResponse
from .serving import serve
from .watch import Watch
from .watch import watched

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Seconds that a view has to be closed in when the check is over.
_GRACE = 1.0


def assert_streams(
    app: Flask,
    path: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    data: bytes = b"",
    wsgi_app: WSGIApplication | None = None,
    server: str = "werkzeug",
    timeout: float = 5.0,
) -> None:
    """Assert that a client has a view's first item before the view makes the second.

    The application is served over a real socket, with all its middleware. The
    iterable of the view's response is held after its first item, until a client has
    that. It needs two items at least; the client leaves after the second, so a view
    may be endless.

    :param app: the application, with or without Outpour.
    :param path: with the query, if any.
    :param headers: of the request. Without an Accept-Encoding the client asks for
        ``identity``.
    :param data: the body of the request.
    :param wsgi_app: what the server gets, where that is not the application itself,
        but for instance ``ProxyFix(app)``.
    :param server: ``"werkzeug"`` or ``"waitress"``, as for :func:`serve`.
    :param timeout: seconds after which what has not arrived is held back.
    :raises ConfigurationError: for what is no application, or no path.
    :raises AssertionError: says who holds it back, or why it is no stream.
    """
    __tracebackhide__ = True
    if not isinstance(app, Flask):
        raise ConfigurationError(
            f"assert_streams() takes a Flask application, but it is {app!r}."
        )
    if not path.startswith("/"):
        raise ConfigurationError(f"A path begins with a slash, but it is {path!r}.")
    fields = {"Accept-Encoding": "identity", **(headers or {})}
    with (
        watched(app) as watch,
        serve(watch.served(wsgi_app or app), server) as running,
    ):
        failure = None
        try:
            with open_stream(
                running.url + path,
                method=method,
                headers=fields,
                data=data,
                timeout=timeout,
            ) as response:
                failure = _failure_of(response, watch, timeout)
        except (TimeoutError, ConnectionError):
            failure = _delay(watch, timeout)
        # Before the server stops, whose thread might wait.
        watch.released.set()
        if watch.first.is_set():
            watch.over.wait(_GRACE)
    if failure is not None:
        if watch.error is not None:
            failure = f"failed with {watch.error!r}."
        raise AssertionError(f"{method} {path} {failure}") from watch.error


def _failure_of(response: StreamedResponse, watch: Watch, timeout: float) -> str | None:
    """Return what is wrong with a response whose headers are there, if anything."""
    if response.status >= 300:
        return f"answered {response.status}, and not with a stream."
    if not watch.answered:
        return "was answered by something around the application, and not by a view."
    if watch.whole is not None:
        return _whole(watch)
    _receive_first(response, watch)
    if watch.consumer is not None or watch.released.is_set():
        return _consumed(watch)
    if not watch.first.is_set():
        return _unused(watch)
    watch.released.set()
    return _single(watch, timeout)


def _receive_first(response: StreamedResponse, watch: Watch) -> None:
    """Read until there is some content, and the view has given its first item."""
    decode = decoder(response.headers.get("Content-Encoding", "")) or bytes
    content = b""
    for chunk in response:
        content = content or decode(chunk.data)
        if content and watch.first.is_set():
            return


def _whole(watch: Watch) -> str:
    assert watch.whole is not None
    items = watch.whole.response
    size = sum(map(len, items))
    return (
        f"does not stream: its view returned all {size:,} bytes at once"
        f" ({len(items)} {'item' if len(items) == 1 else 'items'} in a"  # type: ignore[arg-type]
        f" {type(items).__name__}). Return a generator, or stream_rows()."
    )


def _consumed(watch: Watch) -> str:
    who = watch.consumer or "an after_request function"
    return (
        f"does not stream: {who} read the whole stream before anything was sent. A"
        " function that runs after each request must leave response.data and"
        " get_data() alone where response.is_streamed is true."
    )


def _unused(watch: Watch) -> str:
    if watch.exhausted.is_set():
        return "does not stream: its iterable gave no item."
    return (
        "does not stream: the iterable that its view returned was not used. An"
        " after_request function, or middleware, put another response in its place."
    )


def _single(watch: Watch, timeout: float) -> str | None:
    """Wait for the second item, or the end, or long enough to know there is none."""
    deadline = monotonic() + timeout
    while monotonic() < deadline:
        if watch.second.wait(0.01):
            return None
        if watch.error is not None:
            return "failed after its first item."
        if watch.over.is_set():
            return (
                "gave a single item, which says nothing of a stream. Give the view"
                " more to send: stream_rows() puts up to 500 rows of a list into one"
                " item."
            )
    return None


def _delay(watch: Watch, timeout: float) -> str:
    if watch.consumer is not None:
        return _consumed(watch)
    if not watch.answered:
        return f"gave no response within {timeout:g} s: its view has not returned."
    if watch.whole is not None:
        return _whole(watch)
    if not watch.first.is_set():
        return f"gave no first item within {timeout:g} s, so nothing can be said."
    if watch.left.is_set():
        return (
            f"is held back by the server: it had the first item, and sent nothing for"
            f" {timeout:g} s."
        )
    return (
        "is held back on its way to the server, which had nothing of the first item"
        f" after {timeout:g} s. {_readers(watch)}Run 'flask outpour doctor' to find"
        " the layer."
    )


def _readers(watch: Watch) -> str:
    return f"It was read by {', then '.join(watch.readers)}. " if watch.readers else ""
