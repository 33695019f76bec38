"""Tests of a request up to its first chunk: right status and headers, no leftovers."""

from __future__ import annotations

import logging
import queue
import sys
import weakref
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request
from urllib.request import urlopen

import flask
import pytest
from flask import abort
from flask import after_this_request
from flask import current_app
from flask import Flask
from flask import g
from flask import redirect
from flask import request
from flask import Response
from flask import session
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

import flask_outpour
from flask_outpour import ItemError
from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from flask_outpour import stream_with_context

ANY_SOURCE = pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(flask_outpour.stream_with_context, id="ours"),
        pytest.param(flask.stream_with_context, id="flask"),
        pytest.param(iter, id="bare"),
    ],
)


class Rows:
    """What a view gives to its generator, to see whether it is let go."""


def failing(fail: Callable[[], Any]) -> Iterator[str]:
    """Fail before the first item."""
    fail()
    yield "never"


def raise_value_error() -> None:
    raise ValueError("no rows at all")


# Errors before the first item


@ANY_SOURCE
def test_error_before_the_first_item_is_a_500(
    app: Flask, serve: Callable[[Any], str], wrap: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream that fails before its first item is a clean 500, and is logged once."""

    @app.get("/")
    def view() -> Response:
        response = Response(wrap(failing(raise_value_error)), mimetype="text/csv")
        response.set_cookie("seen", "yes")
        return response

    with pytest.raises(HTTPError) as caught:
        urlopen(serve(app), timeout=20)
    with caught.value as response:
        assert response.code == 500
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Set-Cookie"] is None
        assert b"Internal Server Error" in response.read()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.name for record in errors] == [app.logger.name]
    assert errors[0].exc_info is not None
    assert errors[0].exc_info[0] is ValueError


@ANY_SOURCE
def test_abort_before_the_first_item_has_its_status(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """``abort(403)`` in a generator is a 403, as it is in a view."""

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(lambda: abort(403))))

    response = client.get("/")
    assert response.status_code == 403
    assert "Forbidden" in response.text


@ANY_SOURCE
def test_redirect_before_the_first_item(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """``abort(redirect(...))`` in a generator redirects."""

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(lambda: abort(redirect("/elsewhere")))))

    response = client.get("/")
    assert (response.status_code, response.location) == (302, "/elsewhere")
    assert "Redirecting" in response.text


@ANY_SOURCE
def test_handler_answers_an_error_before_the_first_item(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """The application's own handler makes the answer, and sees the request."""

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(wrap(failing(raise_value_error)))

    @app.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[str, int]:
        return f"{error} in {request.args['name']} {g.unit} {current_app.name}", 418

    response = client.get("/?name=x")
    assert response.status_code == 418
    assert response.text == "no rows at all in x km tests.app"


@ANY_SOURCE
def test_blueprint_handler_answers_an_error_of_its_view(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """A blueprint's error handler is the one for its streams."""
    blueprint = flask.Blueprint("rows", __name__, url_prefix="/rows")

    @blueprint.get("/")
    def view() -> Response:
        return Response(wrap(failing(raise_value_error)))

    @blueprint.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[str, int]:
        return "of the blueprint", 409

    app.register_blueprint(blueprint)
    response = client.get("/rows/")
    assert (response.status_code, response.text) == (409, "of the blueprint")


@ANY_SOURCE
def test_error_propagates_in_tests(app: Flask, client: FlaskClient, wrap: Any) -> None:
    """With ``TESTING`` an error before the first item comes out of the client."""
    app.testing = True

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(raise_value_error)))

    with pytest.raises(ValueError, match="no rows at all"):
        client.get("/")


def test_missing_context_is_a_500_that_names_the_cure(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A bare generator that uses ``request`` is a 500, and the log names the cure."""

    @app.get("/")
    def view() -> Response:
        return Response(failing(lambda: request.args["name"]))

    assert client.get("/?name=x").status_code == 500
    assert "Working outside of request context" in caplog.text
    assert "flask_outpour.stream_with_context" in caplog.text


def test_other_runtime_errors_get_no_advice(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A ``RuntimeError`` of another kind is not mistaken for a missing context."""

    def fail() -> None:
        raise RuntimeError("out of paper")

    @app.get("/")
    def view() -> Response:
        return Response(failing(fail))

    assert client.get("/").status_code == 500
    assert "out of paper" in caplog.text
    assert "stream_with_context" not in caplog.text


@ANY_SOURCE
def test_after_request_sees_the_error_page(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """Functions of ``after_request`` run for the page that answers the error."""

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-Status"] = str(response.status_code)
        return response

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(lambda: abort(403))))

    assert client.get("/").headers.getlist("X-Status") == ["403"]


