"""Tests of rows in an archive."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from flask import Flask
from flask import g
from flask import Response
from flask.testing import FlaskClient

from archives.readers import contents
from archives.sources import Chunks
from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import Outpour
from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour import stream_zip
from flask_outpour import ZipEntry
from zip_exports.asking import archive
from zip_exports.asking import AS_CSV
from zip_exports.asking import ORDERS


@pytest.mark.parametrize(
    "entry",
    [
        ("orders.csv", ORDERS),
        ("orders.CSV", lambda: ORDERS),
        ("orders.csv", lambda: Rows(["id", "name"], [[(1, "Ada"), (2, None)]])),
        ("orders.csv", Rows(["id", "name"], [[(1, "Ada"), (2, None)]])),
        ZipEntry("orders", ORDERS, format="csv"),
        ZipEntry("orders", iter(ORDERS), format=CSV()),
        ZipEntry("orders.csv", iter([(1, "Ada"), (2, None)]), columns=["id", "name"]),
        ZipEntry(
            "orders.csv",
            [{"x": 0, **row} for row in ORDERS],
            columns=["id", "name"],
            extras="ignore",
        ),
    ],
)
def test_rows_are_written_in_a_format(
    app: Flask, client: FlaskClient, entry: Any
) -> None:
    """Rows of any kind are written by the suffix of the name, or by ``format=``."""
    entries = [entry]
    archive(app, entries)
    (found,) = contents(client.get("/archive").data).values()
    assert found == AS_CSV


def test_archive_of_several_formats(app: Flask, client: FlaskClient) -> None:
    """One archive has rows in each format that there is."""
    archive(app, {f"orders.{name}": ORDERS for name in ("csv", "json", "ndjson")})
    found = contents(client.get("/archive").data)
    assert found["orders.csv"] == AS_CSV
    assert found["orders.json"].startswith(b"[\n")
    assert found["orders.ndjson"].count(b"\n") == 2


def test_formats_of_the_application_count() -> None:
    """A format that the application has set up is found by its suffix."""

    class Numbers:
        media_type = "text/x-numbers"
        suffix = "numbers"

        def begin(self, columns: Any) -> bytes:
            return b""

        def feed(self, batch: Any) -> bytes:
            return b"%d\n" % len(batch)

        def finish(self) -> bytes:
            return b""

    app = Flask("own")
    Outpour(app, formats=[Numbers()])
    archive(app, {"a.numbers": ORDERS})
    data = app.test_client().get("/archive").data
    assert contents(data) == {"a.numbers": b"2\n"}


def test_cursor_is_rows_though_it_is_an_iterator(
    app: Flask, client: FlaskClient
) -> None:
    """A cursor under the name of a format gives rows; a connection says what to do."""

    @app.get("/cursor")
    def cursor() -> Response:
        g.connection = sqlite3.connect(":memory:")
        rows = g.connection.execute("SELECT 1 AS id, 'Ada' AS name")
        return stream_zip({"orders.csv": rows})

    @app.get("/connection")
    def connection() -> Response:
        g.connection = sqlite3.connect(":memory:")
        return stream_zip({"orders.csv": g.connection})

    @app.teardown_request
    def disconnect(error: BaseException | None) -> None:
        if "connection" in g:
            g.pop("connection").close()

    data = client.get("/cursor").data
    assert contents(data) == {"orders.csv": b"id,name\n1,Ada\n"}
    app.testing = True
    with pytest.raises(SourceError, match="is a connection"):
        client.get("/connection")


def test_statements_of_sqlalchemy_are_rows(app: Flask, client: FlaskClient) -> None:
    """Statements, results and tables need no more than a name; ``bind=`` is passed."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    statement = sqlalchemy.text("SELECT 1 AS id, 'Ada' AS name")

    @app.get("/archive")
    def view() -> Response:
        g.connection = engine.connect()
        return stream_zip(
            [
                ZipEntry("a.csv", statement, bind=g.connection),
                ("b.csv", g.connection.execute(statement)),
                ZipEntry("c", lambda: statement, format="csv", bind=g.connection),
            ]
        )

    @app.teardown_request
    def disconnect(error: BaseException | None) -> None:
        g.pop("connection").close()

    found = contents(client.get("/archive").data)
    assert list(found) == ["a.csv", "b.csv", "c"]
    assert set(found.values()) == {b"id,name\n1,Ada\n"}
    engine.dispose()


def test_readers_of_arrow_are_rows(app: Flask, client: FlaskClient) -> None:
    """A reader of record batches, which is an iterator, gives rows."""
    pyarrow = pytest.importorskip("pyarrow")
    table = pyarrow.table({"id": [1, 2], "name": ["Ada", None]})
    archive(app, lambda: {"a.csv": table.to_reader(), "b.csv": table})
    found = contents(client.get("/archive").data)
    assert found == {"a.csv": AS_CSV, "b.csv": AS_CSV}


def test_row_that_cannot_be_written_names_its_entry(app: Flask) -> None:
    """The error of a row says in which file of the archive it is."""
    app.testing = True
    archive(app, {"a.txt": "x", "b.csv": [{"a": 1}, {"b": 2}]})
    with pytest.raises(ValueError, match="Row 2") as caught:
        _ = app.test_client().get("/archive").data
    assert "entry 2, 'b.csv'" in caught.value.__notes__[-1]


def test_several_tables_are_one_workbook(app: Flask, client: FlaskClient) -> None:
    """A dict of sources is a workbook, in an archive as in ``stream_rows``."""
    archive(app, {"all.xlsx": {"Orders": ORDERS, "More": iter(ORDERS)}})
    workbook = contents(client.get("/archive").data)["all.xlsx"]
    sheets = [name for name in contents(workbook) if name.startswith("xl/worksheets/")]
    assert len(sheets) == 2


def test_several_tables_want_a_format_that_holds_them(app: Flask) -> None:
    """Elsewhere the error says so, and all sources are closed."""
    sources = [Chunks(), Chunks()]
    with (
        app.test_request_context(),
        pytest.raises(ConfigurationError, match="csv holds one table"),
    ):
        stream_zip({"a.csv": dict(zip("ab", sources, strict=True))})
    assert [source.closed for source in sources] == [1, 1]
