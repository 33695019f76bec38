"""Tests of formats of an application's own."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from exports.orders import BODIES
from exports.orders import export
from exports.orders import ORDERS
from exports.own_formats import Lines
from exports.own_formats import set_up
from exports.own_formats import UpperCSV
from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import Format
from flask_outpour import Outpour
from flask_outpour import stream_rows


@pytest.mark.parametrize("how", ["direct", "factory"])
def test_own_format_is_found_as_the_others(how: str) -> None:
    """A format of the application's is chosen by name, suffix and ``Accept``."""
    app = set_up(how, [Lines()])
    export(app)
    app.add_url_rule("/named", "named", lambda: stream_rows(ORDERS, "lines"))
    client = app.test_client()
    for response in (
        client.get("/named"),
        client.get("/orders.lines"),
        client.get("/orders", headers={"Accept": "text/x-lines"}),
    ):
        assert response.text == "id|name\n1|Ada\n2|None\n2\n"
        assert response.content_type == "text/x-lines; charset=utf-8"
        assert response.headers["Content-Disposition"].endswith('.lines"')
    assert client.get("/orders").mimetype == "text/csv", "CSV is still the default"
    refused = client.get("/orders", headers={"Accept": "image/png"})
    assert "lines (text/x-lines)" in refused.text


def test_own_format_tells_its_encoding() -> None:
    """Its ``charset`` is that of the Content-Type, whatever its media type."""

    class Latin(Lines):
        charset = "iso-8859-1"

    class Binary(Latin):
        media_type = "application/x-lines"

    for format in (Latin(), Binary()):
        app = set_up("direct", [format])
        export(app)
        response = app.test_client().get("/orders.lines")
        assert response.content_type == f"{format.media_type}; charset=iso-8859-1"


def test_own_format_takes_the_place_of_a_built_in_one() -> None:
    """A format with the suffix of a built-in one is used instead of it, everywhere."""
    app = set_up("direct", [UpperCSV()])
    export(app)
    app.add_url_rule("/named", "named", lambda: stream_rows(ORDERS, "csv"))
    client = app.test_client()
    for path in ("/named", "/orders.csv", "/orders"):
        assert client.get(path).text.startswith("id|name\n")
    assert client.get("/orders.tsv").text == BODIES["tsv"][0]


def test_own_formats_are_one_applications() -> None:
    """Another application does not get them."""
    set_up("direct", [Lines()])
    app = set_up("direct", [])
    export(app)
    assert app.test_client().get("/orders.lines").mimetype == "text/csv"


def test_own_format_needs_no_registration(app: Flask, client: FlaskClient) -> None:
    """An object with the five names is a format wherever one is taken."""
    assert isinstance(Lines(), Format)
    export(app, ORDERS, Lines())
    assert client.get("/orders").text == "id|name\n1|Ada\n2|None\n2\n"


@pytest.mark.parametrize("format", [Lines, "csv", None, object(), CSV])
def test_thing_that_is_no_format_is_refused_at_set_up(format: Any) -> None:
    """What cannot be a format is an error when the application starts."""
    with pytest.raises(ConfigurationError, match="no format"):
        Outpour(Flask("own"), formats=[format])
