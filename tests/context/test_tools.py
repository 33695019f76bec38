"""Tests of threads and async views that go on with a stream."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import copy_current_request_context
from flask import Flask
from flask import g
from flask import has_app_context
from flask import request
from flask import Response
from flask.testing import FlaskClient

from context.calls import BOTH_IMPORTS
from flask_outpour import stream_with_context


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
