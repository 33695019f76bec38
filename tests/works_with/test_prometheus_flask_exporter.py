"""Tests beside prometheus-flask-exporter: a stream is one request of its metrics."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest
from flask import Flask
from prometheus_client import CollectorRegistry
from prometheus_client import Histogram
from prometheus_flask_exporter import PrometheusMetrics

from flask_outpour import Outpour
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.testing import open_stream
from flask_outpour.testing import Source


class Site:
    """An application with both, and what they have counted."""

    def __init__(self, order: int) -> None:
        self.app = Flask("tests.metrics")
        self.registry = CollectorRegistry()
        steps: list[Callable[[], object]] = [
            lambda: Outpour(self.app),
            lambda: PrometheusMetrics(self.app, registry=self.registry),
        ]
        for step in steps[::order]:
            step()

    def value(self, name: str, **labels: str) -> float:
        """Return a sample of the metrics, which is 0 where there is none."""
        return self.registry.get_sample_value(name, labels) or 0.0


@pytest.fixture(params=[1, -1], ids=["outpour first", "metrics first"])
def site(request: pytest.FixtureRequest) -> Site:
    return Site(request.param)


@pytest.mark.parametrize("how", ["rows", "context", "bare"])
def test_stream_is_counted_once_when_its_headers_go(
    site: Site, serve: Callable[[Any], str], how: str
) -> None:
    """Its request and its duration are there while rows still come."""
    gate = Source([{"n": number} for number in range(3)], gated=True)
    views: dict[str, Callable[[], Any]] = {
        "rows": lambda: stream_rows(gate),
        "context": lambda: stream_with_context(f"{row['n']}\n" for row in gate),
        "bare": lambda: (f"{row['n']}\n" for row in gate),
    }
    site.app.add_url_rule("/export", "export", views[how])
    url = serve(site.app)
    labels = {"method": "GET", "status": "200"}
    gate.release()
    with open_stream(f"{url}/export") as response:
        assert next(response).data.endswith(b"0\n")
        for _ in range(2):
            assert site.value("flask_http_request_total", **labels) == 1
            assert (
                site.value(
                    "flask_http_request_duration_seconds_count",
                    path="/export",
                    **labels,
                )
                == 1
            )
            gate.release(None)
            response.read()


def test_metrics_page_is_whole(site: Site) -> None:
    """``/metrics`` is text, with its length, beside streams that flow."""
    site.app.add_url_rule(
        "/export", "export", lambda: stream_rows({"n": n} for n in "abc")
    )
    response = site.app.test_client().get("/metrics")
    assert response.content_length == len(response.data)
    assert "flask_http_request_total" in response.text


def test_error_in_the_middle_is_an_exception_of_the_metrics(site: Site) -> None:
    """The request stays one with status 200, and is counted as failed, too."""
    rows = Source([{"n": 1}], error=ValueError("no more rows"))
    site.app.add_url_rule("/export", "export", lambda: stream_rows(rows))
    response = site.app.test_client().get("/export")
    with pytest.raises(ValueError, match="no more rows"):
        response.get_data()
    labels = {"method": "GET", "status": "500"}
    assert site.value("flask_http_request_exceptions_total", **labels) == 1
    assert site.value("flask_http_request_total", method="GET", status="200") == 1


@pytest.mark.parametrize(("how", "counted"), [("rows", "200"), ("context", "500")])
def test_first_item_that_fails(site: Site, how: str, counted: str) -> None:
    """Of rows, it counts the response that the view returned, and the exception."""
    views: dict[str, Callable[[], Any]] = {
        "rows": lambda: stream_rows({"n": 1 // n} for n in [0]),
        "context": lambda: stream_with_context(str(1 // n) for n in [0]),
    }
    site.app.add_url_rule("/export", "export", views[how])
    assert site.app.test_client().get("/export").status_code == 500
    assert site.value("flask_http_request_total", method="GET", status=counted) == 1
    labels = {"method": "GET", "status": "500"}
    assert site.value("flask_http_request_exceptions_total", **labels) == 1


def test_signal_gives_the_metrics_of_whole_streams(site: Site) -> None:
    """``stream_finished`` tells how long each took, and how it ended."""
    seconds = Histogram(
        "stream_seconds", "Streams", ["outcome"], registry=site.registry
    )

    def observe(sender: Flask, **facts: Any) -> None:
        seconds.labels(facts["outcome"]).observe(facts["seconds"])

    numbers = {"/few": [1, 2, 3], "/endless": count()}
    for path, source in numbers.items():
        view = partial(stream_rows, ({"n": n} for n in source))
        site.app.add_url_rule(path, path, view)
    client = site.app.test_client()
    with stream_finished.connected_to(observe, site.app):
        assert client.get("/few").text == "n\n1\n2\n3\n"
        with client.get("/endless") as response:
            assert next(response.iter_encoded()).startswith(b"n\n0\n")
    for outcome in ("complete", "disconnected"):
        assert site.value("stream_seconds_count", outcome=outcome) == 1
