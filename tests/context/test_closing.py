"""Tests of streams that are closed from anywhere, and torn down once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from flask import g
from flask import has_app_context
from flask import request
from flask import Response

from context.calls import call
from context.calls import close
from flask_outpour import stream_with_context


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
