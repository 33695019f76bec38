"""Tests beside Flask-Smorest: a documented route may answer with a stream."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import marshmallow
import pytest
from flask import Flask
from flask import Response
from flask.testing import FlaskClient
from flask_smorest import abort
from flask_smorest import Api
from flask_smorest import Blueprint

from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour.testing import assert_streams


class Order(marshmallow.Schema):
    id = marshmallow.fields.Integer()


class Wanted(marshmallow.Schema):
    last = marshmallow.fields.Integer(required=True)


def registered(app: Flask, blueprint: Blueprint) -> FlaskClient:
    """Return a client of the application, which has the blueprint now."""
    app.config.update(API_TITLE="Shop", API_VERSION="1", OPENAPI_VERSION="3.0.3")
    Api(app).register_blueprint(blueprint)
    return app.test_client()


def orders(last: int) -> Iterator[dict[str, int]]:
    return ({"id": number} for number in range(last))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Return a client of a route with arguments, a schema, and rows in any format."""
    blueprint = Blueprint("orders", "orders")

    @blueprint.route("/orders/")
    @blueprint.arguments(Wanted, location="query")
    @blueprint.response(200, Order(many=True))
    def view(wanted: dict[str, int]) -> Response:
        if wanted["last"] > 100:
            abort(403, message="Too many.")
        return stream_rows(orders(wanted["last"]))

    return registered(app, blueprint)


def test_documented_route_streams_its_rows(app: Flask, client: FlaskClient) -> None:
    """The first row is with the client before the second; the schema documents it."""
    json = {"Accept": "application/json"}
    assert client.get("/orders/?last=2", headers=json).json == [{"id": 0}, {"id": 1}]
    assert client.get("/orders/?last=2").text == "id\n0\n1\n"
    assert_streams(app, "/orders/?last=9")
    assert_streams(app, "/orders/?last=9", headers=json)


def test_errors_before_the_rows_are_its_own_pages(client: FlaskClient) -> None:
    """A wrong argument and an ``abort`` have their status and JSON of the API."""
    assert client.get("/orders/").json["errors"]["query"]["last"]  # type: ignore[index]
    assert client.get("/orders/").status_code == 422
    refused = client.get("/orders/?last=101")
    assert (refused.status_code, refused.json["message"]) == (403, "Too many.")  # type: ignore[index]


def test_status_and_headers_beside_a_stream_are_kept(app: Flask) -> None:
    """A view may return a tuple, as elsewhere."""
    blueprint = Blueprint("orders", "orders")

    @blueprint.route("/")
    @blueprint.response(200)
    def view() -> Any:
        return stream_rows(orders(2)), 202, {"X-Shop": "7"}

    response = registered(app, blueprint).get("/")
    assert (response.status_code, response.headers["X-Shop"]) == (202, "7")
    assert response.text == "id\n0\n1\n"


def test_failing_first_row_is_an_error_of_the_api(app: Flask) -> None:
    """It is answered with status 500 and the API's JSON, and not with half a file."""
    blueprint = Blueprint("orders", "orders")

    @blueprint.route("/")
    @blueprint.response(200)
    def view() -> Response:
        return stream_rows({"id": 1 // number} for number in range(2))

    response = registered(app, blueprint).get("/")
    assert response.status_code == 500
    assert response.json == {"code": 500, "status": "Internal Server Error"}


def test_bare_iterator_goes_into_a_response(app: Flask) -> None:
    """What is no Response becomes JSON, which an iterator cannot be."""
    blueprint = Blueprint("orders", "orders")

    def lines() -> Any:
        return stream_with_context(f"{number}\n" for number in range(9))

    blueprint.route("/bare")(blueprint.response(200)(lines))
    blueprint.route("/wrapped")(blueprint.response(200)(lambda: Response(lines())))
    assert registered(app, blueprint).get("/bare").status_code == 500
    assert_streams(app, "/wrapped")


def test_etag_wants_the_whole_answer(app: Flask) -> None:
    """``etag`` tags what goes through the schema, and there is nothing here."""
    blueprint = Blueprint("orders", "orders")

    @blueprint.route("/")
    @blueprint.etag
    @blueprint.response(200)
    def view() -> Response:
        return stream_rows(orders(2))

    assert registered(app, blueprint).get("/").status_code == 500
