"""Tests of the contexts of a request: open until a stream's end, then gone."""

from __future__ import annotations

import contextvars
import http.client
import json
import queue
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.request import Request
from urllib.request import urlopen

import flask
import pytest
from flask import copy_current_request_context
from flask import current_app
from flask import Flask
from flask import g
from flask import has_app_context
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient
from werkzeug.debug import DebuggedApplication
from werkzeug.test import create_environ

import flask_outpour
from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_with_context
from processes import Server

BOTH_IMPORTS = pytest.mark.parametrize(
    "keep",
    [
        pytest.param(flask_outpour.stream_with_context, id="ours"),
        pytest.param(flask.stream_with_context, id="flask"),
    ],
)


def call(app: Any, path: str, **environ: Any) -> Iterator[bytes]:
    """Call the application as a server would; return the body."""
    body = app(
        {**create_environ(path), **environ}, lambda status, headers, exc_info=None: None
    )
    return body  # type: ignore[no-any-return]


def close(body: Any) -> None:
    body.close()


@pytest.fixture
def teardowns(app: Flask) -> list[str]:
    """Return the teardowns of the application as they happen."""
    told: list[str] = []

    @app.teardown_request
    def torn_down_request(error: BaseException | None) -> None:
        told.append(f"request {type(error).__name__}")

    @app.teardown_appcontext
    def torn_down_app(error: BaseException | None) -> None:
        told.append(f"app {type(error).__name__}")

    return told


# To the last byte


@BOTH_IMPORTS
def test_contexts_last_to_the_last_byte(
    app: Flask, client: FlaskClient, keep: Any
) -> None:
    """``request``, ``session``, ``g`` and ``current_app`` are there for every item."""
    seen_at_the_end = []

    def seen() -> str:
        return f"{request.args['name']} {session['user']} {g.unit} {current_app.name}\n"

    @app.get("/")
    def view() -> Response:
        session["user"] = "ada"
        g.unit = "km"

        def generate() -> Iterator[str]:
            try:
                for _ in range(3):
                    yield seen()
            finally:
                seen_at_the_end.append(seen())

        return Response(keep(generate()))

    line = "x ada km tests.app\n"
    assert client.get("/?name=x").text == line * 3
    assert seen_at_the_end == [line]


def test_contexts_are_gone_after_the_stream(
    app: Flask, client: FlaskClient, teardowns: list[str]
) -> None:
    """Nothing is left in the thread, and teardown ran once, after the last item."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            teardowns.append("last item")
            yield "b"

        return Response(stream_with_context(generate()))

    assert client.get("/").text == "ab"
    assert teardowns == ["last item", "request NoneType", "app NoneType"]
    assert not has_app_context()


def test_first_item_sees_the_context_of_the_view(
    app: Flask, client: FlaskClient
) -> None:
    """What a view binds in ``g`` before and after it makes the stream is seen."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield g.before
            yield g.after

        g.before = "before"
        stream = stream_with_context(generate())
        g.after = " after"
        return Response(stream)

    assert client.get("/").text == "before after"


def test_uploaded_file_is_readable_to_the_end(
    app: Flask, serve: Callable[[Any], str]
) -> None:
    """A stream can read a file that came with the request, which lies on disk."""

    @app.post("/")
    def view() -> Response:
        def generate() -> Iterator[bytes]:
            while part := request.files["file"].read(100_000):
                yield part

        return Response(stream_with_context(generate()))

    # Werkzeug keeps up to 500 kB of an upload in memory.
    content = bytes(range(256)) * 4_000
    disposition = b'Content-Disposition: form-data; name="file"; filename="x"'
    form = b"--b\r\n" + disposition + b"\r\n\r\n" + content + b"\r\n--b--\r\n"
    form_type = {"Content-Type": "multipart/form-data; boundary=b"}
    with urlopen(Request(serve(app), form, form_type), timeout=20) as response:
        assert response.read() == content


