"""Tests of the warning about sources that are read whole before the first row."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from contextlib import ExitStack
from importlib import import_module
from typing import Any

import pg8000.dbapi
import psycopg
import psycopg2
import psycopg2.extras
import pymysql
import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy import text
from sqlalchemy.dialects.mssql.pyodbc import dialect as mssql
from sqlalchemy.dialects.mysql.mysqlconnector import dialect as mysqlconnector
from sqlalchemy.dialects.oracle.oracledb import dialect as oracle
from sqlalchemy.orm import Session

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour.rows import open_rows
from flask_outpour.rows.drivers import dialect_caveat
from mariadb import MariaDB
from postgresql import PostgreSQL
from rows.conftest import MARIADB
from rows.conftest import POSTGRESQL
from rows.reading import small_memory

STREAMS = None
SERVER_SIDE = 'connection.cursor(name="export")'
#: For each kind of cursor its driver, the arguments for ``cursor()``, and the cure
#: that the warning names.
CURSORS: dict[str, tuple[str, tuple[Any, ...], dict[str, Any], str | None]] = {
    "psycopg": ("psycopg", (), {}, SERVER_SIDE),
    "psycopg, dicts": (
        "psycopg",
        (),
        {"row_factory": psycopg.rows.dict_row},
        SERVER_SIDE,
    ),
    "psycopg, server side": ("psycopg", (), {"name": "export"}, STREAMS),
    "psycopg2": ("psycopg2", (), {}, SERVER_SIDE),
    "psycopg2, dicts": (
        "psycopg2",
        (),
        {"cursor_factory": psycopg2.extras.RealDictCursor},
        SERVER_SIDE,
    ),
    "psycopg2, server side": ("psycopg2", (), {"name": "export"}, STREAMS),
    "psycopg2, server side, dicts": (
        "psycopg2",
        (),
        {"name": "export", "cursor_factory": psycopg2.extras.RealDictCursor},
        STREAMS,
    ),
    "pg8000": ("pg8000", (), {}, "use psycopg"),
    "pymysql": ("pymysql", (), {}, "pymysql.cursors.SSCursor"),
    "pymysql, dicts": (
        "pymysql",
        (pymysql.cursors.DictCursor,),
        {},
        "pymysql.cursors.SSCursor",
    ),
    "pymysql, unbuffered": ("pymysql", (pymysql.cursors.SSCursor,), {}, STREAMS),
    "pymysql, unbuffered dicts": (
        "pymysql",
        (pymysql.cursors.SSDictCursor,),
        {},
        STREAMS,
    ),
    "sqlite": ("sqlite", (), {}, STREAMS),
}
if "mysqldb" in MARIADB:
    MySQLdb = import_module("MySQLdb.cursors")
    CURSORS["mysqldb"] = ("mysqldb", (), {}, "MySQLdb.cursors.SSCursor")
    CURSORS["mysqldb, unbuffered"] = ("mysqldb", (MySQLdb.SSCursor,), {}, STREAMS)


@pytest.fixture
def open_connection(
    postgresql: PostgreSQL, mariadb: MariaDB
) -> Iterator[Callable[[str], Any]]:
    """Return a function that connects to a database by one of the drivers."""
    with ExitStack() as stack:
        connect: dict[str, Callable[[], Any]] = {
            "psycopg": lambda: psycopg.connect(postgresql.conninfo),
            "psycopg2": lambda: psycopg2.connect(postgresql.conninfo),
            "pg8000": lambda: pg8000.dbapi.connect(
                "postgres", host="127.0.0.1", port=postgresql.port
            ),
            "pymysql": lambda: pymysql.connect(**mariadb.parameters),
            "mysqldb": lambda: import_module("MySQLdb").connect(**mariadb.parameters),
            "sqlite": lambda: sqlite3.connect(":memory:"),
        }
        yield lambda driver: stack.enter_context(closing(connect[driver]()))


def test_cursor_that_holds_its_rows_is_told_of(
    open_connection: Callable[[str], Any],
) -> None:
    """The warning names the driver and the cure; there is none where rows stream."""
    for name, (driver, arguments, options, cure) in CURSORS.items():
        cursor = open_connection(driver).cursor(*arguments, **options)
        cursor.execute("SELECT 1 AS id")
        with closing(open_rows(cursor)) as rows:
            assert list(map(len, rows.batches)) == [1]
        if cure is None:
            assert rows.caveat is None, name
        else:
            module = "MySQLdb" if driver == "mysqldb" else driver
            assert f"a cursor of {module}, which has read all" in (rows.caveat or "")
            assert cure in (rows.caveat or ""), name
            assert "bind=" in (rows.caveat or ""), name


#: Rows of 4,000 characters each, 72 MB together.
LARGE = {
    "psycopg": "SELECT repeat('x', 4000) AS x FROM generate_series(1, 18000)",
    "pymysql": "SELECT repeat('x', 4000) AS x FROM seq_1_to_18000",
}
LARGE |= {"psycopg2": LARGE["psycopg"], "mysqldb": LARGE["pymysql"]}


@pytest.mark.parametrize(
    "name", [name for name, (*_, cure) in CURSORS.items() if not cure and "," in name]
)
def test_cure_of_a_warning_cures(
    open_connection: Callable[[str], Any], name: str
) -> None:
    """A cursor of which nothing is told holds little in memory."""
    driver, arguments, options, _ = CURSORS[name]
    cursor = open_connection(driver).cursor(*arguments, **options)
    with small_memory() as check:
        cursor.execute(LARGE[driver])
        with closing(open_rows(cursor)) as rows:
            for _ in rows.batches:
                check()


@pytest.mark.parametrize("name", ["psycopg", "psycopg2", *MARIADB])
def test_warning_is_true(open_connection: Callable[[str], Any], name: str) -> None:
    """A cursor that is told of does hold all rows in memory."""
    cursor = open_connection(name).cursor()
    with pytest.raises(AssertionError), small_memory() as check:
        cursor.execute(LARGE[name])
        check()
    cursor.close()


@pytest.mark.parametrize("driver", [*POSTGRESQL, *MARIADB])
def test_result_that_was_not_asked_to_stream(
    driver: str, open_engine: Callable[..., Engine]
) -> None:
    """A Result holds its rows, unless it was executed with ``stream_results``."""
    statement = text("SELECT 1 AS id")
    engine = open_engine(driver)
    with engine.connect() as connection, Session(engine) as session:
        for bind in (connection, session):
            for made in (bind.execute(statement), bind.execute(statement).mappings()):
                with closing(open_rows(made)) as rows:
                    assert "without stream_results" in (rows.caveat or "")
                    assert "Pass the statement itself" in (rows.caveat or "")
            options = {"stream_results": True}
            made = bind.execute(statement, execution_options=options)
            for source in (made, statement):
                with closing(open_rows(source, bind=bind)) as rows:
                    assert list(map(len, rows.batches)) == [1]
                    assert rows.caveat is None


def test_result_of_sqlite_streams(open_engine: Callable[..., Engine]) -> None:
    """SQLite gives rows as they are asked for, and nothing is told."""
    with open_engine("sqlite").connect() as connection:
        made = connection.execute(text("SELECT 1 AS id"))
        with closing(open_rows(made)) as rows:
            assert rows.caveat is None


def test_dialects_of_sqlalchemy() -> None:
    """Those that buffer are told of, with drivers that do not."""
    caveat = dialect_caveat(mysqlconnector())
    if not mysqlconnector.supports_server_side_cursors:
        assert "mysql+mysqlconnector" in (caveat or "")
        assert "such as psycopg or pymysql" in (caveat or "")
    assert dialect_caveat(mssql()) is None
    assert dialect_caveat(oracle()) is None


@contextmanager
def warnings_of(app: Flask, caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Collect the warnings of an application's logger."""
    found: list[str] = []
    caplog.clear()
    yield found
    found += [
        record.getMessage()
        for record in caplog.records
        if (record.name, record.levelno) == (app.logger.name, logging.WARNING)
    ]


def test_warning_is_logged_once_for_an_application(
    open_connection: Callable[[str], Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Each of two applications logs it with its first stream, and no more."""
    connection = open_connection("psycopg")

    def executed(**options: Any) -> Any:
        return connection.cursor(**options).execute("SELECT 1 AS id")

    for name in ("one", "two"):
        app = Flask(name)
        Outpour(app)
        app.add_url_rule("/whole", "1", lambda: stream_rows(executed(), "csv"))
        app.add_url_rule(
            "/streamed", "2", lambda: stream_rows(executed(name="export"), "csv")
        )
        client = app.test_client()
        with warnings_of(app, caplog) as quiet:
            assert client.get("/streamed").text == "id\n1\n"
            assert client.head("/whole").status_code == 200
        with warnings_of(app, caplog) as told:
            for _ in range(3):
                assert client.get("/whole").text == "id\n1\n"
        assert quiet == []
        assert [SERVER_SIDE in warning for warning in told] == [True]
