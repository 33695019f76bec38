"""Tests that what readers of CSV and JSON read is what went in.

Each is given the settings that its documentation has for such a file: which columns
are text, that no text stands for no value, and, where it can tell them apart, that
only an empty cell without quotes is none.
"""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pandas
import polars
import psycopg
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from conftest import lack
from flask_outpour import CSV
from flask_outpour import Format
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour.formats import TSV
from formats.cells import HOSTILE
from formats.cells import texts
from postgresql import PostgreSQL

Table = list[tuple[Any, ...]]

COLUMNS = ["n", "text", "note"]


def written(format: Format, columns: Sequence[str], rows: Table) -> bytes:
    """Return all that a format writes, in two batches."""
    half = len(rows) // 2
    batches = [batch for batch in (rows[:half], rows[half:]) if batch]
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks)


def by_pandas(content: bytes, delimiter: str) -> Table:
    frame = pandas.read_csv(
        io.BytesIO(content),
        sep=delimiter,
        dtype={"text": str, "note": str},
        keep_default_na=False,
    )
    return list(frame.itertuples(index=False, name=None))


def by_polars(content: bytes, delimiter: str) -> Table:
    schema = {"text": polars.String, "note": polars.String}
    frame = polars.read_csv(content, separator=delimiter, schema_overrides=schema)
    return frame.rows()


@pytest.fixture
def by_duckdb(tmp_path: Path) -> Callable[[bytes, str], Table]:
    """Return DuckDB's reader of CSV."""

    def read(content: bytes, delimiter: str) -> Table:
        path = tmp_path / "rows.csv"
        path.write_bytes(content)
        with duckdb.connect() as connection:
            return connection.execute(
                "SELECT * FROM read_csv(?, header = true, delim = ?,"
                " allow_quoted_nulls = false, columns ="
                " {'n': 'BIGINT', 'text': 'VARCHAR', 'note': 'VARCHAR'})",
                [str(path), delimiter],
            ).fetchall()

    return read


