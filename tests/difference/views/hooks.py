"""Hooks and receivers around a stream, and their order."""

from __future__ import annotations

from typing import Any

import flask
from flask import after_this_request
from flask import Blueprint
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask import stream_with_context

from difference.better import Better
from difference.entry import notes
from difference.entry import site
from difference.entry import told
from difference.entry import view
from difference.expected import fails_early

LINES = ("one\n", "two\n", "three\n")


def noted(app: Flask | Blueprint, note: Any, whose: str = "") -> None:
    """Note every hook of an application or a blueprint."""

    @app.before_request
    def before() -> None:
        note(f"{whose}before_request {request.method}")

    @app.after_request
    def after(response: Response) -> Response:
        note(f"{whose}after_request {response.status_code}")
        return response

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        note(f"{whose}teardown_request {type(error).__name__}")


def all_noted(app: Flask) -> None:
    """Note every hook and every signal of an application."""
    note = app.extensions["journal"]
    noted(app, note)

    @app.teardown_appcontext
    def teardown(error: BaseException | None) -> None:
        note(f"teardown_appcontext {type(error).__name__}")

    def receiver(name: str) -> Any:
        def receive(sender: Flask, **extra: Any) -> None:
            note(f"{name} {sorted(extra)}")

        return receive

    for name in (
        *("request_started", "request_finished", "request_tearing_down"),
        *("got_request_exception", "appcontext_pushed", "appcontext_popped"),
        *("appcontext_tearing_down", "template_rendered", "before_render_template"),
    ):
        getattr(flask, name).connect(receiver(name), app, weak=False)


@site(method="OPTIONS", name="hooks-options")
@site(method="HEAD", name="hooks-head")
@site
def hooks(app: Flask) -> Any:
    """All hooks and signals around a bare stream."""
    all_noted(app)
    return lambda: Response(told(LINES))


@site
def hooks_with_context(app: Flask) -> Any:
    """All hooks and signals around a stream under Flask's own function."""
    all_noted(app)
    return lambda: Response(stream_with_context(told(LINES)))


@site
def hooks_without_stream(app: Flask) -> Any:
    """All hooks and signals around a page."""
    all_noted(app)
    return lambda: "page"


@site
def hooks_with_a_failing_view(app: Flask) -> Any:
    """All hooks and signals around a view that fails."""
    all_noted(app)

    def root() -> str:
        raise ZeroDivisionError

    return root


@site
def hooks_before_answers(app: Flask) -> Any:
    """A hook streams in the view's place."""
    app.before_request(lambda: Response(told(LINES)))
    return lambda: "never"


@site
def hooks_teardown_fails(app: Flask) -> Any:
    """A teardown function fails, of a page."""

    @app.teardown_request
    def fail(error: BaseException | None) -> None:
        app.extensions["journal"]("teardown")
        if request.args.get("fail"):
            raise ZeroDivisionError("in teardown")

    return lambda: Response(told(LINES))


@site
def hooks_of_a_blueprint(app: Flask) -> None:
    """A blueprint's hooks, and the application's around them."""
    note = app.extensions["journal"]
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    noted(app, note, "app ")
    noted(outer, note, "outer ")
    noted(inner, note, "inner ")
    inner.add_url_rule("/", "root", lambda: Response(told(LINES)))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)


@view
def hooks_after_this_request() -> Response:
    """A view asks for something after itself."""
    note = notes()

    @after_this_request
    def stamp(response: Response) -> Response:
        note("after this request")
        response.headers["X-After"] = "1"
        return response

    return Response(told(LINES))


@view(method="HEAD", name="hooks-call-on-close-head")
@view
def hooks_call_on_close() -> Response:
    """What is asked for at the end comes in its order, the source first."""
    note = notes()
    response = Response(told(LINES))
    response.call_on_close(lambda: note("first"))
    response.call_on_close(lambda: note("second"))
    return response


@site
def hooks_call_on_close_after_request(app: Flask) -> Any:
    """A hook asks for something at the end."""
    note = app.extensions["journal"]

    @app.after_request
    def ask(response: Response) -> Response:
        response.call_on_close(lambda: note("the hook's"))
        return response

    def root() -> Response:
        response = Response(told(LINES))
        response.call_on_close(lambda: note("the view's"))
        return response

    return root


@site
def hooks_g_is_gone(app: Flask) -> Any:
    """A bare stream begins after teardown, which has taken what it had."""
    note = app.extensions["journal"]

    @app.teardown_appcontext
    def close(error: BaseException | None) -> None:
        g.pop("names").clear()
        note("names are cleared")

    def root() -> Response:
        g.names = names = ["one\n", "two\n"]

        def generate() -> Any:
            yield f"{len(names)} names\n"
            yield from names

        return Response(told(generate()))

    return root


@site(
    better=Better.ERROR_PAGE,
    ours={
        **fails_early(404)["ours"],
        # What the hook meets is its own error.
        "logs": ("AttributeError",),
        "notes": (
            *("before_request", "after_request 200", "teardown_request"),
            *("source starts", "source fails: NotFound", "source closes"),
            "after_request 404",
        ),
    },
)
def hooks_after_needs_what_teardown_removes(app: Flask) -> Any:
    """A bare generator aborts; a hook reads what teardown removed."""
    note = app.extensions["journal"]

    @app.before_request
    def before() -> None:
        note("before_request")
        g.user = "ann"

    @app.after_request
    def after(response: Response) -> Response:
        note(f"after_request {response.status_code}")
        assert g.user == "ann"
        return response

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        if "user" in g:
            note("teardown_request")
            del g.user

    def root() -> Response:
        def generate() -> Any:
            flask.abort(404)
            yield "never"

        return Response(told(generate()))

    return root
