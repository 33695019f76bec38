"""Tests of ranges: each is the text that PostgreSQL itself has for it."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg
import psycopg2
import pytest
from psycopg.types.multirange import Multirange
from psycopg.types.range import Range
from sqlalchemy import create_engine
from sqlalchemy import literal_column
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy.dialects import postgresql as dialect

from flask_outpour.formats.values import plain
from flask_outpour.ranges import is_range
from postgresql import PostgreSQL
from rows.reading import read

RANGES = [
    *("int4range(1, 5)", "int4range(NULL, 5)", "int4range(1, NULL)"),
    *("int4range(NULL, NULL)", "int4range(1, 1)", "int8range(1, 5, '[]')"),
    *("numrange(1.50, 1e20)", "numrange(0, 1e-9, '(]')", "numrange(-1, 1, '()')"),
    *("daterange('2024-01-01', '2024-02-01')", "daterange('0099-01-01', NULL)"),
    "tsrange('2024-01-01', '2024-01-01 10:00:00.5')",
    "tsrange('2024-01-01 00:00:00.000001', NULL, '(]')",
    "tstzrange('2024-01-01 10:00+00', '2024-06-01 10:00:00.25+00', '[]')",
]
MULTIRANGES = [
    *("int4multirange()", "int4multirange(int4range(1, 5), int4range(7, 9))"),
    "datemultirange(daterange('2024-01-01', NULL))",
    "nummultirange(numrange(1.0, 2.0), numrange(3, 4.50, '[]'))",
]
TYPES = {
    "int4": dialect.INT4RANGE,
    "int8": dialect.INT8RANGE,
    "num": dialect.NUMRANGE,
    "date": dialect.DATERANGE,
    "ts": dialect.TSRANGE,
    "tstz": dialect.TSTZRANGE,
}


def by_postgresql(postgresql: PostgreSQL, expression: str) -> str:
    """Return the text that PostgreSQL casts a value to."""
    with psycopg.connect(postgresql.conninfo) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute(f"SELECT ({expression})::text").fetchone()
    assert found is not None
    return str(found[0])


@pytest.mark.parametrize("expression", [*RANGES, *MULTIRANGES])
def test_of_psycopg(postgresql: PostgreSQL, expression: str) -> None:
    """By its cursors, and inside of a list or a row that nobody may change."""
    expected = by_postgresql(postgresql, expression)
    with psycopg.connect(postgresql.conninfo) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        cursor = connection.execute(f"SELECT {expression} AS r")
        _, [(value,)] = read(cursor)
    assert plain(value) == expected
    _, [(kept,)] = read(iter([{"r": value}]))
    assert kept == expected


@pytest.mark.parametrize("expression", RANGES)
def test_of_psycopg2(postgresql: PostgreSQL, expression: str) -> None:
    """Its ranges are others, and mean the same."""
    expected = by_postgresql(postgresql, expression)
    with (
        closing(psycopg2.connect(postgresql.conninfo)) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.execute(f"SELECT {expression} AS r")
        ((value,),) = cursor.fetchall()
    assert plain(value) == expected


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
@pytest.mark.parametrize("expression", RANGES)
def test_of_sqlalchemy(postgresql: PostgreSQL, driver: str, expression: str) -> None:
    """And so are those of SQLAlchemy's types."""
    expected = by_postgresql(postgresql, expression)
    kind: Any = TYPES[expression.partition("range")[0]]
    engine = create_engine(postgresql.url(driver))
    with engine.connect() as connection:
        connection.execute(text("SET TimeZone = 'UTC'"))
        statement = select(literal_column(expression, kind).label("r"))
        value = connection.execute(statement).scalar_one()
        assert is_range(value)
        assert plain(value) == expected
    engine.dispose()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Range('a"b', "c\\d"), '["a""b","c\\\\d")'),
        (Range("", "x y"), '["","x y")'),
        (Range("(", ")"), '["(",")")'),
        (Multirange([Range("a,b", None)]), '{["a,b",)}'),
        (dialect.Range(None, 5, bounds="[]"), "(,5]"),
        (dialect.Range(empty=True), "empty"),
    ],
)
def test_quotes(value: Any, expected: str) -> None:
    """Ends with signs of a range's own are quoted ("Range Types", section 8.17.5)."""
    assert plain(value) == expected
