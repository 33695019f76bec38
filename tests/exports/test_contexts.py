"""Tests of the contexts of an export: open to its last row, then torn down once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask import session

from exports.orders import ask
from exports.orders import ORDERS
from exports.orders import Source
from flask_outpour import stream_rows


@pytest.fixture
def teardowns(app: Flask) -> list[Any]:
    """Return the errors, or ``None``, with which requests were torn down."""
    seen: list[Any] = []
    app.teardown_request(seen.append)
    return seen


def test_contexts_last_to_the_last_row(app: Flask, teardowns: list[Any]) -> None:
    """Each row sees request, session and ``g``; teardown runs once, after the last."""

    @app.get("/<name>")
    def view(name: str) -> Response:
        session["name"] = g.name = name

        def rows() -> Iterator[tuple[Any, ...]]:
            for _ in range(30):
                assert teardowns == []
                yield (g.name, session["name"], request.view_args["name"])

        return stream_rows(rows(), "csv", columns=["g", "session", "request"])

    client = app.test_client()
    rows = client.get("/Ada").text.splitlines()
    assert rows == ["g,session,request", *["Ada,Ada,Ada"] * 30]
    assert teardowns == [None]


def test_failed_export_is_torn_down_once(app: Flask, teardowns: list[Any]) -> None:
    """Teardown functions get the error of a stream that failed."""
    error = LookupError("gone")
    app.add_url_rule("/", "view", lambda: stream_rows(Source(error=error), "csv"))
    *_, body = ask(app)
    with closing(body), pytest.raises(LookupError):
        list(body)
    assert teardowns == [error]


def test_left_export_is_torn_down_once(app: Flask, teardowns: list[Any]) -> None:
    """A client that leaves ends the request as well."""
    app.add_url_rule("/", "view", lambda: stream_rows(Source(ORDERS * 99), "csv"))
    *_, body = ask(app)
    next(iter(body))
    assert teardowns == []
    body.close()
    body.close()
    assert teardowns == [None]
