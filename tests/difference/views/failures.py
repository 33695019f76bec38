"""Streams that fail: before the first item, at it, within, and at the end."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask import Flask
from flask import redirect
from flask import request
from flask import Response
from flask import stream_with_context

import flask_outpour
from difference.better import Better
from difference.entry import notes
from difference.entry import site
from difference.entry import stream
from difference.entry import told
from difference.entry import view
from difference.expected import cut_after
from difference.expected import fails_early
from difference.expected import fails_late
from difference.expected import LEFT_EARLY


class SoldOut(Exception):
    """An error of the application's own."""


class Stop(BaseException):
    """What a server's or a library's time limit raises."""


def failing(*items: str, error: BaseException | None = None) -> Any:
    """Yield the items, then fail."""
    yield from items
    raise error or ZeroDivisionError("after the items")


EARLY = fails_early(500, "ZeroDivisionError")

stream("fails-at-the-first-item", failing, **EARLY)
stream(
    "fails-after-empty-items",
    lambda: failing("", "", ""),
    opens=True,
    **EARLY,
)
stream("fails-after-one", lambda: failing("1\n"), **fails_late("ZeroDivisionError"))
stream(
    "fails-after-three",
    lambda: failing("1\n", "2\n", "3\n"),
    **fails_late("ZeroDivisionError"),
)
stream("fails-at-the-first-item-of-http-1-0", failing, version="1.0", **EARLY)
stream(
    "fails-after-two-of-http-1-0",
    lambda: failing("1\n", "2\n"),
    version="1.0",
    **fails_late("ZeroDivisionError"),
)
stream(
    "fails-after-many",
    lambda: failing(*(f"{n}\n" for n in range(9_000))),
    **fails_late("ZeroDivisionError"),
)
stream(
    "fails-short-of-its-length",
    lambda: failing("1\n", "2\n"),
    response={"headers": {"Content-Length": "100"}},
    waits=True,
    **fails_late("ZeroDivisionError"),
)
stream(
    "fails-with-text-that-is-none",
    lambda: ("1\n", "\ud800"),
    **fails_late("UnicodeEncodeError", notes=LEFT_EARLY),
)
stream(
    "fails-at-first-with-text-that-is-none",
    lambda: ("\ud800",),
    **fails_early(500, "UnicodeEncodeError", notes=LEFT_EARLY),
)
stream(
    "stops-after-two",
    lambda: failing("1\n", "2\n", error=Stop()),
    harms=True,
    **cut_after(
        b"1\n2\n",
        "StreamInterrupted",
        better=Better.INTERRUPTION,
        notes=("source starts", "source fails: Stop", "source closes"),
    ),
)
stream(
    "exits-after-two",
    lambda: failing("1\n", "2\n", error=SystemExit(3)),
    harms=True,
    **cut_after(
        b"1\n2\n",
        "StreamInterrupted",
        better=Better.INTERRUPTION,
        notes=("source starts", "source fails: SystemExit", "source closes"),
    ),
)
stream(
    "exits-at-the-first-item",
    lambda: failing(error=SystemExit(3)),
    harms=True,
    **fails_early(
        500,
        "StreamInterrupted",
        notes=("source starts", "source fails: SystemExit", "source closes"),
    ),
)


@view
def fails_in_the_view() -> Response:
    """The view fails before there is a stream."""
    raise ZeroDivisionError("in the view")


@view(**fails_early(404))
def aborts_at_the_first_item() -> Response:
    """The stream finds that there is nothing."""

    def generate():
        abort(404)
        yield "never"

    return Response(told(generate()))


@view(**fails_early(404))
def aborts_with_fields_of_the_view() -> Response:
    """The page of the error has none of the view's fields."""

    def generate():
        abort(404)
        yield "never"

    fields = {"X-View": "1", "Content-Disposition": "attachment"}
    return Response(told(generate()), mimetype="text/csv", headers=fields)


