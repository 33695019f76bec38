"""Tests of a JSON array in an object, as a client of a view has it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import request
from flask.testing import FlaskClient

from exports.orders import ask
from exports.orders import export
from exports.orders import failing_after
from exports.orders import ORDERS
from exports.orders import Source
from flask_outpour import JSON
from flask_outpour import Rows
from flask_outpour import stream_rows


@pytest.mark.parametrize("count", [0, 1, 2, 2_000])
def test_orders_and_meta(app: Flask, client: FlaskClient, count: int) -> None:
    """A client reads the rows, and behind them what the function says of them."""
    rows = (ORDERS * 1_000)[:count]

    def meta(rows: int) -> dict[str, Any]:
        return {"rows": rows, "day": date(2026, 3, 1)}

    export(app, rows, JSON(key="orders", meta=meta), columns=["id", "name"])
    response = client.get("/orders")
    assert response.content_type == "application/json"
    assert response.json == {
        "orders": rows,
        "meta": {"rows": count, "day": "2026-03-01"},
    }


def test_function_runs_in_the_contexts_of_the_view(
    app: Flask, client: FlaskClient
) -> None:
    """It sees the request, and what the view and the rows have put into ``g``."""
    closed = []

    def rows() -> Any:
        g.total = 0
        for number in range(3):
            g.total += number
            yield {"n": number}

    def meta(rows: int) -> dict[str, Any]:
        assert not closed
        return {"path": request.path, "total": g.total}

    app.teardown_request(lambda error: closed.append(error))
    export(app, rows, JSON(key="rows", meta=meta))
    got = json.loads(client.get("/orders").data)
    assert got["meta"] == {"path": "/orders", "total": 3}
    assert closed == [None]


def fails(rows: int) -> dict[str, Any]:
    raise LookupError("the total is gone")


@pytest.mark.parametrize("meta", [fails, lambda rows: {"a": {1}}, lambda rows: None])
def test_error_in_the_function_cuts_the_stream(
    app: Flask, caplog: pytest.LogCaptureFixture, meta: Callable[[int], Any]
) -> None:
    """The rows are there, no bracket closes them, and the log has the cause."""
    export(app, ORDERS, JSON(key="orders", meta=meta))
    *_, body = ask(app, path="/orders")
    got = b""
    with caplog.at_level(logging.ERROR), pytest.raises((LookupError, ValueError)):
        for chunk in body:
            got += chunk
    body.close()
    assert got == b'{"orders":[\n{"id":1,"name":"Ada"},\n{"id":2,"name":null}'
    with pytest.raises(json.JSONDecodeError):
        json.loads(got)
    assert "Exception on /orders" in caplog.text


@pytest.mark.parametrize("meta", [fails, lambda rows: {"a": {1}}])
def test_error_without_a_row_is_an_error_page(
    app: Flask, client: FlaskClient, meta: Callable[[int], Any]
) -> None:
    """Where no byte has gone, the response is an ordinary error."""
    export(app, [], JSON(key="orders", meta=meta), columns=["id"])
    response = client.get("/orders")
    assert response.status_code == 500
    assert "orders" not in response.text


def test_failed_source_asks_for_no_meta(app: Flask) -> None:
    """Rows that failed have no end, and the function is not called."""
    asked: list[int] = []

    def meta(rows: int) -> dict[str, Any]:
        asked.append(rows)
        return {}

    export(app, failing_after(2), JSON(key="orders", meta=meta))
    *_, body = ask(app, path="/orders")
    got = []
    with pytest.raises(LookupError):
        got.extend(body)
    body.close()
    assert b"".join(got) == b'{"orders":[\n{"id":1},\n{"id":2}'
    assert asked == []


def test_bad_row_is_not_counted(app: Flask) -> None:
    """The rows before it are sent, and the stream is cut."""
    export(app, [{"id": 1}, {"id": object()}], JSON(key="orders", meta={"a": 1}))
    *_, body = ask(app, path="/orders")
    chunks = iter(body)
    assert next(chunks) == b'{"orders":[\n{"id":1}'
    with pytest.raises(ValueError, match="Row 2"):
        next(chunks)
    body.close()


def test_client_that_leaves_asks_for_no_meta(app: Flask) -> None:
    """Nothing is computed for a client that is gone."""
    asked: list[int] = []

    def meta(rows: int) -> dict[str, Any]:
        asked.append(rows)
        return {}

    source = Source(ORDERS * 99)
    export(app, source, JSON(key="orders", meta=meta))
    *_, body = ask(app, path="/orders")
    next(iter(body))
    body.close()
    assert (asked, source.closed) == ([], 1)


def test_lines_that_a_source_wrote(app: Flask, client: FlaskClient) -> None:
    """A source that writes its own lines, as COPY does, has its rows counted."""
    lines = [b'{"a":"\\n"}\n{"a":2}\n', b'{"a":3}\n']
    format = JSON(key="rows", meta=lambda rows: {"rows": rows})
    export(app, lambda: Rows(["a"], (), lines=lines), format)
    assert client.get("/orders").json == {
        "rows": [{"a": "\n"}, {"a": 2}, {"a": 3}],
        "meta": {"rows": 3},
    }


def test_frame_of_pandas_is_counted(app: Flask, client: FlaskClient) -> None:
    """A frame, whose rows go by Arrow's columns, says how many there were."""
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    frame = pandas.DataFrame({"n": range(3_000)})
    export(app, frame, JSON(key="rows", meta=lambda rows: {"rows": rows}))
    got = client.get("/orders").json
    assert got is not None
    assert len(got["rows"]) == got["meta"]["rows"] == 3_000


def test_one_format_for_many_streams(app: Flask, client: FlaskClient) -> None:
    """Streams of one object at the same time each count their own rows."""
    format = JSON(key="rows", meta=lambda rows: {"rows": rows})
    app.add_url_rule(
        "/<int:n>", "n", lambda n: stream_rows([{"i": i} for i in range(n)], format)
    )
    *_, first = ask(app, path="/1500")
    begun = next(iter(first))
    assert client.get("/3").json["meta"] == {"rows": 3}  # type: ignore[index]
    assert json.loads(begun + b"".join(first))["meta"] == {"rows": 1500}
    first.close()
