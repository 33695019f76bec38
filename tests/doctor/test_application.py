"""Tests of the examination of an application: what is found, and what is not."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from collections.abc import Iterator
from functools import cache
from itertools import cycle
from itertools import islice
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest
import sentry_sdk
from applications import Closing
from applications import forgetful
from applications import GUILTY
from applications import GUILTY_SHAPES
from applications import gzipping
from applications import joining
from applications import lazy
from applications import listing
from applications import one_behind
from applications import Plain
from applications import reassuring
from applications import SHAPES
from applications import shop
from applications import Wrap
from flask import after_this_request
from flask import Blueprint
from flask import Flask
from flask import request_finished
from flask import Response
from flask_caching import Cache
from flask_compress import Compress
from flask_cors import CORS
from flask_debugtoolbar import DebugToolbarExtension
from flask_login import LoginManager
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.sdk.trace import TracerProvider
from prometheus_client import CollectorRegistry
from prometheus_client import make_wsgi_app
from prometheus_flask_exporter import PrometheusMetrics
from sentry_sdk.transport import Transport
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.http_proxy import ProxyMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware
from whitenoise import WhiteNoise

from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.doctor.application import examine_application
from flask_outpour.doctor.findings import Kind
from flask_outpour.doctor.findings import Report

HERE = Path(__file__).parent


#: What a callable finds by a name that no one else sees.
HIDDEN: dict[str, Any] = {}


def found(report: Report) -> list[tuple[Kind, str]]:
    """Return what was found, and of whom."""
    return [(finding.kind, finding.culprit) for finding in report.findings]


def guilty_name(layer: Wrap) -> str:
    """Return the name of the middleware that a wrap of the tests puts around."""
    return f"applications.{layer.__name__}.<locals>.middleware"


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    """An application by itself is sound, with Outpour and without."""
    for outpour in (True, False):
        report = examine_application(shop(outpour=outpour))
        assert report.findings == []
        assert report.unknown == []
        assert len(report.sound) == 5
        assert report.exit_code == 0


# Each by itself, in turn in each shape, with Outpour and without: these take seconds.
@pytest.mark.parametrize(
    ("guilty", "shape", "outpour"),
    [*zip(GUILTY, cycle(GUILTY_SHAPES), cycle([True, False]), strict=False)],
)
def test_the_third_of_five_is_named(guilty: Wrap, shape: str, outpour: bool) -> None:
    """The guilty layer is named, however it is written, and none of those around it."""
    first, second, *_, fourth, fifth = SHAPES
    write, name = GUILTY_SHAPES[shape]

    def third(app: Any) -> Any:
        return write(app, guilty)

    app = shop(first, second, third, fourth, fifth, outpour=outpour)
    kinds = [(kind, f"applications.{name}") for kind in GUILTY[guilty].split()]
    assert found(examine_application(app)) == kinds


def test_a_lost_close_is_found_among_generators() -> None:
    """Those that the garbage collector closes in time have lost it all the same."""
    report = examine_application(shop(lazy, forgetful, lazy, outpour=False))
    assert found(report) == [("loses-close", guilty_name(forgetful))]


def test_the_finding_says_what_was_seen_and_where() -> None:
    """What was seen has figures; the place is the line of the middleware."""
    (finding,) = examine_application(shop(listing)).findings
    assert re.search(r"^With plain text: 6 items left within \d\.\d\d s", finding.seen)
    assert "in 6 pieces when the last had left" in finding.seen
    assert finding.where is not None
    assert "applications.py:" in finding.where
    assert "list()" in finding.cure


def test_each_of_two_guilty_layers_is_named() -> None:
    """One that holds items back does not hide one that swallows errors."""
    report = examine_application(shop(one_behind, Plain, reassuring, forgetful))
    assert sorted(found(report)) == [
        ("holds-back", guilty_name(one_behind)),
        ("loses-close", guilty_name(forgetful)),
        ("swallows-error", guilty_name(reassuring)),
    ]


def test_the_profiler_is_named() -> None:
    """Werkzeug's profiler reads every response to its end."""
    app = shop(ProxyFix)
    app.wsgi_app = ProfilerMiddleware(app.wsgi_app, io.StringIO())  # type: ignore[method-assign]
    (finding,) = examine_application(app).findings
    assert finding.kind == "joins"
    assert finding.culprit == "werkzeug.middleware.profiler.ProfilerMiddleware"
    assert finding.where is not None
    assert finding.where.startswith("werkzeug/middleware/profiler.py:")
    assert "profile" in finding.cure


