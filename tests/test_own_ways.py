"""Tests of response classes that have their own way from the items to the server.

The reference is the same class on plain Flask.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from itertools import chain
from typing import Any

import flask
import pytest
from flask import Flask
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import Outpour
from flask_outpour import Response
from flask_outpour import stream_with_context
from flask_outpour.sources import close_source


class EncodesJSON(flask.Response):
    def iter_encoded(self) -> Iterator[bytes]:
        for item in self.response:
            yield json.dumps(item).encode() + b"\n"


class EncodesLatin1(flask.Response):
    def iter_encoded(self) -> Iterator[bytes]:
        return (str(item).encode("latin-1") for item in self.response)


class Numbers(flask.Response):
    number = 0

    def iter_encoded(self) -> Iterator[bytes]:
        for item in super().iter_encoded():
            self.number += 1
            yield b"%d:" % self.number + item

    def close(self) -> None:
        super().close()
        self.headers.set("X-Numbers", str(self.number))


class ReadsItsItemsEarly(flask.Response):
    def iter_encoded(self) -> Iterator[bytes]:
        items = iter(self.response)
        first = next(items, "")
        return (str(item).upper().encode() for item in chain([first], items))


class Surrounds(flask.Response):
    def get_app_iter(self, environ: Any) -> Iterable[bytes]:
        body = super().get_app_iter(environ)
        try:
            yield b"<"
            yield from body
            yield b">"
        finally:
            body.close()  # type: ignore[attr-defined]


class EncodesInGetAppIter(flask.Response):
    def get_app_iter(self, environ: Any) -> Iterable[bytes]:
        for item in self.response:
            yield str(item).encode("utf-16")


class CallsItself(flask.Response):
    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        self.headers["X-Called"] = "yes"
        return map(bytes.upper, super().__call__(environ, start_response))


class AnswersByAList(flask.Response):
    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        return list(super().__call__(environ, start_response))


class CountsInItsHeaders(flask.Response):
    def get_wsgi_headers(self, environ: Any) -> Any:
        headers = super().get_wsgi_headers(environ)
        headers["Content-Length"] = "20"
        return headers


class AnswersTheWSGICall(flask.Response):
    def get_wsgi_response(self, environ: Any) -> Any:
        _, status, headers = super().get_wsgi_response(environ)
        return (str(item).encode() + b"!" for item in self.response), status, headers


class OursNumbers(Numbers, Response):
    """The same under our own class."""


KINDS: list[type[flask.Response]] = [
    EncodesJSON,
    EncodesLatin1,
    Numbers,
    ReadsItsItemsEarly,
    Surrounds,
    EncodesInGetAppIter,
    CallsItself,
    AnswersByAList,
    CountsInItsHeaders,
    AnswersTheWSGICall,
    OursNumbers,
]
any_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def answer(
    kind: type[flask.Response],
    wrap: Callable[[Iterator[str]], Iterator[str]],
    *,
    outpour: bool,
    error: Exception | None = None,
    method: str = "GET",
) -> tuple[Any, ...]:
    """Return all that a server is given, and what was closed, of a view of a class."""
    app = Flask("tests.own_ways")
    app.config["OUTPOUR_COMPRESS"] = True
    told: list[str] = []
    if outpour:
        Outpour(app)
    app.response_class = kind
    app.teardown_request(lambda error: told.append("teardown"))

    def items() -> Iterator[str]:
        try:
            for number in range(5):
                yield f"é{number},"
            if error is not None:
                raise error
        finally:
            told.append("closed")

    @app.route("/", methods=["GET", "HEAD"])
    def view() -> flask.Response:
        response = kind(wrap(items()))
        response.call_on_close(lambda: told.append("on close"))
        return response

    headers = {"Accept-Encoding": "gzip"}
    environ = create_environ("/", method=method, headers=headers)
    data, status, met = b"", None, None
    sent: Any = {}
    body: Any = ()
    try:
        body, status, sent = run_wsgi_app(app, environ)
        for chunk in body:
            data += chunk
    except Exception as raised:
        met = raised
    finally:
        close_source(body)
    return data, status, sorted(sent), met, sorted(told)


@any_kind
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("wrap", [iter, flask.stream_with_context])
def test_methods_of_a_class_are_honoured(
    kind: type[flask.Response], wrap: Any, method: str
) -> None:
    """What the class makes of its items is sent, with its fields, as on plain Flask."""
    plain = answer(kind, wrap, outpour=False, method=method)
    ours = answer(kind, wrap, outpour=True, method=method)
    assert ours == plain


@any_kind
def test_a_kept_stream_of_a_class_is_the_same(kind: type[flask.Response]) -> None:
    """With our ``stream_with_context`` the bytes are those of Flask's."""
    plain = answer(kind, flask.stream_with_context, outpour=False)
    ours = answer(kind, stream_with_context, outpour=True)
    assert ours[:3] == plain[:3]


@any_kind
def test_failure_in_a_stream_of_a_class_is_the_same(kind: type[flask.Response]) -> None:
    """What came before the error is sent, and the error cuts, as on plain Flask."""
    error = ValueError("disk on fire")
    plain = answer(kind, iter, outpour=False, error=error)
    ours = answer(kind, iter, outpour=True, error=error)
    assert ours == plain


def test_items_of_a_class_are_joined() -> None:
    """A class with its own way is as fast as others."""
    app = Flask("tests.own_ways")
    Outpour(app)

    @app.get("/")
    def view() -> flask.Response:
        return EncodesLatin1("x" * 80 for _ in range(20_000))

    assert len(list(app.test_client().get("/").response)) < 20_000


def test_method_of_one_response_is_honoured() -> None:
    """So is a method that is set on a single response."""
    app = Flask("tests.own_ways")
    Outpour(app)

    @app.get("/")
    def view() -> flask.Response:
        response = flask.Response(iter("abc"))
        response.iter_encoded = lambda: iter([b"mine"])  # type: ignore[method-assign]
        return response

    assert app.test_client().get("/").data == b"mine"


@any_kind
def test_first_item_that_fails_has_its_page(kind: type[flask.Response]) -> None:
    """An error before the first byte is a 500 with a page, whatever the class."""
    app = Flask("tests.own_ways")
    Outpour(app)

    def items() -> Iterator[str]:
        raise ValueError("no first item")
        yield ""

    app.add_url_rule("/", "view", lambda: kind(items()))
    if kind in (ReadsItsItemsEarly, AnswersByAList):
        # They fail while Flask calls them, where it answers nothing: the server does.
        with pytest.raises(ValueError, match="no first item"):
            app.test_client().get("/")
        return
    response = app.test_client().get("/")
    if kind is Surrounds:
        # Its first bytes are there.
        assert response.status_code == 200
        with pytest.raises(ValueError, match="no first item"):
            response.get_data()
    else:
        assert response.status_code == 500
        assert b"Internal Server Error" in response.data


def test_stream_of_a_class_given_up_is_closed() -> None:
    """A stream that another response replaces is closed, whatever its class."""
    app = Flask("tests.own_ways")
    Outpour(app)
    closed: list[str] = []

    class Source:
        def __iter__(self) -> Iterator[str]:
            return iter("ab")

        def close(self) -> None:
            closed.append("closed")

    @app.get("/")
    def view() -> flask.Response:
        return EncodesJSON(Source())

    def fail(sender: Flask, **_: Any) -> None:
        raise ValueError("after the response was made")

    with flask.request_finished.connected_to(fail, app):
        assert app.test_client().get("/").status_code == 500
    assert closed == ["closed"]