@view(**fails_early(404))
def aborts_under_stream_with_context() -> Response:
    """The same in a stream of Flask's own with context."""

    def generate():
        if "missing" not in request.args:
            abort(404)
        yield "never"

    return Response(stream_with_context(told(generate())))


@view(**fails_late("NotFound"))
def aborts_after_two() -> Response:
    """It is too late for the page of an error."""

    def generate():
        yield "1\n"
        yield "2\n"
        abort(404)

    return Response(told(generate()))


REDIRECT = redirect("/elsewhere").get_data()


@view(**fails_early(302, body=REDIRECT, fields=(("location", "/elsewhere"),)))
def redirects_at_the_first_item() -> Response:
    """The stream finds that the content is elsewhere."""

    def generate():
        abort(redirect("/elsewhere"))
        yield "never"

    return Response(told(generate()))


@site(**fails_early(409, body=b"<h1>Sold out</h1>"))
def fails_with_an_error_that_has_a_page(app: Flask) -> Any:
    """An error handler of the application's own answers."""

    @app.errorhandler(SoldOut)
    def sold_out(error: SoldOut) -> tuple[str, int]:
        return "<h1>Sold out</h1>", 409

    return lambda: Response(told(failing(error=SoldOut())))


@site(**fails_early(500, "ZeroDivisionError", body=b"<h1>We are sorry</h1>"))
def fails_with_a_page_for_500(app: Flask) -> Any:
    """An error handler for the status answers."""

    @app.errorhandler(500)
    def sorry(error: Exception) -> tuple[str, int]:
        return "<h1>We are sorry</h1>", 500

    return lambda: Response(told(failing()))


@site(
    **fails_early(
        500,
        "ZeroDivisionError",
        notes=(
            *("source starts", "source fails: ZeroDivisionError"),
            *("source closes", "told: ZeroDivisionError"),
        ),
    )
)
def fails_at_first_with_a_receiver(app: Flask) -> Any:
    """A receiver of got_request_exception is told of what fails early."""
    return tells_of_errors(app, lambda: Response(told(failing())))


@site(
    better=Better.CAUSE_LOGGED,
    ours={
        "logs": ("ZeroDivisionError",),
        "notes": (
            *("source starts", "source fails: ZeroDivisionError"),
            *("source closes", "told: ZeroDivisionError"),
        ),
    },
)
def fails_late_with_a_receiver(app: Flask) -> Any:
    """A receiver of got_request_exception is told of what fails late."""
    return tells_of_errors(app, lambda: Response(told(failing("1\n", "2\n"))))


def tells_of_errors(app: Flask, function: Any) -> Any:
    """Note what the signal of errors tells, and return the view."""
    from flask import got_request_exception

    def receive(sender: Flask, exception: BaseException, **extra: Any) -> None:
        app.extensions["journal"](f"told: {type(exception).__name__}")

    got_request_exception.connect(receive, app, weak=False)
    return function


@view(**fails_late("ZeroDivisionError"))
def fails_as_it_closes() -> Response:
    """The source is whole, and then fails to close."""

    def generate():
        try:
            yield "1\n"
            yield "2\n"
        finally:
            raise ZeroDivisionError("closing")

    return Response(told(generate()))


@view
def fails_in_call_on_close() -> Response:
    """What the response was asked to do at its end fails."""

    def fail() -> None:
        note("closing")
        raise ZeroDivisionError("closing")

    note = notes()
    response = Response(told(["1\n", "2\n"]))
    response.call_on_close(fail)
    return response


@view(
    harms=True,
    **fails_early(
        500,
        "StreamInterrupted",
        notes=("source starts", "source fails: SystemExit", "source closes"),
    ),
)
def exits_at_the_first_item_of_our_context() -> Response:
    """Outpour's own function pulls the first item in the view."""

    def generate() -> Any:
        raise SystemExit(3)
        yield "never"

    return Response(flask_outpour.stream_with_context(told(generate())))
