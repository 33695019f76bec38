"""Real flights through every kind of source and every format, and back again."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import namedtuple
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from contextlib import ExitStack
from dataclasses import make_dataclass
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from itertools import islice
from itertools import zip_longest
from typing import Any

import attrs
import duckdb
import msgspec
import psycopg
import pydantic
import pytest
import sqlalchemy
from flask import Flask
from sqlalchemy import orm
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from flask_outpour import Rows
from flask_outpour import stream_rows
from flights import ALL
from flights import COLUMNS
from flights import FLIGHTS
from flights import Flights
from flights import read
from flights import ROWS
from flights import SAMPLE
from flights import TEXTS
from postgresql import PostgreSQL

KEY = {"time_hour", "carrier", "flight"}


# Readers


def lines_of(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the lines of a response, each of which must have its end."""
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        yield from map(bytes.decode, whole)
    assert rest == b""


def check_csv(flights: Flights, lines: Iterator[str], delimiter: str = ",") -> None:
    """Compare CSV with the file, row by row."""
    records = map(tuple, csv.reader(lines, delimiter=delimiter))
    assert next(records) == flights.columns
    for record, texts in zip_longest(records, flights.texts):
        assert record == texts


def check_tsv(flights: Flights, lines: Iterator[str]) -> None:
    check_csv(flights, lines, "\t")


def check_ndjson(flights: Flights, lines: Iterator[str]) -> None:
    """Compare objects with the values, as many at a time as is fast."""
    in_json = cache(datetime.isoformat)
    rows = iter(flights.rows)
    while block := list(islice(lines, 1000)):
        records = json.loads(f"[{','.join(block)}]")
        assert tuple(records[0]) == flights.columns
        expected = [(*row[:-1], in_json(row[-1])) for row in islice(rows, 1000)]
        assert [(*record.values(),) for record in records] == expected
    assert next(rows, None) is None


def check_json_seq(flights: Flights, lines: Iterator[str]) -> None:
    def objects() -> Iterator[str]:
        for line in lines:
            assert line[0] == "\x1e"
            yield line[1:]

    check_ndjson(flights, objects())


def check_json(flights: Flights, lines: Iterator[str]) -> None:
    """Compare an array, whose objects are on lines of their own."""

    def objects() -> Iterator[str]:
        assert next(lines) == "["
        before = next(lines)
        for line in lines:
            assert before.endswith(",") == (line != "]")
            yield before.removesuffix(",")
            before = line
        assert before == "]"

    check_ndjson(flights, objects())


def check_html(flights: Flights, lines: Iterator[str]) -> None:
    """Compare the lines of a table; a real parser takes a minute for all flights."""
    assert next(line for line in lines if line == "<tbody>")
    # In this order the line behind the last flight is left.
    for texts, line in zip(flights.texts, lines, strict=False):
        assert line == f"<tr><td>{'</td><td>'.join(texts)}</td></tr>"
    assert list(lines) == ["</tbody>", "</table>", "</body>", "</html>"]


CHECKS: dict[str, Callable[[Flights, Iterator[str]], None]] = {
    "csv": check_csv,
    "tsv": check_tsv,
    "json": check_json,
    "ndjson": check_ndjson,
    "json-seq": check_json_seq,
    "html": check_html,
}


