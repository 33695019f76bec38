"""Tests of the drivers' own cursors, each kind of which gives rows of its own."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb
import pg8000.dbapi
import psycopg
import psycopg.rows
import psycopg2
import psycopg2.extras
import pymysql
import pytest

from flask_outpour import SourceError
from flask_outpour.rows import open_rows
from mariadb import MariaDB
from postgresql import PostgreSQL
from rows.reading import read
from rows.reading import read_until_error
from rows.reading import small_memory

QUERY = "SELECT 1 AS id, 'Ada' AS name UNION ALL SELECT 2, NULL UNION ALL SELECT 3, ''"
TABLE = (("id", "name"), [(1, "Ada"), (2, None), (3, "")])


@dataclass
class Person:
    id: int
    name: str | None


#: For each kind of cursor the function that connects, and its arguments for cursor().
PSYCOPG: dict[str, dict[str, Any]] = {
    "tuples": {},
    "dicts": {"row_factory": psycopg.rows.dict_row},
    "named tuples": {"row_factory": psycopg.rows.namedtuple_row},
    "objects": {"row_factory": psycopg.rows.class_row(Person)},
    "server side": {"name": "export"},
    "server side, dicts": {"name": "export", "row_factory": psycopg.rows.dict_row},
    "binary": {"binary": True},
}
PSYCOPG2: dict[str, dict[str, Any]] = {
    "tuples": {},
    "DictCursor": {"cursor_factory": psycopg2.extras.DictCursor},
    "RealDictCursor": {"cursor_factory": psycopg2.extras.RealDictCursor},
    "NamedTupleCursor": {"cursor_factory": psycopg2.extras.NamedTupleCursor},
    "server side": {"name": "export"},
    "server side, dicts": {
        "name": "export",
        "cursor_factory": psycopg2.extras.RealDictCursor,
    },
}
PYMYSQL = [
    pymysql.cursors.Cursor,
    pymysql.cursors.DictCursor,
    pymysql.cursors.SSCursor,
    pymysql.cursors.SSDictCursor,
]


def check(connection: Any, *arguments: Any, **options: Any) -> None:
    """Assert that a cursor's rows come, also where there are none, and it is closed."""
    for query, table in (
        (QUERY, TABLE),
        (f"SELECT * FROM ({QUERY}) AS people WHERE id > 9", (TABLE[0], [])),
    ):
        cursor = connection.cursor(*arguments, **options)
        cursor.execute(query)
        assert read(cursor) == table
    # Some drivers raise, and others give nothing.
    with suppress(Exception):
        assert cursor.fetchone() is None


def test_sqlite() -> None:
    """A cursor of SQLite's gives tuples, or rows that have names."""
    with closing(sqlite3.connect(":memory:")) as connection:
        check(connection)
        assert read(connection.execute(QUERY)) == TABLE
        connection.row_factory = sqlite3.Row
        check(connection)
        connection.row_factory = lambda cursor, row: {"id": row[0], "name": row[1]}
        check(connection)


def test_psycopg(postgresql: PostgreSQL) -> None:
    """Each row factory of psycopg's gives rows, of cursors on either side."""
    with psycopg.connect(postgresql.conninfo) as connection:
        for options in PSYCOPG.values():
            check(connection, **options)
        assert read(connection.execute(QUERY)) == TABLE
        stream = connection.cursor(row_factory=psycopg.rows.dict_row).stream(QUERY)
        assert read(stream) == TABLE


def test_psycopg2(postgresql: PostgreSQL) -> None:
    """Each class of psycopg2's cursors gives rows, on the client's side or not."""
    with closing(psycopg2.connect(postgresql.conninfo)) as connection:
        for options in PSYCOPG2.values():
            check(connection, **options)


@pytest.mark.parametrize("kind", ["dicts", "server side, dicts"])
def test_dicts_that_lost_a_column(postgresql: PostgreSQL, kind: str) -> None:
    """Two columns of one name are an error, where the rows are dicts that keep one."""
    query = "SELECT 1 AS id, 2 AS id, 3 AS more"
    with (
        psycopg.connect(postgresql.conninfo) as first,
        closing(psycopg2.connect(postgresql.conninfo)) as second,
    ):
        two = "RealDictCursor" if kind == "dicts" else kind
        for cursor in (
            first.cursor(**PSYCOPG[kind]),
            second.cursor(**PSYCOPG2[two]),
        ):
            with closing(cursor):
                cursor.execute(query)
                with pytest.raises(SourceError, match="the name 'id', and its rows"):
                    read(cursor)


def test_pg8000(postgresql: PostgreSQL) -> None:
    """A cursor of pg8000's gives rows."""
    address = {"host": "127.0.0.1", "port": postgresql.port}
    with closing(pg8000.dbapi.connect("postgres", **address)) as connection:
        check(connection)


def test_dicts_that_keep_both_columns(mariadb: MariaDB) -> None:
    """PyMySQL's have a second name for the second of one name, so nothing is lost."""
    query = "SELECT a.id, b.id FROM (SELECT 1 AS id) AS a, (SELECT 2 AS id) AS b"
    with closing(pymysql.connect(**mariadb.parameters)) as connection:
        cursor = connection.cursor(pymysql.cursors.DictCursor)
        cursor.execute(query)
        assert read(cursor) == (("id", "b.id"), [(1, 2)])


def test_pymysql(mariadb: MariaDB) -> None:
    """Each class of PyMySQL's cursors gives rows, buffered or not."""
    with closing(pymysql.connect(**mariadb.parameters)) as connection:
        for kind in PYMYSQL:
            check(connection, kind)


