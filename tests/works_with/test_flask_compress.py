"""Tests beside Flask-Compress: no byte is lost, and nothing is coded twice."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import flask
import pytest
from flask import Flask
from flask import Response
from flask_compress import Compress

from decoders import Decoder
from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.compress import CODINGS
from flask_outpour.testing import assert_streams
from flask_outpour.testing import open_stream

ROWS = [f"{number},customer {number % 97}\n" for number in range(2_000)]
BODY = "".join(ROWS).encode()

codings = pytest.mark.parametrize("coding", CODINGS)
orders = pytest.mark.parametrize("order", [1, -1], ids=["outpour first", "last"])


def application(order: int = 1, **config: Any) -> Flask:
    """Return an application with both, set up in an order."""
    app = Flask("tests.compress")
    # Neither CSV nor gzip for streams is among its defaults.
    app.config["COMPRESS_MIMETYPES"] = ["text/csv", "application/json"]
    app.config["COMPRESS_ALGORITHM_STREAMING"] = [*CODINGS, "deflate"]
    app.config.update(config)
    for set_up in [Outpour, Compress][::order]:
        set_up(app)
    return app


def read(url: str, coding: str) -> bytes:
    """Return the body of a response that must be in this coding, decoded once."""
    with open_stream(url, headers={"Accept-Encoding": coding}) as response:
        assert response.headers.getlist("Content-Encoding") == [coding]
        data = response.read()
        assert response.ending == "complete"
    assert len(data) < len(BODY)
    if coding == "deflate":
        return zlib.decompress(data)
    decoder = Decoder(coding)
    body = decoder.feed(data)
    assert decoder.whole
    return body


@pytest.mark.parametrize("keep", [iter, stream_with_context, flask.stream_with_context])
@codings
def test_no_byte_is_lost(serve: Callable[[Any], str], keep: Any, coding: str) -> None:
    """It compresses a stream, whose generator runs to its end once."""
    app = application()
    finished = []

    @app.get("/")
    def rows() -> Response:
        def generate() -> Iterator[str]:
            try:
                yield from ROWS
            finally:
                finished.append(True)

        return Response(keep(generate()), mimetype="text/csv")

    assert read(serve(app), coding) == BODY
    assert finished == [True]


def test_rows_are_compressed(serve: Callable[[Any], str]) -> None:
    """An export of rows reaches a client who takes ``deflate``, which is its own."""
    app = application()
    rows = [{"id": number, "customer": "Zoë"} for number in range(2_000)]
    app.add_url_rule("/", "rows", lambda: stream_rows(rows, "json"))
    assert json.loads(read(serve(app), "deflate")) == rows


@orders
@codings
def test_nothing_is_coded_twice(
    serve: Callable[[Any], str], order: int, coding: str
) -> None:
    """Beside ``OUTPOUR_COMPRESS`` a stream is in one coding, in either order."""
    app = application(order, OUTPOUR_COMPRESS=True)
    app.add_url_rule("/", "rows", lambda: Response(iter(ROWS), mimetype="text/csv"))
    assert read(serve(app), coding) == BODY


@orders
@codings
def test_streams_flow_when_they_are_left_to_outpour(order: int, coding: str) -> None:
    """Without ``COMPRESS_STREAMS`` a client can decode each item before the next."""
    app = application(order, OUTPOUR_COMPRESS=True, COMPRESS_STREAMS=False)
    app.add_url_rule("/", "rows", lambda: Response(iter(ROWS), mimetype="text/csv"))
    app.add_url_rule("/text", "text", lambda: Response(BODY, mimetype="text/csv"))
    asked = {"Accept-Encoding": coding}
    assert_streams(app, "/", headers=asked)
    # What does not stream is still Flask-Compress's.
    response = app.test_client().get("/text", headers=asked)
    assert response.headers["Content-Encoding"] == coding