def test_a_layer_is_named_for_what_only_pages_meet() -> None:
    """One that was found guilty before does not hide another inside it."""

    def of_pages(app: Any) -> Any:
        def middleware(environ: Any, start_response: Any) -> Any:
            pages: list[bool] = []

            def start(status: str, headers: Any, exc_info: Any = None) -> Any:
                pages.append("text/html" in dict(headers)["Content-Type"])
                return start_response(status, headers, exc_info)

            response = app(environ, start)
            return Closing(list(response), response) if pages[0] else response

        return middleware

    first, second = found(examine_application(shop(of_pages, joining)))
    assert first == ("joins", guilty_name(joining))
    assert second[1].endswith("of_pages.<locals>.middleware")


@pytest.mark.parametrize("outpour", [True, False])
def test_the_debug_toolbar_is_a_layer(outpour: bool) -> None:
    """Flask-DebugToolbar leaves streams alone, as it is; it is no finding then."""
    app = shop(outpour=outpour)
    app.debug = True
    app.secret_key = "tests"
    DebugToolbarExtension(app)
    report = examine_application(app)
    assert report.findings == []
    assert "DebugToolbarExtension.process_response" in report.layers[1].name


def test_a_debug_toolbar_that_reads_pages_is_named() -> None:
    """One that puts its bar into streams too reads HTML pages, and those alone."""

    class EveryPage(Response):
        automatically_set_content_length = False
        is_sequence = True

    app = shop()
    app.response_class = EveryPage
    app.debug = True
    app.secret_key = "tests"
    DebugToolbarExtension(app)
    (finding,) = examine_application(app).findings
    assert finding.kind == "joins"
    assert finding.culprit.endswith("DebugToolbarExtension.process_response")
    assert finding.seen.startswith("With an HTML page")
    assert "DEBUG_TB_ENABLED" in finding.lines["python"]


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_flask_compress_is_named(coding: str) -> None:
    """Its compressors keep everything until the end, each of them."""
    app = shop(outpour=False)
    app.config["COMPRESS_ALGORITHM_STREAMING"] = [coding]
    Compress(app)
    (finding,) = examine_application(app).findings
    assert finding.kind == "joins"
    assert finding.culprit == "flask_compress.flask_compress.Compress.after_request"
    assert f"a body in {coding}" in finding.seen
    assert 'config["COMPRESS_STREAMS"] = False' in finding.lines["python"]


def test_two_compressors_are_named() -> None:
    """Flask-Compress beside OUTPOUR_COMPRESS is said, although nobody codes twice."""
    app = shop()
    app.config["OUTPOUR_COMPRESS"] = True
    Compress(app)
    report = examine_application(app)
    assert {kind for kind, _ in found(report)} == {"joins", "double-compression"}
    assert all("flask_compress" in culprit for _, culprit in found(report))
    app.config["COMPRESS_STREAMS"] = False
    assert examine_application(app).findings == [], "the cure cures it"


def test_a_body_that_is_coded_twice_is_found() -> None:
    """A compressor around Outpour's makes what no client can read."""
    app = shop(gzipping(flush=True))
    app.config["OUTPOUR_COMPRESS"] = ["gzip"]
    report = examine_application(app)
    kinds = {kind for kind, _ in found(report)}
    assert kinds == {"double-compression"}
    assert "gzip, gzip" in report.findings[0].seen


