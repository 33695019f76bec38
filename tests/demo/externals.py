"""A database server of the tests enters; tables in it for the demo to serve leave."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from contextlib import closing
from datetime import date
from datetime import datetime
from datetime import UTC
from decimal import Decimal
from typing import Any
from typing import ClassVar
from urllib.parse import quote

import psycopg
import pymysql

from database_server import DatabaseServer

#: Of the user whom the demo connects as; written as in a URL, ``%40`` for ``@``.
PASSWORD = "hush-hush@home"
COLUMNS = ["n,r", "text", "amount", "share", "made", "day", "bytes", "a%b:c"]
_TIME = datetime(2013, 1, 1, 5, 15, tzinfo=UTC)
_DAY = date(2013, 1, 1)
ROWS: list[tuple[Any, ...]] = [
    (1, "plain", Decimal("10.50"), 0.1, _TIME, _DAY, b"\x00\xff", "x"),
    (2, 'a "quoted", cell', None, None, None, None, None, None),
    (3, "line\nend, and \r alone", Decimal("-0.01"), 1e300, _TIME, _DAY, b"", ""),
    (2**63 - 1, "жар 🌻 <script>", Decimal(0), -0.5, _TIME, _DAY, b"%s", "a\tb"),
]


class External:
    """Tables with the same rows and hostile names, in a schema of their own."""

    types: ClassVar[str]
    quote: ClassVar[str]
    setup: ClassVar[tuple[str, ...]]
    teardown: ClassVar[tuple[str, ...]]
    #: A hundred million of them.
    numbers: ClassVar[str]
    processes: ClassVar[str]

    def __init__(self, server: Any) -> None:
        self.server: DatabaseServer = server

    @property
    def url(self) -> str:
        """The URL that a user gives to the demo, password included."""
        raise NotImplementedError

    def connect(self) -> Any:
        """Return a connection of the driver's, to the schema."""
        raise NotImplementedError

    def create(self, names: Iterable[str]) -> None:
        """Make the tables, and a view."""
        for statement in self.setup:
            self.server.execute(statement)
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            for name in names:
                quoted = self._quoted(name)
                columns = zip(COLUMNS, self.types.split(", "), strict=True)
                kinds = ", ".join(f"{self._quoted(c)} {kind}" for c, kind in columns)
                cursor.execute(f"CREATE TABLE {quoted} ({kinds})")
                places = ", ".join(["%s"] * len(COLUMNS))
                # With values, a percent sign in a name is written twice.
                doubled = quoted.replace("%", "%%")
                cursor.executemany(f"INSERT INTO {doubled} VALUES ({places})", ROWS)
            cursor.execute("CREATE VIEW few AS SELECT text FROM flights LIMIT 1")
            cursor.execute(f"CREATE VIEW endless AS SELECT {self.numbers}")
            connection.commit()

    def sessions(self) -> int:
        """Return how many connections of the demo's the server has."""
        ((count,),) = self.server.execute(f"SELECT count(*) FROM {self.processes}")
        return int(count)

    def drop(self) -> None:
        """Remove all that was made."""
        for statement in self.teardown:
            self.server.execute(statement)

    def rows(self, name: str) -> list[tuple[Any, ...]]:
        """Return the rows of a table, as its driver has them."""
        with closing(self.connect()) as connection:
            cursor = connection.cursor()
            cursor.execute(f"SELECT * FROM {self._quoted(name)}")
            return list(cursor.fetchall())

    def _quoted(self, name: str) -> str:
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote


class PostgreSQLTables(External):
    """The tables in PostgreSQL, which lets everybody in, by any password."""

    types = (
        "bigint, text, numeric(12,2), double precision, timestamptz, date, bytea, text"
    )
    quote = '"'
    setup = ("CREATE SCHEMA shop",)
    teardown = ("DROP SCHEMA shop CASCADE",)
    numbers = "generate_series(1, 100000000) AS i"
    processes = "pg_stat_activity WHERE application_name = 'demo'"

    @property
    def url(self) -> str:
        place = f"127.0.0.1:{self.server.port}/postgres?application_name=demo"
        return f"postgresql+psycopg://postgres:{_in_url(PASSWORD)}@{place}&options=-csearch_path%3Dshop"

    def connect(self) -> Any:
        place = f"host=127.0.0.1 port={self.server.port} dbname=postgres"
        return psycopg.connect(f"{place} user=postgres options=-csearch_path=shop")


class MariaDBTables(External):
    """The tables in MariaDB, which checks the password."""

    types = "bigint, text, decimal(12,2), double, datetime, date, blob, varchar(9)"
    quote = "`"
    setup = (
        "CREATE DATABASE shop CHARACTER SET utf8mb4",
        f"CREATE USER demo IDENTIFIED BY '{PASSWORD}'",
        "GRANT SELECT, SHOW VIEW ON shop.* TO demo",
    )
    teardown = ("DROP DATABASE shop", "DROP USER demo")
    numbers = "seq AS i FROM seq_1_to_100000000"
    processes = "information_schema.processlist WHERE user = 'demo'"

    @property
    def url(self) -> str:
        place = f"127.0.0.1:{self.server.port}/shop?charset=utf8mb4"
        return f"mysql+pymysql://demo:{_in_url(PASSWORD)}@{place}"

    def connect(self) -> Any:
        parameters: dict[str, Any] = {**self.server.parameters, "database": "shop"}  # type: ignore[attr-defined]
        return pymysql.connect(**parameters)


EXTERNALS = {"postgresql": PostgreSQLTables, "mariadb": MariaDBTables}


def as_json(value: Any) -> Any:
    """Return what a reader of JSON gets for a value of a driver's."""
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def as_cell(value: Any) -> str:
    """Return what a reader of CSV gets for a value of a driver's."""
    if value is None:
        return ""
    return str(value) if isinstance(value, datetime) else str(as_json(value))


def _in_url(text: str) -> str:
    return quote(text, safe="")
