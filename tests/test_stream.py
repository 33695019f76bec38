"""Tests of ``stream_with_context``: as wrapper, as decorator, and as an iterator."""

from __future__ import annotations

import gc
import logging
import weakref
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import Flask
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient

from flask_outpour import ItemError
from flask_outpour import stream_with_context


def test_wrapper_keeps_the_context(app: Flask, client: FlaskClient) -> None:
    """``stream_with_context(generate())`` keeps ``request`` for every item."""

    @app.get("/stream")
    def view() -> Iterator[str]:
        def generate() -> Iterator[str]:
            yield "Hello "
            yield request.args["name"]
            yield "!"

        return stream_with_context(generate())

    assert client.get("/stream?name=Ada").text == "Hello Ada!"


def test_decorator_keeps_the_context(app: Flask, client: FlaskClient) -> None:
    """``@stream_with_context`` does the same for a generator function."""

    @app.get("/stream")
    def view() -> Iterator[str]:
        @stream_with_context
        def generate(greeting: str, *, mark: str) -> Iterator[str]:
            yield greeting
            yield request.args["name"]
            yield mark

        return generate("Hello ", mark="!")

    assert client.get("/stream?name=Ada").text == "Hello Ada!"


def test_decorated_function_keeps_its_name() -> None:
    """A decorated function is still called what it was, with its docstring."""

    @stream_with_context
    def generate() -> Iterator[str]:
        """Yield a row."""
        yield ""

    assert generate.__name__ == "generate"
    assert generate.__doc__ == "Yield a row."


def test_decorated_view_outside_of_a_request_is_an_error() -> None:
    """A decorated function may be defined anywhere, but is called in a request."""

    @stream_with_context
    def generate() -> Iterator[str]:
        yield ""

    with pytest.raises(RuntimeError, match="request context"):
        generate()


@pytest.mark.parametrize(
    "source", [["a", "b"], ("a", "b"), iter(["a", "b"]), {"a": 1, "b": 2}]
)
def test_any_iterable_is_taken(app: Flask, client: FlaskClient, source: Any) -> None:
    """What can be iterated can be streamed, not generators alone."""
    app.add_url_rule("/", "view", lambda: stream_with_context(source))
    assert client.get("/").text == "ab"


def test_empty_source_is_an_empty_response(app: Flask, client: FlaskClient) -> None:
    """A stream without items is a whole, empty response."""
    app.add_url_rule("/", "view", lambda: stream_with_context(iter(())))
    response = client.get("/")
    assert (response.status_code, response.data) == (200, b"")


def test_first_item_is_made_in_the_view(app: Flask) -> None:
    """The first item exists when the view goes on, and only the first."""
    made = []

    def generate() -> Iterator[str]:
        for number in range(3):
            made.append(number)
            yield str(number)

    with app.test_request_context():
        # A context of its own is not a request that Outpour serves.
        flask_stream = stream_with_context(generate())
        assert made == []
        flask_stream.close()  # type: ignore[attr-defined]

    @app.get("/")
    def view() -> Response:
        stream = stream_with_context(generate())
        assert made == [0]
        return Response(stream)

    assert app.test_client().get("/").text == "012"


@pytest.mark.parametrize(
    ("method", "accept"), [("HEAD", "*/*"), ("GET", "text/event-stream")]
)
def test_first_item_is_left_for_later(app: Flask, method: str, accept: str) -> None:
    """HEAD and an ``EventSource`` make no item in the view."""
    made_in_view = []

    @app.route("/", methods=[method])
    def view() -> Response:
        made: list[str] = []
        stream = stream_with_context(made.append("item") or "a" for _ in "a")
        made_in_view.extend(made)
        return Response(stream, mimetype="text/event-stream")

    response = app.test_client().open("/", method=method, headers={"Accept": accept})
    assert made_in_view == []
    assert response.data == (b"" if method == "HEAD" else b"a")
    response.close()