@pytest.mark.parametrize("flush", [True, False])
def test_a_compressor_must_flush(flush: bool) -> None:
    """One that does is no finding; one that does not is told how."""
    report = examine_application(shop(Plain, gzipping(flush)))
    if flush:
        assert report.findings == []
        assert "they do in gzip too" in report.sound
    else:
        (finding,) = report.findings
        assert finding.kind == "joins"
        assert "Z_SYNC_FLUSH" in finding.lines["python"]


@pytest.mark.parametrize(
    ("how", "outpour"), [("data", True), ("get_data", False), ("set_data", True)]
)
def test_after_request_functions_are_layers(how: str, outpour: bool) -> None:
    """A function that reads the response is named, not those beside it."""
    app = shop(outpour=outpour)
    app.after_request(lambda response: response)

    @app.after_request
    def read(response: Any) -> Any:
        if how == "set_data":
            response.set_data(response.get_data())
        elif how == "get_data":
            response.headers["X-Length"] = len(response.get_data())
        else:
            response.headers["X-Length"] = len(response.data)
        return response

    app.after_request(lambda response: response)
    report = examine_application(app)
    (finding,) = report.findings
    assert finding.kind == "joins"
    assert finding.culprit.endswith("<locals>.read")
    assert "is_streamed" in finding.cure
    roles = [place.role for place in report.layers]
    assert roles == ["view", *["after_request"] * 3, *["middleware"] * outpour]


def test_functions_of_a_blueprint_are_examined() -> None:
    """A function that runs for one blueprint's views alone is found as well."""
    app, blueprint = shop(), Blueprint("orders", __name__)

    @blueprint.after_request
    def read(response: Response) -> Response:
        assert response.data
        return response

    blueprint.after_app_request(lambda response: response)
    app.register_blueprint(blueprint)
    (finding,) = examine_application(app).findings
    assert finding.kind == "joins"
    assert finding.culprit.endswith("<locals>.read")
    assert "in the blueprint 'orders' alone" in finding.seen


def test_what_the_application_overrides_is_named() -> None:
    """A response class that reads what it gets is guilty before all layers."""

    class Eager(Response):
        def __init__(self, response: Any = None, *args: Any, **kwargs: Any) -> None:
            super().__init__(list(response or ()), *args, **kwargs)

    app = shop()
    app.response_class = Eager
    kinds = dict(found(examine_application(app)))
    assert kinds["joins"].endswith("Eager, the response_class")


def test_a_method_that_the_application_overrides_is_named() -> None:
    """So is a method of Flask's, overridden in a class or on the application."""

    class Own(Flask):
        def process_response(self, response: Response) -> Response:
            assert response.data
            return super().process_response(response)

    ((kind, culprit),) = found(examine_application(Own("shop")))
    assert kind == "joins"
    assert culprit.endswith("Own.process_response")


def test_a_receiver_of_the_signal_is_named() -> None:
    """A receiver of ``request_finished`` gets the response, and may read it."""
    app = shop()

    def record(sender: Flask, response: Response) -> None:
        assert response.data

    with request_finished.connected_to(record, app):
        ((kind, culprit),) = found(examine_application(app))
    assert kind == "joins"
    assert "request_finished" in culprit
    assert culprit.endswith("<locals>.record")


def test_a_function_of_one_request_is_looked_for() -> None:
    """What is given to ``after_this_request`` comes before all layers."""
    app = shop()

    @app.before_request
    def before() -> None:
        @after_this_request
        def read(response: Response) -> Response:
            assert response.data
            return response

    (finding,) = examine_application(app).findings
    assert finding.kind == "joins"
    assert "after_this_request" in finding.cure


