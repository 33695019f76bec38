"""Tests that what a driver gives of a type is written as its database has it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import duckdb
import psycopg
import psycopg2
import pymysql
import pytest

from flask_outpour.errors import RowError
from formats.reference import csv_text
from mariadb import MariaDB
from postgresql import PostgreSQL
from value_types.checks import written

#: Of PostgreSQL: what has the text that its own cast gives.
AS_TEXT = [
    *("1::int2", "9223372036854775807", "1.50", "'NaN'::numeric", "5::oid"),
    *("'Infinity'::numeric", "0.1::float4", "0.1::float8", "'a'::char(1)", "'a'::name"),
    *(
        "true",
        "'2013-01-01'::date",
        "'05:15:00'::time",
        "'<a/>'::xml",
        "'$.a'::jsonpath",
    ),
    *("B'101'", "'$1,234.50'::money", "'(1,2)'::point", "'<(1,2),3>'::circle"),
    *("'10.0.0.1/8'::inet", "'10.0.0.0/8'::cidr", "'08:00:2b:01:02:03'::macaddr"),
    *("'a b'::tsvector", "'16/B374D848'::pg_lsn", "'pg_class'::regclass"),
    *("'00000000-0000-0000-0000-000000000001'::uuid", "'(1,2)'::tid"),
    *("int4range(1,5)", "numrange(1.50,NULL)", "'empty'::int4range"),
    *("tsrange('2013-01-01','2013-01-02')", "daterange(NULL,'2013-01-02')"),
    *("tstzrange('2013-01-01+00','2013-01-02+00')", "int8range(1,2)"),
    *("'{[1,3),[5,7)}'::int4multirange", "'{}'::int4multirange"),
]
#: And what has the JSON that its own function makes.
AS_JSON = [
    *("ARRAY[1,NULL]", "ARRAY['a','b,\"c']", "ARRAY[ARRAY[1],ARRAY[2]]"),
    *("'{}'::int[]", "ARRAY[true]", "ARRAY[0.1::float4]", "ARRAY['2013-01-01'::date]"),
    *("""'{"a": [1, null]}'::json""", """'{"a": 1.5}'::jsonb""", "'[1]'::jsonb"),
    *("ARRAY['{\"a\":1}'::jsonb]", "ARRAY['2013-01-01 05:15'::timestamp]"),
    "ARRAY['00000000-0000-0000-0000-000000000001'::uuid]",
]
#: What no format can write, since Python's types do not hold it: of PostgreSQL's
#: drivers it is psycopg that says so.
BEYOND = ["'infinity'::date", "'-infinity'::timestamp", "'0044-03-15 BC'::date"]
#: Of MariaDB: what has the text that its own cast gives.
OF_MARIADB = [
    *("1", "1.50", "0.1e0", "'a'", "date'2013-01-01'", "18446744073709551615"),
    *("timestamp'2013-01-01 05:15:00'", "json_object('a', 1)"),
]
#: Of DuckDB: a value, and what it means.
OF_DUCKDB = {
    "[interval '1 day', null]": [timedelta(1), None],
    "{'a': interval '90 seconds'}": {"a": timedelta(seconds=90)},
    "map {'a': [interval '1 day']}": {"a": [timedelta(1)]},
    "interval '1 day'": timedelta(1),
}


@pytest.fixture(params=[psycopg.connect, psycopg2.connect], ids=["psycopg", "psycopg2"])
def connection(request: pytest.FixtureRequest, postgresql: PostgreSQL) -> Iterator[Any]:
    """Return a connection of each driver, in UTC."""
    connect: Callable[[str], Any] = request.param
    with closing(connect(f"{postgresql.conninfo} options='-c timezone=UTC'")) as made:
        yield made


def test_texts_of_postgresql(connection: Any) -> None:
    """A value of PostgreSQL's own types has the text that its cast has."""
    for value in AS_TEXT:
        text = _first(connection, f"SELECT ({value})::text")
        assert _cell(connection, value) == text, value


def test_nested_values_of_postgresql(connection: Any) -> None:
    """Arrays and JSON are the JSON that PostgreSQL makes of them."""
    for value in AS_JSON:
        wanted = json.loads(_first(connection, f"SELECT to_json({value})::text"))
        cell = _cell(connection, value)
        # What its driver has no type for, as psycopg2 for some arrays, comes as text.
        is_text = cell == _first(connection, f"SELECT ({value})::text")
        assert is_text or json.loads(cell) == wanted, value


def test_times_beyond_python(postgresql: PostgreSQL) -> None:
    """What Python has no time for is an error of the driver, and no other time."""
    with closing(psycopg.connect(postgresql.conninfo)) as connection:
        for value in BEYOND:
            with pytest.raises(psycopg.DataError):
                _cell(connection, value)
            connection.rollback()


def test_texts_of_mariadb(mariadb: MariaDB) -> None:
    """A value of MariaDB's has the text that its cast has; a time is a duration."""
    with closing(pymysql.connect(**mariadb.parameters)) as connection:
        for value in OF_MARIADB:
            text = _first(connection, f"SELECT CAST({value} AS CHAR)")
            assert _cell(connection, value) == text, value
        assert _cell(connection, "time'838:59:59'") == "P34DT22H59M59S"
        assert _cell(connection, "time'-00:01:30'") == "-PT1M30S"


@pytest.mark.parametrize("value", OF_DUCKDB)
def test_intervals_of_duckdb(value: str) -> None:
    """A duration is one in lists and structs, too, from a relation and a cursor."""
    with closing(duckdb.connect()) as connection:
        statement = f"SELECT {value} AS x"
        wanted = csv_text(OF_DUCKDB[value])
        assert _only(written(connection.sql(statement), "csv")) == wanted
        assert _only(written(connection.execute(statement), "csv")) == wanted


@pytest.mark.parametrize("value", ["interval '1 month'", "[interval '1 month']"])
def test_months_of_duckdb(value: str) -> None:
    """A month of a relation has no duration, and is refused with its place."""
    with closing(duckdb.connect()) as connection:
        relation = connection.sql(f"SELECT {value} AS x")
        with pytest.raises(RowError, match=r"Row 1, column 'x': .* of months"):
            written(relation, "ndjson")


def _first(connection: Any, statement: str) -> Any:
    with closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def _cell(connection: Any, value: str) -> str:
    cursor = connection.cursor()
    cursor.execute(f"SELECT {value} AS x")
    return _only(written(cursor, "csv"))


def _only(body: bytes) -> str:
    (_, (cell,)) = csv.reader(io.StringIO(body.decode()))
    return cell
