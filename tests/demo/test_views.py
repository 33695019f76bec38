"""Tests of the views, under Outpour and on plain Flask, over real sockets."""

from __future__ import annotations

import csv
import http.client
import io
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.parse import urlsplit
from urllib.request import Request
from urllib.request import urlopen

import pyarrow
import pyarrow.parquet
import pytest
from werkzeug.test import Client

from flask_outpour.demo.application import orders_application
from flask_outpour.demo.orders import orders
from flask_outpour.formats import Parquet

from .conftest import NAMES
from .conftest import ORDERS
from .conftest import ROWS
from .conftest import SIDES


class Cells(HTMLParser):
    """The cells of a table in a page."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self._inside = True

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.rows[-1][-1] += data


def get(url: str) -> str:
    """Return the text of an address."""
    with urlopen(url, timeout=30) as response:
        text: str = response.read().decode()
        return text


def read_csv(text: str) -> list[list[str]]:
    """Return the records of a CSV file."""
    return list(csv.reader(io.StringIO(text, newline="")))


def read_table(page: str) -> list[list[str]]:
    """Return the rows of the table in a page, its header first."""
    cells = Cells()
    cells.feed(page)
    return cells.rows


def as_text(row: tuple[object, ...]) -> list[str]:
    """Return a row as text, NULL as nothing and a BLOB as base64."""
    row = tuple("AP8=" if value == b"\x00\xff" else value for value in row)
    return ["" if value is None else str(value) for value in row]


@contextmanager
def left_early(url: str) -> Iterator[None]:
    """Ask for an address, read its first bytes, and leave when the block ends."""
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
    with closing(connection):
        connection.request("GET", parts.path)
        response = connection.getresponse()
        assert response.read(10)
        yield
        response.close()


@pytest.mark.parametrize("side", SIDES)
def test_large_csv_has_every_order(orders_url: str, side: str) -> None:
    """The file's records are the orders, whatever their names contain."""
    header, *records = read_csv(get(f"{orders_url}/{side}/large.csv"))
    assert header[:3] == ["id", "created_at", "customer"]
    assert records == [as_text(order) for order in orders(ORDERS)]


def test_lines_end_in_lf(orders_url: str) -> None:
    """A line of the file ends as the page's own example ends it."""
    assert "\r" not in get(f"{orders_url}/outpour/large.csv")


@pytest.mark.parametrize("side", SIDES)
def test_large_page_has_every_order(orders_url: str, side: str) -> None:
    """The page's table has every order, or as many as are asked for."""
    url = f"{orders_url}/{side}/my-large-page.html"
    expected = [as_text(order) for order in orders(ORDERS)]
    assert read_table(get(url))[1:] == expected
    assert read_table(get(f"{url}?rows=10"))[1:] == expected[:10]


@pytest.mark.parametrize("side", SIDES)
def test_stream_greets_by_name(orders_url: str, side: str) -> None:
    """The greeting has the name of the request, which cannot bring in markup."""
    greeting = get(f"{orders_url}/{side}/stream?name=%3Cb%3E%D0%AF")
    assert greeting == "Hello &lt;b&gt;Я!"


def test_orders_arrive_in_columns(orders_url: str) -> None:
    """Parquet and Arrow have every order, under the names of the columns."""
    expected = list(orders(ORDERS))
    url = f"{orders_url}/outpour/orders"
    with urlopen(f"{url}.parquet", timeout=30) as response:
        table = pyarrow.parquet.read_table(io.BytesIO(response.read()))
    with urlopen(f"{url}.arrows", timeout=30) as response:
        assert pyarrow.ipc.open_stream(response.read()).read_all() == table
    assert [tuple(row.values()) for row in table.to_pylist()] == expected
    assert table.column_names[:3] == ["id", "created_at", "customer"]


def test_without_pyarrow_the_extra_is_named(
    orders_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The home page offers both where they can be had, and else says how."""
    page = Client(orders_application(orders_path, ORDERS)).get("/").text
    assert 'href="/outpour/orders.parquet"' in page
    monkeypatch.setattr(Parquet, "available", False)
    page = Client(orders_application(orders_path, ORDERS)).get("/").text
    assert "orders.parquet" not in page
    assert "orders.arrows" not in page
    assert 'pip install "Flask-Outpour[arrow]"' in page


@pytest.mark.parametrize("side", SIDES)
def test_each_table_streams(tables_url: str, side: str) -> None:
    """A table of any name is a file and a page, with all rows as they are."""
    expected = [["n,r", "text", "real", ""], *map(as_text, ROWS)]
    for name in NAMES:
        address = f"{tables_url}/{side}/{quote(name, safe='')}"
        assert read_csv(get(f"{address}.csv")) == expected, name
        assert read_table(get(f"{address}.html")) == expected, name


@pytest.mark.parametrize("side", SIDES)
def test_a_page_shows_markup_as_text(tables_url: str, side: str) -> None:
    """No cell, and no name of a table, becomes a part of the page."""
    page = get(f"{tables_url}/{side}/%3Cb%3E.html")
    assert "<script" not in page
    assert "<b>" not in page


@pytest.mark.parametrize("suffix", ["csv", "html"])
@pytest.mark.parametrize("side", SIDES)
def test_an_unknown_table_is_not_found(tables_url: str, side: str, suffix: str) -> None:
    """A table that is not there is 404, before anything is sent."""
    with pytest.raises(HTTPError, match="404"):
        get(f"{tables_url}/{side}/nobody.{suffix}")


@pytest.mark.parametrize("suffix", ["csv", "html"])
def test_a_query_that_fails_is_an_error_page(
    database: Path, tables_url: str, suffix: str
) -> None:
    """What fails before the first row is a 500 under Outpour."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE VIEW broken AS SELECT * FROM nowhere")
    with pytest.raises(HTTPError, match="500"):
        get(f"{tables_url}/outpour/broken.{suffix}")


@pytest.mark.parametrize("side", SIDES)
def test_damage_in_the_middle_cuts_the_connection(
    database: Path, tables_url: str, side: str
) -> None:
    """A client sees that a file is not whole when a row cannot be read."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO flights (text) VALUES (CAST(x'ff' AS TEXT))")
    with pytest.raises(http.client.IncompleteRead):
        get(f"{tables_url}/{side}/flights.csv")


@pytest.mark.parametrize("path", ["large.csv", "my-large-page.html"])
@pytest.mark.parametrize("side", SIDES)
def test_a_stream_has_one_connection(
    orders_url: str, connections: list[str], side: str, path: str
) -> None:
    """A stream opens one connection, and has closed it when it ends."""
    get(f"{orders_url}/{side}/{path}")
    assert connections == ["opened", "closed"]


@pytest.mark.parametrize("path", ["endless.csv", "endless.html"])
@pytest.mark.parametrize("side", SIDES)
def test_a_client_that_leaves_frees_the_connection(
    database: Path, tables_url: str, connections: list[str], side: str, path: str
) -> None:
    """The connection of a stream is closed soon after its client left."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS"
            " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
    connections.clear()
    with left_early(f"{tables_url}/{side}/{path}"):
        assert connections[-1] == "opened"
    deadline = time.monotonic() + 20
    while connections[-1] == "opened" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert connections == ["opened", "closed"] * 2


@pytest.mark.parametrize("side", SIDES)
def test_head_reads_nothing(orders_url: str, connections: list[str], side: str) -> None:
    """A HEAD request has the type of the file, and does not open the database."""
    request = Request(f"{orders_url}/{side}/large.csv", method="HEAD")
    with urlopen(request, timeout=30) as response:
        assert response.headers.get_content_type() == "text/csv"
    assert connections == []
