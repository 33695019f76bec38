"""Tests of the one line: what it serves, what it leaves alone, its off switches."""

from __future__ import annotations

import gc
import io
import weakref
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
from flask import g
from flask import request
from flask import Response
from flask import send_file
from flask.testing import FlaskClient
from flask.views import View
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app
from werkzeug.wsgi import wrap_file

import flask_outpour
from flask_outpour import ConfigurationError
from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_with_context
from flask_outpour.exchange import is_exempt_request

ROWS = [f"{number},row\n" for number in range(1_000)]
CONTENT = bytes(range(256)) * 400


def chunks_of(app: Any, path: str = "/", **environ: Any) -> list[bytes]:
    """Return the chunks that a server would send."""
    body, _, _ = run_wsgi_app(app, {**create_environ(path), **environ})
    chunks = list(body)
    body.close()  # type: ignore[attr-defined]
    return chunks


def is_joined(app: Flask, path: str = "/") -> bool:
    """Whether Outpour serves the rows of a view, in fewer chunks than rows."""
    chunks = chunks_of(app, path)
    assert b"".join(chunks) == "".join(ROWS).encode()
    return len(chunks) < len(ROWS)


def add_rows(app: Any, rule: str = "/") -> None:
    app.add_url_rule(rule, "rows", lambda: Response(iter(ROWS), mimetype="text/csv"))


# Set-up


def test_set_up_by_constructor() -> None:
    """``Outpour(app)`` is all that an application needs."""
    app = Flask("tests.extension")
    add_rows(app)
    assert not is_joined(app)
    Outpour(app)
    assert is_joined(app)


def test_set_up_by_factory() -> None:
    """One ``Outpour()`` can be given to several applications."""
    outpour = Outpour()
    for name in ("tests.first", "tests.second"):
        app = Flask(name)
        outpour.init_app(app)
        add_rows(app)
        assert is_joined(app)


def test_second_set_up_is_an_error(app: Flask) -> None:
    """An application that has Outpour already is told so."""
    with pytest.raises(ConfigurationError, match=r"tests\.app.* has Outpour already"):
        Outpour(app)


def test_application_without_outpour_is_untouched(app: Flask) -> None:
    """An application beside one that has Outpour streams as Flask does."""
    other = Flask("tests.other")
    add_rows(other)
    assert len(chunks_of(other)) == len(ROWS)


# Off switches


def add_views(app: Flask, keep: Any) -> None:
    """Add one view of each kind."""

    @app.get("/kept")
    def kept() -> Response:
        return Response(keep(f"{request.path}{n}" for n in range(50)))

    @app.get("/bare")
    def bare() -> tuple[Iterator[str], dict[str, str]]:
        return iter(ROWS), {"Content-Type": "text/csv"}

    @app.get("/file")
    def file() -> Response:
        return send_file(
            io.BytesIO(CONTENT), "application/x-data", etag=False, max_age=60
        )

    @app.get("/json")
    def json() -> list[int]:
        return [1, 2]

    @app.get("/text")
    def text() -> str:
        g.seen = True
        return "é"

    @app.get("/fails")
    def fails() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            raise ValueError

        return Response(generate())


def whole(
    app: Flask, method: str, path: str
) -> tuple[str, list[Any], list[bytes], str]:
    """Return status, headers, chunks and the error of a request."""
    client_environ = create_environ(path, method=method)
    body, status, headers = run_wsgi_app(app, client_environ)
    chunks, error = [], ""
    try:
        chunks.extend(body)
    except Exception as caught:
        error = repr(caught)
    finally:
        body.close()  # type: ignore[attr-defined]
    return status, list(headers), chunks, error


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path", ["/kept", "/bare", "/file", "/json", "/text", "/fails", "/none"]
)
def test_application_that_is_switched_off_is_plain_flask(
    method: str, path: str
) -> None:
    """With ``OUTPOUR_ENABLED = False`` every chunk and header is as without Outpour."""
    plain = Flask("tests.switch")
    add_views(plain, flask.stream_with_context)
    switched_off = Flask("tests.switch")
    switched_off.config["OUTPOUR_ENABLED"] = False
    Outpour(switched_off)
    add_views(switched_off, stream_with_context)
    assert whole(switched_off, method, path) == whole(plain, method, path)


@pytest.mark.parametrize("path", ["/kept", "/bare", "/file", "/json", "/text", "/none"])
def test_bytes_and_headers_are_those_of_flask(app: Flask, path: str) -> None:
    """With Outpour a client gets the same bytes and headers as without it."""
    plain = Flask("tests.switch")
    add_views(plain, flask.stream_with_context)
    add_views(app, flask.stream_with_context)
    status, headers, chunks, error = whole(app, "GET", path)
    expected = whole(plain, "GET", path)
    assert (status, headers, error) == (expected[0], expected[1], expected[3])
    assert b"".join(chunks) == b"".join(expected[2])


def test_switch_is_read_for_each_request(app: Flask) -> None:
    """The switch can be turned while the application runs."""
    add_rows(app)
    assert is_joined(app)
    app.config["OUTPOUR_ENABLED"] = False
    assert not is_joined(app)


def test_exempt_marks_a_view(app: Flask) -> None:
    """A view is known as exempt once it is marked, and no other view is."""

    def view() -> str:
        return ""

    app.add_url_rule("/", "view", view)
    with app.test_request_context():
        assert not is_exempt_request(app, request)
        assert Outpour.exempt(view) is view
        assert is_exempt_request(app, request)
    with app.test_request_context("/nowhere"):
        assert not is_exempt_request(app, request)


