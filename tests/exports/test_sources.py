"""Tests of what is streamed, and of when it is opened."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient
from werkzeug.test import create_environ

from exports.orders import BODIES
from exports.orders import export
from exports.orders import ORDERS
from exports.orders import Source
from flask_outpour import Rows
from flask_outpour import stream_rows


def test_source_that_the_view_closed_gets_a_note(app: Flask, tmp_path: Path) -> None:
    """A file of a ``with`` block is closed when it is read; the error says the cure."""
    path = tmp_path / "rows.csv"
    path.write_text("1,2\n")

    @app.get("/")
    def view() -> Response:
        with path.open(newline="") as file:
            return stream_rows(csv.reader(file), columns=["a", "b"])

    app.testing = True
    with pytest.raises(ValueError, match="closed file") as caught:
        app.test_client().get("/")
    assert "pass the function: stream_rows(rows)" in caught.value.__notes__[0]


def test_empty_source(app: Flask, client: FlaskClient) -> None:
    """No rows are a whole response: the header if there is one, or an empty array."""
    export(app, list, columns=["id", "name"])
    bodies = {name: client.get(f"/orders.{name}").text for name in BODIES}
    assert bodies == {
        "csv": "id,name\n",
        "tsv": "id\tname\n",
        "json": "[]\n",
        "ndjson": "",
        "json-seq": "",
    }


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(lambda: [(1, "Ada"), (2, None)], id="list"),
        pytest.param(lambda: (row for row in ORDERS), id="generator"),
        pytest.param(lambda: Rows(["x", "y"], [[(1, "Ada")], [(2, None)]]), id="Rows"),
        pytest.param(lambda: lambda: iter(ORDERS), id="function"),
    ],
)
def test_kinds_of_sources(app: Flask, client: FlaskClient, source: Any) -> None:
    """Each kind of source gives the same response."""
    export(app, source, "csv", columns=["id", "name"])
    assert client.get("/orders").text == BODIES["csv"][0]


def test_batch_without_rows_is_passed_over(app: Flask, client: FlaskClient) -> None:
    """What pages are read from may have an empty one, whatever the format."""
    export(app, lambda: Rows(["id"], iter([[], [(1,)], [], [(2,)], []])))
    app.add_url_rule(
        "/whole.<suffix>",
        "whole",
        lambda suffix: stream_rows(Rows(["id"], [[(1,)], [(2,)]])),
    )
    for name in [*BODIES, "html", "xlsx"]:
        response = client.get(f"/orders.{name}")
        assert (response.status_code, response.data) == (
            200,
            client.get(f"/whole.{name}").data,
        )


def test_extra_keys(app: Flask, client: FlaskClient) -> None:
    """Keys beyond the columns are left out on request, else an error."""
    export(app, ORDERS, columns=["name"], extras="ignore")
    app.add_url_rule("/all", "all", lambda: stream_rows(ORDERS, columns=["name"]))
    assert client.get("/orders").text == 'name\nAda\n""\n'
    assert client.get("/all").status_code == 500


def test_async_view(app: Flask, client: FlaskClient) -> None:
    """An ``async def`` view streams rows as any other."""
    pytest.importorskip("asgiref")

    @app.get("/")
    async def view() -> Response:
        return stream_rows(({"q": request.args["q"]} for _ in range(2)), "csv")

    assert client.get("/?q=a").text == "q\na\na\n"


def test_outside_of_a_request_is_an_error(app: Flask) -> None:
    """Without a request there is no client to ask, and the source is closed."""
    source = Source()
    with app.app_context(), pytest.raises(RuntimeError, match="request"):
        stream_rows(source)
    assert (source.pulled, source.closed) == (0, 1)


def test_source_is_opened_after_the_view(app: Flask, client: FlaskClient) -> None:
    """No row is pulled in the view, and the first before the headers go."""
    source = Source()
    seen = []

    @app.get("/")
    def view() -> Response:
        response = stream_rows(source)
        seen.append(("view", source.pulled))
        return response

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
        seen.append(("headers", source.pulled))

    iterable = app(create_environ(), start_response)
    assert seen == [("view", 0), ("headers", 1)]
    iterable.close()  # type: ignore[attr-defined]


def test_function_is_called_after_the_view(app: Flask, client: FlaskClient) -> None:
    """A source that is a function runs once, inside the view's contexts."""
    calls = []

    @app.get("/")
    def view() -> Response:
        g.user = "Ada"

        def rows() -> Iterator[tuple[Any, ...]]:
            calls.append(g.user)
            yield (g.user, request.args["q"], session.get("a"))

        response = stream_rows(rows, "csv", columns=["user", "q", "a"])
        assert calls == []
        return response

    assert client.get("/?q=b").text == "user,q,a\nAda,b,\n"
    assert calls == ["Ada"]
