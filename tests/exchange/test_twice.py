"""Tests of responses that an application itself passes through Flask's functions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import current_app
from flask import Flask
from flask import request
from flask import Response
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_with_context


def items() -> Iterator[str]:
    yield from ("one ", "two ", "three")


def inner() -> Response:
    """Answer a request of the application's to itself."""
    environ = {**request.environ, "PATH_INFO": "/items"}
    with current_app.request_context(environ):
        return current_app.full_dispatch_request()  # type: ignore[attr-defined]


VIEWS: dict[str, Callable[[], Any]] = {
    "processed": lambda: current_app.process_response(Response(items())),  # type: ignore[attr-defined]
    "finalized": lambda: current_app.finalize_request(items()),  # type: ignore[attr-defined]
    "processed with context": lambda: current_app.process_response(  # type: ignore[attr-defined]
        Response(stream_with_context(items()))
    ),
    "forwarded": inner,
    "wrapped": lambda: Response(map(bytes.upper, inner().iter_encoded())),
    "wrapped again": lambda: Response(
        item
        for item in current_app.process_response(Response(items())).response  # type: ignore[attr-defined]
    ),
}


def answer(name: str, outpour: bool) -> tuple[int, bytes]:
    app = Flask("tests.twice")
    if outpour:
        Outpour(app)
    app.add_url_rule("/", "view", VIEWS[name])
    app.add_url_rule("/items", "items", lambda: Response(items()))
    response = app.test_client().get("/")
    return response.status_code, response.data


@pytest.mark.parametrize("name", VIEWS)
def test_response_that_is_processed_twice_is_whole(name: str) -> None:
    """What a view passes through ``process_response`` itself is plain Flask's."""
    assert answer(name, outpour=True) == answer(name, outpour=False)


@pytest.mark.parametrize("page", ["whole", "streamed"])
def test_stream_that_an_error_page_replaces_is_closed(app: Flask, page: str) -> None:
    """A stream is closed once, also where a streamed page takes its place."""
    closed: list[str] = []

    class Source:
        def __iter__(self) -> Iterator[str]:
            return items()

        def close(self) -> None:
            closed.append("closed")

    def fail(sender: Flask, **_: Any) -> None:
        raise ValueError("after the response was made")

    @app.errorhandler(500)
    def sorry(error: Exception) -> Any:
        return ("sorry" if page == "whole" else iter(["sor", "ry"])), 500

    app.add_url_rule("/", "view", lambda: Response(Source()))
    with flask.request_finished.connected_to(fail, app):
        environ = create_environ("/")
        environ["SERVER_SOFTWARE"] = "gunicorn/27"
        body, status, _ = run_wsgi_app(app, environ)
        assert (b"".join(body), status) == (b"sorry", "500 INTERNAL SERVER ERROR")
        body.close()  # type: ignore[attr-defined]
    assert closed == ["closed"]


@pytest.mark.parametrize("made", ["rows", "context"])
def test_exempt_view_that_is_called_late_empties_nothing(app: Flask, made: str) -> None:
    """A stream that was begun before an exempt view is called is sent."""

    @Outpour.exempt
    def other() -> str:
        return "pong"

    @app.get("/")
    def view() -> Any:
        if made == "rows":
            stream: Any = stream_rows(({"a": n} for n in range(2)), "csv")
        else:
            stream = stream_with_context(iter(["a\n", "0\n", "1\n"]))
        other()
        return stream

    assert app.test_client().get("/").data == b"a\n0\n1\n"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("condition", [None, "its own"])
def test_class_that_makes_its_tag_itself_does_so_for_head(
    method: str, condition: str | None
) -> None:
    """A class that reads its items for their tag has them for HEAD, as on Flask."""

    class Tagged(flask.Response):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            self.add_etag()
            self.make_conditional(environ)
            return super().__call__(environ, start_response)

    def ask(outpour: bool) -> tuple[Any, ...]:
        app = Flask("tests.tagged")
        if outpour:
            Outpour(app)
        app.add_url_rule("/", "view", lambda: Tagged(items()))
        client = app.test_client()
        tag = client.get("/").headers["ETag"]
        headers = {"If-None-Match": tag} if condition else {}
        response = client.open("/", method=method, headers=headers)
        return response.status_code, response.data, response.headers.get("ETag")

    assert ask(outpour=True) == ask(outpour=False)


#: Fails where what a failed stream has held is not free at once.
LETTING_GO = """
import gc, weakref
from contextlib import closing, suppress
from flask import Flask, Response
from flask_outpour import Outpour

app = Flask("letting_go")
Outpour(app)
left = []

class Rows:
    pass

@app.get("/")
def view():
    def generate():
        rows = Rows()
        left.append(weakref.ref(rows))
        yield from ["x"] * {before}
        raise ValueError("no more")

    return Response(generate())

# What has the error in its log has the stream, too.
app.logger.disabled = True
client = app.test_client()
gc.collect()
gc.disable()
with suppress(ValueError), closing(client.get("/")) as response:
    response.get_data()
response = None
assert left[0]() is None
"""


@pytest.mark.parametrize("before", [0, 1])
def test_failed_stream_is_let_go_without_the_collector(before: int) -> None:
    """What a stream that failed has held is free at once, as on plain Flask.

    In a process of its own: what reports errors, once it is set up, keeps them.
    """
    code = LETTING_GO.format(before=before)
    subprocess.run([sys.executable, "-X", "dev", "-c", code], check=True, timeout=60)
