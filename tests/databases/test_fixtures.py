"""Tests of the database servers that other tests stand on."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pymysql
import pytest
import sqlalchemy

from database_server import DatabaseServer
from mariadb import MariaDB
from postgresql import PostgreSQL
from processes import free_port

#: The module that each driver of SQLAlchemy needs, where its name is another.
MODULES = {"mysqldb": "MySQLdb"}


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> DatabaseServer:
    """Return each database server in turn."""
    return request.getfixturevalue(request.param)


def test_postgresql_answers(postgresql: PostgreSQL) -> None:
    """PostgreSQL answers over its socket, in UTF-8 and UTC."""
    with psycopg.connect(postgresql.conninfo) as connection:
        assert connection.execute("SELECT 'Ω' || 1").fetchone() == ("Ω1",)
        assert connection.execute("SHOW timezone").fetchone() == ("UTC",)


def test_mariadb_answers(mariadb: MariaDB) -> None:
    """MariaDB answers over its socket, in UTF-8 and UTC."""
    with pymysql.connect(**mariadb.parameters) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT concat('Ω', 1), @@time_zone")
        assert cursor.fetchone() == ("Ω1", "+00:00")


@pytest.mark.parametrize(
    ("name", "driver"),
    [
        ("postgresql", "psycopg"),
        ("postgresql", "psycopg2"),
        ("postgresql", "pg8000"),
        ("mariadb", "pymysql"),
        ("mariadb", "mysqldb"),
    ],
)
def test_sqlalchemy_connects(
    request: pytest.FixtureRequest, name: str, driver: str
) -> None:
    """The URL of each driver leads SQLAlchemy to the server."""
    pytest.importorskip(MODULES.get(driver, driver))
    server = request.getfixturevalue(name)
    engine = sqlalchemy.create_engine(server.url(driver))
    try:
        with engine.connect() as connection:
            assert connection.scalar(sqlalchemy.text("SELECT 'Ω'")) == "Ω"
    finally:
        engine.dispose()


def test_kill_breaks_connections_off(postgresql: PostgreSQL, mariadb: MariaDB) -> None:
    """A connection that is open when its server is killed fails from then on."""
    with psycopg.connect(postgresql.conninfo) as connection:
        postgresql.restart()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    connection = pymysql.connect(**mariadb.parameters)
    mariadb.restart()
    with pytest.raises(pymysql.OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_what_was_committed_survives_a_kill(server: DatabaseServer) -> None:
    """A killed server answers nobody until it starts again, and has lost nothing."""
    server.execute("CREATE TABLE survivors (number int)")
    try:
        server.execute("INSERT INTO survivors VALUES (1), (2)")
        with server.outage(), pytest.raises(server.unreachable):
            server.execute("SELECT 1")
        assert server.execute("SELECT * FROM survivors ORDER BY 1") == [(1,), (2,)]
    finally:
        server.execute("DROP TABLE survivors")


def test_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    """The error quotes what the server wrote."""
    command = ["sh", "-c", "echo no room"]
    server = PostgreSQL(tmp_path, free_port(), command, account={})
    with pytest.raises(RuntimeError, match="no room"):
        server.start()
