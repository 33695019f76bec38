"""Tests of sources that have their rows in Arrow's columns."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet
import pytest
from flask import Flask
from flask.testing import FlaskClient

from flask_outpour import CSV
from flask_outpour import NDJSON
from flask_outpour import RowError
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour.formats import JSON
from flask_outpour.formats import JSONSequence
from flask_outpour.formats import TSV
from flask_outpour.row_stream import RowStream
from flask_outpour.row_stream import Table
from flask_outpour.rows import open_rows
from postgresql import PostgreSQL
from rows.reading import read
from rows.reading import read_until_error
from rows.reading import small_memory

NAMES = ("id", "name")
ROWS = [(1, "Ada"), (2, None), (3, "Bo, Jr.")]
TABLE = pa.table(dict(zip(NAMES, map(list, zip(*ROWS, strict=True)), strict=True)))
#: What DuckDB or polars, their libraries loaded, and one piece may take; the results
#: below are of 400 MB.
MOST = 150_000_000
QUERY = "SELECT * FROM (VALUES (1, 'Ada'), (2, NULL), (3, 'Bo, Jr.')) AS t(id, name)"


@pytest.fixture
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Return a connection to DuckDB."""
    with closing(duckdb.connect()) as connection:
        yield connection


SOURCES: dict[str, Callable[[], Any]] = {
    "pyarrow Table": lambda: TABLE,
    "pyarrow RecordBatch": lambda: TABLE.to_batches()[0],
    "pyarrow RecordBatchReader": lambda: TABLE.to_reader(max_chunksize=2),
    "pyarrow Dataset": lambda: pyarrow.dataset.dataset(TABLE),
    "pyarrow Scanner": lambda: pyarrow.dataset.dataset(TABLE).scanner(),
    "polars DataFrame": lambda: polars.from_arrow(TABLE),
    "polars LazyFrame": lambda: polars.from_arrow(TABLE).lazy(),
    "pandas DataFrame": TABLE.to_pandas,
    "pandas DataFrame, filtered": lambda: pandas.concat(
        [TABLE.to_pandas(), TABLE.to_pandas()]
    ).iloc[3:],
    "a function": lambda: lambda: TABLE,
}


@pytest.mark.parametrize("open_source", SOURCES.values(), ids=SOURCES)
def test_sources(open_source: Callable[[], Any]) -> None:
    """Whatever has columns of Arrow gives its names, and its rows in their order."""
    assert read(open_source()) == (NAMES, ROWS)


@pytest.mark.parametrize("index", [[1, 2, 3], [5, 4, 9], list("abc")])
@pytest.mark.parametrize("name", [None, "key"])
def test_index_of_pandas(index: list[Any], name: str | None) -> None:
    """It is no column, whatever is in it; ``reset_index()`` makes one of it."""
    frame = TABLE.to_pandas().set_index(pandas.Index(index, name=name))
    assert read(frame) == (NAMES, ROWS)
    columns, _ = read(frame.reset_index())
    assert columns == (name or "index", *NAMES)


def test_relation_of_duckdb(database: duckdb.DuckDBPyConnection) -> None:
    """A relation gives what a cursor does, and can be read again."""
    relation = database.sql(QUERY)
    for _ in range(2):
        assert read(relation) == (NAMES, ROWS)
    assert read(database.execute(QUERY)) == (NAMES, ROWS)


def test_cursor_of_adbc(postgresql: PostgreSQL) -> None:
    """Its rows come in columns; it is closed at the end, and its connection is not."""
    url = postgresql.url("psycopg").replace("+psycopg", "")
    with closing(adbc.connect(url)) as connection:
        cursor = connection.cursor()
        cursor.execute(QUERY)
        with closing(open_rows(cursor)) as rows:
            assert rows.reader is not None
        with pytest.raises(adbc.ProgrammingError, match="before execute"):
            cursor.fetchone()
        cursor = connection.cursor()
        cursor.execute(QUERY)
        assert read(cursor, columns=["name", "id"]) == (
            ("name", "id"),
            [(name, number) for number, name in ROWS],
        )