class Table(HTMLParser):
    """The rows of a table, as a browser would show them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1] and data != "\n":
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def all_flights() -> Flights:
    """Return every flight, or where they are not to be had the sample."""
    return read(ALL if ALL.exists() else SAMPLE)


@pytest.mark.parametrize("name", CHECKS)
def test_all_flights_in_each_format(
    app: Flask, all_flights: Flights, name: str
) -> None:
    """Each flight comes back from each format as it went in."""
    columns, rows = all_flights.columns, all_flights.rows
    app.add_url_rule("/", "v", lambda: stream_rows(rows, name, columns=columns))
    chunks, *_ = run_wsgi_app(app, create_environ(), buffered=False)
    with closing(chunks):  # type: ignore[type-var]
        CHECKS[name](all_flights, lines_of(chunks))


def test_real_parsers_read_the_flights(app: Flask) -> None:
    """Parsers of whole documents find the same in the array and in the table."""
    app.add_url_rule(
        "/<name>", "v", lambda name: stream_rows(ROWS, name, columns=COLUMNS)
    )
    client = app.test_client()
    array = json.loads(client.get("/json").data)
    assert [tuple(record.values())[:-1] for record in array] == [r[:-1] for r in ROWS]
    table = Table()
    table.feed(client.get("/html").text)
    assert list(map(tuple, table.rows)) == [COLUMNS, *FLIGHTS.texts]


# Sources


def dicts() -> list[dict[str, Any]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def named_tuples() -> list[Any]:
    return list(map(namedtuple("Flight", COLUMNS)._make, ROWS))


def objects_of(kind: Any) -> list[Any]:
    return [kind(**record) for record in dicts()]


def attrs_class() -> Any:
    return attrs.make_class("Flight", COLUMNS)


def pydantic_class() -> Any:
    return pydantic.create_model("Flight", **dict.fromkeys(COLUMNS, (Any, ...)))


def batches() -> Rows:
    return Rows(COLUMNS, [ROWS[:700], ROWS[700:1400], ROWS[1400:]])


PLAIN: dict[str, Callable[[], Any]] = {
    "lists": lambda: list(map(list, ROWS)),
    "iterator of tuples": lambda: iter(ROWS),
    "dicts": dicts,
    "named tuples": named_tuples,
    "dataclass": lambda: objects_of(make_dataclass("Flight", COLUMNS)),
    "attrs": lambda: objects_of(attrs_class()),
    "pydantic": lambda: objects_of(pydantic_class()),
    "msgspec": lambda: objects_of(msgspec.defstruct("Flight", COLUMNS)),
    "generator of dicts": lambda: (record for record in dicts()),
    "function": lambda: lambda: iter(dicts()),
    "Rows": batches,
}


@cache
def expected_bytes(name: str) -> bytes:
    """Return the sample in a format, from tuples, as the tests above have read it."""
    app = Flask("tuples")
    app.add_url_rule("/", "v", lambda: stream_rows(ROWS, name, columns=COLUMNS))
    data: bytes = app.test_client().get("/").data
    CHECKS[name](FLIGHTS, lines_of([data]))
    return data


def assert_flights(app: Flask, make: Callable[[], Any], **options: Any) -> None:
    """Assert that a source gives the bytes of the tuples in each format."""
    app.add_url_rule("/<name>", "v", lambda name: stream_rows(make(), name, **options))
    client = app.test_client()
    for name in CHECKS:
        response = client.get(f"/{name}")
        assert response.status_code == 200
        assert response.data == expected_bytes(name)


@pytest.mark.parametrize("source", PLAIN)
def test_objects(app: Flask, source: str) -> None:
    """Records of each kind give the same bytes as tuples in every format."""
    made = PLAIN[source]()
    is_used_up = isinstance(made, Rows | Iterator)
    names = COLUMNS if source in ("lists", "iterator of tuples") else None
    make = PLAIN[source] if is_used_up else lambda: made
    assert_flights(app, make, columns=names)


def kind_of(name: str, text: str, moment: str) -> str:
    """Return the type of a column in SQL."""
    return text if name in TEXTS else moment if name == "time_hour" else "integer"


@pytest.fixture
def sqlite() -> Iterator[sqlite3.Connection]:
    """Return a connection to SQLite, with the flights, that reads moments as such."""
    sqlite3.register_converter(
        "moment", lambda data: datetime.fromisoformat(data.decode())
    )
    columns = ", ".join(f"{name} {kind_of(name, 'text', 'moment')}" for name in COLUMNS)
    marks = ", ".join("?" * len(COLUMNS))
    with closing(
        sqlite3.connect(
            ":memory:", detect_types=sqlite3.PARSE_DECLTYPES, check_same_thread=False
        )
    ) as connection:
        connection.execute(f"CREATE TABLE flights ({columns})")
        connection.executemany(
            f"INSERT INTO flights VALUES ({marks})",
            [(*row[:-1], str(row[-1])) for row in ROWS],
        )
        yield connection


@pytest.mark.parametrize("factory", [None, sqlite3.Row])
def test_sqlite(app: Flask, sqlite: sqlite3.Connection, factory: Any) -> None:
    """A cursor of SQLite gives the same, whatever its rows are."""
    sqlite.row_factory = factory
    assert_flights(app, lambda: sqlite.execute("SELECT * FROM flights ORDER BY rowid"))


def test_duckdb(app: Flask) -> None:
    """A cursor of DuckDB gives the same."""
    columns = ", ".join(
        f"{name} {kind_of(name, 'text', 'timestamptz')}" for name in COLUMNS
    )
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(f"CREATE TABLE flights ({columns})")
        connection.executemany(
            f"INSERT INTO flights VALUES ({', '.join('?' * len(COLUMNS))})", ROWS
        )
        query = "SELECT * FROM flights ORDER BY rowid"
        assert_flights(app, lambda: connection.cursor().execute(query))


@pytest.fixture
def database(postgresql: PostgreSQL) -> Iterator[PostgreSQL]:
    """Return PostgreSQL with a table of flights, numbered in their order."""
    columns = ", ".join(
        f"{name} {kind_of(name, 'text', 'timestamptz')}" for name in COLUMNS
    )
    postgresql.execute("DROP TABLE IF EXISTS flights")
    postgresql.execute(f"CREATE TABLE flights (number serial, {columns})")
    with psycopg.connect(postgresql.conninfo) as connection:
        copy = f"COPY flights ({', '.join(COLUMNS)}) FROM STDIN"
        with connection.cursor().copy(copy) as target:
            for row in ROWS:
                target.write_row(row)
    yield postgresql
    postgresql.execute("DROP TABLE flights")


QUERY = f"SELECT {', '.join(COLUMNS)} FROM flights ORDER BY number"


@pytest.mark.parametrize("row", ["tuple_row", "dict_row", "namedtuple_row"])
def test_psycopg(app: Flask, database: PostgreSQL, row: str) -> None:
    """A server-side cursor of psycopg gives the same, whatever its rows are."""
    factory = getattr(psycopg.rows, row)
    with psycopg.connect(database.conninfo, row_factory=factory) as connection:
        assert_flights(app, lambda: connection.cursor(name="export").execute(QUERY))


@contextmanager
def engine_of(database: PostgreSQL) -> Iterator[sqlalchemy.Engine]:
    """Return an engine, and assert that it has all connections back at the end."""
    with ExitStack() as closing:
        engine = sqlalchemy.create_engine(database.url("psycopg"))
        closing.callback(engine.dispose)
        yield engine
        assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def table() -> sqlalchemy.Table:
    """Return the table of flights as SQLAlchemy knows it."""
    kinds: dict[str, Any] = {
        "text": sqlalchemy.Text,
        "moment": sqlalchemy.DateTime(timezone=True),
        "integer": sqlalchemy.Integer,
    }
    return sqlalchemy.Table(
        "flights",
        sqlalchemy.MetaData(),
        *(
            sqlalchemy.Column(
                name, kinds[kind_of(name, "text", "moment")], primary_key=name in KEY
            )
            for name in COLUMNS
        ),
    )


def test_sqlalchemy_core(app: Flask, database: PostgreSQL) -> None:
    """Statements, as constructs and as text, give the same."""
    flights = table()
    number = sqlalchemy.literal_column("number")
    with engine_of(database) as engine:
        for statement in (
            sqlalchemy.select(flights).order_by(number),
            sqlalchemy.text(QUERY),
        ):
            one = Flask("one")
            assert_flights(one, lambda chosen=statement: chosen, bind=engine)


def test_sqlalchemy_entities(app: Flask, database: PostgreSQL) -> None:
    """Entities of a mapped class give the same, by statement and by result."""

    class Flight:
        pass

    flights = table()
    registry = orm.registry()
    registry.map_imperatively(Flight, flights)
    number = sqlalchemy.literal_column("number")
    statement = sqlalchemy.select(Flight).order_by(number)
    with engine_of(database) as engine, orm.Session(engine) as session:
        assert_flights(app, lambda: statement, bind=session)
        other = Flask("other")
        assert_flights(other, lambda: session.execute(statement))
        third = Flask("third")
        assert_flights(third, lambda: session.scalars(statement))
    registry.dispose()
