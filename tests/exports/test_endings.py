"""Tests of sources: each is closed once, however its stream ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask import request
from flask import Response
from flask.testing import FlaskClient

from exports.orders import ask
from exports.orders import BODIES
from exports.orders import export
from exports.orders import ORDERS
from exports.orders import Source
from flask_outpour import stream_rows


@pytest.mark.parametrize("ending", ["complete", "left", "unread", "failed"])
def test_source_is_closed_once_on_every_ending(app: Flask, ending: str) -> None:
    """Read to the end, left in the middle or before the start, failed: closed once."""
    source = Source(ORDERS * 3, ValueError("gone") if ending == "failed" else None)
    app.add_url_rule("/", "view", lambda: stream_rows(source, "csv"))
    *_, body = ask(app)
    chunks = iter(body)
    if ending == "left":
        next(chunks)
    elif ending == "complete":
        assert b"".join(chunks).startswith(b"id,name\n1,Ada\n")
    elif ending == "failed":
        with pytest.raises(ValueError, match="gone"):
            list(chunks)
    body.close()
    assert source.closed == 1


def test_generator_is_closed_when_the_client_leaves(app: Flask) -> None:
    """``finally`` of a generator runs while the contexts are there."""
    seen = []

    def rows() -> Iterator[tuple[int]]:
        try:
            for number in range(10**9):
                yield (number,)
        finally:
            seen.append(request.path)

    app.add_url_rule("/", "view", lambda: stream_rows(rows(), columns=["n"]))
    *_, body = ask(app)
    next(iter(body))
    body.close()
    assert seen == ["/"]


def test_source_of_a_function_is_closed(app: Flask, client: FlaskClient) -> None:
    """What a function returned is closed, though only the stream knows of it."""
    source = Source()
    app.add_url_rule("/", "view", lambda: stream_rows(lambda: source, "csv"))
    assert client.get("/").text == BODIES["csv"][0]
    assert source.closed == 1


@pytest.mark.parametrize("source", [Source, lambda: (row for row in ORDERS)])
def test_head_pulls_no_row(app: Flask, source: Any) -> None:
    """HEAD has the headers of GET; no row is made, and the source is closed."""
    made = source()
    export(app, lambda: made)
    status, headers, body = ask(app, "HEAD", "/orders")
    with closing(body):
        assert (status, b"".join(body)) == ("200 OK", b"")
    assert headers["Content-Type"] == "text/csv; charset=utf-8"
    assert headers["Content-Disposition"] == 'attachment; filename="orders.csv"'
    if isinstance(made, Source):
        assert (made.pulled, made.closed) == (0, 1)
    else:
        assert list(made) == []


def test_function_is_not_called_for_head(app: Flask, client: FlaskClient) -> None:
    """HEAD runs no query."""
    export(app, lambda: pytest.fail)
    assert client.head("/orders").status_code == 200


def test_unchanged_export_is_not_made(app: Flask) -> None:
    """A conditional request that matches gets a 304, and the source is closed."""
    sources = []

    @app.get("/")
    def view() -> Response:
        sources.append(Source())
        response = stream_rows(sources[-1], "csv")
        response.set_etag("v1")
        return response.make_conditional(request)

    status, headers, body = ask(app)
    assert "Content-Length" not in headers, "nothing must have read the rows"
    assert b"".join(body) == BODIES["csv"][0].encode()
    body.close()
    headers = {"If-None-Match": headers["ETag"]}
    status, _, body = ask(app, **headers)
    with closing(body):
        assert (status, b"".join(body)) == ("304 NOT MODIFIED", b"")
    assert [(source.pulled > 0, source.closed) for source in sources] == [
        (True, 1),
        (False, 1),
    ]


def test_replaced_response_closes_its_source(app: Flask, client: FlaskClient) -> None:
    """A stream that is given up for another response is closed, unpulled."""
    given_up, replaced = Source(), Source()

    @app.get("/given-up")
    def give_up() -> str:
        stream_rows(given_up)
        return "nothing today"

    @app.get("/replaced")
    def replace() -> Response:
        return stream_rows(replaced)

    @app.after_request
    def change(response: Response) -> Any:
        return Response("no") if request.path == "/replaced" else response

    assert client.get("/given-up").text == "nothing today"
    assert client.get("/replaced").text == "no"
    for source in (given_up, replaced):
        assert (source.pulled, source.closed) == (0, 1)


@pytest.mark.parametrize(
    ("options", "status"),
    [({"format": "xml"}, 500), ({"formats": []}, 500), ({"columns": "id"}, 500)],
)
def test_refused_request_closes_its_source(
    app: Flask, client: FlaskClient, options: Any, status: int
) -> None:
    """Where no stream comes of it, the source is closed all the same."""
    source = Source()
    app.add_url_rule("/", "view", lambda: stream_rows(source, **options))
    assert client.get("/").status_code == status
    assert (source.pulled, source.closed) == (0, 1)


def test_connection_of_duckdb_stays_open(app: Flask, client: FlaskClient) -> None:
    """The application's one connection, which DuckDB returns of a query, is kept."""
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    export(app, lambda: connection.execute("SELECT 1 AS id"))
    assert client.head("/orders").status_code == 200
    assert [client.get("/orders").text for _ in range(2)] == ["id\n1\n"] * 2
    connection.close()
