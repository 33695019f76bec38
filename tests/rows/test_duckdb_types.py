"""Tests that DuckDB's values of every type arrive, with DuckDB as the reference."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask import Flask

from flask_outpour import Outpour
from flask_outpour import RowError
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour.rows import open_rows
from rows.reading import read

#: Expressions, and their texts in CSV where these are not those of DuckDB's own cast.
VALUES: dict[str, str | None] = {
    "'10101'::BIT": None,
    "'0000000000000001'::BIT": None,
    "1::INTEGER::BIT": None,
    "123456789012345678901234567890123456789012345678::BIGNUM": None,
    "'-256'::BIGNUM": None,
    "0::BIGNUM": None,
    "170141183460469231731687303715884105727::HUGEINT": None,
    "'-170141183460469231731687303715884105728'::HUGEINT": None,
    "340282366920938463463374607431768211455::UHUGEINT": None,
    "18446744073709551615::UBIGINT": None,
    "255::UTINYINT": None,
    "(-128)::TINYINT": None,
    "1.50::DECIMAL(10, 2)": None,
    "0.1::FLOAT": None,
    "16777216::FLOAT": None,
    "0.1::DOUBLE": None,
    "true": None,
    "NULL": "",
    "'a,b'": None,
    "'{\"a\":1}'::JSON": None,
    "'a'::ENUM('a', 'b')": None,
    "'00000000-0000-0000-0000-000000000001'::UUID": None,
    "DATE '2020-02-29'": None,
    "TIME '12:30:45'": None,
    "TIME '12:30:45.5'": "12:30:45.500000",
    "'12:30:45+05:30'::TIMETZ": None,
    "'12:30:45.5-03'::TIMETZ": "12:30:45.500000-03:00",
    "'12:30:45.000001+15:59:59'::TIMETZ": None,
    "TIMESTAMP '2020-02-29 12:30:45'": None,
    "'2020-02-29 12:30:45'::TIMESTAMP_S": None,
    "'2020-02-29 12:30:45.5'::TIMESTAMP_MS": "2020-02-29 12:30:45.500000",
    "TIMESTAMPTZ '2020-02-29 12:30:45+02'": "2020-02-29 10:30:45+00:00",
    "INTERVAL '2 days 3.5 seconds'": "P2DT3.5S",
    "'\\xAA\\x00'::BLOB": "qgA=",
    "[1, NULL]": "[1, null]",
    "[0.1]::FLOAT[]": None,
    "[0.1, 0.2]::FLOAT[2]": None,
    "{'a': 0.1::FLOAT, 'b': 'x'}": '{"a": 0.1, "b": "x"}',
    "MAP {'a': 0.1::FLOAT}": '{"a": 0.1}',
    "MAP {1: 'x'}": '{"1": "x"}',
    "['101'::BIT, NULL]": '["101", null]',
    "['101'::BIT]::BIT[1]": '["101"]',
    "{'a \"b': '101'::BIT, 'c': [1::BIGNUM]}": '{"a \\"b": "101", "c": ["1"]}',
    "MAP {'a': '101'::BIT}": '{"a": "101"}',
    "[{'a': [0.1::FLOAT]}]": '[{"a": [0.1]}]',
    "union_value(k := 1)": None,
    "union_value(k := '101'::BIT)": None,
    "union_value(k := 'x')": None,
}
#: These come as a relation alone: cursors give something else.
ONLY_RELATION: dict[str, str | None] = {
    "'2020-02-29 12:30:45.123456789'::TIMESTAMP_NS": None,
    "union_value(k := 0.1::FLOAT)": "0.1",
}


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to DuckDB, in UTC."""
    with closing(duckdb.connect()) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection


def sent(source: Any, format: str) -> bytes:
    """Return what an application sends of a source."""
    app = Flask(__name__)
    app.testing = True
    Outpour(app)
    app.add_url_rule("/", "rows", lambda: stream_rows(source, format))
    content: bytes = app.test_client().get("/").data
    return content


def csv_cell(source: Any) -> str:
    """Return the cell beside a number in CSV."""
    _, (_, cell) = csv.reader(io.StringIO(sent(source, "csv").decode()))
    return cell


def query_of(expression: str) -> str:
    return f"SELECT 1 AS n, {expression} AS x"


def text_of(database: duckdb.DuckDBPyConnection, expression: str) -> str:
    """Return DuckDB's own text of a value."""
    query = f"SELECT CAST({expression} AS VARCHAR)"
    ((text,),) = database.execute(query).fetchall()
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("expression", VALUES | ONLY_RELATION)
def test_relations(database: duckdb.DuckDBPyConnection, expression: str) -> None:
    """Of each type the text is DuckDB's own, or that of the value table."""
    expected = (VALUES | ONLY_RELATION)[expression]
    if expected is None:
        expected = text_of(database, expression)
    assert csv_cell(database.sql(query_of(expression))) == expected