@BOTH_IMPORTS
def test_popped_view_argument_stays_popped(
    app: Flask, client: FlaskClient, keep: Any
) -> None:
    """What a URL value preprocessor took out of ``view_args`` does not come back."""

    @app.url_value_preprocessor
    def pull(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.language = (values or {}).pop("language")

    @app.get("/<language>/<int:page>")
    def view(page: int) -> Response:
        def generate() -> Iterator[str]:
            yield json.dumps([g.language, request.view_args])
            yield json.dumps([g.language, request.view_args])

        return Response(keep(generate()))

    text = json.dumps(["ru", {"page": 3}])
    if keep is stream_with_context:
        assert client.get("/ru/3").text == text * 2
    else:
        # Flask matches the URL again when it pushes its context for the stream.
        assert client.get("/ru/3").text.startswith('["ru", {')


def test_bare_generator_has_no_context(app: Flask, client: FlaskClient) -> None:
    """A generator that is not wrapped sees no request, as Flask documents."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield str(flask.has_request_context())
            yield str(flask.has_app_context())

        return Response(generate())

    assert client.get("/").text == "FalseFalse"


# Databases


class Connection(sqlite3.Connection):
    """A connection of SQLite that counts how often it is closed."""

    closings = 0

    def close(self) -> None:
        self.closings += 1
        super().close()


@pytest.fixture
def database(app: Flask, tmp_path: Path) -> Callable[[], Connection]:
    """Return the ``get_db`` of Flask's tutorial, over a table of three rows."""
    file = tmp_path / "rows.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("create table rows (number integer)")
        connection.executemany("insert into rows values (?)", [(1,), (2,), (3,)])
    connection.close()
    connections: list[Connection] = []
    app.extensions["connections"] = connections

    def get_db() -> Connection:
        if "db" not in g:
            g.db = sqlite3.connect(file, factory=Connection)
            connections.append(g.db)
        return g.db  # type: ignore[no-any-return]

    @app.teardown_appcontext
    def close_db(error: BaseException | None) -> None:
        db = g.pop("db", None)
        if db is not None:
            db.close()

    return get_db


@pytest.fixture
def gate() -> queue.Queue[None]:
    """Return a queue on which a gated stream waits before each item."""
    return queue.Queue()


def gated(gate: queue.Queue[None], rows: Callable[[], Iterable[Any]]) -> Iterator[str]:
    for (number,) in rows():
        gate.get(timeout=20)
        yield f"{number}\n"


def read_gated(url: str, gate: queue.Queue[None]) -> list[bytes]:
    """Read three rows, each released once the one before it has arrived."""
    gate.put(None)
    lines = []
    with urlopen(url, timeout=20) as response:
        for _ in range(3):
            lines.append(response.readline())
            gate.put(None)
        assert response.read() == b""
    return lines


@pytest.mark.parametrize("opened", ["generator", "view"])
def test_tutorial_database_is_open_to_the_last_row(
    app: Flask,
    database: Callable[[], Connection],
    gate: queue.Queue[None],
    serve: Callable[[Any], str],
    opened: str,
) -> None:
    """The tutorial's ``get_db`` works in a stream; its connection is closed once."""

    @app.get("/")
    def view() -> Response:
        query = "select number from rows order by number"
        if opened == "view":
            cursor = database().execute(query)
            return Response(stream_with_context(gated(gate, lambda: cursor)))
        return Response(
            stream_with_context(gated(gate, lambda: database().execute(query)))
        )

    assert read_gated(serve(app), gate) == [b"1\n", b"2\n", b"3\n"]
    (connection,) = app.extensions["connections"]
    assert connection.closings == 1


def test_tutorial_database_is_closed_when_the_client_leaves(
    app: Flask, database: Callable[[], Connection]
) -> None:
    """A client that leaves after one row closes the connection, once."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            for (number,) in database().execute("select number from rows"):
                yield f"{number}\n"

        return Response(stream_with_context(generate()))

    body = call(app, "/")
    assert next(iter(body)) == b"1\n"
    (connection,) = app.extensions["connections"]
    assert connection.closings == 0
    close(body)
    close(body)
    assert connection.closings == 1


@pytest.mark.parametrize("begun", ["generator", "view"])
def test_sqlalchemy_query_streams_to_the_last_row(
    app: Flask,
    tmp_path: Path,
    gate: queue.Queue[None],
    serve: Callable[[Any], str],
    begun: str,
) -> None:
    """A query of Flask-SQLAlchemy streams its rows; its session goes at the end."""
    sqlalchemy = pytest.importorskip("flask_sqlalchemy")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'orders.sqlite'}"
    db = sqlalchemy.SQLAlchemy(app)
    orders = db.Table("orders", db.Column("number", db.Integer, primary_key=True))
    with app.app_context():
        db.create_all()
        db.session.execute(orders.insert(), [{"number": n} for n in (1, 2, 3)])
        db.session.commit()
    returned = []

    @app.get("/")
    def view() -> Response:
        query = db.select(orders).order_by("number").execution_options(yield_per=1)
        if begun == "view":
            result = db.session.execute(query)
            return Response(stream_with_context(gated(gate, lambda: result)))
        return Response(
            stream_with_context(gated(gate, lambda: db.session.execute(query)))
        )

    with app.app_context():
        db.event.listen(db.engine, "checkin", lambda *_: returned.append(True))
        engine = db.engine
    try:
        assert read_gated(serve(app), gate) == [b"1\n", b"2\n", b"3\n"]
        assert returned == [True]
        assert db.session.registry.registry == {}
    finally:
        engine.dispose()


def test_login_knows_the_user_to_the_end(app: Flask, client: FlaskClient) -> None:
    """Flask-Login's ``current_user`` is the same in the view and the last item."""
    login = pytest.importorskip("flask_login")
    manager = login.LoginManager(app)

    class User(login.UserMixin):  # type: ignore[misc, name-defined]
        id = "ada"

    manager.user_loader(lambda user_id: User() if user_id == "ada" else None)

    @app.get("/login")
    def log_in() -> str:
        login.login_user(User())
        return ""

    @app.get("/")
    @login.login_required
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield login.current_user.id
            yield login.current_user.id

        return Response(stream_with_context(generate()))

    assert client.get("/").status_code == 401
    client.get("/login")
    assert client.get("/").text == "adaada"


# Threads, tasks and tools


def test_copied_context_works_in_a_stream(app: Flask, client: FlaskClient) -> None:
    """``copy_current_request_context`` hands the request to a thread of a stream."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            for _ in range(2):

                @copy_current_request_context
                def work() -> str:
                    return request.args["name"]

                with ThreadPoolExecutor(1) as pool:
                    yield pool.submit(work).result()
                yield request.args["name"]

        return Response(stream_with_context(generate()))

    assert client.get("/?name=x").text == "xxxx"


@BOTH_IMPORTS
def test_async_view_streams_with_context(
    app: Flask, client: FlaskClient, teardowns: list[str], keep: Any
) -> None:
    """A stream that an async view made keeps the request like any other."""
    pytest.importorskip("asgiref")

    @app.get("/")
    async def view() -> Response:
        g.unit = "km"

        def generate() -> Iterator[str]:
            yield request.args["name"]
            yield g.unit

        return Response(keep(generate()))

    assert client.get("/?name=x").text == "xkm"
    assert not has_app_context()
    if keep is stream_with_context:
        assert teardowns == ["request NoneType", "app NoneType"]


@pytest.mark.parametrize("read", ["inside", "outside"])
def test_client_preserves_the_contexts(
    app: Flask, teardowns: list[str], read: str
) -> None:
    """Inside ``with client:`` the request of a stream can be looked at, as ever."""

    @app.get("/")
    def view() -> Response:
        g.unit = "km"

        def generate() -> Iterator[str]:
            yield g.unit
            yield request.args["name"]

        return Response(stream_with_context(generate()))

    with app.test_client() as client:
        response = client.get("/?name=x")
        assert request.args["name"] == "x"
        if read == "inside":
            assert response.text == "kmx"
        assert g.unit == "km"
    assert response.text == "kmx"
    assert not has_app_context()
    assert teardowns == ["request NoneType", "app NoneType"]


def test_client_preserves_the_contexts_of_the_last_request(app: Flask) -> None:
    """Several streams inside one ``with client:`` each have their own request."""

    @app.get("/")
    def view() -> Response:
        return Response(stream_with_context(iter([request.args["name"], "!"])))

    with app.test_client() as client:
        for name in "abc":
            assert client.get("/", query_string={"name": name}).text == f"{name}!"
            assert request.args["name"] == name
    assert not has_app_context()


@pytest.fixture
def debugged(app: Flask) -> DebuggedApplication:
    """Return the application as the development server's debugger serves it."""
    app.debug = True
    app.config["PROPAGATE_EXCEPTIONS"] = True
    return DebuggedApplication(app, evalex=True, pin_security=False)


def test_debugger_serves_streams(
    app: Flask, debugged: DebuggedApplication, serve: Callable[[Any], str]
) -> None:
    """Under Werkzeug's debugger a stream keeps its contexts to the last item."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield request.path
            yield current_app.name

        return Response(stream_with_context(generate()))

    with urlopen(serve(debugged), timeout=20) as response:
        assert response.read() == b"/tests.app"


@pytest.mark.parametrize("kept", [True, False])
def test_debugger_shows_an_error_before_the_first_item(
    app: Flask, debugged: DebuggedApplication, client: FlaskClient, kept: bool
) -> None:
    """The debugger's page, with status 500, tells of an error in a stream's start."""
    statuses = []

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            raise ValueError("no rows at all")
            yield ""

        return Response(stream_with_context(generate()) if kept else generate())

    body = debugged(create_environ("/"), lambda status, *_: statuses.append(status))
    page = b"".join(body).decode()
    assert statuses == ["500 INTERNAL SERVER ERROR"]
    assert "no rows at all" in page
    assert not has_app_context()


def test_debugger_leaves_nothing_in_the_thread(
    app: Flask, debugged: DebuggedApplication
) -> None:
    """After a stream that failed or was left, the thread has no context, even there."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            raise ValueError

        return Response(stream_with_context(generate()))

    assert b"".join(call(debugged, "/")).startswith(b"a")
    assert not has_app_context()
    contexts: list[Any] = []
    preserving = {"werkzeug.debug.preserve_context": contexts.append}
    body = call(app, "/", **preserving)
    next(iter(body))
    close(body)
    assert not has_app_context()
    # What a person then types into the debugger sees the request.
    with contexts[0], contexts[1]:
        assert request.path == "/"
    assert not has_app_context()


def traced_app(order: str) -> tuple[Flask, Any, Any]:
    """Return an application with Outpour and OpenTelemetry, its tracer and exporter."""
    pytest.importorskip("opentelemetry.instrumentation.flask")
    from opentelemetry.instrumentation.flask import FlaskInstrumentor
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import (
        InMemorySpanExporter,
    )

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = Flask("tests.tracing")
    if order == "tracing outside":
        Outpour(app)
    FlaskInstrumentor().instrument_app(app, tracer_provider=provider)
    if order == "tracing inside":
        Outpour(app)
    return app, provider.get_tracer("tests"), exporter


@pytest.mark.parametrize("order", ["tracing inside", "tracing outside"])
@pytest.mark.parametrize("ending", ["complete", "failed"])
def test_span_lasts_as_long_as_the_stream(order: str, ending: str) -> None:
    """OpenTelemetry's span of a request ends with its stream, and has its status."""
    app, tracer, exporter = traced_app(order)
    from opentelemetry import trace

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            with tracer.start_as_current_span("row"):
                yield "b"
            if ending == "failed":
                raise ValueError

        return Response(stream_with_context(generate()))

    body = call(app, "/")
    chunks = iter(body)
    assert next(chunks) == b"a"
    assert exporter.get_finished_spans() == ()
    assert next(chunks) == b"b"
    if ending == "failed":
        with pytest.raises(ValueError):
            next(chunks)
    else:
        assert list(chunks) == []
    close(body)
    row, server = exporter.get_finished_spans()
    assert (row.name, server.name) == ("row", "GET /")
    assert row.parent is not None
    assert row.parent.span_id == server.context.span_id
    failed = server.status.status_code is trace.StatusCode.ERROR
    assert failed == (ending == "failed")
    assert not trace.get_current_span().get_span_context().is_valid


@pytest.mark.parametrize("order", ["tracing inside", "tracing outside"])
@pytest.mark.parametrize("path", ["/text", "/kept"])
def test_span_knows_the_status_of_the_response(order: str, path: str) -> None:
    """OpenTelemetry notes the status code, whether it was set up before or after."""
    app, _, exporter = traced_app(order)
    app.add_url_rule("/text", "text", lambda: ("text", 203))
    app.add_url_rule(
        "/kept", "kept", lambda: (stream_with_context(iter(["a", "b"])), 203)
    )

    body = call(app, path)
    b"".join(body)
    close(body)
    (span,) = exporter.get_finished_spans()
    assert span.attributes is not None
    assert span.attributes.get("http.status_code") == 203


@pytest.mark.parametrize("path", ["/text", "/kept", "/bare"])
def test_outer_middleware_sees_the_request_with_the_headers(
    app: Flask, client: FlaskClient, teardowns: list[str], path: str
) -> None:
    """Middleware that looks at ``request`` as the headers pass finds it."""
    inner = app.wsgi_app
    seen = []

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        def start(*arguments: Any) -> Any:
            seen.append((request.path, current_app.name))
            return start_response(*arguments)

        return inner(environ, start)

    app.wsgi_app = middleware  # type: ignore[method-assign]
    app.add_url_rule("/text", "text", lambda: "ab")
    app.add_url_rule("/kept", "kept", lambda: stream_with_context(iter("ab")))
    app.add_url_rule("/bare", "bare", lambda: iter("ab"))
    assert client.get(path).text == "ab"
    assert seen == [(path, "tests.app")]
    assert teardowns == ["request NoneType", "app NoneType"]


def test_outer_middleware_sees_what_a_view_binds(
    app: Flask, client: FlaskClient
) -> None:
    """A context variable that a view sets reaches the middleware around it."""
    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
    seen = []
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        token = tenant.set("before")
        try:
            return inner(environ, start_response)
        finally:
            seen.append(tenant.get())
            tenant.reset(token)

    app.wsgi_app = middleware  # type: ignore[method-assign]

    @app.get("/")
    def view() -> str:
        assert tenant.get() == "before"
        tenant.set("bound in the view")
        return ""

    client.get("/")
    assert seen == ["bound in the view"]


def test_stream_sees_what_an_outer_middleware_bound(
    app: Flask, client: FlaskClient
) -> None:
    """A context variable of the middleware around is there for every item."""
    tenant: contextvars.ContextVar[str] = contextvars.ContextVar("tenant")
    inner = app.wsgi_app

    def middleware(environ: Any, start_response: Any) -> Iterable[bytes]:
        token = tenant.set("a")
        try:
            return inner(environ, start_response)
        finally:
            tenant.reset(token)

    app.wsgi_app = middleware  # type: ignore[method-assign]

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield tenant.get()
            tenant.set("b")
            yield tenant.get()

        return Response(stream_with_context(generate()))

    assert client.get("/").text == "ab"
    assert tenant.get(None) is None


@pytest.mark.parametrize("path", ["/text", "/stream"])
def test_request_inside_an_application_context_leaves_it(
    app: Flask, client: FlaskClient, path: str
) -> None:
    """A request made inside an application context, as in a test, leaves it whole."""
    app.add_url_rule("/text", "text", lambda: request.path)

    @app.get("/stream")
    def stream() -> Response:
        return Response(stream_with_context(iter([request.path])))

    with app.app_context():
        g.outer = "still there"
        assert client.get(path).text == path
        assert g.outer == "still there"
        assert not flask.has_request_context()
    assert not has_app_context()


# Closing


def kept_stream(app: Flask, teardowns: list[str]) -> None:
    @app.get("/")
    def view() -> Response:
        g.user = "the first client"

        def generate() -> Iterator[str]:
            try:
                while True:
                    yield g.user
            finally:
                teardowns.append(f"closed {g.user}")

        return Response(stream_with_context(generate()))

    @app.get("/user")
    def user() -> str:
        return g.get("user", "nobody")  # type: ignore[no-any-return]


def test_close_from_another_thread_tears_down_once(
    app: Flask, teardowns: list[str]
) -> None:
    """A server may step a stream in one thread and close it twice in another."""
    kept_stream(app, teardowns)
    with ThreadPoolExecutor(1) as worker:
        body = worker.submit(call, app, "/").result()
        chunks = iter(body)
        assert worker.submit(next, chunks).result() == b"the first client"
        assert teardowns == []
        close(body)
        close(body)
        assert teardowns == [
            "closed the first client",
            "request NoneType",
            "app NoneType",
        ]
        assert worker.submit(has_app_context).result() is False


def test_each_step_may_come_from_another_thread(
    app: Flask, teardowns: list[str]
) -> None:
    """The contexts are there for each step, whichever thread takes it."""
    kept_stream(app, teardowns)
    chunks = iter(body := call(app, "/"))
    for _ in range(5):
        with ThreadPoolExecutor(1) as worker:
            assert worker.submit(next, chunks).result() == b"the first client"
            assert worker.submit(has_app_context).result() is False
    close(body)
    assert teardowns.count("app NoneType") == 1


def test_close_before_the_first_step_tears_down_once(
    app: Flask, teardowns: list[str]
) -> None:
    """A client that leaves before the first byte still gets its teardown, once."""
    kept_stream(app, teardowns)
    close(call(app, "/"))
    assert teardowns == ["closed the first client", "request NoneType", "app NoneType"]


def test_close_while_a_step_runs_tears_down_after_it(
    app: Flask, teardowns: list[str]
) -> None:
    """A close that comes during a step waits for that step's item, and for no more."""
    waiting, proceed = threading.Event(), threading.Event()

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            waiting.set()
            assert proceed.wait(20)
            yield request.path

        return Response(stream_with_context(generate()))

    chunks = iter(body := call(app, "/"))
    assert next(chunks) == b"a"
    with ThreadPoolExecutor(1) as worker:
        step = worker.submit(next, chunks)
        assert waiting.wait(20)
        try:
            close(body)
            assert teardowns == []
        finally:
            proceed.set()
        assert step.result(20) == b"/"
    assert teardowns == ["request NoneType", "app NoneType"]


def test_failed_stream_gives_its_error_to_teardown(
    app: Flask, teardowns: list[str]
) -> None:
    """Teardown functions, once each, get the error that ended the stream."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            yield "a"
            raise ValueError

        return Response(stream_with_context(generate()))

    body = call(app, "/")
    with pytest.raises(ValueError):
        b"".join(body)
    close(body)
    assert teardowns == ["request ValueError", "app ValueError"]


# One client's context and the next client


def poison(app: Flask) -> tuple[str, Exception | None]:
    """Leave a stream to another thread; return who the next client seems to be.

    Also returns the error that closing in the other thread raised.
    """
    caught: Exception | None = None
    with ThreadPoolExecutor(1) as worker:
        body = worker.submit(call, app, "/").result()
        chunks = iter(body)
        assert worker.submit(next, chunks).result() == b"the first client"
        try:
            close(body)
        except Exception as error:
            caught = error
        answer = worker.submit(lambda: b"".join(call(app, "/user"))).result()
    return answer.decode(), caught


def user_views(app: Flask, keep: Any) -> None:
    @app.get("/")
    def view() -> Response:
        g.user = "the first client"

        def generate() -> Iterator[str]:
            while True:
                yield g.user

        return Response(keep(generate()))

    @app.get("/user")
    def user() -> str:
        return g.get("user", "nobody")  # type: ignore[no-any-return]


def test_plain_flask_poisons_a_thread() -> None:
    """On plain Flask a stream closed in another thread shows its user to the next."""
    app = Flask("tests.poison")
    user_views(app, flask.stream_with_context)
    answer, error = poison(app)
    assert answer == "the first client"
    assert isinstance(error, (ValueError, LookupError, RuntimeError))


@BOTH_IMPORTS
def test_outpour_poisons_no_thread(app: Flask, teardowns: list[str], keep: Any) -> None:
    """With Outpour the next client on that thread has its own, empty context."""
    user_views(app, keep)
    answer, error = poison(app)
    assert answer == "nobody"
    assert error is None
    # The next client's request was torn down, as it is not on a poisoned thread.
    assert teardowns[-2:] == ["request NoneType", "app NoneType"]


def leave(port: int, path: str) -> None:
    """Ask for a stream, read its first bytes and reset the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert client.recv(1024).startswith(b"HTTP/1.1 200")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    ("outpour", "user"), [("", "the first client"), ("flask", None), ("ours", None)]
)
def test_next_client_of_a_worker_thread(
    run_server: Callable[..., Server], outpour: str, user: str | None
) -> None:
    """A client that left shows up in the next one's ``g``, unless Outpour is set up."""
    server = run_server(
        "gunicorn-gthread",
        "apps.context_poison:app",
        "--threads=1",
        "--timeout=60",
        OUTPOUR=outpour,
    )
    leave(server.port, "/endless")
    # With one thread, this waits until the stream has been left.
    with urlopen(f"{server.url}/collect", timeout=30) as response:
        assert response.status == 200
    with urlopen(f"{server.url}/user", timeout=30) as response:
        assert json.load(response) == {"user": user}


