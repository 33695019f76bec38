"""Streams whose client leaves after the first bytes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Flask
from flask import Response
from flask import stream_with_context

import flask_outpour
from difference.better import Better
from difference.entry import notes
from difference.entry import site
from difference.entry import told
from difference.entry import view

#: More than any server and socket hold; on hypercorn a source runs to its end.
SIZE = 64 * 1024 * 1024


def much(size: int) -> Iterator[bytes]:
    """Yield items of this many bytes."""
    item = b"x" * size
    return (item for _ in range(SIZE // size))


#: A source that is closed, as its client has left.
CLOSED = ("source starts", "source fails: GeneratorExit", "source closes")
LEFT = {
    "better": Better.DEPARTURE,
    "ours": {"notes": (*CLOSED, "response closes")},
}


@view(leaves=True, **LEFT)
def left() -> Response:
    """A bare stream is closed, and so is its response."""
    note = notes()
    response = Response(told(much(65_536)))
    response.call_on_close(lambda: note("response closes"))
    return response


@view(leaves=True, **LEFT)
def left_with_small_items() -> Response:
    """The same with items that are joined."""
    note = notes()
    response = Response(told(much(4_096)))
    response.call_on_close(lambda: note("response closes"))
    return response


@site(
    leaves=True,
    better=Better.DEPARTURE,
    ours={
        "notes": (
            *("teardown_request NoneType", "teardown_appcontext NoneType"),
            *CLOSED,
            *("teardown_request GeneratorExit", "teardown_appcontext GeneratorExit"),
        )
    },
)
def left_with_context(app: Flask) -> Any:
    """A stream under Flask's own function is torn down as Flask does."""
    note = app.extensions["journal"]

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        note(f"teardown_request {type(error).__name__}")

    @app.teardown_appcontext
    def teardown_app(error: BaseException | None) -> None:
        note(f"teardown_appcontext {type(error).__name__}")

    return lambda: Response(stream_with_context(told(much(65_536))))


@site(
    leaves=True,
    better=Better.ONE_TEARDOWN,
    ours={"notes": (*CLOSED, "teardown_request NoneType")},
)
def left_with_our_context(app: Flask) -> Any:
    """A stream under Outpour's own function closes its source, then tears down."""
    note = app.extensions["journal"]

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        note(f"teardown_request {type(error).__name__}")

    return lambda: Response(flask_outpour.stream_with_context(told(much(65_536))))


@view(leaves=True)
def left_before_a_list_of_much() -> Response:
    """A source that is a list has nothing to close; its response has."""
    note = notes()
    response = Response([b"x" * 65_536] * 500)
    response.call_on_close(lambda: note("response closes"))
    return response
