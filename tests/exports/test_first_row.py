"""Tests of errors until the first row, which are ordinary errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import abort
from flask import Flask
from flask import redirect
from flask import request
from flask.testing import FlaskClient

from exports.orders import export
from exports.orders import Source
from flask_outpour import ConfigurationError
from flask_outpour import RowError
from flask_outpour import SourceError
from flask_outpour import stream_rows


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"extras": "error"}, "'raise' or 'ignore', but it is 'error'"),
        ({"columns": {"id": "Number"}}, "names of columns in their order"),
        ({"columns": {"id"}}, "names of columns in their order"),
        ({"columns": "id"}, "names of columns in their order"),
        ({"formats": "json"}, "takes a list of formats"),
    ],
)
def test_option_that_is_none_is_the_views_mistake(
    app: Flask, options: dict[str, Any], message: str
) -> None:
    """It is an error in the view, and not taken for another one."""
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match=message),
    ):
        stream_rows([{"id": 1, "b": 2}], **options)


def fail_by(failure: Any) -> Iterator[tuple[int]]:
    """Fail in the first row."""
    failure()
    yield (1,)


def raise_lookup_error() -> None:
    raise LookupError("no such table")


@pytest.mark.parametrize("wrap", [lambda rows: rows, lambda rows: lambda: rows])
@pytest.mark.parametrize(
    ("failure", "status", "text"),
    [
        (raise_lookup_error, 500, "Internal Server Error"),
        (lambda: abort(403), 403, "Forbidden"),
        (lambda: abort(404, "no such order"), 404, "no such order"),
        (lambda: abort(redirect("/login")), 302, "/login"),
    ],
)
def test_error_in_the_first_row_is_an_ordinary_error(
    app: Flask, client: FlaskClient, wrap: Any, failure: Any, status: int, text: str
) -> None:
    """The answer has the error's status and page, and none of the view's headers."""
    export(app, lambda: wrap(fail_by(failure)), columns=["id"])
    response = client.get("/orders")
    assert response.status_code == status
    assert text in response.text
    assert response.mimetype == "text/html"
    assert "Content-Disposition" not in response.headers


def test_error_in_the_first_row_goes_to_its_handler(
    app: Flask, client: FlaskClient
) -> None:
    """A handler of the application's answers, within the request."""

    @app.errorhandler(LookupError)
    def missing(error: LookupError) -> tuple[str, int]:
        return f"{request.path}: {error.args[0]}", 410

    export(app, lambda: fail_by(raise_lookup_error), columns=["id"])
    response = client.get("/orders.json")
    assert (response.status_code, response.text) == (410, "/orders.json: no such table")


@pytest.mark.parametrize(
    ("source", "format", "error"),
    [
        ([(1, 2)], "csv", SourceError),
        ([5], "csv", SourceError),
        (7, "csv", SourceError),
        ("text", "csv", SourceError),
        ([{"a": object()}], "csv", RowError),
        ([{"a": "\ud800"}], "csv", RowError),
        ([{"a": float("nan")}], "json", RowError),
    ],
)
def test_what_cannot_be_read_or_written_is_an_error_before_the_headers(
    app: Flask, client: FlaskClient, source: Any, format: str, error: type[Exception]
) -> None:
    """The view's mistake is a 500, and under test its own exception."""
    export(app, lambda: source, format)
    assert client.get("/orders").status_code == 500
    app.testing = True
    with pytest.raises(error):
        client.get("/orders")


def test_duplicate_columns_are_an_error_before_the_headers(
    app: Flask, client: FlaskClient
) -> None:
    """JSON, which cannot have two members of one name, is refused with a 500."""
    source = Source([(1, 2)])
    export(app, source, columns=["a", "a"])
    assert client.get("/orders.json").status_code == 500
    assert source.closed == 1