@pytest.fixture
def by_sqlite(tmp_path: Path) -> Callable[[bytes, str], Table]:
    """Return the import of SQLite's own command."""
    if not shutil.which("sqlite3"):
        lack("sqlite3", "apt-get install sqlite3")

    def read(content: bytes, delimiter: str) -> Table:
        source, target = tmp_path / "rows.csv", tmp_path / "rows.db"
        source.write_bytes(content)
        with closing(sqlite3.connect(target)) as database:
            database.execute("DROP TABLE IF EXISTS t")
            database.execute("CREATE TABLE t (n INTEGER, text TEXT, note TEXT)")
            command = [
                *(
                    "sqlite3",
                    str(target),
                    ".mode csv",
                    f'.separator "{delimiter}" "\\n"',
                ),
                f".import --skip 1 {source} t",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert not done.stderr
            return database.execute("SELECT * FROM t ORDER BY rowid").fetchall()

    return read


@pytest.fixture
def by_postgresql(postgresql: PostgreSQL) -> Callable[[bytes, str], Table]:
    """Return PostgreSQL's COPY."""

    def read(content: bytes, delimiter: str) -> Table:
        with psycopg.connect(postgresql.conninfo) as connection:
            connection.execute("CREATE TEMP TABLE t (n bigint, text text, note text)")
            copy = f"COPY t FROM STDIN (FORMAT csv, HEADER, DELIMITER '{delimiter}')"
            with connection.cursor() as cursor:
                with cursor.copy(copy) as sink:
                    sink.write(content)
                return cursor.execute("SELECT * FROM t ORDER BY n").fetchall()

    return read


def rows_of(column: Sequence[str]) -> Table:
    """Return rows of texts, beside a column that has gaps and empty texts."""
    return [
        (number, text, (None, "", text)[number % 3])
        for number, text in enumerate(column)
    ]


def without_none(rows: Table) -> Table:
    """Return what a reader finds that reads an empty cell as an empty text."""
    return [tuple("" if cell is None else cell for cell in row) for row in rows]


def check(read: Callable[[bytes, str], Table], *, gaps: bool, nul: bool) -> None:
    """Assert that a reader reads what went in: the hostile set, and any text.

    :param gaps: whether it tells no value from an empty text.
    :param nul: whether it can read NUL.
    """
    expected = (lambda rows: rows) if gaps else without_none
    rows = rows_of([*HOSTILE, "a\0b", "\0"] if nul else HOSTILE)
    for format in (CSV(), CSV(line_end="\r\n"), CSV(bom=True), TSV()):
        content = written(format, COLUMNS, rows)
        assert read(content, format.delimiter) == expected(rows), format

    readable = texts if nul else texts.map(lambda text: text.replace("\0", ""))

    @given(strategies.lists(readable, min_size=1, max_size=30))
    @settings(max_examples=15, deadline=None)
    def reads_any_text(column: list[str]) -> None:
        rows = rows_of(column)
        assert read(written(CSV(), COLUMNS, rows), ",") == expected(rows)

    reads_any_text()


def test_pandas() -> None:
    """pandas reads the same texts; it has no option that tells None from ""."""
    check(by_pandas, gaps=False, nul=True)


def test_polars() -> None:
    """polars reads the same texts and gaps."""
    check(by_polars, gaps=True, nul=True)


def test_duckdb(by_duckdb: Callable[[bytes, str], Table]) -> None:
    """DuckDB reads the same texts and gaps."""
    check(by_duckdb, gaps=True, nul=True)


def test_sqlite(by_sqlite: Callable[[bytes, str], Table]) -> None:
    """sqlite3 imports the same texts; it ends one at NUL, and knows no gaps."""
    check(by_sqlite, gaps=False, nul=False)


def test_postgresql(by_postgresql: Callable[[bytes, str], Table]) -> None:
    """PostgreSQL copies the same texts and gaps; it has no text with NUL."""
    check(by_postgresql, gaps=True, nul=False)


def test_one_column(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """No reader skips a line of a file of one column, or ends at one."""
    rows = [("a",), ("",), (None,), ("\\.",), ("b",)]
    content = written(CSV(), ["text"], rows)
    expected = [("a",), ("",), ("",), ("\\.",), ("b",)]
    assert by_pandas(content, ",") == expected
    assert by_polars(content, ",") == expected
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT * FROM read_csv('{path}', allow_quoted_nulls = false)"
        )
        assert found.fetchall() == expected
    with psycopg.connect(postgresql.conninfo) as connection:
        connection.execute("CREATE TEMP TABLE t (text text)")
        with connection.cursor() as cursor:
            with cursor.copy("COPY t FROM STDIN (FORMAT csv, HEADER)") as sink:
                sink.write(content)
            assert cursor.execute("SELECT * FROM t").fetchall() == expected


#: A row of each type, and one of gaps.
TYPED: dict[str, tuple[str, Any]] = {
    "id": ("bigint", -(2**63) + 1),
    "amount": ("numeric(30, 10)", Decimal("-12345678901234567890.0000000001")),
    "ratio": ("double precision", 0.1 + 0.2),
    "tiny": ("double precision", 5e-324),
    "huge": ("double precision", float("-inf")),
    "paid": ("boolean", True),
    "at": ("timestamptz", datetime(2013, 1, 1, 5, 15, 0, 250, UTC)),
    "local": ("timestamp", datetime(1, 1, 1, 0, 0, 0, 1)),
    "day": ("date", date(9999, 12, 31)),
    "clock": ("time", time(23, 59, 59, 999999)),
    "code": ("uuid", UUID(int=2**127 + 1)),
}


def test_types_through_postgresql(postgresql: PostgreSQL) -> None:
    """PostgreSQL copies each type into a column of it: the same values come back.

    Bytes are left out: it wants another text than base64. So are negative durations,
    whose sign it wants inside, as in ``P-1D``.
    """
    more = {
        "took": ("interval", timedelta(days=1, hours=2, seconds=3.5)),
        "extra": ("jsonb", {"a": [1, None, "ä\n"], "b": {}}),
    }
    columns = {**TYPED, **more}
    rows = [tuple(value for _, value in columns.values()), (None,) * len(columns)]
    types = ", ".join(f'"{name}" {kind}' for name, (kind, _) in columns.items())
    with psycopg.connect(postgresql.conninfo) as connection:
        connection.execute(f"CREATE TEMP TABLE t ({types})")
        with connection.cursor() as cursor:
            with cursor.copy("COPY t FROM STDIN (FORMAT csv, HEADER MATCH)") as sink:
                sink.write(written(CSV(), list(columns), rows))
            assert cursor.execute("SELECT * FROM t ORDER BY id").fetchall() == rows


@pytest.mark.parametrize(
    ("format", "reader"),
    [
        (CSV(), "read_csv('{}', header = true, columns = {})"),
        (NDJSON(), "read_json('{}', format = 'newline_delimited', columns = {})"),
        (JSON(), "read_json('{}', format = 'array', columns = {})"),
    ],
    ids=["csv", "ndjson", "json"],
)
def test_types_through_duckdb(tmp_path: Path, format: Format, reader: str) -> None:
    """DuckDB reads each type into a column of it: the same values come back.

    Infinity is left out of JSON, which has none.
    """
    columns = dict(TYPED)
    if not isinstance(format, CSV):
        del columns["huge"]
    rows = [tuple(value for _, value in columns.values()), (None,) * len(columns)]
    path = tmp_path / "rows"
    path.write_bytes(written(format, list(columns), rows))
    kinds = {name: kind for name, (kind, _) in columns.items()}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        found = connection.execute("SELECT * FROM " + reader.format(path, kinds))
        assert found.fetchall() == rows


def test_types_are_guessed_right(tmp_path: Path) -> None:
    """Readers that guess the types of CSV guess those that went in."""
    columns = ["id", "ratio", "paid", "at", "day", "clock", "name"]
    row = (7, 0.5, True, datetime(2013, 1, 1, 5, 15, tzinfo=UTC), date(2013, 1, 1))
    rows = [(*row, time(5, 15), "Käse"), (8, *[None] * 5, "Brot")]
    path = tmp_path / "rows.csv"
    path.write_bytes(written(CSV(), columns, rows))
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        assert connection.execute(f"SELECT * FROM '{path}'").fetchall() == rows
    assert polars.read_csv(path, try_parse_dates=True).rows() == rows
    frame = pandas.read_csv(path, parse_dates=["at"])
    assert frame["paid"][0] is True
    assert frame["at"][0] == rows[0][3]
    assert frame["ratio"].dtype == "float64"


def test_nested_values_are_json_in_a_cell() -> None:
    """A nested value's cell is JSON that any reader of JSON reads."""
    value = {"a": [1, "x,\n", None], "ä": {"b": True}}
    frame = pandas.read_csv(io.BytesIO(written(CSV(), ["v", "n"], [(value, 1)])))
    assert json.loads(frame["v"][0]) == value


def _by_pandas(path: Path, **options: Any) -> Table:
    frame = pandas.read_json(path, dtype=False, **options)
    # It has NaN for null.
    rows = frame.astype(object).where(frame.notna(), None)
    return list(rows.itertuples(index=False, name=None))


def _by_duckdb(path: Path, format: str) -> Table:
    with duckdb.connect() as connection:
        return connection.execute(
            "SELECT * FROM read_json(?, format = ?, columns ="
            " {'n': 'BIGINT', 'text': 'VARCHAR', 'note': 'VARCHAR'})",
            [str(path), format],
        ).fetchall()


JSON_READERS: dict[str, tuple[Format, Callable[[Path], Table]]] = {
    "polars, lines": (NDJSON(), lambda path: polars.read_ndjson(path).rows()),
    "polars, array": (JSON(), lambda path: polars.read_json(path).rows()),
    "pandas, lines": (NDJSON(), partial(_by_pandas, lines=True)),
    "pandas, array": (JSON(), _by_pandas),
    "DuckDB, lines": (NDJSON(), partial(_by_duckdb, format="newline_delimited")),
    "DuckDB, array": (JSON(), partial(_by_duckdb, format="array")),
}


@pytest.mark.parametrize("reader", JSON_READERS)
def test_readers_of_json(tmp_path: Path, reader: str) -> None:
    """Readers of JSON read the same texts and gaps; NUL is one of the signs.

    Lone surrogates are left out: these readers have no text with one.
    """
    format, read = JSON_READERS[reader]
    path = tmp_path / "rows.json"
    rows = rows_of([*HOSTILE, "a\0b", "\0"])
    path.write_bytes(written(format, COLUMNS, rows))
    assert read(path) == rows

    @given(strategies.lists(texts, min_size=3, max_size=30))
    @settings(max_examples=15, deadline=None)
    def reads_any_text(column: list[str]) -> None:
        # A last text, since pandas and polars cannot type a column of gaps alone.
        rows = rows_of([*column, "a", "b", "c"])
        path.write_bytes(written(format, COLUMNS, rows))
        assert read(path) == rows

    reads_any_text()