def events_when(
    path: Path, enough: Callable[[list[str]], bool], seconds: float = 30
) -> list[str]:
    """Return the lines of a file once they are enough, or after a bound."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        lines = path.read_text().splitlines() if path.exists() else []
        if enough(lines):
            break
        time.sleep(0.02)
    return lines


@pytest.mark.parametrize("name", ["gunicorn-gthread", "gunicorn-gevent"])
def test_teardown_runs_once_however_a_stream_ends(
    run_server: Callable[..., Server], tmp_path: Path, name: str
) -> None:
    """Complete, failed and left streams are closed, then torn down, each once."""
    file = tmp_path / "events"
    server = run_server(name, "apps.context_teardown:app", EVENTS=str(file))
    times = 3
    for _ in range(times):
        with urlopen(f"{server.url}/complete", timeout=30) as response:
            assert response.read() == b"row\n" * 3
        with (
            pytest.raises(http.client.IncompleteRead) as cut,
            urlopen(f"{server.url}/failed", timeout=30) as response,
        ):
            response.read()
        assert cut.value.partial in (b"", b"row\n" * 3)
        leave(server.port, "/endless")
    wanted = {
        "/complete": "NoneType",
        "/failed": "ValueError",
        "/endless": "NoneType",
    }
    total = 3 * len(wanted) * times
    events = events_when(file, lambda lines: len(lines) >= total)
    for path, error in wanted.items():
        own = [event for event in events if path in event]
        # Streams of one path may end at the same time, but never twice.
        assert own.count(f"{path} closed {path}") == times
        assert own.count(f"{path} teardown_request {path} {error}") == times
        assert own.count(f"{path} teardown_appcontext") == times
        assert len(own) == 3 * times


def test_teardown_comes_before_the_end_is_told(
    app: Flask, client: FlaskClient, teardowns: list[str]
) -> None:
    """Receivers of ``stream_finished`` hear of a stream that is wholly over."""

    @app.get("/")
    def view() -> Response:
        return Response(stream_with_context(iter(["a"])))

    def finished(sender: Flask, **facts: Any) -> None:
        teardowns.append("finished")

    with stream_finished.connected_to(finished, app):
        assert client.get("/").text == "a"
    assert teardowns == ["request NoneType", "app NoneType", "finished"]
