"""Streams of response classes of an application's own, and of changed responses."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask import Response

from difference.entry import notes
from difference.entry import site
from difference.entry import stream
from difference.entry import told
from difference.entry import view
from difference.expected import fails_early
from difference.expected import fails_late
from difference.expected import LEFT_EARLY
from difference.expected import whole
from difference.response_classes import AlwaysSequence
from difference.response_classes import Buffered
from difference.response_classes import Called
from difference.response_classes import Closed
from difference.response_classes import Counted
from difference.response_classes import Deflated
from difference.response_classes import Failing
from difference.response_classes import FailingAtOnce
from difference.response_classes import Forced
from difference.response_classes import Framed
from difference.response_classes import JSONLines
from difference.response_classes import Latin
from difference.response_classes import Listed
from difference.response_classes import NeverStreamed
from difference.response_classes import NoSequence
from difference.response_classes import Numbered
from difference.response_classes import OnClose
from difference.response_classes import Plain
from difference.response_classes import Sequence
from difference.response_classes import Slots
from difference.response_classes import Stamped
from difference.response_classes import Stored
from difference.response_classes import Triple
from difference.response_classes import Written

LINES = ("Größe\n", "two\n", b"three\n")

stream(
    "class-json-lines", lambda: (1, None, {"a": "ä"}, "text"), response_class=JSONLines
)
stream("class-latin", lambda: LINES, response_class=Latin)
stream("class-latin-many", lambda: ("ä\n",) * 5_000, response_class=Latin)
stream("class-numbered", lambda: LINES, response_class=Numbered)
stream("class-numbered-many", lambda: ("x\n",) * 3_000, response_class=Numbered)
stream("class-deflated", lambda: LINES * 900, response_class=Deflated)
stream("class-listed", lambda: LINES, response_class=Listed)
stream(
    "class-buffered",
    lambda: LINES * 300,
    response_class=Buffered,
    **whole("> Größe\n> two\n> three\n".encode() * 300),
)
stream("class-framed", lambda: LINES, response_class=Framed)
stream("class-framed-many", lambda: LINES * 900, response_class=Framed)
stream("class-called", lambda: LINES, response_class=Called)
stream("class-written", lambda: LINES, response_class=Written)
stream("class-triple", lambda: LINES, response_class=Triple)
stream("class-stamped", lambda: LINES, response_class=Stamped)
stream("class-never-streamed", lambda: LINES, response_class=NeverStreamed)
stream("class-always-sequence", lambda: LINES, response_class=AlwaysSequence)
stream("class-counted", lambda: LINES, response_class=Counted)
stream("class-stored", lambda: LINES, response_class=Stored)
stream("class-sequence", lambda: LINES, response_class=Sequence)
stream("class-no-sequence", lambda: LINES, response_class=NoSequence)
stream("class-plain", lambda: LINES, response_class=Plain)
stream("class-slots", lambda: LINES, response_class=Slots)
stream(
    "class-fails",
    lambda: LINES,
    response_class=Failing,
    **fails_late("ZeroDivisionError", notes=LEFT_EARLY),
)
stream(
    "class-fails-at-once",
    lambda: LINES,
    response_class=FailingAtOnce,
)
stream(
    "class-json-lines-fails-at-first",
    lambda: ({1, 2},),
    response_class=JSONLines,
    **fails_early(500, "TypeError", notes=LEFT_EARLY),
)


@view
def class_closed() -> Response:
    """The class's own ``close`` runs, around what it was made from."""
    response = Closed(told(LINES))
    response.note = notes()
    response.call_on_close(lambda: response.note("called on close"))
    return response


@view
def class_on_close() -> Response:
    """The class's own ``call_on_close`` is asked."""
    response = OnClose(told(LINES))
    response.note = notes()
    response.call_on_close(lambda: response.note("called on close"))
    return response


@view
def class_with_data() -> Response:
    """What sets data after a stream takes the stream's place."""
    response = Stored(told(LINES))
    response.set_data(b"data\n")
    return response


@view
def class_made_a_sequence() -> Response:
    """The view itself makes a list of the stream."""
    response = Sequence(told(LINES))
    response.make_sequence()
    return response


@view
def class_frozen() -> Response:
    """A frozen response is a list, with a validator."""
    response = Response(told(LINES))
    response.freeze()
    return response


@view
def class_written_to() -> Response:
    """What writes to ``response.stream`` makes a list."""
    response = Response(told(LINES))
    response.stream.write(b"behind\n")
    return response


@site
def class_of_the_whole_application(app: Flask) -> Any:
    """What views return is of the application's class."""
    app.response_class = Numbered
    return lambda: told(LINES)


@site
def class_of_the_application_forces(app: Flask) -> Any:
    """A response of another class is made to be of the application's."""
    app.response_class = Forced
    from werkzeug.wrappers import Response as Bare

    return lambda: Bare(told(LINES), headers={"X-Bare": "1"})


@site
def class_of_the_application_is_forced(app: Flask) -> Any:
    """A response of Flask's own class stays as it is, or is forced, as Flask does."""
    app.response_class = JSONLines
    return lambda: Response(told(("Größe", "two")))


@site
def class_that_a_subclass_of_flask_makes(app: Flask) -> Any:
    """``make_response`` is the application's own."""
    made = app.make_response

    def make_response(rv: Any) -> Response:
        response = made(rv)
        response.headers["X-Made"] = "1"
        return response

    app.make_response = make_response  # type: ignore[method-assign]
    return lambda: told(LINES)
