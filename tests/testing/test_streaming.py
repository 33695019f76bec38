"""Tests of the assertion that a view streams, on views that do and on others."""

from __future__ import annotations

import itertools
import threading
import time
import zlib
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from flask import Blueprint
from flask import Flask
from flask import request
from flask import Response
from flask import stream_template_string
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

import flask_outpour
from flask_outpour import ConfigurationError
from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour.testing import assert_streams
from flask_outpour.testing import detect_leaks
from flask_outpour.testing import Source

#: Seconds after which these tests take what has not come for held back.
SOON = 0.4


def numbers() -> Iterator[str]:
    yield from (f"{number}\n" for number in range(100))


def rows() -> Iterator[dict[str, int]]:
    yield from ({"number": number} for number in range(100))


def joined(items: Iterable[bytes]) -> Iterator[bytes]:
    yield b"".join(items)


@pytest.fixture(params=[True, False], ids=["outpour", "plain"])
def app(request: pytest.FixtureRequest) -> Flask:
    """Return an application with a view that streams, with Outpour and without."""
    app = Flask("tests.app", root_path=str(Path(__file__).parent))
    app.secret_key = "tests"
    if request.param:
        Outpour(app)
    app.add_url_rule("/", "view", lambda: Response(numbers()))
    return app


def failure(app: Any, path: str = "/", **options: Any) -> str:
    """Return what the assertion says of a view."""
    with pytest.raises(AssertionError) as caught:
        assert_streams(app, path, timeout=SOON, **options)
    assert str(caught.value).startswith(f"GET {path} ")
    return str(caught.value)


# Views that stream


STREAMS: dict[str, Callable[[], Any]] = {
    "generator": numbers,
    "response": lambda: Response(numbers(), mimetype="text/csv"),
    "empty first": lambda: itertools.chain([""], numbers()),
    "bytes": lambda: map(str.encode, numbers()),
    "Flask's context": lambda: flask.stream_with_context(numbers()),
    "our context": lambda: flask_outpour.stream_with_context(numbers()),
    "rows": lambda: stream_rows(rows(), "csv"),
    "template": lambda: stream_template_string(
        "{% for n in numbers %}{{ n }}{% endfor %}", numbers=numbers()
    ),
    "file": lambda: flask.send_file(flask.app.__file__),
    "endless": lambda: map(str, itertools.count()),
    "length": lambda: Response(iter("ab"), headers={"Content-Length": "2"}),
}


@pytest.mark.parametrize("server", ["werkzeug", "waitress"])
@pytest.mark.parametrize("respond", STREAMS.values(), ids=STREAMS)
def test_a_view_that_streams_passes(
    app: Flask, respond: Callable[[], Any], server: str
) -> None:
    """Streams of every kind pass, on both servers, and are closed after it."""
    app.view_functions["view"] = respond
    with detect_leaks():
        assert_streams(app, "/", server=server)


def test_a_stream_of_events_passes(app: Flask) -> None:
    """A view whose second item is not there yet is held back by nobody."""
    source = Source(["data: 1\n\n", "data: 2\n\n"], gated=True)
    source.release()
    events = {"mimetype": "text/event-stream"}
    app.view_functions["view"] = lambda: Response(source, **events)
    timer = threading.Timer(2 * SOON, source.release, [None])
    timer.start()
    assert_streams(app, "/", timeout=SOON)
    timer.join()


def test_an_asynchronous_view_passes(app: Flask) -> None:
    """A view that is a coroutine function may return a stream."""
    pytest.importorskip("asgiref")

    async def view() -> Response:
        return Response(numbers())

    app.add_url_rule("/async", "async", view)
    assert_streams(app, "/async")


def test_healthy_middleware_passes(app: Flask) -> None:
    """Layers around ``wsgi_app``, and around the application, that pass items on."""
    app.wsgi_app = ProxyFix(LintMiddleware(app.wsgi_app))  # type: ignore[method-assign]
    mounted = DispatcherMiddleware(Flask("other"), {"/shop": ProxyFix(app)})
    assert_streams(app, "/shop/", wsgi_app=mounted)


