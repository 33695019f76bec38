"""Tests of how many rows an export has read, as the home page is told."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import urlopen

import pytest
from flask import Flask

from flask_outpour.demo.counting import add_progress
from flask_outpour.demo.counting import CountedTable
from flask_outpour.demo.counting import REQUESTS
from flask_outpour.demo.sqlite import SQLiteTable

from .conftest import ORDERS
from .test_views import get


def told(url: str, run: str) -> int:
    """Return how many rows a request has read, says the demo."""
    rows: int = json.loads(get(f"{url}/progress?run={run}"))["rows"]
    return rows


@pytest.fixture
def home() -> Flask:
    """Return an application that tells how far exports have come."""
    home = Flask("tests.counting")
    add_progress(home)
    return home


def progress(home: Flask, run: str) -> int:
    """Return how many rows a request has read, says the application."""
    rows: int = home.test_client().get(f"/progress?run={run}").json["rows"]
    return rows


@pytest.mark.parametrize(
    "path",
    [
        *(f"outpour/orders.{end}" for end in ("csv", "json", "xlsx", "parquet")),
        "all/tables.zip",
    ],
)
def test_every_row_of_an_export_is_counted(orders_url: str, path: str) -> None:
    """At the end the number is that of the orders, and the file has all bytes."""
    with urlopen(f"{orders_url}/{path}?run={path}", timeout=30) as response:
        assert response.read()
    assert told(orders_url, path) == ORDERS
    assert told(orders_url, "another") == 0


def test_rows_are_counted_while_they_are_read(home: Flask, orders_path: Path) -> None:
    """The number grows with what was read, whichever way that is."""
    with home.test_request_context("/?run=halfway"):
        cursor = CountedTable(orders_path, "orders").source()
    assert progress(home, "halfway") == 0
    cursor.fetchmany(10)
    assert progress(home, "halfway") == 10
    assert len(list(cursor)) == ORDERS - 10
    assert progress(home, "halfway") == ORDERS
    cursor.close()


def test_the_rows_are_those_of_the_table(orders_path: Path) -> None:
    """To count rows changes none of them, and needs no request."""
    expected = list(SQLiteTable(orders_path, "orders").rows())
    assert list(CountedTable(orders_path, "orders").rows()) == expected


def test_old_requests_are_forgotten(home: Flask, orders_path: Path) -> None:
    """The oldest numbers make place for new ones, while their rows go on."""
    cursors = []
    for number in range(REQUESTS + 1):
        with home.test_request_context(f"/?run={number}"):
            cursors.append(CountedTable(orders_path, "orders").source())
        assert len(cursors[-1].fetchmany(5)) == 5
    assert len(cursors[0].fetchmany(5)) == 5
    assert [progress(home, name) for name in ("0", "1")] == [0, 5]
    for cursor in cursors:
        cursor.close()
