"""Streams that use the request, the session and g."""

from __future__ import annotations

import contextvars
from typing import Any

import flask
from flask import copy_current_request_context
from flask import current_app
from flask import Flask
from flask import g
from flask import has_app_context
from flask import has_request_context
from flask import request
from flask import Response
from flask import session
from flask import stream_with_context

import flask_outpour
from difference.better import Better
from difference.entry import notes
from difference.entry import site
from difference.entry import told
from difference.entry import view
from difference.expected import fails_early
from difference.expected import fails_late

LINES = ("one\n", "two\n", "three\n")
NAME: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")


@view(query="q=1", method="HEAD", name="context-of-flask-head")
@view(query="q=1")
def context_of_flask() -> Response:
    """Flask's own function: all proxies are there to the end."""
    g.user = "ann"
    session["seen"] = 1

    def generate() -> Any:
        for line in LINES:
            yield f"{request.args['q']} {g.user} {session['seen']} {line}"
        yield current_app.name

    return Response(stream_with_context(told(generate())))


@view
def context_decorated() -> Response:
    """Flask's own function, as a decorator."""

    @stream_with_context
    def generate(word: str) -> Any:
        yield f"{word} {request.method}"
        yield "\n"

    return Response(generate("hello"))


@view
def context_nested() -> Response:
    """A stream with context in another."""

    def inner() -> Any:
        yield f"inner {request.path}\n"
        yield "inner\n"

    def outer() -> Any:
        yield f"outer {request.path}\n"
        yield from stream_with_context(told(inner()))
        yield f"outer {request.path}\n"

    return Response(stream_with_context(told(outer())))


@view
def context_partly() -> Response:
    """A bare generator around one with context."""

    def outer() -> Any:
        yield f"{has_request_context()}\n"
        yield from inner
        yield f"{has_request_context()}\n"

    inner = stream_with_context(f"{request.method} {n}\n" for n in range(3))
    return Response(told(outer()))


@view
def context_bare() -> Response:
    """A bare generator has none."""

    def generate() -> Any:
        yield f"{has_request_context()} {has_app_context()}\n"
        yield f"{has_request_context()} {has_app_context()}\n"

    return Response(told(generate()))


@view(**fails_early(500, "RuntimeError"))
def context_missing() -> Response:
    """A bare generator asks for the request."""
    return Response(told(f"{request.path}" for _ in range(2)))


@view(**fails_late("RuntimeError"))
def context_missing_later() -> Response:
    """A bare generator asks for the request, later."""

    def generate() -> Any:
        yield "one\n"
        yield request.path

    return Response(told(generate()))


@view
def context_copied() -> Response:
    """A function with the request's context is called in the stream."""

    @copy_current_request_context
    def path() -> str:
        return f"{request.path}\n"

    def generate() -> Any:
        yield path()
        yield path()

    return Response(told(generate()))


@view
def context_pushed_by_hand() -> Response:
    """The stream pushes a context of the application's itself."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def generate() -> Any:
        with app.app_context():
            yield f"{current_app.name}\n"
            yield f"{has_request_context()}\n"
        with app.test_request_context("/other"):
            yield f"{request.path}\n"

    return Response(told(generate()))


@view
def context_variables() -> Response:
    """A variable of the stream's own is what it was."""

    def generate() -> Any:
        for name in ("ann", "bob"):
            NAME.set(name)
            yield f"{NAME.get()}\n"
            yield f"{NAME.get()}\n"

    return Response(told(generate()))


@view
def context_in_call_on_close() -> Response:
    """What is called at the end sees what plain Flask shows there."""
    note = notes()
    response = Response(told(LINES))
    response.call_on_close(lambda: note(f"request: {has_request_context()}"))
    return response


TORN = ("source starts", "source closes", "teardown g=ann")


@site(better=Better.ONE_TEARDOWN, ours={"notes": TORN, "body": b"ann one\nann two\n"})
def context_of_ours(app: Flask) -> Any:
    """Outpour's own function keeps the view's contexts, and tears them down once."""

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        app.extensions["journal"](f"teardown g={g.pop('user', None)}")

    def root() -> Response:
        g.user = "ann"

        def generate() -> Any:
            yield f"{g.get('user')} one\n"
            yield f"{g.get('user')} two\n"

        return Response(flask_outpour.stream_with_context(told(generate())))

    return root


@view(**fails_early(404))
def context_of_ours_aborts_at_the_first_item() -> Response:
    """What fails there fails in the view."""

    def generate() -> Any:
        flask.abort(404)
        yield "never"

    return Response(flask_outpour.stream_with_context(told(generate())))


@site
def context_torn_down_by_flask(app: Flask) -> Any:
    """Flask's own function tears down when Flask does."""

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        app.extensions["journal"](f"teardown g={g.pop('user', None)}")

    @app.teardown_appcontext
    def teardown_app(error: BaseException | None) -> None:
        app.extensions["journal"]("teardown of the application's")

    def root() -> Response:
        g.user = "ann"

        def generate() -> Any:
            yield f"{g.get('user')} one\n"
            yield f"{g.get('user')} two\n"

        return Response(stream_with_context(told(generate())))

    return root


@view
def context_with_flash() -> Response:
    """Messages that the view flashes."""
    flask.flash("saved")
    messages = flask.get_flashed_messages()
    return Response(told([f"{messages}\n", "end\n"]))
