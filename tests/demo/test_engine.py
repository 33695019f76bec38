"""Tests of the tables behind a URL of SQLAlchemy, and of URLs that lead nowhere."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from flask_outpour.demo.engine import EngineTable
from flask_outpour.demo.engine import open_engine
from flask_outpour.demo.engine import parse_url
from flask_outpour.demo.engine import sqlite_path
from flask_outpour.demo.errors import DemoError
from mariadb import MariaDB
from postgresql import PostgreSQL
from processes import free_port

from .conftest import EXTERNAL_NAMES
from .externals import COLUMNS
from .externals import External

#: A word that nobody may see.
SECRET = "hush"


def refusal_of(place: str) -> str:
    """Return what is said of a URL that cannot be served."""
    with pytest.raises(DemoError) as caught:
        open_engine(parse_url(place)).check()
    message = caught.value.message
    assert message.endswith(".")
    assert "\n" not in message
    assert SECRET not in message
    return message


def table_of(external: External, name: str) -> EngineTable:
    """Return a table of a server, as the demo finds it."""
    tables = open_engine(parse_url(external.url)).tables()
    return next(table for table in tables if table.name == name)


def test_each_table_and_view_of_a_server_is_found(external: External) -> None:
    """All tables and views are served, sorted, and no table of the server's own."""
    names = [table.name for table in open_engine(parse_url(external.url)).tables()]
    assert names == sorted({*EXTERNAL_NAMES, "few", "endless"})


def test_a_materialized_view_is_found(postgresql: PostgreSQL) -> None:
    """What PostgreSQL keeps as a materialized view is a table to the demo."""
    postgresql.execute("CREATE MATERIALIZED VIEW kept AS SELECT 1 AS n")
    try:
        database = open_engine(parse_url(postgresql.url("psycopg")))
        assert "kept" in [table.name for table in database.tables()]
    finally:
        postgresql.execute("DROP MATERIALIZED VIEW kept")


@pytest.mark.parametrize(
    ("limit", "count"), [(None, 4), (0, 0), (2, 2), (-1, 4), (10**30, 4)]
)
def test_rows_of_a_server_are_as_many_as_asked(
    external: External, limit: int | None, count: int
) -> None:
    """The columns come first, then that many rows, their bytes as base64."""
    columns, *rows = table_of(external, "flights").rows(limit)
    assert list(columns) == COLUMNS
    assert len(rows) == count
    assert all(row[6] in ("AP8=", None, "", "JXM=") for row in rows)


def test_rows_of_a_server_are_not_read_ahead(external: External) -> None:
    """A result that has no end in sight gives its first rows at once."""
    rows = table_of(external, "endless").rows()
    assert [list(next(rows)) for _ in range(3)] == [["i"], [1], [2]]
    rows.close()


@pytest.mark.parametrize(
    "place",
    [
        "://",
        f"://user:{SECRET}@host/name",
        f"mysql+pymysql://user:{SECRET}@host:port/name",
        f"mysql+pymysql://user:x@{SECRET}@host/name",
        f"mysql+pymysql://user:x@/{SECRET}@host/name",
        f"http//:{SECRET}",
    ],
)
def test_a_url_that_is_none_is_not_repeated(place: str) -> None:
    """A URL that cannot be read, with a password somewhere, is met by an example."""
    assert "postgresql+psycopg://user:password@host:5432/name" in refusal_of(place)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("nothing://u:hush@h/d", "nothing://u:***@h/d: SQLAlchemy knows no nothing;"),
        ("mysql+foo://u:hush@h/d", "SQLAlchemy knows no mysql+foo;"),
        ("oracle+cx_oracle://u:hush@h/d", 'pip install "cx_Oracle"'),
        ("mysql+mysqldb://u:hush@h/d", 'pip install "mysqlclient"'),
        ("postgresql+psycopg2://u:hush@h/d", 'pip install "psycopg2-binary"'),
        ("postgresql+psycopg://u:hush@h/d", 'pip install "psycopg[binary]"'),
        ("mysql+pymysql://u:hush@h/d", 'pip install "pymysql"'),
    ],
)
def test_a_driver_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, place: str, said: str
) -> None:
    """What has to be installed is said by the name under which pip knows it."""
    for module in ("MySQLdb", "psycopg", "psycopg2", "pymysql", "cx_Oracle"):
        monkeypatch.setitem(sys.modules, module, None)
    assert said in refusal_of(place)


def test_a_driver_for_asyncio_is_refused() -> None:
    """A driver that only an event loop can use is refused with one that will do."""
    said = refusal_of(f"postgresql+psycopg_async://u:{SECRET}@h/d")
    assert "psycopg_async is a driver for asyncio" in said


@pytest.mark.parametrize(
    "driver",
    ["postgresql+psycopg", "postgresql+psycopg2", "postgresql+pg8000", "mysql+pymysql"],
)
def test_a_server_that_does_not_answer_is_said(driver: str) -> None:
    """Where nobody listens, the address and the driver's reason are named."""
    place = f"127.0.0.1:{free_port()}"
    said = refusal_of(f"{driver}://u:{SECRET}@{place}/d")
    assert said.startswith(f"Cannot serve {driver}://u:***@{place}/d: ")
    assert "connect" in said


def test_a_password_in_the_query_stays_secret() -> None:
    """What a driver takes behind the question mark is not shown either."""
    place = f"postgresql+psycopg://127.0.0.1:{free_port()}/d"
    said = refusal_of(f"{place}?user=u&password={SECRET}")
    assert said.startswith(f"Cannot serve {place}: ")


def test_an_option_that_a_driver_does_not_know_is_said(mariadb: MariaDB) -> None:
    """A wrong option of the URL is named, and no traceback comes."""
    assert "'nonsense'" in refusal_of(f"{mariadb.url('pymysql')}&nonsense=1")


def test_a_password_in_the_words_of_a_driver_is_struck_out(mariadb: MariaDB) -> None:
    """Where the server's refusal has the password, it is made unreadable."""
    place = f"127.0.0.1:{mariadb.port}/test"
    said = refusal_of(f"mysql+pymysql://root:root-{SECRET}@{place}?user=root-{SECRET}")
    assert "Access denied for user '***'" in said


@pytest.mark.parametrize("name", ["postgresql", "mariadb"])
def test_a_server_without_tables_is_refused(
    request: pytest.FixtureRequest, name: str
) -> None:
    """An empty database is one sentence."""
    server = request.getfixturevalue(name)
    url = server.url("psycopg" if name == "postgresql" else "pymysql")
    assert "the database has no tables" in refusal_of(url)


def test_a_url_without_a_database_is_refused(mariadb: MariaDB) -> None:
    """Where the server has databases, and the URL names none, it says so."""
    url = mariadb.url("pymysql").replace("/test?", "/?")
    assert refusal_of(url).endswith(": the URL names no database.")


def test_a_url_of_a_sqlite_file_is_its_path() -> None:
    """A file is served as a file, so that it is not made, nor written to."""
    assert sqlite_path(parse_url("sqlite:///a/b.db")) == Path("a/b.db")
    assert sqlite_path(parse_url("sqlite+pysqlite:////b.db")) == Path("/b.db")
    assert sqlite_path(parse_url("sqlite://")) is None
    assert sqlite_path(parse_url("postgresql://host/name")) is None
