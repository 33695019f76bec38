"""Views of every kind: classes, asynchronous, exempt, and what they return."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask import Flask
from flask import jsonify
from flask import Response
from flask import url_for
from flask.views import MethodView
from flask.views import View
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response as BareResponse

from difference.entry import notes
from difference.entry import site
from difference.entry import told
from difference.entry import view
from flask_outpour import Outpour

LINES = ("one\n", "two\n", "three\n")


class Streaming(View):
    """A view class."""

    def dispatch_request(self) -> Response:
        """Stream."""
        return Response(told(LINES))


class Methods(MethodView):
    """A view class with a method of its own for each of HTTP."""

    def get(self) -> Response:
        """Stream."""
        return Response(told(LINES))

    def post(self) -> Response:
        """Stream something else."""
        return Response(told(["posted\n"]))

    def put(self) -> Any:
        """Return a tuple of a stream, a status and fields."""
        return told(["put\n"]), 201, {"X-Put": "1"}

    def delete(self) -> Any:
        """Return nothing to send."""
        return "", 204


def classed(app: Flask) -> None:
    """Route a class with methods."""
    app.add_url_rule("/", view_func=Methods.as_view("root"))


for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
    site(classed, name=f"kind-methods-{method.lower()}", method=method)


@site
def kind_class(app: Flask) -> Any:
    """A view class."""
    return Streaming.as_view("root")


@view
async def kind_async() -> Response:
    """An asynchronous view that streams an ordinary generator."""
    return Response(told(LINES))


@site
def kind_async_hooks(app: Flask) -> Any:
    """Asynchronous hooks around a stream."""
    note = app.extensions["journal"]

    @app.before_request
    async def before() -> None:
        note("before")

    @app.after_request
    async def after(response: Response) -> Response:
        note("after")
        return response

    @app.teardown_request
    async def teardown(error: BaseException | None) -> None:
        note("teardown")

    return lambda: Response(told(LINES))


@site
def kind_exempt(app: Flask) -> Any:
    """A view that is left as it is."""
    return Outpour.exempt(lambda: Response(told(LINES)))


@site
def kind_exempt_that_fails(app: Flask) -> Any:
    """A view that is left as it is fails as it does."""

    def failing() -> Any:
        yield "one\n"
        raise ZeroDivisionError

    return Outpour.exempt(lambda: Response(told(failing())))


@site
def kind_switched_off(app: Flask) -> Any:
    """An application where it is switched off."""
    app.config["OUTPOUR_ENABLED"] = False
    return lambda: Response(told(LINES))


@site
def kind_nested_blueprint(app: Flask) -> None:
    """A view of a blueprint in a blueprint."""
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    inner.add_url_rule("/", "root", lambda: Response(told([url_for(".root")])))
    outer.register_blueprint(inner)
    app.register_blueprint(outer)


@site
def kind_with_url_values(app: Flask) -> None:
    """A preprocessor takes a value out of the URL."""
    app.url_value_preprocessor(lambda endpoint, values: (values or {}).pop("a", None))
    root = lambda: Response(told(LINES))  # noqa: E731
    app.add_url_rule("/", "root", root, defaults={"a": 1})


@view
def returns_text() -> str:
    """A page."""
    return "a page"


@view
def returns_bytes() -> bytes:
    """Bytes."""
    return b"bytes"


@view
def returns_a_dict() -> dict[str, int]:
    """An object of JSON."""
    return {"a": 1, "ä": 2}


@view
def returns_a_list() -> list[int]:
    """A list of JSON."""
    return [1, 2, 3]


@view
def returns_json() -> Response:
    """JSON with a status and a field."""
    return jsonify(a=1), 201, [("X-A", "1")]


@view(method="HEAD", name="returns-a-generator-head")
@view
def returns_a_generator() -> Any:
    """A generator is what a view may return."""
    return told(LINES)


@view
def returns_an_iterator() -> Any:
    """So is any iterator."""
    return map(str.upper, told(LINES))


@view
def returns_a_response_of_a_list() -> Response:
    """A list of parts is not a stream."""
    return Response(["one", "two"])


@view
def returns_a_response_of_a_tuple() -> Response:
    """Nor is a tuple."""
    return Response((b"one", b"two"))


@view
def returns_none() -> None:
    """Flask's error says so."""


@view
def returns_a_bare_response() -> BareResponse:
    """Werkzeug's own class."""
    return BareResponse(told(LINES), mimetype="text/plain")


def old_app(environ: Any, start_response: Any) -> Any:
    """A WSGI application of somebody else's."""
    start_response("202 Taken", [("Content-Type", "text/plain"), ("X-Old", "1")])
    return told(LINES)


@view
def returns_a_wsgi_app() -> Any:
    """Flask runs it."""
    return old_app


@view
def returns_a_closing_wsgi_app() -> Any:
    """What it returned is closed, and in which order."""
    note = notes()

    class Body:
        def __iter__(self) -> Any:
            return iter([b"one\n", b"two\n"])

        def close(self) -> None:
            note("app closes")

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Body()

    return app


@view
def returns_a_writing_wsgi_app() -> Any:
    """It sends by ``write()``."""

    def app(environ: Any, start_response: Any) -> Any:
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written\n")
        return [b"returned\n"]

    return app


@view
def returns_what_another_application_gave() -> Response:
    """A response from another application is passed on."""
    other = Flask("difference.other")
    other.add_url_rule("/", "root", lambda: Response(iter(LINES)))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "other"}
    environ |= {"SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    items, status, headers = run_wsgi_app(other, environ)
    return Response(items, status, headers)
