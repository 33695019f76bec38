"""Tests beside OpenTelemetry: the span of a request ends with its stream."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from flask import Flask
from opentelemetry import trace
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.testing import assert_closed
from flask_outpour.testing import open_stream
from flask_outpour.testing import Source


class Site:
    """An application with Outpour and OpenTelemetry, set up in either order."""

    def __init__(self, traced: str) -> None:
        self.app = Flask("tests.tracing")
        self.traced = traced
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = provider.get_tracer("tests")
        steps: list[Callable[[], object]] = [
            lambda: FlaskInstrumentor().instrument_app(
                self.app, tracer_provider=provider
            ),
            lambda: Outpour(self.app),
        ]
        for step in steps[:: 1 if traced == "inside" else -1]:
            step()

    @property
    def spans(self) -> list[Any]:
        return [*self.exporter.get_finished_spans()]


@pytest.fixture(params=["inside", "outside"])
def site(request: pytest.FixtureRequest) -> Site:
    return Site(request.param)


@pytest.mark.parametrize("ending", ["complete", "failed", "left"])
def test_span_lasts_as_long_as_the_stream(
    site: Site, serve: Callable[[Any], str], ending: str
) -> None:
    """It ends with the last byte, and spans of items are its children."""
    error = ValueError("no more rows") if ending == "failed" else None
    gate = Source(["a", "b"], gated=True, error=error)

    @site.app.get("/")
    def view() -> Any:
        def generate() -> Iterator[str]:
            for item in gate:
                with site.tracer.start_as_current_span(item):
                    pass
                yield item

        return stream_with_context(generate())

    over = Event()

    def finished(sender: Flask, **facts: Any) -> None:
        over.set()

    url = serve(site.app)
    with stream_finished.connected_to(finished, site.app):
        gate.release()
        with open_stream(url) as response:
            assert next(response).data == b"a"
            assert [span.name for span in site.spans] == ["a"]
            if ending != "left":
                gate.release()
                assert next(response).data == b"b"
                gate.release()
                response.read()
        gate.release(None)
        assert_closed(gate)
        assert over.wait(30)
    *items, server = site.spans
    assert {item.parent.span_id for item in items} == {server.context.span_id}
    assert server.name == "GET /"
    failed = server.status.status_code is trace.StatusCode.ERROR
    assert failed == (ending == "failed")


@pytest.mark.parametrize("path", ["/text", "/context", "/rows"])
def test_span_knows_the_status_of_the_response(site: Site, path: str) -> None:
    """Whichever was set up first, the status code is that of the headers."""
    rows = {"n": 1}, {"n": 2}
    site.app.add_url_rule("/text", "text", lambda: ("text", 203))
    site.app.add_url_rule(
        "/context", "context", lambda: (stream_with_context(iter("ab")), 203)
    )
    site.app.add_url_rule("/rows", "rows", lambda: (stream_rows(rows), 203))
    assert site.app.test_client().get(path).data
    (span,) = site.spans
    assert span.attributes["http.status_code"] == 203


def test_first_row_that_fails_fails_the_span(site: Site) -> None:
    """It has the error; the status code of its page is seen from the outside only."""
    site.app.add_url_rule("/", "rows", lambda: stream_rows(1 // n for n in [0]))
    assert site.app.test_client().get("/").status_code == 500
    (span,) = site.spans
    assert span.status.status_code is trace.StatusCode.ERROR
    (event,) = span.events
    assert event.attributes["exception.type"] == "ZeroDivisionError"
    if site.traced == "outside":
        assert span.attributes["http.status_code"] == 500


def test_no_span_is_left_in_the_thread(site: Site) -> None:
    """After the stream the thread has no current span, so the next request has none."""
    site.app.add_url_rule("/", "rows", lambda: stream_rows([{"n": 1}]))
    for _ in range(2):
        assert site.app.test_client().get("/").text == "n\n1\n"
    assert not trace.get_current_span().get_span_context().is_valid
    first, second = site.spans
    assert first.context.trace_id != second.context.trace_id
