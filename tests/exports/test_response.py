"""Tests of the response: its status, its headers, and the name of its file."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask import Response
from flask import session
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from exports.orders import BODIES
from exports.orders import export
from exports.orders import ORDERS
from flask_outpour import stream_rows


def test_status_headers_and_cookies_as_in_flask(
    app: Flask, client: FlaskClient
) -> None:
    """A view returns it with a status and headers, and changes it, as any response."""

    @app.get("/")
    def view() -> Any:
        response = stream_rows(ORDERS, "csv")
        response.set_cookie("seen", "yes")
        response.headers["X-Rows"] = "2"
        session["exported"] = True
        return response, 201, {"Cache-Control": "no-store"}

    @app.after_request
    def stamp(response: Response) -> Response:
        response.headers["X-Stamp"] = response.mimetype
        return response

    response = client.get("/")
    assert (response.status_code, response.text) == (201, BODIES["csv"][0])
    names = ("X-Rows", "Cache-Control", "X-Stamp")
    assert [response.headers[name] for name in names] == ["2", "no-store", "text/csv"]
    assert response.headers.getlist("Set-Cookie")[0].startswith("seen=yes")
    with client.session_transaction() as kept:
        assert kept["exported"] is True


def test_response_class_of_the_application(app: Flask, client: FlaskClient) -> None:
    """The response is of the class that the application has chosen."""

    class Own(Response):
        @property
        def default_mimetype(self) -> str:  # type: ignore[override]
            return "text/plain"

    app.response_class = Own
    made = []

    @app.get("/")
    def view() -> Response:
        made.append(stream_rows(ORDERS, "csv"))
        return made[0]

    assert client.get("/").mimetype == "text/csv"
    assert type(made[0]) is Own


def test_session_can_be_written_until_the_first_row(
    app: Flask, client: FlaskClient
) -> None:
    """The view's own writes to the session are saved."""

    @app.get("/")
    def view() -> Response:
        session["count"] = session.get("count", 0) + 1
        return stream_rows(lambda: [(session["count"],)], columns=["count"])

    assert [client.get("/").text for _ in range(2)] == ["count\n1\n", "count\n2\n"]


@pytest.mark.parametrize(
    ("filename", "path", "expected"),
    [
        (None, "/orders", "orders.csv"),
        (None, "/orders.jsonl", "orders.jsonl"),
        ("report", "/orders", "report.csv"),
        ("report.csv", "/orders", "report.csv"),
        ("report.csv", "/orders.json", "report.json"),
        ("report.HTML", "/orders.json", "report.json"),
        ("report.v2", "/orders", "report.v2.csv"),
        ("Bücher/日本", "/orders", "Bücher_日本.csv"),
        ("a\r\nX: b", "/orders", "a_X_ b.csv"),
    ],
)
def test_name_of_the_file(
    app: Flask, client: FlaskClient, filename: str, path: str, expected: str
) -> None:
    """The name is the view's or the endpoint's, with the suffix of what is sent."""
    export(app, filename=filename)
    response = client.get(path)
    disposition = parse_options_header(response.headers["Content-Disposition"])
    assert disposition == ("attachment", {"filename": expected})
    assert set(response.headers.keys()) == {
        *("Content-Type", "Content-Disposition"),
        *(["Vary"] if path == "/orders" else []),
    }


def test_name_of_a_blueprints_view(app: Flask, client: FlaskClient) -> None:
    """The name of the endpoint comes without that of its blueprint."""
    shop = Blueprint("shop", __name__)
    shop.add_url_rule("/all", "stock", lambda: stream_rows(ORDERS))
    app.register_blueprint(shop)
    header = client.get("/all").headers["Content-Disposition"]
    assert header == 'attachment; filename="stock.csv"'


def test_response_to_be_shown(app: Flask, client: FlaskClient) -> None:
    """``attachment=False`` lets a browser show the rows."""
    export(app, attachment=False)
    header = client.get("/orders.html").headers["Content-Disposition"]
    assert header == 'inline; filename="orders.html"'


def test_view_may_change_the_disposition(app: Flask, client: FlaskClient) -> None:
    """What the view says of its response afterwards counts."""

    @app.get("/")
    def view() -> Response:
        response = stream_rows(ORDERS)
        del response.headers["Content-Disposition"]
        return response

    assert "Content-Disposition" not in client.get("/").headers