def test_stream_can_be_stepped_and_closed(app: Flask, client: FlaskClient) -> None:
    """A view may take items itself, and close the stream; the source ends then."""
    ended = []

    @app.get("/")
    def view() -> list[str]:
        def generate() -> Iterator[str]:
            try:
                yield from "abc"
            finally:
                ended.append(request.path)

        stream: Any = stream_with_context(generate())
        taken = [next(stream), next(stream)]
        stream.close()
        stream.close()
        assert list(stream) == []
        return taken

    assert client.get("/").json == ["a", "b"]
    assert ended == ["/"]


def test_items_before_the_view_are_not_lost(app: Flask, client: FlaskClient) -> None:
    """A stream that the view has begun to read goes on where the view stopped."""

    @app.get("/")
    def view() -> Response:
        stream = stream_with_context(iter("abc"))
        first = next(stream)
        return Response(stream, headers={"X-First": first})

    response = client.get("/")
    assert (response.headers["X-First"], response.text) == ("a", "bc")


def test_stream_holds_no_item(app: Flask, client: FlaskClient) -> None:
    """The first item, made early, is let go when it has been sent."""

    class Text(str):
        """Text that can be referred to weakly."""

    left: list[weakref.ref[Text]] = []

    def generate() -> Iterator[str]:
        first = Text("a")
        left.append(weakref.ref(first))
        yield first
        del first
        for _ in range(3):
            yield "b"
        gc.collect()
        yield "gone" if left[0]() is None else "held"

    app.add_url_rule("/", "view", lambda: stream_with_context(generate()))
    assert client.get("/").text == "abbbgone"


@pytest.mark.parametrize("write", [True, False])
def test_late_write_to_the_session_is_warned_of(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture, write: bool
) -> None:
    """A write to ``session`` after the first item is lost, and the log says so."""

    @app.get("/")
    def view() -> Response:
        session["early"] = True

        def generate() -> Iterator[str]:
            session["first"] = True
            yield "a"
            if write:
                session["late"] = True
            yield str(sorted(session))

        return Response(stream_with_context(generate()))

    assert "early" in client.get("/").text
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == write
    assert all("wrote to the session after its first item" in w for w in warnings)
    with client.session_transaction() as saved:
        assert sorted(saved) == ["early", "first"]


def test_session_class_of_another_extension_works(
    app: Flask, client: FlaskClient
) -> None:
    """A session whose ``modified`` cannot be set streams like any other."""

    class Session(dict[str, Any], flask.sessions.SessionMixin):
        modified = property(lambda self: True)  # type: ignore[assignment]

    class Interface(flask.sessions.SessionInterface):
        def open_session(self, app: Any, request: Any) -> Session:
            return Session(user="ada")

        def save_session(self, app: Any, session: Any, response: Any) -> None:
            response.headers["X-Saved"] = session["user"]

    app.session_interface = Interface()

    @app.get("/")
    def view() -> Response:
        return Response(stream_with_context(session["user"] for _ in "ab"))

    response = client.get("/")
    assert (response.text, response.headers["X-Saved"]) == ("adaada", "ada")


@pytest.mark.parametrize(
    "keep", [stream_with_context, flask.stream_with_context], ids=["ours", "flask"]
)
def test_stream_may_run_through_other_iterators(
    app: Flask, client: FlaskClient, keep: Callable[..., Any]
) -> None:
    """A stream inside ``map`` or another generator keeps its context all the same."""

    @app.get("/")
    def view() -> Response:
        stream = keep(request.path for _ in range(3))
        return Response(map(str.upper, stream))

    app.add_url_rule("/rows", "rows", view)
    assert client.get("/rows").text == "/ROWS" * 3


def test_asynchronous_generator_is_refused_where_it_is_given(app: Flask) -> None:
    """The wrapper and the decorator say that a stream needs a plain generator."""

    async def generate() -> Any:
        yield "a"

    with app.test_request_context():
        with pytest.raises(ItemError, match="plain generator"):
            stream_with_context(generate())  # type: ignore[arg-type]
        with pytest.raises(ItemError, match="plain generator"):
            stream_with_context(generate)()  # type: ignore[arg-type]