def test_mysqlclient(mariadb: MariaDB) -> None:
    """So does each class of mysqlclient's."""
    cursors = pytest.importorskip("MySQLdb.cursors")
    with closing(sys.modules["MySQLdb"].connect(**mariadb.parameters)) as connection:
        for kind in ("Cursor", "DictCursor", "SSCursor", "SSDictCursor"):
            check(connection, getattr(cursors, kind))


def test_duckdb() -> None:
    """A connection of DuckDB's, or one of its cursors, is a source; it stays open."""
    with closing(duckdb.connect()) as connection:
        for source in (connection, connection.cursor()):
            assert read(source.execute(QUERY)) == TABLE
            assert read(source.execute(f"{QUERY} LIMIT 0")) == (TABLE[0], [])
            assert source.execute("SELECT 7").fetchone() == (7,)
        connection.execute("CREATE TABLE things (id int)")
        statement = "SELECT i, repeat('x', 400) FROM range(200000) AS numbers(i)"
        with (
            small_memory() as check,
            closing(open_rows(connection.execute(statement))) as rows,
        ):
            assert (rows.columns[0], rows.caveat) == ("i", None)
            for _ in rows.batches:
                check()


@pytest.fixture
def cursor() -> Iterator[sqlite3.Cursor]:
    """Return a cursor that has executed nothing."""
    with closing(sqlite3.connect(":memory:")) as connection:
        yield connection.cursor()


def test_cursor_without_a_result(cursor: sqlite3.Cursor) -> None:
    """A cursor that has executed nothing, or no query, is an error that says so."""
    for statement in (
        None,
        "CREATE TABLE things (id)",
        "INSERT INTO things VALUES (1)",
    ):
        if statement:
            cursor.execute(statement)
        with pytest.raises(SourceError, match=r"sqlite3.Cursor\) has no result"):
            open_rows(cursor)


def test_cursor_of_large_results_comes_in_full(cursor: sqlite3.Cursor) -> None:
    """No row is lost where fetches grow."""
    cursor.execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n"
        " WHERE i < 123456) SELECT i FROM n"
    )
    assert read(cursor) == (("i",), [(i,) for i in range(123_457)])


def test_cursor_may_have_a_name_twice(cursor: sqlite3.Cursor) -> None:
    """The names are those of the query, whatever they are."""
    cursor.execute("SELECT 1 AS a, 2 AS a")
    assert read(cursor)[0] == ("a", "a")


def test_columns_rename_what_a_cursor_gives(cursor: sqlite3.Cursor) -> None:
    """There must be as many names as values, or an error tells."""
    query = "SELECT 1 AS a, 2 AS b"
    assert read(cursor.execute(query), columns=["x", "y"]) == (("x", "y"), [(1, 2)])
    for columns in (["x"], ["x", "y", "z"]):
        other = cursor.connection.execute(query)
        got, error = read_until_error(other, columns=columns)
        assert got == []
        assert "Row 1 has 2 values, but there " in str(error)


def test_columns_pick_of_what_a_cursor_gives(cursor: sqlite3.Cursor) -> None:
    """Where each is a name of the result, those columns come, in that order."""
    other = cursor.connection.execute("SELECT 1 AS a, 2 AS b, 3 AS c")
    assert read(other, columns=["c", "a"]) == (("c", "a"), [(3, 1)])
    other = cursor.connection.execute("SELECT 1 AS a, 2 AS b")
    assert read(other, columns=["b"]) == (("b",), [(2,)])
    other = cursor.connection.execute("SELECT 1 AS a, 2 AS b")
    assert read(other, columns=["x", "b"]) == (("x", "b"), [(1, 2)])


def test_connection_is_no_cursor(cursor: sqlite3.Cursor) -> None:
    """The error says to execute a query; that of sqlite3 could even be called."""
    with pytest.raises(SourceError, match="Execute a query on it"):
        read(cursor.connection)


def test_error_of_the_database_comes_behind_the_rows(postgresql: PostgreSQL) -> None:
    """Rows that were fetched before it are there."""
    with psycopg.connect(postgresql.conninfo) as connection:
        server_side = connection.cursor(name="export")
        server_side.execute("SELECT 1 / (3 - i) FROM generate_series(1, 9) AS n(i)")
        got, error = read_until_error(server_side)
        assert got[:1] == [(0,)]
        assert isinstance(error, psycopg.errors.DivisionByZero)
        connection.rollback()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_closed_cursor_is_an_error(postgresql: PostgreSQL) -> None:
    """What the view has closed gives no rows, and not the rows of nothing either."""
    with (
        psycopg.connect(postgresql.conninfo) as first,
        closing(psycopg2.connect(postgresql.conninfo)) as second,
        closing(sqlite3.connect(":memory:")) as third,
    ):
        cursors: list[Any] = [first.cursor(), first.cursor(name="export")]
        cursors += [second.cursor(), second.cursor(name="export"), third.cursor()]
        for cursor in cursors:
            cursor.execute(QUERY)
            if cursor.connection is not third:
                cursor.close()
    for cursor in cursors:
        with pytest.raises((SourceError, sqlite3.ProgrammingError), match="closed"):
            read(cursor)


def test_unread_rows_are_not_read_for_a_client_that_left(mariadb: MariaDB) -> None:
    """PyMySQL's unbuffered cursor is closed, and with it the connection.

    The rows that are left, of 200 GB, would outlast the test's time.
    """
    connection = pymysql.connect(**mariadb.parameters)
    cursor = connection.cursor(pymysql.cursors.SSCursor)
    cursor.execute("SELECT seq, repeat('x', 2000) FROM seq_1_to_100000000")
    rows = open_rows(cursor)
    assert len(next(iter(rows.batches))) == 1
    rows.close()
    connection.close()
    assert not connection.open
