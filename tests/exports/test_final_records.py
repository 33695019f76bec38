"""Tests of the last line that tells how the rows ended."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from exports.orders import ask
from exports.orders import export
from exports.orders import failing_after
from exports.orders import ORDERS
from exports.orders import Source
from flask_outpour import NDJSON
from flask_outpour import stream_finished
from flask_outpour.formats import JSONSequence


@pytest.mark.parametrize("name", ["ndjson", "json-seq"])
@pytest.mark.parametrize("count", [0, 2])
def test_final_record_of_a_complete_stream(
    app: Flask, client: FlaskClient, name: str, count: int
) -> None:
    """The last record says complete, and how many rows there were."""
    kind = {"ndjson": NDJSON, "json-seq": JSONSequence}[name]
    export(app, ORDERS[:count], kind(final_record=True), columns=["id", "name"])
    records = client.get("/orders").text.replace("\x1e", "").splitlines()
    assert list(map(json.loads, records)) == [
        *ORDERS[:count],
        {"outcome": "complete", "rows": count},
    ]


def test_error_before_the_first_row_has_no_final_record(
    app: Flask, client: FlaskClient
) -> None:
    """An error page is an error page."""
    export(app, failing_after(0), NDJSON(final_record=True))
    response = client.get("/orders")
    assert response.status_code == 500
    assert "outcome" not in response.text


def test_left_stream_makes_no_final_record(app: Flask) -> None:
    """Nothing is written for a client that is gone."""
    source = Source(ORDERS * 99)
    endings = []
    export(app, source, NDJSON(final_record=True))

    def ended(sender: Any, outcome: str, error: Any, **facts: Any) -> None:
        endings.append((outcome, error))

    *_, body = ask(app, path="/orders")
    next(iter(body))
    with stream_finished.connected_to(ended, app):
        body.close()
    assert endings == [("disconnected", None)]
