"""Tests beside Flask-Caching: what it can store it stores, and streams stay whole."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_caching import Cache

from flask_outpour import Response
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.testing import assert_closed
from flask_outpour.testing import assert_streams
from flask_outpour.testing import open_stream
from flask_outpour.testing import Source

ROWS = ["a\n", "b\n"]

#: The streams that a view may return around a source.
STREAMS: dict[str, Callable[[Source[str]], Any]] = {
    "response": lambda source: Response(iter(source)),
    "context": lambda source: stream_with_context(iter(source)),
    "rows": lambda source: stream_rows(((item[0],) for item in source), columns=["n"]),
}


@pytest.fixture
def cache(app: Flask) -> Cache:
    return Cache(app, config={"CACHE_TYPE": "SimpleCache"})


def test_texts_and_functions_are_cached(
    app: Flask, client: FlaskClient, cache: Cache
) -> None:
    """``cached`` of a text and ``memoize`` of a function do what they do."""
    calls = []

    @app.get("/text")
    @cache.cached()
    def text() -> str:
        calls.append("text")
        return "cached"

    @cache.memoize()
    def numbers(last: int) -> list[int]:
        calls.append(f"numbers {last}")
        return [*range(last)]

    @app.get("/rows/<int:last>")
    def rows(last: int) -> Any:
        return stream_rows(lambda: ((n,) for n in numbers(last)), columns=["n"])

    assert [client.get("/text").text for _ in range(2)] == ["cached"] * 2
    for last, expected in [(2, "n\n0\n1\n"), (3, "n\n0\n1\n2\n"), (2, "n\n0\n1\n")]:
        assert client.get(f"/rows/{last}").text == expected
    assert calls == ["text", "numbers 2", "numbers 3"]


@pytest.mark.parametrize("how", STREAMS)
def test_cached_view_of_a_stream_stays_a_stream(
    app: Flask,
    cache: Cache,
    serve: Callable[[Any], str],
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    """It cannot be stored: each request is sent item by item, and the log says so."""
    sources: list[Source[str]] = []

    @app.get("/")
    @cache.cached()
    def view() -> Any:
        sources.append(Source(ROWS, gated=True))
        sources[-1].release()
        return STREAMS[how](sources[-1])

    url = serve(app)
    with caplog.at_level(logging.ERROR, "flask_caching"):
        for number in range(2):
            with open_stream(url) as response:
                assert b"a\n" in next(response).data
                sources[number].release()
                assert response.read() == b"b\n"
    assert_closed(*sources)
    assert caplog.messages == ["Exception possibly due to cache backend."] * 2


def test_response_filter_keeps_streams_out_of_the_cache(
    app: Flask, cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    """With it, nothing is tried and nothing is logged."""

    @app.get("/")
    @cache.cached(response_filter=lambda response: not response.is_streamed)
    def view() -> Any:
        return stream_rows({"n": number} for number in range(9))

    with caplog.at_level(logging.ERROR, "flask_caching"):
        assert_streams(app, "/")
        assert_streams(app, "/")
    assert caplog.messages == []


def test_bare_generator_is_joined_and_stored(
    app: Flask, client: FlaskClient, cache: Cache
) -> None:
    """Flask-Caching reads a generator whole, and stores its text."""
    calls = []

    @app.get("/")
    @cache.cached()
    def view() -> Iterator[str]:
        calls.append("view")
        return (item for item in ROWS)

    for _ in range(2):
        response = client.get("/")
        assert response.text == "a\nb\n"
        assert response.content_length == 4
    assert calls == ["view"]