def test_exempt_view_is_served_by_flask(app: Flask) -> None:
    """A view marked with ``Outpour.exempt`` streams item by item, as Flask does."""

    @app.get("/")
    @Outpour.exempt
    def rows() -> Response:
        return Response(iter(ROWS))

    assert not is_joined(app)


def test_exempt_view_uses_flasks_contexts(app: Flask, client: FlaskClient) -> None:
    """In an exempt view our ``stream_with_context`` is Flask's own."""
    outpour = Outpour()
    kinds = []

    @app.get("/")
    @outpour.exempt
    def rows() -> Response:
        stream = stream_with_context(request.path for _ in range(2))
        kinds.append(type(stream))
        return Response(stream)

    assert client.get("/").text == "//"
    assert kinds == [type(i for i in ())]


def test_exempt_class_and_blueprint_views(app: Flask) -> None:
    """Views of classes and blueprints can be exempt, and others are not."""

    class Rows(View):
        def dispatch_request(self) -> Response:
            return Response(iter(ROWS))

    app.add_url_rule("/class", view_func=Outpour.exempt(Rows.as_view("class")))
    blueprint = Blueprint("of", __name__, url_prefix="/of")
    blueprint.add_url_rule(
        "/exempt", "exempt", Outpour.exempt(lambda: Response(iter(ROWS)))
    )
    add_rows(blueprint, "/rows")
    app.register_blueprint(blueprint)
    assert not is_joined(app, "/class")
    assert not is_joined(app, "/of/exempt")
    assert is_joined(app, "/of/rows")


# The application's life


def test_application_is_freed_without_collector() -> None:
    """Outpour does not keep an application alive when its last reference goes."""
    gc.collect()
    gc.disable()
    try:
        app = Flask("tests.freed")
        Outpour(app)
        left = weakref.ref(app)
        del app
        assert left() is None
    finally:
        gc.enable()


def test_served_application_is_freed(monkeypatch: pytest.MonkeyPatch) -> None:
    """An application that has served streams is freed with its last reference."""
    # The detector of leaks would keep the body, and with it the application.
    monkeypatch.undo()
    app = Flask("tests.freed")
    Outpour(app)
    add_rows(app)
    with app.test_client() as client:
        assert client.get("/").text == "".join(ROWS)
    left = weakref.ref(app)
    del app, client
    gc.collect()
    assert left() is None


def test_entrance_of_a_freed_application_says_so() -> None:
    """Serving the ``wsgi_app`` of an application that is gone names the cause."""
    app = Flask("tests.freed")
    Outpour(app)
    entrance = app.wsgi_app
    del app
    gc.collect()
    with pytest.raises(RuntimeError, match="application of this wsgi_app is gone"):
        entrance(create_environ("/"), lambda *_: None)  # type: ignore[arg-type, return-value]


# Other software


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


def test_caching_stores_what_it_can(app: Flask, client: FlaskClient) -> None:
    """Flask-Caching beside Outpour caches a text, and streams still arrive."""
    caching = pytest.importorskip("flask_caching")
    cache = caching.Cache(app, config={"CACHE_TYPE": "SimpleCache"})
    calls = []

    @app.get("/text")
    @cache.cached()
    def text() -> str:
        calls.append("text")
        return "cached"

    @app.get("/rows")
    @cache.cached(unless=lambda: True)
    def rows() -> Response:
        return Response(stream_with_context(request.path for _ in range(3)))

    assert [client.get("/text").text for _ in range(2)] == ["cached", "cached"]
    assert calls == ["text"]
    for _ in range(2):
        assert client.get("/rows").text == "/rows" * 3


@pytest.mark.parametrize("keep", [iter, stream_with_context, flask.stream_with_context])
@pytest.mark.parametrize("algorithm", ["gzip", "br", "zstd", "identity"])
def test_compress_keeps_the_bytes(
    app: Flask, serve: Callable[[Any], str], keep: Any, algorithm: str
) -> None:
    """Flask-Compress beside Outpour compresses streams, and no byte is lost."""
    compress = pytest.importorskip("flask_compress")
    compress.Compress(app)
    finished = []

    @app.get("/")
    def rows() -> Response:
        def generate() -> Iterator[str]:
            try:
                yield from ROWS
            finally:
                finished.append(True)

        return Response(keep(generate()), mimetype="text/csv")

    asked = flask_request(serve(app), algorithm)
    with urlopen(asked, timeout=20) as response:
        encoding = response.headers["Content-Encoding"]
        data = response.read()
    if encoding is not None:
        assert encoding == algorithm
        assert len(data) < len("".join(ROWS))
        data = decompressed(encoding, data)
    assert data == "".join(ROWS).encode()
    assert finished == [True]


def flask_request(url: str, algorithm: str) -> Any:
    from urllib.request import Request

    return Request(url, headers={"Accept-Encoding": algorithm})


def decompressed(encoding: str, data: bytes) -> bytes:
    if encoding == "gzip":
        import gzip

        return gzip.decompress(data)
    if encoding == "br":
        import brotli

        return brotli.decompress(data)  # type: ignore[no-any-return]
    zstd = pytest.importorskip("backports.zstd")
    return zstd.decompress(data)  # type: ignore[no-any-return]


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
