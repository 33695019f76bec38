"""Tests of streams of Arrow IPC: that readers read what went in, and when it goes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from collections.abc import Iterator
from datetime import datetime
from datetime import UTC
from io import BytesIO
from typing import Any

import duckdb
import polars
import pyarrow as pa
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings

from flask_outpour import RowError
from flask_outpour import stream_rows
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import Arrow
from flask_outpour.formats import arrow
from formats.recorded import cut
from formats.recorded import read_arrow
from formats.recorded import rows_of
from formats.recorded import tables
from formats.recorded import written
from formats.recorded import written_arrow

COLUMNS = ["id", "name"]
SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])
ROWS = [(1, "Ada"), (2, None), (3, "")]
END = b"\xff\xff\xff\xff\x00\x00\x00\x00"
REFUSALS = (OSError, pa.ArrowInvalid, polars.exceptions.PolarsError)
READERS: list[Callable[[bytes], Any]] = [
    read_arrow,
    lambda content: polars.read_ipc_stream(BytesIO(content)),
]


@given(tables())
@settings(max_examples=60, deadline=None)
def test_batches_of_a_source_go_out_as_they_are(table: Any) -> None:
    """What comes in Arrow's columns is read with the same schema and batches."""
    names, rows, expected, sizes = table
    source = read_arrow(written(Arrow(), names, *cut(rows, sizes)))
    source = source.replace_schema_metadata({"made": "here"})
    batches = source.to_batches(max_chunksize=3)
    reader = pa.ipc.open_stream(written_arrow(Arrow(), source.schema, *batches))
    assert reader.schema.equals(source.schema, check_metadata=True)
    assert list(reader) == batches
    assert rows_of(source) == expected


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_compression(compression: Any) -> None:
    """Compressed columns are smaller, and read as the others are."""
    rows = [(number, f"customer {number % 7}") for number in range(5000)]
    content = written(Arrow(compression=compression), COLUMNS, rows)
    assert rows_of(read_arrow(content)) == rows
    assert rows_of(polars.read_ipc_stream(BytesIO(content))) == rows
    plain = len(written(Arrow(), COLUMNS, rows))
    assert (len(content) < plain / 2) == (compression is not None)


def test_duckdb_and_pandas_read_a_stream() -> None:
    """Both get the rows through pyarrow's reader, as their documentation has it."""
    content = written(Arrow(), COLUMNS, ROWS)
    with duckdb.connect() as connection:
        reader = pa.ipc.open_stream(content)
        read = connection.from_arrow(reader).order("id").fetchall()
    assert read == ROWS
    frame = pa.ipc.open_stream(content).read_pandas()
    assert frame["id"].tolist() == [1, 2, 3]
    assert frame["name"].isna().tolist() == [False, True, False]


def test_types_that_only_arrow_sources_have() -> None:
    """Dictionaries that differ, views, unions and months go out as they are."""
    arrays = {
        "dictionary": pa.array(["a", "b", "a"]).dictionary_encode(),
        "view": pa.array(["a", None, "long enough for a view"], pa.string_view()),
        "months": pa.array([pa.MonthDayNano([1, 2, 3])] * 3),
        "runs": pa.RunEndEncodedArray.from_arrays([2, 3], [1.5, None]),
        "struct": pa.array([{"a": 1}, None, {"a": None}]),
        "ns": pa.array([1, 2, 3], pa.timestamp("ns", "Europe/Berlin")),
    }
    first = pa.RecordBatch.from_pydict(arrays)
    other = pa.array(["c", None, "d"]).dictionary_encode()
    second = first.set_column(0, "dictionary", other)
    content = written_arrow(Arrow(), first.schema, first, second)
    assert list(pa.ipc.open_stream(content)) == [first, second]


def test_the_first_rows_go_at_once_where_the_schema_is_known() -> None:
    """Only where it is inferred do rows wait, for 999 others or the end."""
    given, inferred, source = Arrow(schema=SCHEMA), Arrow(), Arrow()
    assert rows_of(read_arrow(given.begin(COLUMNS) + given.feed(ROWS[:1]))) == ROWS[:1]
    batch = pa.RecordBatch.from_pylist([{"id": 1, "name": "Ada"}], schema=SCHEMA)
    begin = source.begin_arrow(SCHEMA) + source.feed_arrow(batch)
    assert rows_of(read_arrow(begin)) == ROWS[:1]
    assert inferred.begin(COLUMNS) + inferred.feed(ROWS * 333) == b""
    assert rows_of(read_arrow(inferred.feed(ROWS[:1]))) == [*ROWS * 333, ROWS[0]]


def test_rows_go_out_in_batches_of_a_sensible_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Small batches of rows are joined, by rows or by bytes, and go while more come."""
    monkeypatch.setattr(arrow, "monotonic", lambda: 0.0)
    rows = [(number, "x" * 10) for number in range(100_000)]
    chunks = chunks_of(Arrow(), rows)
    assert sum(map(bool, chunks)) < 10
    assert max(map(len, chunks)) < 1 << 20
    sizes = [b.num_rows for b in pa.ipc.open_stream(b"".join(chunks))]
    assert sizes[:-1] == [1000, *[16_500] * (len(sizes) - 2)]
    wide = chunks_of(Arrow(), [(number, "x" * 2000) for number in range(10_000)])
    assert 1 << 20 <= max(map(len, wide)) < 3 << 20


def chunks_of(format: Arrow, rows: list[Any], size: int = 500) -> list[bytes]:
    """Return what a format returns for each batch of rows, and at the end."""
    format = copy.copy(format)
    batches = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    return [format.begin(COLUMNS), *map(format.feed, batches), format.finish()]


def test_a_slow_stream_flows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that come one by one, half a second apart, leave one by one."""
    clock = iter(range(0, 1000, 10))
    monkeypatch.setattr(arrow, "monotonic", lambda: next(clock) / 10)
    chunks = chunks_of(Arrow(schema=SCHEMA), ROWS, size=1)
    assert all(chunks[1:])
    assert [b.num_rows for b in pa.ipc.open_stream(b"".join(chunks))] == [1, 1, 1]


