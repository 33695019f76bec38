"""Tests beside other software: mounts, middleware, response classes, files."""

from __future__ import annotations

import io
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import flask
import pytest
from flask import Blueprint
from flask import Flask
from flask import request
from flask import Response
from flask import send_file
from flask.testing import FlaskClient
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.test import create_environ
from werkzeug.wsgi import wrap_file

import flask_outpour
from chunks import add_rows
from chunks import chunks_of
from chunks import is_joined
from chunks import ROWS
from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_with_context

CONTENT = bytes(range(256)) * 400


def test_blueprint_streams(app: Flask) -> None:
    """A stream of a blueprint, and of a nested one, is served like any other."""
    outer, inner = Blueprint("outer", __name__), Blueprint("inner", __name__)
    add_rows(inner, "/rows")
    outer.register_blueprint(inner, url_prefix="/inner")
    app.register_blueprint(outer, url_prefix="/outer")
    assert is_joined(app, "/outer/inner/rows")


def test_dispatcher_serves_two_applications(app: Flask) -> None:
    """Two applications with Outpour under one dispatcher keep their own contexts."""
    other = Flask("tests.other")
    Outpour(other)
    told = []

    def add(to: Flask) -> None:
        @to.get("/")
        def rows() -> Response:
            return Response(
                stream_with_context(
                    f"{flask.current_app.name} {request.script_root} " for _ in range(2)
                )
            )

        @stream_finished.connect_via(to)
        def finished(sender: Flask, **facts: Any) -> None:
            told.append(sender.name)

        # A receiver is referred to weakly.
        to.extensions["receiver"] = finished

    add(app)
    add(other)
    client = Client(DispatcherMiddleware(app, {"/other": other}))
    assert client.get("/").text == "tests.app  tests.app  "
    assert client.get("/other/").text == "tests.other /other tests.other /other "
    assert told == ["tests.app", "tests.other"]


def test_application_mounted_inside_another(app: Flask) -> None:
    """An application under the ``wsgi_app`` of one that has Outpour streams too."""
    mounted = Flask("tests.mounted")
    Outpour(mounted)
    add_rows(mounted)
    host = Flask("tests.host")
    host.wsgi_app = DispatcherMiddleware(host.wsgi_app, {"/mounted": mounted})  # type: ignore[method-assign]
    Outpour(host)
    add_rows(host, "/own")
    assert is_joined(host, "/mounted/")
    assert is_joined(host, "/own")


def test_inner_middleware_may_start_late() -> None:
    """A middleware that calls Flask when it is first iterated still works."""
    app = Flask("tests.late")
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        yield from inner(environ, start_response)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    Outpour(app)

    @app.get("/")
    def rows() -> Response:
        return Response(stream_with_context(request.path for _ in range(2)))

    statuses: list[str] = []
    body = app(create_environ("/"), lambda status, *_: statuses.append(status))
    assert b"".join(body) == b"//"
    assert statuses == ["200 OK"]


def test_outer_middleware_may_wrap_the_body(app: Flask) -> None:
    """A middleware set up after Outpour may change the chunks on their way."""
    add_rows(app)
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        body = inner(environ, start_response)
        try:
            for chunk in body:
                yield chunk.upper()
        finally:
            body.close()  # type: ignore[attr-defined]

    app.wsgi_app = middleware  # type: ignore[method-assign]
    assert b"".join(chunks_of(app)) == "".join(ROWS).upper().encode()


def test_response_class_assigned_after_set_up(app: Flask) -> None:
    """An application may set its ``response_class`` after ``Outpour(app)``."""

    class CSV(Response):
        default_mimetype = "text/csv"

    app.response_class = CSV
    app.add_url_rule("/", "rows", lambda: iter(ROWS))
    assert is_joined(app)
    with app.test_client().head("/") as response:
        assert response.mimetype == "text/csv"