def test_a_generator_around_the_stream_passes(app: Flask) -> None:
    """An ``after_request`` function may wrap what it does not read."""

    @app.after_request
    def count(response: Response) -> Response:
        response.response = (item for item in response.response)
        return response

    assert_streams(app, "/")


def test_the_request_is_the_one_that_was_asked_for(app: Flask) -> None:
    """Method, query, headers and data reach the view."""

    @app.put("/put")
    def put() -> Any:
        assert request.args["q"] == "1"
        assert request.headers["X-Kind"] == "test"
        assert request.headers["Accept-Encoding"] == "identity"
        return map(str, [request.get_data(as_text=True), "second"])

    assert_streams(
        app, "/put?q=1", method="PUT", headers={"X-Kind": "test"}, data=b"first"
    )


def test_nothing_is_left_in_the_application(app: Flask) -> None:
    """After it, Flask's lists of functions are as before."""
    app.before_request(lambda: None)
    lists = (app.before_request_funcs, app.after_request_funcs)
    before = [list(functions.get(None, [])) for functions in lists]
    assert_streams(app, "/")
    failure(app, "/nowhere")
    assert [list(functions[None]) for functions in lists] == before


# Views that do not


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("abc" * 500, r"all 1,500 bytes at once \(1 item in a list\)\. Return a gen"),
        (Response(["ab", "c"]), r"all 3 bytes at once \(2 items in a list\)"),
        ({"rows": [1]}, r"all \d+ bytes at once"),
    ],
)
def test_a_whole_response_is_no_stream(app: Flask, value: Any, message: str) -> None:
    """The error says how much was returned, and as what."""
    app.view_functions["view"] = lambda: value
    with pytest.raises(AssertionError, match=message):
        assert_streams(app, "/")


@pytest.mark.parametrize("path", ["/nowhere", "/elsewhere", "/refused"])
def test_an_error_page_is_no_stream(app: Flask, path: str) -> None:
    """The error says what was answered."""
    app.add_url_rule("/elsewhere", "a", lambda: flask.redirect("/"))
    app.add_url_rule("/refused", "b", lambda: (numbers(), 403))
    assert "answered" in failure(app, path)
    assert "and not with a stream" in failure(app, path)


def test_a_view_that_fails_is_the_cause(app: Flask) -> None:
    """The error of the view is named, and is the cause of the assertion's."""

    @app.get("/fails")
    def fails() -> str:
        raise ValueError("no rows")

    with pytest.raises(AssertionError, match="failed with ValueError") as caught:
        assert_streams(app, "/fails", timeout=SOON)
    assert isinstance(caught.value.__cause__, ValueError)


@pytest.mark.parametrize("fail_at", [1, 2])
@pytest.mark.parametrize("testing", [True, False])
def test_a_source_that_fails_is_the_cause(
    app: Flask, fail_at: int, testing: bool
) -> None:
    """So it is with an error of the stream's first two items, raised on or handled."""
    app.testing = testing
    source = Source("abc", fail_at=fail_at)
    app.view_functions["view"] = lambda: Response(source)
    assert "failed with RuntimeError" in failure(app)


def test_a_function_after_the_request_that_reads_all_is_named(app: Flask) -> None:
    """``response.data`` in an ``after_request`` function reads the whole stream."""

    @app.after_request
    def sign(response: Response) -> Response:
        response.headers["X-Length"] = str(len(response.data))
        return response

    said = failure(app)
    assert ".<locals>.sign (test_streaming.py" in said
    assert "read the whole stream before anything was sent" in said


def test_a_function_of_a_blueprint_is_named_too(app: Flask) -> None:
    """It makes no difference where the function is registered, or as what."""
    shop = Blueprint("shop", __name__)
    shop.after_request(lambda response: response.get_data() and response)
    shop.add_url_rule("/shop", "shop", numbers)
    app.register_blueprint(shop)
    assert "<lambda> (test_streaming.py" in failure(app, "/shop")


def test_a_wrapper_that_joins_is_named(app: Flask) -> None:
    """An ``after_request`` function that wraps the stream in one that joins it."""

    @app.after_request
    def wrap(response: Response) -> Response:
        response.response = joined(response.iter_encoded())
        return response

    said = failure(app)
    assert "is held back on its way to the server" in said
    assert "It was read by joined (test_streaming.py" in said