@pytest.mark.parametrize("size", [2, 5])
def test_batches_of_any_size_are_held_back(size: int) -> None:
    """More items than the search has may be in one batch."""

    def batching(app: Any) -> Any:
        def batches(items: Any) -> Iterator[bytes]:
            while batch := b"".join(islice(items, size)):
                yield batch

        def middleware(environ: Any, start_response: Any) -> Any:
            response = app(environ, start_response)
            return Closing(batches(iter(response)), response)

        return middleware

    ((kind, culprit),) = found(examine_application(shop(Plain, batching, Plain)))
    assert kind == "holds-back"
    assert "batching" in culprit


def test_a_generator_in_a_layer_is_no_cover_for_it() -> None:
    """A layer that calls the application only when it is iterated is named itself."""

    class Buffer(Plain):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            def batches() -> Iterator[bytes]:
                held = []
                for item in self.app(environ, start_response):
                    held.append(item)
                    if len(held) == 3:
                        yield b"".join(held)
                        held.clear()
                yield b"".join(held)

            return batches()

    culprits = {
        who for _, who in found(examine_application(shop(Plain, Buffer, Plain)))
    }
    assert {culprit.rpartition(".")[2] for culprit in culprits} == {"Buffer"}


def test_what_is_held_back_later_is_found() -> None:
    """A layer that begins to collect behind the items of the search is named too."""

    def tiring(app: Any) -> Any:
        def tired(items: Any) -> Iterator[bytes]:
            yield from islice(items, 4)
            yield b"".join(items)

        def middleware(environ: Any, start_response: Any) -> Any:
            response = app(environ, start_response)
            return Closing(tired(iter(response)), response)

        return middleware

    ((kind, culprit),) = found(examine_application(shop(Plain, tiring, Plain)))
    assert kind == "holds-back"
    assert "tiring" in culprit


def test_no_layer_is_let_off_by_its_moods() -> None:
    """What only all layers together show is a finding as well."""

    class Moody(Plain):
        calls = 0

        def __call__(self, environ: Any, start_response: Any) -> Any:
            self.calls += 1
            response = self.app(environ, start_response)
            # The first trial, and its confirmation.
            if self.calls in (2, 3):
                return Closing(list(response), response)
            return response

    ((kind, culprit),) = found(examine_application(shop(Moody)))
    assert kind == "joins"
    assert culprit.startswith("what stands around ")


def test_a_guilty_callable_that_nobody_sees_is_a_finding() -> None:
    """What is around the application in a way that is not seen is not let off."""
    app = shop()
    HIDDEN["site"] = listing(app)

    class Lookup:
        def __call__(self, environ: Any, start_response: Any) -> Any:
            site = getattr(sys.modules[__name__], "HIDDEN")["site"]  # noqa: B009
            return site(environ, start_response)

    report = examine_application(app, Lookup())
    ((kind, culprit),) = found(report)
    assert kind == "joins"
    assert culprit.endswith("Lookup")


@pytest.mark.parametrize(
    ("how", "said"),
    [("raise", "ValueError was raised by "), ("answer", "the answer was 500")],
)
def test_a_trial_that_a_layer_refuses_is_not_judged(how: str, said: str) -> None:
    """What one kind of request meets is told, with the layer, and is no finding."""

    def refusing(app: Any) -> Any:
        def middleware(environ: Any, start_response: Any) -> Any:
            if "HTTP_ACCEPT_ENCODING" not in environ:
                return app(environ, start_response)
            if how == "raise":
                raise ValueError("no codings here")
            start_response("500 NO CODINGS", [])
            return [b"no"]

        return middleware

    report = examine_application(shop(Plain, refusing, Plain))
    assert report.findings == []
    (unknown,) = report.unknown
    assert said in unknown
    assert "refusing" in unknown