@pytest.mark.parametrize("expression", VALUES)
def test_cursors(database: duckdb.DuckDBPyConnection, expression: str) -> None:
    """A cursor gives the same bytes as a relation."""
    by_relation = sent(database.sql(query_of(expression)), "csv")
    assert sent(database.execute(query_of(expression)), "csv") == by_relation


@pytest.mark.parametrize("expression", VALUES)
def test_json_and_columns(database: duckdb.DuckDBPyConnection, expression: str) -> None:
    """JSON can be read, and so can Arrow and Parquet, or an error names the column."""
    relation = database.sql(query_of(expression))
    (row,) = json.loads(sent(relation, "json"))
    cell = csv_cell(relation)
    if isinstance(row["x"], str) and "T" not in row["x"]:
        assert row["x"] == cell
    elif not isinstance(row["x"], str | bool | None):
        assert row["x"] == json.loads(cell)
    for format, reader in (
        ("arrows", lambda content: pa.ipc.open_stream(content).read_all()),
        ("parquet", lambda content: pq.read_table(io.BytesIO(content))),
    ):
        try:
            content = sent(relation, format)
        except RowError as error:
            assert error.column == "x"
            continue
        table = reader(content)
        table.validate(full=True)
        assert csv_cell(table) == cell


def test_types_of_which_a_cursor_drops_something(
    database: duckdb.DuckDBPyConnection,
) -> None:
    """They are refused, with the way out, and also inside of others."""
    moment = "'2020-02-29 12:30:45.123456789'::TIMESTAMP_NS"
    for expression in (moment, f"[{moment}]", "'12:00:00'::TIME_NS"):
        with pytest.raises(SourceError, match="pass a relation"):
            open_rows(database.execute(query_of(expression)))


#: What has no exact value.
UNFIT = (
    "INTERVAL '1 month'",
    "TIME '24:00:00'",
    "DATE 'infinity'",
    "DATE '10000-01-01'",
    "'12:00:00.123456789'::TIME_NS",
)


@pytest.mark.parametrize("expression", UNFIT)
def test_values_that_python_lacks(
    database: duckdb.DuckDBPyConnection, expression: str
) -> None:
    """An error names the row and the column."""
    with pytest.raises(RowError, match="Row 1, column 'x'"):
        sent(database.sql(query_of(expression)), "csv")


@pytest.mark.parametrize(
    ("expression", "cell"),
    [
        ("['12:00:00+05'::TIMETZ]", '["12:00:00+05:00"]'),
        ("union_value(t := '12:00:00+05'::TIMETZ)", "12:00:00+05:00"),
        ("5::VARIANT", "5"),
        ("[{'a': 1}]::VARIANT", '[{"a": 1}]'),
    ],
)
def test_what_a_cursor_alone_gives(
    database: duckdb.DuckDBPyConnection, expression: str, cell: str
) -> None:
    """Arrow would lose a part of it, so that a relation is refused."""
    with pytest.raises(SourceError, match="cast it to VARCHAR"):
        open_rows(database.sql(query_of(expression)))
    assert csv_cell(database.execute(query_of(expression))) == cell


def test_names_of_columns(database: duckdb.DuckDBPyConnection) -> None:
    """They stay, whatever is in them, where some columns become text."""
    relation = database.sql('SELECT \'1\'::BIT AS "a""b", 2 AS "a b", 3 AS "A"')
    assert read(relation) == (('a"b', "a b", "A"), [("1", 2, 3)])


def test_types_that_arrow_knows_by_name(database: duckdb.DuckDBPyConnection) -> None:
    """DuckDB can keep its own types in Arrow, and their values are the same."""
    database.execute("SET arrow_lossless_conversion = true")
    expressions = {
        "'10101'::BIT": "10101",
        "1::INTEGER::BIT": f"{1:032b}",
        "'-256'::BIGNUM": "-256",
        "123456789012345678901234567890123456789012::BIGNUM": (
            "123456789012345678901234567890123456789012"
        ),
        "'-170141183460469231731687303715884105728'::HUGEINT": str(-(2**127)),
        "340282366920938463463374607431768211455::UHUGEINT": str(2**128 - 1),
        "'12:30:45.5-03'::TIMETZ": "12:30:45.500000-03:00",
        "'00000000-0000-0000-0000-000000000001'::UUID": (
            "00000000-0000-0000-0000-000000000001"
        ),
    }
    for expression, expected in expressions.items():
        table = database.sql(f"{query_of(expression)}").to_arrow_table()
        assert csv_cell(table) == expected
    late = database.sql(query_of("'24:00:00+00'::TIMETZ")).to_arrow_table()
    with pytest.raises(RowError, match="beyond the times of a day"):
        sent(late, "csv")


def test_tuples_of_a_cursor(database: duckdb.DuckDBPyConnection) -> None:
    """Floats inside of them have the digits that they need, too."""
    database.execute(query_of("row(0.1::FLOAT, NULL, {'a': [0.1::FLOAT]})"))
    assert csv_cell(database) == '[0.1, null, {"a": [0.1]}]'
