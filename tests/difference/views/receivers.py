"""Receivers of ``got_request_exception`` that fail, or that read the request."""

from __future__ import annotations

from typing import Any

import flask
from flask import Flask
from flask import request
from flask import Response
from flask import stream_with_context

from difference.better import Better
from difference.entry import site
from difference.entry import told
from difference.expected import fails_early
from difference.expected import fails_late
from difference.views.hooks import noted


def raising_receiver(app: Flask, items: Any) -> Any:
    """A receiver of errors fails, as one whose mail server is down."""
    note = app.extensions["journal"]

    def receive(sender: Flask, exception: BaseException, **extra: Any) -> None:
        note(f"told: {type(exception).__name__}")
        raise ConnectionError("the mail server is down")

    flask.got_request_exception.connect(receive, app, weak=False)
    return lambda: Response(told(items()))


def failing(*items: str) -> Any:
    """Yield the items, then fail."""
    yield from items
    raise ZeroDivisionError("the cause")


TOLD = (
    *("source starts", "source fails: ZeroDivisionError", "source closes"),
    "told: ZeroDivisionError",
)


@site(
    better=Better.CAUSE_LOGGED,
    ours={"notes": TOLD, "logs": ("ZeroDivisionError", "ConnectionError")},
)
def hooks_receiver_fails_late(app: Flask) -> Any:
    """The cause is logged first, and the receiver's own error beside it."""
    return raising_receiver(app, lambda: failing("one\n", "two\n"))


@site(**fails_early(500, "ZeroDivisionError", "ConnectionError", notes=TOLD))
def hooks_receiver_fails_early(app: Flask) -> Any:
    """The same before the first byte: the page is what it would be without."""
    return raising_receiver(app, failing)


def asking_receiver(app: Flask, items: Any) -> Any:
    """A receiver of errors reads the request."""
    note = app.extensions["journal"]

    def receive(sender: Flask, exception: BaseException, **extra: Any) -> None:
        note(f"told of {request.path}")

    flask.got_request_exception.connect(receive, app, weak=False)
    return lambda: Response(told(items()))


@site(
    better=Better.CAUSE_LOGGED,
    ours={"notes": (*TOLD[:3], "told of /"), "logs": ("ZeroDivisionError",)},
)
def hooks_receiver_reads_the_request_late(app: Flask) -> Any:
    """Receivers are called with the request shown, also for a bare stream."""
    return asking_receiver(app, lambda: failing("one\n", "two\n"))


@site(**fails_early(500, "ZeroDivisionError", notes=(*TOLD[:3], "told of /")))
def hooks_receiver_reads_the_request_early(app: Flask) -> Any:
    """The same before the first byte."""
    return asking_receiver(app, failing)


@site(**fails_late("ZeroDivisionError"))
def hooks_with_a_stream_that_fails(app: Flask) -> Any:
    """Hooks and their order around a bare stream that fails."""
    noted(app, app.extensions["journal"])
    return lambda: Response(told(failing("one\n")))


@site(**fails_late("ZeroDivisionError"))
def hooks_with_context_and_a_stream_that_fails(app: Flask) -> Any:
    """The same under Flask's own function: teardown gets the error."""
    noted(app, app.extensions["journal"])
    return lambda: Response(stream_with_context(told(failing("one\n"))))