def test_a_cut_stream() -> None:
    """A stream that is cut inside of a message is refused; between two it is not."""
    writer = Arrow()
    head = writer.begin_arrow(SCHEMA)
    batch = pa.RecordBatch.from_pylist([{"id": 1, "name": "Ada"}], schema=SCHEMA)
    first, second = writer.feed_arrow(batch), writer.feed_arrow(batch)
    assert writer.finish() == END
    assert read_arrow(head + first).num_rows == 1, "as the docs say"
    for length in (4, 7, 8, 100, len(second) - 8):
        for read in READERS:
            with pytest.raises(REFUSALS):
                read(head + first + second[:length])


@pytest.mark.parametrize("read", READERS)
def test_readers_notice_a_stream_that_failed(read: Callable[[bytes], Any]) -> None:
    """What was held when a source failed goes out, but no reader takes it for all."""
    writer = Arrow(schema=SCHEMA)
    content = writer.begin(COLUMNS) + writer.feed(ROWS[:1]) + writer.feed(ROWS[1:])
    content += writer.interrupt()
    with pytest.raises(REFUSALS):
        read(content)
    found = []
    with pytest.raises(pa.ArrowInvalid):
        for batch in pa.ipc.open_stream(content):
            found += rows_of(batch)
    assert found == ROWS


def test_options() -> None:
    """An option that Arrow has not is an error that says what there is."""
    with pytest.raises(ConfigurationError, match=r"None or 'lz4' or 'zstd'.*'gzip'"):
        Arrow(compression="gzip")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"schema= takes a pyarrow\.Schema"):
        Arrow(schema={"id": "int64"})
    assert Arrow(schema=SCHEMA) == Arrow(schema=SCHEMA) != Arrow()


def test_a_schema_for_a_source_that_has_another() -> None:
    """Batches of another schema are brought to the given one, or named where not."""
    wanted = pa.schema([("id", pa.int8()), ("at", pa.timestamp("s", "UTC"))])
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    ids, times = [1, None, 300], [moment, None, moment]
    source = pa.table({"id": ids, "at": pa.array(times, pa.timestamp("ns", "UTC"))})
    first, second = source.to_batches(max_chunksize=2)
    content = written_arrow(Arrow(schema=wanted), source.schema, first)
    assert read_arrow(content).schema == wanted
    assert rows_of(read_arrow(content)) == [(1, moment), (None, None)]
    with pytest.raises(RowError, match=r"Row 3, column 'id'.* int8") as caught:
        written_arrow(Arrow(schema=wanted), source.schema, first, second)
    assert caught.value.row == 3
    with pytest.raises(ConfigurationError, match="id, at, but those of the rows are a"):
        Arrow(schema=wanted).begin_arrow(pa.schema([("a", pa.int8())]))


def test_a_row_that_does_not_fit_early_is_an_error_page(
    app: Flask, client: FlaskClient
) -> None:
    """Among the rows of which the schema is made, the error has its own status."""

    @app.errorhandler(RowError)
    def page(error: RowError) -> Any:
        return f"{error.row} {error.column}", 400

    @app.route("/rows")
    def rows() -> Any:
        return stream_rows(iter([*ROWS * 10, (4, 5)]), "arrows", columns=COLUMNS)

    answer = client.get("/rows")
    assert (answer.status_code, answer.text) == (400, "31 name")


def test_a_row_that_does_not_fit_late_breaks_the_stream(
    app: Flask, client: FlaskClient
) -> None:
    """The rows before it go out, and the stream ends in a way that readers notice."""

    def source() -> Iterator[Any]:
        yield from ((number, "a") for number in range(3210))
        yield "b", "a"

    @app.route("/rows")
    def rows() -> Any:
        return stream_rows(source(), "arrows", columns=COLUMNS)

    answer = client.get("/rows", buffered=False)
    got = b""
    with pytest.raises(RowError, match=r"Row 3211, column 'id': .* str .* int64"):
        for chunk in answer.iter_encoded():
            got += chunk
    answer.close()
    assert not got.endswith(END)
    found = []
    with pytest.raises(pa.ArrowInvalid):
        for batch in pa.ipc.open_stream(got):
            found += batch.column("id").to_pylist()
    assert found == list(range(3210))


def test_bytes_come_before_all_rows_are_read(app: Flask, client: FlaskClient) -> None:
    """The first 1,000 rows are enough for the first bytes, and a schema for none."""
    read = 0

    def source() -> Iterator[Any]:
        nonlocal read
        for read in range(1, 5001):
            yield read, "a"

    @app.route("/inferred")
    def inferred() -> Any:
        return stream_rows(source, "arrows", columns=COLUMNS)

    @app.route("/given")
    def given() -> Any:
        return stream_rows(source, Arrow(schema=SCHEMA), columns=COLUMNS)

    for path, most in (("/inferred", 2000), ("/given", 10)):
        answer = client.get(path, buffered=False)
        chunks = answer.iter_encoded()
        begin = next(chunks)
        assert read <= most
        assert read_arrow(begin + b"".join(chunks)).num_rows == 5000
        answer.close()