def test_columns_choose_or_rename() -> None:
    """``columns=`` takes some, in any order, or gives each a new name."""
    names = [name for _, name in ROWS]
    assert read(TABLE, columns=["name"]) == (("name",), [(name,) for name in names])
    assert read(TABLE, columns=["n", "who"]) == (("n", "who"), ROWS)
    with pytest.raises(SourceError, match=r"columns= names a, .* id, name"):
        open_rows(TABLE, columns=["a"])


def test_columns_of_the_same_name() -> None:
    """They stay apart, since rows have places."""
    table = pa.table([[1], [2]], names=["a", "a"])
    assert read(table) == (("a", "a"), [(1, 2)])
    assert read(table, columns=["a", "b"]) == (("a", "b"), [(1, 2)])


def test_what_is_empty() -> None:
    """No rows are no error, and neither are no columns."""
    assert read(TABLE.slice(0, 0)) == (NAMES, [])
    assert read(TABLE.schema.empty_table().to_reader()) == (NAMES, [])
    full = TABLE.to_batches()[0]
    batches = [full.slice(0, 0), full, full.slice(3)]
    reader = pa.RecordBatchReader.from_batches(TABLE.schema, batches)
    assert read(reader) == (NAMES, ROWS)
    assert read(TABLE.select([])) == ((), [(), (), ()])
    assert read(polars.DataFrame()) == ((), [])


def test_what_is_no_table() -> None:
    """One column without a name is told that it is none."""
    with pytest.raises(SourceError, match=r"^ChunkedArray cannot"):
        open_rows(pa.chunked_array([[1]]))
    for source in (polars.Series([1]), pandas.Series([1])):
        with pytest.raises(SourceError, match=r"series\.to_frame\(\)"):
            open_rows(source)


def test_objects_of_polars_are_refused() -> None:
    """Arrow would get their addresses."""
    frame = polars.DataFrame({"o": [object()]}, schema={"o": polars.Object})
    with pytest.raises(SourceError, match="'o' holds Python objects"):
        open_rows(frame)


def test_what_pandas_cannot_export() -> None:
    """The reason is told with what cannot be read."""
    with pytest.raises(SourceError, match=r"DataFrame cannot be read.*column a"):
        open_rows(pandas.DataFrame({"a": [1 + 2j]}))


def test_cursor_of_adbc_that_is_closed(postgresql: PostgreSQL) -> None:
    """The error says what has ended, and what to do."""
    url = postgresql.url("psycopg").replace("+psycopg", "")
    with closing(adbc.connect(url)) as connection:
        with connection.cursor() as cursor:
            cursor.execute(QUERY)
        with pytest.raises(SourceError, match=r"has no result.*flask\.g"):
            open_rows(cursor)


def test_long_batches_come_in_pieces() -> None:
    """A frame that is one batch of many rows streams as any other source does."""
    frame = polars.select(polars.int_range(1_000_000).alias("id")).rechunk()
    with closing(open_rows(frame)) as rows:
        lengths = [len(batch) for batch in rows.reader]
    assert sum(lengths) == 1_000_000
    assert max(lengths) <= 20_000
    with closing(open_rows(pa.table({"text": ["x" * 100_000] * 100}))) as rows:
        assert max(batch.nbytes for batch in rows.reader) < 8 << 20
    with closing(open_rows(frame)) as rows:
        assert max(map(len, rows.batches)) <= 1_000


def test_relation_of_duckdb_streams(database: duckdb.DuckDBPyConnection) -> None:
    """A result larger than memory may be streamed."""
    relation = database.sql(
        "SELECT i, repeat('x', 400) AS x FROM range(1000000) AS n(i)"
    )
    with small_memory(MOST) as check, closing(open_rows(relation)) as rows:
        for _ in rows.reader:
            check()


def test_lazy_frame_streams(tmp_path: Path) -> None:
    """A query of polars over a file is not collected as a whole."""
    path = tmp_path / "rows.parquet"
    texts = pa.array([f"{number:0400}" for number in range(4_000)])
    with pyarrow.parquet.ParquetWriter(path, pa.schema([("x", pa.string())])) as file:
        for _ in range(250):
            file.write_table(pa.table({"x": texts}))
    frame = polars.scan_parquet(path).with_columns(n=polars.lit(1))
    with small_memory(MOST) as check, closing(open_rows(frame)) as rows:
        assert sum(len(batch) for batch in rows.reader if check() is None) == 1_000_000


