"""Tests of errors before the first item, which have their own status."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import flask
import pytest
from flask import abort
from flask import current_app
from flask import Flask
from flask import g
from flask import redirect
from flask import request
from flask import Response
from flask.testing import FlaskClient

from exchange.sources import ANY_SOURCE
from exchange.sources import failing
from exchange.sources import raise_value_error


@ANY_SOURCE
def test_error_before_the_first_item_is_a_500(
    app: Flask, serve: Callable[[Any], str], wrap: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream that fails before its first item is a clean 500, and is logged once."""

    @app.get("/")
    def view() -> Response:
        response = Response(wrap(failing(raise_value_error)), mimetype="text/csv")
        response.set_cookie("seen", "yes")
        return response

    with pytest.raises(HTTPError) as caught:
        urlopen(serve(app), timeout=20)
    with caught.value as response:
        assert response.code == 500
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Set-Cookie"] is None
        assert b"Internal Server Error" in response.read()
    errors = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.name for record in errors] == [app.logger.name]
    assert errors[0].exc_info is not None
    assert errors[0].exc_info[0] is ValueError


@ANY_SOURCE
def test_abort_before_the_first_item_has_its_status(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """``abort(403)`` in a generator is a 403, as it is in a view."""

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(lambda: abort(403))))

    response = client.get("/")
    assert response.status_code == 403
    assert "Forbidden" in response.text


@ANY_SOURCE
def test_redirect_before_the_first_item(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """``abort(redirect(...))`` in a generator redirects."""

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(lambda: abort(redirect("/elsewhere")))))

    response = client.get("/")
    assert (response.status_code, response.location) == (302, "/elsewhere")
    assert "Redirecting" in response.text


@ANY_SOURCE
def test_handler_answers_an_error_before_the_first_item(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """The application's own handler makes the answer, and sees the request."""

    @app.get("/")
    def view() -> Response:
        g.unit = "km"
        return Response(wrap(failing(raise_value_error)))

    @app.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[str, int]:
        return f"{error} in {request.args['name']} {g.unit} {current_app.name}", 418

    response = client.get("/?name=x")
    assert response.status_code == 418
    assert response.text == "no rows at all in x km tests.app"


@ANY_SOURCE
def test_blueprint_handler_answers_an_error_of_its_view(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """A blueprint's error handler is the one for its streams."""
    blueprint = flask.Blueprint("rows", __name__, url_prefix="/rows")

    @blueprint.get("/")
    def view() -> Response:
        return Response(wrap(failing(raise_value_error)))

    @blueprint.errorhandler(ValueError)
    def handle(error: ValueError) -> tuple[str, int]:
        return "of the blueprint", 409

    app.register_blueprint(blueprint)
    response = client.get("/rows/")
    assert (response.status_code, response.text) == (409, "of the blueprint")


@ANY_SOURCE
def test_error_propagates_in_tests(app: Flask, client: FlaskClient, wrap: Any) -> None:
    """With ``TESTING`` an error before the first item comes out of the client."""
    app.testing = True

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(raise_value_error)))

    with pytest.raises(ValueError, match="no rows at all"):
        client.get("/")


def test_missing_context_is_a_500_that_names_the_cure(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A bare generator that uses ``request`` is a 500, and the log names the cure."""

    @app.get("/")
    def view() -> Response:
        return Response(failing(lambda: request.args["name"]))

    assert client.get("/?name=x").status_code == 500
    assert "Working outside of request context" in caplog.text
    assert "flask_outpour.stream_with_context" in caplog.text


def test_other_runtime_errors_get_no_advice(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A ``RuntimeError`` of another kind is not mistaken for a missing context."""

    def fail() -> None:
        raise RuntimeError("out of paper")

    @app.get("/")
    def view() -> Response:
        return Response(failing(fail))

    assert client.get("/").status_code == 500
    assert "out of paper" in caplog.text
    assert "stream_with_context" not in caplog.text


@ANY_SOURCE
def test_after_request_sees_the_error_page(
    app: Flask, client: FlaskClient, wrap: Any
) -> None:
    """Functions of ``after_request`` run for the page that answers the error."""

    @app.after_request
    def mark(response: Response) -> Response:
        response.headers["X-Status"] = str(response.status_code)
        return response

    @app.get("/")
    def view() -> Response:
        return Response(wrap(failing(lambda: abort(403))))

    assert client.get("/").headers.getlist("X-Status") == ["403"]
