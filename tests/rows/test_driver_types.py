"""Tests that databases tell the types of a result, by the description of its cursor."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from datetime import date
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import Column
from sqlalchemy import Engine
from sqlalchemy import MetaData
from sqlalchemy import Numeric
from sqlalchemy import select
from sqlalchemy import Table

from flask_outpour.formats.schemas import RecordBatches
from flask_outpour.rows import open_rows
from flask_outpour.rows.driver_types import types_of_description
from rows.conftest import DRIVERS
from rows.conftest import MARIADB
from rows.conftest import numbers
from rows.conftest import POSTGRESQL

#: Expressions of each server, their values, and the types for them.
COLUMNS: dict[str, list[tuple[str, Any, Any]]] = {
    "postgresql": [
        ("i", 1002, pa.int64()),
        ("i::bigint * 2", 2004, pa.int64()),
        ("1.25::numeric(10, 2)", Decimal("1.25"), pa.decimal128(10, 2)),
        ("1.25::numeric(60, 2)", Decimal("1.25"), pa.decimal256(60, 2)),
        ("1.25::numeric", Decimal("1.25"), pa.decimal128(38, 18)),
        ("1.5::float8", 1.5, pa.float64()),
        ("true", True, pa.bool_()),
        ("'a'::text", "a", pa.string()),
        ("date '2020-01-01'", date(2020, 1, 1), pa.date32()),
        ("timestamp '2020-01-01'", datetime(2020, 1, 1), pa.timestamp("us")),
        (
            "timestamptz '2020-01-01 00:00:00+00'",
            datetime(2020, 1, 1, tzinfo=UTC),
            pa.timestamp("us", "UTC"),
        ),
        ("interval '1 day'", timedelta(1), pa.duration("us")),
        ("'{\"a\": 1}'::jsonb", '{"a": 1}', pa.string()),
        ("array[1, 2]", [1, 2], pa.list_(pa.int64())),
        ("array['a']", ["a"], pa.list_(pa.string())),
        ("decode('61', 'hex')", b"a", pa.binary()),
    ],
    "mariadb": [
        ("i", 1002, pa.int64()),
        ("cast(1.25 as decimal(10, 2))", Decimal("1.25"), pa.decimal128(38, 2)),
        ("cast(1.25 as decimal(60, 2))", Decimal("1.25"), pa.decimal256(76, 2)),
        ("cast(1.5 as double)", 1.5, pa.float64()),
        ("cast('2020-01-01' as date)", date(2020, 1, 1), pa.date32()),
        (
            "cast('2020-01-01' as datetime)",
            datetime(2020, 1, 1),
            pa.timestamp("us"),
        ),
        ("cast('01:00:00' as time)", timedelta(hours=1), pa.duration("us")),
        ("'a'", "a", pa.string()),
    ],
}


def statement(driver: str, server: str) -> Any:
    """Return a statement whose columns have a value in row 1,002 alone."""
    late = [
        # A CASE has no digits of its own in PostgreSQL.
        f"(CASE WHEN i > 1001 THEN {expression} END){_digits(expression)} AS c{place}"
        for place, (expression, _, _) in enumerate(COLUMNS[server])
    ]
    return numbers(driver, 1002, *late)


def _digits(expression: str) -> str:
    return "".join(expression.partition("::numeric")[1:])


def read(rows: Any) -> tuple[list[Any], list[Any]]:
    """Return the types of the columns but the first, and the last row."""
    batches = RecordBatches(rows.columns, types=rows.types)
    made = [batches.add(list(batch)) for batch in rows.batches]
    made.append(batches.finish())
    rows.close()
    table = pa.Table.from_batches([batch for batch in made if batch is not None])
    return table.schema.types[1:], list(table.to_pylist()[-1].values())[1:]


def expected(driver: str) -> list[Any]:
    """Return the types that a driver lets know of."""
    kinds = [kind for _, _, kind in COLUMNS[str(DRIVERS[driver])]]
    if driver != "pg8000":
        return kinds
    # It says that there are decimals, and not how long they are.
    decimals = (pa.Decimal128Type, pa.Decimal256Type)
    return [pa.decimal128(38, 18) if isinstance(k, decimals) else k for k in kinds]


@pytest.fixture(params=[*POSTGRESQL, *MARIADB])
def driver(request: pytest.FixtureRequest) -> str:
    """Return each driver of a server in turn."""
    driver: str = request.param
    return driver


@pytest.fixture
def cursor(driver: str, engine: Engine) -> Iterator[Callable[[], Any]]:
    """Return a function that executes the statement with a driver's own cursor."""
    connection = engine.raw_connection()

    def execute() -> Any:
        cursor = connection.cursor()
        cursor.execute(statement(driver, str(DRIVERS[driver])).text)
        return cursor

    yield execute
    connection.close()


def test_a_statement_in_text_tells_the_types_of_its_result(
    driver: str, engine: Engine
) -> None:
    """Where SQLAlchemy knows nothing, the database does."""
    server = str(DRIVERS[driver])
    rows = open_rows(statement(driver, server), bind=engine)
    kinds, values = read(rows)
    assert kinds == expected(driver)
    assert values == [value for _, value, _ in COLUMNS[server]]


def test_a_cursor_tells_the_types_of_its_result(
    driver: str, cursor: Callable[[], Any]
) -> None:
    """So do the cursors of the drivers themselves."""
    server = str(DRIVERS[driver])
    kinds, values = read(open_rows(cursor()))
    assert kinds == expected(driver)
    assert values == [value for _, value, _ in COLUMNS[server]]


def test_descriptions_of_other_drivers() -> None:
    """Those that have Python's types tell these; others may say next to nothing."""
    of_python = [("a", int), ("b", Decimal, None, None, 10, 2, True), ("c", "text")]
    number, money, text = types_of_description("pyodbc", of_python)
    assert number is not None and number.base is int
    assert money is not None and (money.precision, money.scale) == (10, 2)
    assert text is None
    assert types_of_description("sqlite3", None) == []


def test_digits_that_a_column_leaves_to_its_database(
    driver: str, engine: Engine
) -> None:
    """Where a column of SQLAlchemy says no digits, those of the database count."""
    table = Table("outpour_digits", MetaData(), Column("n", Numeric(10)))
    with engine.begin() as connection:
        table.create(connection)
        try:
            rows = open_rows(select(table), bind=connection)
            (known,) = rows.types or [None]
            rows.close()
        finally:
            table.drop(connection)
    assert known is not None and known.is_sure
    assert known.scale == (None if driver == "pg8000" else 0)
