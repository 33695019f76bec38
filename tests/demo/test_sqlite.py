"""Tests of the rows that are read from a SQLite file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from flask_outpour.demo import sqlite as module
from flask_outpour.demo.errors import DemoError
from flask_outpour.demo.sqlite import SQLiteFile
from flask_outpour.demo.sqlite import SQLiteTable
from flask_outpour.demo.tables import find_table

from .conftest import NAMES
from .conftest import ROWS


def test_each_table_and_view_is_found(database: Path) -> None:
    """All tables and views are served, whatever their names."""
    found = {table.name for table in SQLiteFile(database).tables()}
    assert found == {*NAMES, "few"}


@pytest.mark.parametrize("name", NAMES)
def test_rows_come_under_their_columns(database: Path, name: str) -> None:
    """The names of the columns come first, then each row, a BLOB as base64."""
    table = find_table(SQLiteFile(database), name)
    assert table is not None
    columns, *rows = table.rows()
    assert columns == ["n,r", "text", "real", ""]
    expected = [list(row) for row in ROWS]
    expected[2][3] = "AP8="
    assert [list(row) for row in rows] == expected


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (2, 2), (-1, 4), (10**30, 4)])
def test_rows_are_as_many_as_asked(database: Path, limit: int, count: int) -> None:
    """A limit gives that many rows, and one that is no number of rows gives all."""
    assert len(list(SQLiteTable(database, "flights").rows(limit))) == 1 + count


def test_a_stream_has_one_connection_and_closes_it(
    database: Path, connections: list[str]
) -> None:
    """A connection is opened with the first row and closed when the rows are left."""
    rows = SQLiteTable(database, "flights").rows()
    assert connections == []
    next(rows)
    next(rows)
    assert connections == ["opened"]
    rows.close()
    assert connections == ["opened", "closed"]


def test_rows_are_not_read_ahead(database: Path) -> None:
    """A query without an end gives its rows as they are asked for."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(
            "CREATE VIEW endless AS WITH RECURSIVE n(i) AS"
            " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        )
    rows = SQLiteTable(database, "endless").rows()
    assert [next(rows) for _ in range(3)] == [["i"], (1,), (2,)]
    rows.close()


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_the_file_stays_as_it_was(database: Path, journal: str) -> None:
    """Reading changes no byte of a database, and leaves no file beside it."""
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
    before = database.read_bytes()
    assert len(list(SQLiteTable(database, "flights").rows())) == 5
    with (
        closing(module.connect(database)) as connection,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        connection.execute("DELETE FROM flights")
    assert database.read_bytes() == before
    assert list(database.parent.iterdir()) == [database]


def test_text_that_is_not_utf8_is_an_error(database: Path) -> None:
    """Text that cannot be read ends the rows loudly, never with other characters."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE flights SET text = CAST(x'ff' AS TEXT)")
    with pytest.raises(sqlite3.OperationalError, match="UTF-8"):
        list(SQLiteTable(database, "flights").rows())


def test_what_cannot_be_served_is_said(tmp_path: Path) -> None:
    """Each file that is no use is refused with its name and the reason."""
    no_database, empty = tmp_path / "text.db", tmp_path / "empty.db"
    no_database.write_text("This is not a database. " * 100)
    empty.touch()
    reasons = {
        tmp_path / "missing.db": "there is no such file",
        tmp_path: "it is no file",
        no_database: "file is not a database",
        empty: "the database has no tables",
    }
    for path, reason in reasons.items():
        with pytest.raises(DemoError) as caught:
            SQLiteFile(path).check()
        assert str(path) in caught.value.message
        assert reason in caught.value.message
        assert caught.value.message.endswith(".")