@pytest.mark.parametrize("answer", ["kept", "bare"])
@ANY_SOURCE
def test_handler_may_stream_its_answer(
    app: Flask, client: FlaskClient, wrap: Any, answer: str
) -> None:
    """An error handler may itself return a stream, with context or without."""

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(wrap(failing(raise_value_error)))

    @app.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[Iterator[str], int]:
        if answer == "bare":
            return iter(["sorry", "!"]), 503
        return stream_with_context(f"{request.path}{g.unit}" for _ in range(2)), 503

    response = client.get("/")
    assert response.status_code == 503
    assert response.text == ("sorry!" if answer == "bare" else "/km/km")


def test_handler_whose_stream_fails_is_the_servers_500(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """When the answer to an error fails too, the server hears of it, and the log."""

    @app.get("/")
    def view() -> Response:
        return Response(failing(lambda: abort(404)))

    @app.errorhandler(404)
    def handle(error: Exception) -> Response:
        return Response(failing(raise_value_error))

    with pytest.raises(ValueError, match="no rows at all"):
        run_wsgi_app(app, create_environ("/"))
    assert "no rows at all" in caplog.text


def test_keyboard_interrupt_before_the_first_item_passes(app: Flask) -> None:
    """Ctrl-C before the first item ends the server's call, and is no error page."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    @app.get("/")
    def view() -> Response:
        return Response(failing(interrupt))

    with pytest.raises(KeyboardInterrupt):
        run_wsgi_app(app, create_environ("/"))
    assert not flask.has_app_context()


def test_headers_are_sent_once(app: Flask) -> None:
    """The server's ``start_response`` is called once, with the error's headers."""
    calls = []

    @app.get("/")
    def view() -> Response:
        return Response(failing(raise_value_error))

    body = app(create_environ("/"), lambda *call: calls.append(call))
    ((status, _),) = calls
    assert status == "500 INTERNAL SERVER ERROR"
    body.close()  # type: ignore[attr-defined]


def test_inner_middleware_may_change_the_headers(app: Flask) -> None:
    """Middleware between Flask and Outpour may change the headers of a stream."""
    app = Flask("tests.inner")
    inner = app.wsgi_app
    statuses = []

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(status: str, headers: Any, exc_info: Any = None) -> Any:
            statuses.append(status)
            return start_response(status, [*headers, ("X-Inner", "yes")], exc_info)

        return inner(environ, start)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    Outpour(app)

    @app.get("/")
    def view() -> Response:
        return Response(iter("ab"))

    response = app.test_client().get("/")
    assert (response.text, response.headers["X-Inner"]) == ("ab", "yes")
    assert statuses == ["200 OK"]


def test_handler_has_the_contexts_of_a_kept_stream(
    app: Flask, client: FlaskClient
) -> None:
    """When a kept stream has a wrong first item, its handler sees the request."""
    torn_down = []
    app.teardown_appcontext(torn_down.append)

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(stream_with_context(iter([1])))  # type: ignore[list-item]

    @app.errorhandler(ItemError)
    def handle(error: ItemError) -> tuple[str, int]:
        return f"{request.path} {g.unit} {len(torn_down)}", 422

    response = client.get("/")
    assert (response.status_code, response.text) == (422, "/ km 0")
    assert torn_down == [None]


@pytest.mark.parametrize("wrap", [iter, stream_with_context])
def test_stream_that_flask_gives_up_after_all_is_answered(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """When a session cannot be saved, the stream's response gives way to a 500."""

    class Sessions(SecureCookieSessionInterface):
        def save_session(self, *args: Any) -> None:
            if not failures:
                failures.append(True)
                raise OSError("no room for the session")

    failures: list[bool] = []
    app.session_interface = Sessions()
    app.add_url_rule("/", "view", lambda: wrap(iter(["a", "b"])))
    response = client.get("/")
    assert (response.status_code, failures) == (500, [True])
    assert "Internal Server Error" in response.text


# Cookies and the session


def test_session_written_before_the_first_item_is_saved(
    app: Flask, client: FlaskClient
) -> None:
    """What the generator puts into ``session`` before its first item is kept."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            session["count"] = session.get("count", 0) + 1
            yield str(session["count"])

        return Response(stream_with_context(generate()))

    assert [client.get("/").text for _ in range(3)] == ["1", "2", "3"]


@ANY_SOURCE
def test_headers_and_cookies_of_the_view_arrive(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """Status, headers and cookies that the view and its functions set all arrive."""

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-After"] = "yes"
        return response

    @app.get("/")
    def view() -> Response:
        session["user"] = "ada"

        @after_this_request
        def once(response: Response) -> Response:
            response.set_cookie("seen", "yes")
            return response

        return Response(wrap("ab"), 203, {"X-Unit": "km"}, mimetype="text/csv")

    response = client.get("/")
    assert response.status_code == 203
    assert response.text == "ab"
    assert response.mimetype == "text/csv"
    assert (response.headers["X-After"], response.headers["X-Unit"]) == ("yes", "km")
    cookies = [
        cookie.partition("=")[0] for cookie in response.headers.getlist("Set-Cookie")
    ]
    assert sorted(cookies) == ["seen", "session"]


# Responses that send no body, or another one


@pytest.fixture
def released(app: Flask) -> Callable[[], bool]:
    """Return whether what the generator of ``/`` was given has been let go.

    The views are ``/ours``, ``/flask`` and ``/bare``.
    """
    app.config["left"] = []

    def generate(rows: Rows) -> Iterator[str]:
        yield f"{type(rows)}"
        yield "more"

    def add(name: str, wrap: Any) -> None:
        def view() -> Response:
            rows = Rows()
            app.config["left"].append(weakref.ref(rows))
            response = Response(wrap(generate(rows)))
            response.set_etag("rows")
            if "rows" in request.if_none_match:
                response.status_code = 304
            return response

        app.add_url_rule(f"/{name}", name, view)

    add("ours", flask_outpour.stream_with_context)
    add("flask", flask.stream_with_context)
    add("bare", iter)

    def all_gone() -> bool:
        # An error's traceback would keep the frames, and with them the rows.
        assert sys.exc_info()[0] is None
        return app.config["left"] != [] and not any(ref() for ref in app.config["left"])

    return all_gone


PATHS = pytest.mark.parametrize("path", ["/ours", "/flask", "/bare"])


@PATHS
def test_head_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """HEAD has the headers of GET, and lets go of a source that never started."""
    response = client.head(path)
    assert response.data == b""
    assert response.headers["ETag"] == '"rows"'
    response.close()
    assert released()


@PATHS
def test_unchanged_response_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """A 304 sends nothing, and lets go of its source."""
    response = client.get(path, headers={"If-None-Match": '"rows"'})
    assert (response.status_code, response.data) == (304, b"")
    response.close()
    assert released()


@PATHS
def test_replaced_response_releases_the_source(
    app: Flask, client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """When ``after_request`` answers with something else, the source is let go."""
    app.after_request(lambda response: Response("maintenance", 503))
    response = client.get(path)
    assert (response.status_code, response.text) == (503, "maintenance")
    response.close()
    assert released()


@PATHS
def test_left_stream_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """A client that leaves after the headers lets go of the source."""
    response = client.get(path)
    response.close()
    assert released()


@PATHS
def test_finished_stream_releases_the_source(
    client: FlaskClient, released: Callable[[], bool], path: str
) -> None:
    """After its last byte a stream holds nothing of its source."""
    response = client.get(path)
    assert response.text.endswith("more")
    assert released()
    response.close()


def test_head_starts_no_generator(app: Flask, client: FlaskClient) -> None:
    """HEAD runs nothing of the generator, and no signal tells of a stream."""
    told = []

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            told.append("started")
            yield "a"

        return Response(stream_with_context(generate()))

    def finished(sender: Flask, **facts: Any) -> None:
        told.append("finished")

    with stream_finished.connected_to(finished, app):
        client.head("/").close()
    assert told == []


@pytest.fixture
def cleanups(app: Flask) -> list[str]:
    """Return what the ``finally`` of the stream at ``/`` sees of its contexts."""
    seen: list[str] = []

    @app.get("/")
    def view() -> Response:
        g.unit = "km"

        def generate() -> Iterator[str]:
            try:
                yield "a"
                yield "b"
            finally:
                seen.append(f"{request.path} {g.unit}")

        response = Response(stream_with_context(generate()))
        if "fail" in request.args:
            abort(409)
        if "rows" in request.if_none_match:
            response.status_code = 304
        return response

    return seen


def test_cleanup_of_a_replaced_stream_has_its_context(
    app: Flask, client: FlaskClient, cleanups: list[str]
) -> None:
    """A stream whose response was replaced cleans up with ``request`` and ``g``."""
    app.after_request(lambda response: Response("maintenance", 503))
    response = client.get("/")
    assert (response.status_code, response.text) == (503, "maintenance")
    response.close()
    assert cleanups == ["/ km"]


def test_cleanup_of_a_stream_that_the_view_gave_up_has_its_context(
    client: FlaskClient, cleanups: list[str]
) -> None:
    """A view that fails after it made its stream answers with its error's page."""
    response = client.get("/?fail")
    assert response.status_code == 409
    response.close()
    assert cleanups == ["/ km"]


def test_cleanup_of_an_unchanged_stream_has_its_context(
    client: FlaskClient, cleanups: list[str]
) -> None:
    """A stream that a 304 does not send cleans up with ``request`` and ``g``."""
    response = client.get("/", headers={"If-None-Match": '"rows"'})
    assert response.status_code == 304
    response.close()
    assert cleanups == ["/ km"]


def test_failing_cleanup_of_a_replaced_stream_changes_no_answer(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """What a stream that is not sent raises as it closes goes to the log alone."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            try:
                yield "a"
            finally:
                raise OSError("cannot close")

        return Response(stream_with_context(generate()))

    app.after_request(lambda response: Response("maintenance", 503))
    response = client.get("/")
    assert (response.status_code, response.text) == (503, "maintenance")
    assert "cannot close" in caplog.text


def test_cleanup_of_a_disconnected_stream_has_its_context(
    client: FlaskClient, cleanups: list[str]
) -> None:
    """A stream that its client left cleans up with ``request`` and ``g``."""
    client.get("/").close()
    assert cleanups == ["/ km"]


def test_response_that_reads_its_stream_is_no_stream(
    app: Flask, client: FlaskClient
) -> None:
    """A response class may read the whole stream to compute a header from it."""

    class Digested(Response):
        def get_wsgi_headers(self, environ: Any) -> Any:
            headers = super().get_wsgi_headers(environ)
            headers["X-Digest"] = str(sum(self.get_data()))
            return headers

    @app.get("/")
    def view() -> Response:
        return Digested(iter(["a", "b"]))

    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["X-Digest"] == str(ord("a") + ord("b"))
    assert response.text == "ab"


def test_stream_that_the_view_reads_itself(app: Flask, client: FlaskClient) -> None:
    """A view may use a stream with context as an iterator of its own."""

    @app.get("/")
    def view() -> str:
        return "".join(stream_with_context(iter(["a", "b"])))

    assert client.get("/").text == "ab"


def test_two_streams_in_one_response(app: Flask, client: FlaskClient) -> None:
    """A response may chain streams with context; both keep it."""

    @app.get("/")
    def view() -> Response:
        def generate(letter: str) -> Iterator[str]:
            yield letter + request.path
            yield letter + request.path

        first, second = (stream_with_context(generate(letter)) for letter in "ab")

        def both() -> Iterator[str]:
            yield from first
            yield from second

        return Response(both())

    assert client.get("/").text == "a/a/b/b/"


# What is not joined, pulled early, or streamed at all


@ANY_SOURCE
def test_event_stream_starts_before_its_first_event(app: Flask, wrap: Any) -> None:
    """``text/event-stream`` has its headers before there is any event."""
    statuses, asked_for = [], []

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            asked_for.append("an event")
            yield "data: 0\n\n"

        return Response(wrap(generate()), mimetype="text/event-stream")

    environ = create_environ("/", headers={"Accept": "text/event-stream"})
    body = app(environ, lambda status, *_: statuses.append(status))
    assert (statuses, asked_for) == (["200 OK"], [])
    assert b"".join(body) == b"data: 0\n\n"


@ANY_SOURCE
def test_each_event_arrives_before_the_next_exists(
    app: Flask, serve: Callable[[Any], str], wrap: Any
) -> None:
    """Events that come one after the other at any pace are each seen at once."""
    events: queue.Queue[str | None] = queue.Queue()

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield from iter(events.get, None)

        return Response(wrap(generate()), mimetype="text/event-stream")

    asked = Request(serve(app), headers={"Accept": "text/event-stream"})
    events.put("data: 0\n\n")
    with urlopen(asked, timeout=20) as response:
        for number in range(40):
            assert response.readline() == f"data: {number}\n".encode()
            assert response.readline() == b"\n"
            events.put(f"data: {number + 1}\n\n")
        events.put(None)
        assert response.read() == b"data: 40\n\n"


def test_events_are_never_joined(app: Flask, client: FlaskClient) -> None:
    """However fast events come, each is a chunk of its own."""
    events = [f"data: {number}\n\n" for number in range(100)]

    @app.get("/")
    def view() -> Response:
        return Response(iter(events), mimetype="text/event-stream")

    chunks = list(client.get("/").iter_encoded())
    assert chunks == [event.encode() for event in events]


def test_async_generator_is_an_error_that_names_the_cure(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """An asynchronous generator is a 500, and the log says what to do instead."""

    @app.get("/")
    def view() -> Response:
        async def generate() -> AsyncIterator[str]:
            yield "a"

        return Response(generate())  # type: ignore[arg-type]

    assert client.get("/").status_code == 500
    assert "streams async_generator, which is asynchronous" in caplog.text


def test_wrong_first_item_is_a_500_that_names_it(
    app: Flask, client: FlaskClient
) -> None:
    """A first item that is no text is an ordinary error of the request."""
    app.testing = True

    @app.get("/")
    def view() -> Response:
        return Response(iter([1, 2]))  # type: ignore[list-item]

    with pytest.raises(ItemError, match="Item 1 of the stream is int"):
        client.get("/")


@pytest.mark.parametrize("kind", ["str", "bytes", "list", "json", "empty", "tuple"])
def test_whole_responses_are_left_alone(
    app: Flask, client: FlaskClient, kind: str
) -> None:
    """A response whose bytes are all there is not streamed: it has its length."""
    values: dict[str, Any] = {
        "str": "é",
        "bytes": b"ab",
        "list": Response(["a", "b"]),
        "json": {"a": 1},
        "empty": ("", 204),
        "tuple": Response(("a", "b")),
    }
    told = []
    app.add_url_rule("/", "view", lambda: values[kind])

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        response = client.get("/")
    assert told == []
    plain = Flask("tests.plain")
    plain.add_url_rule("/", "view", lambda: values[kind])
    expected = plain.test_client().get("/")
    assert response.data == expected.data
    assert list(response.headers) == list(expected.headers)


def test_redirect_of_the_router_is_no_stream(app: Flask, client: FlaskClient) -> None:
    """The page that Flask redirects with is not told of as a stream."""
    told = []
    app.add_url_rule("/rows/", "view", lambda: "rows")

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        response = client.get("/rows")
        assert response.status_code == 308
        assert "Redirecting" in response.text
    assert told == []


@pytest.mark.parametrize("status", [404, 500])
def test_error_page_is_no_stream(app: Flask, client: FlaskClient, status: int) -> None:
    """The pages that answer errors are not told of as streams."""
    told = []
    app.add_url_rule("/", "view", lambda: abort(status))

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        response = client.get("/")
        assert response.status_code == status
        assert response.data
    assert told == []


def test_operator_is_warned_once(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """On a server that hides a cut, one warning says so, however many streams run."""
    app.add_url_rule("/", "view", lambda: Response(iter("ab")))
    for _ in range(3):
        assert client.get("/", environ_base={"uwsgi.version": b"2"}).text == "ab"
    warnings = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert [record.name for record in warnings] == [app.logger.name]
    assert "uWSGI" in caplog.text


def test_operator_is_not_warned_without_streams(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """An application that does not stream is not warned of anything."""
    app.add_url_rule("/", "view", lambda: "text")
    assert client.get("/", environ_base={"uwsgi.version": b"2"}).text == "text"
    assert caplog.text == ""


def test_stream_outside_a_request_is_an_error() -> None:
    """``stream_with_context`` without a request is an error, as it is in Flask."""
    with pytest.raises(RuntimeError, match="request context is active"):
        stream_with_context(iter("ab"))


def test_application_called_inside_a_view_has_its_own_exchange(
    app: Flask, client: FlaskClient
) -> None:
    """A view may call another application with its environ; both streams arrive."""
    other = Flask("tests.other")
    Outpour(other)

    @other.get("/inner")
    def inner() -> Response:
        return Response(stream_with_context(current_app.name for _ in range(2)))

    @app.get("/inner")
    def outer() -> Response:
        def generate() -> Iterator[str]:
            yield current_app.name
            body, _, _ = run_wsgi_app(other, request.environ)
            yield b"".join(body).decode()
            yield current_app.name

        return Response(stream_with_context(generate()))

    assert client.get("/inner").text == "tests.apptests.othertests.othertests.app"


@ANY_SOURCE
def test_response_within_the_first_item_is_read_whole(
    app: Flask, client: FlaskClient, wrap: Callable[..., Any]
) -> None:
    """What the first chunk has begun is not given up before it is sent."""
    rows = [{"id": number} for number in range(3000)]
    closed: list[str] = []

    @app.get("/")
    def view() -> Response:
        context = app.test_request_context() if wrap is iter else nullcontext()

        def generate() -> Iterator[bytes]:
            with context:
                inner = stream_rows(rows, "csv")
            inner.call_on_close(lambda: closed.append("inner"))
            try:
                yield from inner.iter_encoded()
            finally:
                inner.close()

        return Response(wrap(generate()))

    assert client.get("/").data.count(b"\n") == 3001
    assert closed == ["inner"]