def test_cached_views_that_stream_are_named() -> None:
    """Flask-Caching on a view that streams is a finding; on another it is none."""
    app = shop()
    cache = Cache(app, config={"CACHE_TYPE": "SimpleCache"})

    @app.get("/plain")
    @cache.cached()
    def plain() -> str:
        return ", ".join(str(number) for number in range(3))

    @app.get("/generator")
    @cache.cached()
    def generator() -> Any:
        yield "item"

    @app.get("/generating")
    @cache.cached()
    def generating() -> Any:
        def generate() -> Iterator[str]:
            yield "item"

        return Response(generate())

    @app.get("/rows")
    @cache.cached()
    def rows() -> Any:
        return stream_rows([(1,)], columns=["id"])

    @app.get("/context")
    def context() -> Any:
        return stream_with_context(iter(["not cached"]))

    report = examine_application(app)
    assert {kind for kind, _ in found(report)} == {"caches"}
    named = {culprit.rpartition(".")[2] for _, culprit in found(report)}
    assert named == {"generator", "generating", "rows"}
    assert "Take the cache off this view" in report.findings[0].cure


def test_the_debugger_swallows_errors() -> None:
    """Werkzeug's debugger ends a failed stream as if it were whole."""
    app = shop()
    outer = DebuggedApplication(app)
    kinds = dict(found(examine_application(app, outer)))
    assert kinds["swallows-error"] == "werkzeug.debug.DebuggedApplication"


class Nowhere(Transport):
    """A transport that sends nothing, and counts."""

    def capture_envelope(self, envelope: Any) -> None:
        pass


@cache
def call_of_sentry() -> Any:
    """Return what Sentry puts in the place of ``Flask.__call__``, once in a process."""
    original = Flask.__call__
    sentry_sdk.init("http://key@localhost/1", transport=Nowhere)
    patched, Flask.__call__ = Flask.__call__, original  # type: ignore[method-assign]
    return patched


@pytest.fixture
def sentry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set Sentry up, which sends nothing."""
    monkeypatch.setattr(Flask, "__call__", call_of_sentry())
    sentry_sdk.init("http://key@localhost/1", transport=Nowhere, traces_sample_rate=1)
    yield
    sentry_sdk.init()


def well_known(outpour: Callable[[Flask], object]) -> tuple[Flask, Any]:
    """Return an application in well-known company, and the outermost of that."""
    app = Flask("shop", root_path=str(HERE))
    app.secret_key = "tests"
    FlaskInstrumentor().instrument_app(app, tracer_provider=TracerProvider())
    outpour(app)
    CORS(app)
    LoginManager(app)
    PrometheusMetrics(app, registry=CollectorRegistry())
    site: Any = app.wsgi_app
    site = ProxyFix(site)
    site = WhiteNoise(site)
    site = SharedDataMiddleware(site, {"/shared": str(HERE)})
    site = ProxyMiddleware(site, {"/far/": {"target": "http://127.0.0.1:1/"}})
    site = OpenTelemetryMiddleware(site)
    site = LintMiddleware(site)
    app.wsgi_app = validator(site)  # type: ignore[method-assign]
    metrics = make_wsgi_app(CollectorRegistry())
    return app, DispatcherMiddleware(app, {"/metrics": metrics})


@pytest.mark.usefixtures("sentry")
@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("outpour", [True, False])
def test_well_known_company_is_no_finding(outpour: bool, compress: bool) -> None:
    """Ten well-known middlewares and extensions at once raise no alarm."""
    from flask_outpour import Outpour

    app, outermost = well_known(Outpour if outpour else lambda app: None)
    if outpour:
        app.config["OUTPOUR_COMPRESS"] = compress
    report = examine_application(app, outermost)
    assert report.findings == []
    assert report.unknown == []
    names = " ".join(place.name for place in report.layers)
    for part in (
        *("ProxyFix", "WhiteNoise", "SharedDataMiddleware", "ProxyMiddleware"),
        *("OpenTelemetryMiddleware", "opentelemetry.instrumentation.flask"),
        *("validator", "LintMiddleware", "DispatcherMiddleware", "sentry_sdk"),
        *("flask_cors", "prometheus_flask_exporter"),
    ):
        assert part in names
    assert ("Outpour" in names) is outpour