class Batches:
    """Record batches that end with an error, if told so, and count their closing."""

    def __init__(self, *, error: Exception | None = None) -> None:
        self._error = error
        self.closed = 0
        self.reader = pa.RecordBatchReader.from_batches(TABLE.schema, self._batches())

    def _batches(self) -> Iterator[Any]:
        yield from TABLE.to_batches()
        if self._error is not None:
            raise self._error
        yield from TABLE.to_batches()

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.reader.__arrow_c_stream__(requested_schema)

    def close(self) -> None:
        self.closed += 1


def test_source_is_closed_once() -> None:
    """Its ``close()`` is called at the end, also where most was not read."""
    source = Batches()
    assert read(source) == (NAMES, ROWS * 2)
    assert source.closed == 1
    source = Batches()
    rows = open_rows(source)
    next(iter(rows.reader))
    rows.close()
    rows.close()
    assert source.closed == 1
    source = Batches()
    with pytest.raises(SourceError):
        open_rows(source, columns=["a"])
    assert source.closed == 1


def test_error_of_a_source_comes_behind_its_rows() -> None:
    """What was read before is there; the error tells its cause."""
    got, error = read_until_error(Batches(error=OSError("the disk is gone")))
    assert got == ROWS
    assert "the disk is gone" in str(error)


def test_rows_before_what_python_cannot_hold() -> None:
    """They come as tuples first; the error names the row and the column."""
    days = pa.array([0] * 700 + [3_000_000, 0], pa.int32()).view(pa.date32())
    got, error = read_until_error(pa.table({"day": days}))
    assert len(got) == 700
    assert isinstance(error, RowError)
    assert (error.row, error.column) == (701, "day")


@pytest.mark.parametrize("suffix", ["csv", "ndjson", "html"])
def test_streams(app: Flask, client: FlaskClient, suffix: str) -> None:
    """The same rows give the same response from a frame as from tuples."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    rows = [
        (n, start + timedelta(minutes=n), Decimal(n).scaleb(-2), f"{n}, {n}")
        for n in range(40_000)
    ]
    names = ["id", "at", "amount", "text"]
    frame = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
    app.add_url_rule("/frame", "frame", lambda: stream_rows(frame, suffix))
    app.add_url_rule(
        "/rows", "rows", lambda: stream_rows(iter(rows), suffix, columns=names)
    )
    got, expected = client.get("/frame"), client.get("/rows")
    assert (got.status, got.data) == (expected.status, expected.data)


@pytest.mark.parametrize(
    "format", [CSV(), TSV(), NDJSON(), JSON(), JSONSequence()], ids=repr
)
def test_columns_are_not_taken_apart(format: Any) -> None:
    """These formats are given whole record batches, and their chunks are as long."""
    table = pa.table({"n": range(40_000)})
    with closing(RowStream([Table(table, open_rows)], format)) as stream:
        assert max(chunk.count(b"\n") for chunk in stream) > 10_000


def test_stream_that_fails_sends_the_rows_before(
    app: Flask, client: FlaskClient
) -> None:
    """A bad value in the middle of a batch cuts the stream behind the last good row."""
    days = pa.array([0] * 30_000 + [3_000_000], pa.int32()).view(pa.date32())
    table = pa.table({"n": range(30_001), "day": days})
    app.add_url_rule("/rows", "rows", lambda: stream_rows(table, "csv"))
    got = b""
    with client.get("/rows", buffered=False) as response:
        chunks = response.iter_encoded()
        with pytest.raises(RowError, match=r"^Row 30001, column 'day'"):
            for chunk in chunks:
                got += chunk
    assert got.endswith(b"\n29999,1970-01-01\n")


def test_without_pyarrow() -> None:
    """The error names the extra to install."""
    code = (
        "import sys\nsys.modules['pyarrow'] = None\n"
        "import polars\nfrom flask_outpour.rows import open_rows\n"
        "try:\n    open_rows(polars.DataFrame({'a': [1]}))\n"
        "except ValueError as error:\n    print(type(error).__name__, error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "ConfigurationError" in done.stdout, done.stderr
    assert "pip install Flask-Outpour[arrow]" in done.stdout