def test_response_class_of_an_application_class() -> None:
    """A subclass of Flask with its own ``response_class`` streams like any other."""

    class Tagged(Response):
        def get_wsgi_headers(self, environ: Any) -> Any:
            headers = super().get_wsgi_headers(environ)
            headers["X-Path"] = environ["PATH_INFO"]
            return headers

    class Application(Flask):
        response_class = Tagged

    app = Application("tests.class")
    Outpour(app)
    app.add_url_rule("/", "rows", lambda: iter(ROWS))
    assert is_joined(app)
    with app.test_client().head("/") as response:
        assert response.headers["X-Path"] == "/"


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        (None, 200, 0, None),
        ("bytes=0-9", 206, 0, 10),
        ("bytes=1000-", 206, 1000, None),
        ("bytes=-5", 206, len(CONTENT) - 5, None),
    ],
)
@pytest.mark.parametrize("by", ["send_file", "wrap_file"])
def test_ranges_of_a_file(
    app: Flask,
    client: FlaskClient,
    tmp_path: Path,
    by: str,
    asked: str | None,
    status: int,
    start: int,
    stop: int | None,
) -> None:
    """Whole files and ranges of them are the bytes that plain Flask sends."""
    path = tmp_path / "data.bin"
    path.write_bytes(CONTENT)

    @app.get("/send_file")
    def by_send_file() -> Response:
        return send_file(path)

    @app.get("/wrap_file")
    def by_wrap_file() -> Response:
        response = Response(wrap_file(request.environ, path.open("rb")))
        response.content_length = len(CONTENT)
        return response.make_conditional(
            request, accept_ranges=True, complete_length=len(CONTENT)
        )

    headers = {"Range": asked} if asked else {}
    with client.get(f"/{by}", headers=headers) as response:
        assert response.status_code == status
        assert response.data == CONTENT[start:stop]
        assert response.content_length == len(CONTENT[start:stop])


def test_wrapped_file_is_closed(app: Flask, client: FlaskClient) -> None:
    """A file given by ``wrap_file`` is closed at the end, however that comes."""
    files = []

    @app.get("/")
    def file() -> Response:
        files.append(io.BytesIO(CONTENT))
        return Response(wrap_file(request.environ, files[-1]))

    assert client.get("/").data == CONTENT
    client.get("/").close()
    client.head("/").close()
    assert [file.closed for file in files] == [True, True, True]


def test_direct_passthrough_is_left_to_the_server(app: Flask) -> None:
    """A response that the server is to send itself is not touched."""
    body = [b"a", b"b"]

    class ServersOwn:
        """What a server would recognise, and send by itself."""

        def __iter__(self) -> Iterator[bytes]:
            return iter(body)

    own = ServersOwn()
    app.add_url_rule("/", "own", lambda: Response(own, direct_passthrough=True))  # type: ignore[arg-type]
    assert app(create_environ("/"), lambda *_: None) is own  # type: ignore[arg-type, return-value]


def test_static_files_are_served(tmp_path: Path) -> None:
    """Flask's own static view works, also conditionally."""
    (tmp_path / "page.txt").write_text("static")
    app = Flask("tests.static", static_folder=tmp_path, static_url_path="/static")
    Outpour(app)
    client = app.test_client()
    with client.get("/static/page.txt") as response:
        assert response.text == "static"
        etag = response.headers["ETag"]
    with client.get("/static/page.txt", headers={"If-None-Match": etag}) as response:
        assert response.status_code == 304


def test_several_applications_at_once(serve: Callable[[Any], str]) -> None:
    """Applications of one process with other settings do not mix them up."""
    sizes = (1, 100, 65_536)
    counts = []
    for size in sizes:
        app = Flask(f"tests.size{size}")
        app.config["OUTPOUR_CHUNK_SIZE"] = size
        Outpour(app)
        add_rows(app)
        counts.append(len(chunks_of(app)))
        with urlopen(serve(app), timeout=20) as response:
            assert response.read() == "".join(ROWS).encode()
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == len(ROWS)


def test_shared_view_serves_two_applications(app: Flask) -> None:
    """Our ``stream_with_context`` is Flask's own in an application without Outpour."""
    plain = Flask("tests.plain")

    def rows() -> Response:
        return Response(flask_outpour.stream_with_context(request.path for _ in "ab"))

    for each in (app, plain):
        each.add_url_rule("/", "rows", rows)
        assert each.test_client().get("/").text == "//"