def test_another_response_in_its_place_is_told_of(app: Flask) -> None:
    """A cache that answers itself leaves the stream unused."""
    app.after_request(lambda response: Response("cached"))
    assert "was not used. An after_request function" in failure(app)


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.parametrize("server", ["werkzeug", "waitress"])
def test_middleware_that_joins_is_named(app: Flask, inside: bool, server: str) -> None:
    """The profiler collects the whole response, inside or around the application."""
    served: Any = None
    if inside:
        app.wsgi_app = ProfilerMiddleware(app.wsgi_app, stream=None)  # type: ignore[method-assign,arg-type]
    else:
        served = ProfilerMiddleware(app, stream=None)  # type: ignore[arg-type]
    said = failure(app, wsgi_app=served, server=server)
    assert "is held back on its way to the server" in said
    assert "ProfilerMiddleware.__call__ (profiler.py" in said


def test_middleware_that_joins_rows_is_named(app: Flask) -> None:
    """``stream_rows`` pulls its first rows before the headers, and is held after."""
    app.view_functions["view"] = lambda: stream_rows(rows(), "csv")
    said = failure(app, wsgi_app=lambda *call: joined(app(*call)))
    assert "It was read by joined (test_streaming.py" in said


def test_middleware_that_answers_itself_is_told_of(app: Flask) -> None:
    """A layer that answers in the application's place has asked no view."""

    def maintenance(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "4")])
        return [b"soon"]

    assert "by something around the application" in failure(app, wsgi_app=maintenance)


def test_a_compressor_that_holds_back_is_seen(app: Flask) -> None:
    """The header of gzip, which comes at once, is not taken for the first item."""

    @app.after_request
    def compress(response: Response) -> Response:
        response.headers["Content-Encoding"] = "gzip"
        response.response = compressed(response.iter_encoded())
        return response

    assert "compressed (test_streaming.py" in failure(app)


def compressed(items: Iterable[bytes]) -> Iterator[bytes]:
    compressor = zlib.compressobj(wbits=31)
    for item in items:
        yield compressor.compress(item)
    yield compressor.flush()


@pytest.mark.filterwarnings("ignore:send_bytes will be removed")
def test_a_server_that_holds_back_is_seen(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """waitress can be told to wait for some bytes before it sends."""
    server = pytest.importorskip("waitress.server")
    original = server.create_server
    monkeypatch.setattr(
        server,
        "create_server",
        lambda *args, **kwargs: original(*args, send_bytes=10_000, **kwargs),
    )
    said = failure(app, server="waitress")
    assert "is held back by the server: it had the first item" in said


def test_a_single_item_says_nothing(app: Flask) -> None:
    """A view with too little to send is told so, instead of passing."""
    app.view_functions["view"] = lambda: stream_rows([{"number": 1}], "csv")
    assert "gave a single item, which says nothing" in failure(app)


def test_no_item_says_nothing(app: Flask) -> None:
    """An empty stream is told of."""
    app.view_functions["view"] = lambda: Response(iter(()))
    assert "its iterable gave no item" in failure(app)


def test_a_first_item_that_does_not_come_says_nothing(app: Flask) -> None:
    """A slow source is not blamed on middleware."""
    source = Source("ab", gated=True, timeout=2 * SOON)
    app.view_functions["view"] = lambda: Response(source)
    assert "gave no first item within 0.4 s" in failure(app)


def test_a_view_that_does_not_return_says_nothing(app: Flask) -> None:
    """So it is with a slow view."""
    app.view_functions["view"] = lambda: time.sleep(2 * SOON) or "late"
    assert "gave no response within 0.4 s" in failure(app)


@pytest.mark.parametrize(
    ("app", "path", "said"),
    [
        ("shop:app", "/", "takes a Flask application"),
        (Flask("shop"), "orders.csv", "begins with a slash"),
    ],
)
def test_what_cannot_be_asked_is_refused(app: Any, path: str, said: str) -> None:
    """A name in the place of an application, or a path without its slash, is named."""
    with pytest.raises(ConfigurationError, match=said):
        assert_streams(app, path)
