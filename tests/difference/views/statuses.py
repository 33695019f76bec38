"""Streams with statuses of every kind."""

from __future__ import annotations

from typing import Any

import flask
from flask import Flask
from flask import Response

from difference.better import Better
from difference.entry import notes
from difference.entry import site
from difference.entry import stream
from difference.entry import told
from difference.entry import view
from difference.expected import without_items
from flask_outpour import stream_with_context

LINES = ("one\n", "two\n")

for status in (201, 202, 203, 206, 300, 301, 303, 307, 400, 401, 404, 410, 418, 429):
    stream(f"status-{status}", lambda: LINES, response={"status": status})
for status in (500, 502, 503, 599):
    stream(f"status-{status}", lambda: LINES, response={"status": status})
for status in (102, 103, 199, 204, 205, 304):
    stream(f"status-{status}", lambda: LINES, response={"status": status})

stream("status-of-its-own", lambda: LINES, response={"status": "299 Quite Fine"})
stream(
    "status-205-without-items",
    lambda: (),
    response={"status": 205},
    **without_items(205),
)
stream("status-200-of-http-1-0", lambda: LINES, version="1.0")
stream("status-404-of-http-1-0", lambda: LINES, response={"status": 404}, version="1.0")


class Held:
    """A source that never starts by itself, and notes that it is closed."""

    def __init__(self) -> None:
        self._note = notes()

    def __iter__(self) -> Any:
        self._note("held starts")
        yield from LINES

    def close(self) -> None:
        """Note the call."""
        self._note("held closes")


@view(method="HEAD", name="held-head")
@view
def held() -> Response:
    """A source that must be closed even where nothing of it is wanted."""
    return Response(Held())


@view
def held_204() -> Response:
    """Nothing of it is wanted."""
    return Response(Held(), status=204)


@view
def held_304() -> Response:
    """Nothing of it is wanted."""
    return Response(Held(), status=304)


class HeldIterator(Held):
    """The same as an iterator, which a function for generators wants."""

    def __init__(self) -> None:
        super().__init__()
        self._items = iter(LINES)

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> str:
        return next(self._items)


@view(method="HEAD", name="held-in-context-head")
@view
def held_in_context() -> Response:
    """Flask's own function holds the source; for HEAD it has not begun with it."""
    return Response(flask.stream_with_context(HeldIterator()))


@view(
    method="HEAD",
    name="held-in-our-context-head",
    better=Better.SOURCE_CLOSED,
    ours={"notes": ("held closes",)},
)
@view
def held_in_our_context() -> Response:
    """Outpour's own function holds the source."""
    return Response(stream_with_context(HeldIterator()))


@site(better=Better.SOURCE_CLOSED, ours={"notes": ("held closes",)})
def held_and_replaced(app: Flask) -> Any:
    """Another response takes the place of the stream that holds the source."""
    app.after_request(lambda response: Response("another"))
    return held_in_our_context


@site
def status_page_that_is_streamed(app: Flask) -> Any:
    """The page of an error is a stream."""

    @app.errorhandler(404)
    def missing(error: Exception) -> tuple[Any, int]:
        return told(["not ", "here"]), 404

    @app.route("/none")
    def unused() -> str:
        return ""

    from flask import abort

    return lambda: abort(404)


@site
def status_page_500_that_is_streamed(app: Flask) -> Any:
    """The page of a failure is a stream."""

    @app.errorhandler(500)
    def sorry(error: Exception) -> tuple[Any, int]:
        return told(["we are ", "sorry"]), 500

    def root() -> str:
        raise ZeroDivisionError

    return root


@site
def status_404_without_route(app: Flask) -> None:
    """Nothing is there."""


@site
def status_redirect_to_a_slash(app: Flask) -> Any:
    """Routing redirects."""

    @app.before_request
    def route() -> Any:
        from werkzeug.routing import RequestRedirect

        raise RequestRedirect("/with/slash/")

    return lambda: "never"
