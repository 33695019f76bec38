"""Tests of Parquet files: that readers read what went in, and their row groups."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any

import duckdb
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings

from flask_outpour import RowError
from flask_outpour import stream_rows
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import Parquet
from flask_outpour.row_stream import RowStream
from flask_outpour.row_stream import Table
from flask_outpour.rows import open_rows
from formats.recorded import cut
from formats.recorded import read_parquet
from formats.recorded import rows_of
from formats.recorded import tables
from formats.recorded import written
from formats.recorded import written_arrow

COLUMNS = ["id", "name"]
SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])
ROWS = [(1, "Ada"), (2, None), (3, "")]


def groups_of(content: bytes) -> list[tuple[int, int]]:
    """Return rows and bytes, before compression, of each row group."""
    metadata = pq.ParquetFile(BytesIO(content)).metadata
    groups = map(metadata.row_group, range(metadata.num_row_groups))
    return [(group.num_rows, group.total_byte_size) for group in groups]


@given(tables())
@settings(max_examples=60, deadline=None)
def test_batches_of_a_source_are_read_as_they_were(table: Any) -> None:
    """What comes in Arrow's columns is read with the same schema and values."""
    names, rows, expected, sizes = table
    source = read_parquet(written(Parquet(), names, *cut(rows, sizes)))
    batches = source.to_batches(max_chunksize=3)
    content = written_arrow(Parquet(row_group_size=5), source.schema, *batches)
    read = read_parquet(content)
    assert read.schema == source.schema
    assert rows_of(read) == expected
    sizes = [rows for rows, _ in groups_of(content)]
    assert sizes == [5] * (len(rows) // 5) + [len(rows) % 5] * (len(rows) % 5 > 0)


def test_pandas_and_duckdb_read_a_file(tmp_path: Path) -> None:
    """Both read the rows, and take no column for another."""
    path = tmp_path / "rows.parquet"
    path.write_bytes(written(Parquet(), COLUMNS, ROWS))
    frame = pandas.read_parquet(path)
    assert frame["id"].tolist() == [1, 2, 3]
    assert frame["name"].isna().tolist() == [False, True, False]
    with duckdb.connect() as connection:
        read = connection.read_parquet(str(path)).order("id")
        assert read.columns == COLUMNS
        assert read.fetchall() == ROWS


@pytest.mark.parametrize("compression", ["zstd", "snappy", "lz4", None])
def test_compression(compression: Any, tmp_path: Path) -> None:
    """Each codec is the one that the file names, and all readers know it."""
    rows = [(number, f"customer {number}") for number in range(5000)]
    content = written(Parquet(compression=compression), COLUMNS, rows)
    column = pq.ParquetFile(BytesIO(content)).metadata.row_group(0).column(1)
    assert column.compression == (compression or "uncompressed").upper()
    assert rows_of(read_parquet(content)) == rows
    assert rows_of(polars.read_parquet(BytesIO(content))) == rows
    path = tmp_path / "rows.parquet"
    path.write_bytes(content)
    with duckdb.connect() as connection:
        assert connection.read_parquet(str(path)).order("id").fetchall() == rows


@pytest.mark.parametrize("size", [300, 5000, 7000])
def test_row_groups_have_as_many_rows_as_asked_for(size: int) -> None:
    """However the rows come, each group but the last has that number."""
    rows = [(number, "a") for number in range(5300)]
    expected = [*[size] * (5300 // size), 5300 % size]
    for sizes in ([500] * 11, [1, 1, 2, 4, 5292], [5300]):
        batches = cut(rows, sizes)
        content = written(Parquet(row_group_size=size), COLUMNS, *batches)
        assert [count for count, _ in groups_of(content)] == expected
        assert rows_of(read_parquet(content)) == rows
    source = read_parquet(content).to_batches(max_chunksize=1999)
    content = written_arrow(Parquet(row_group_size=size), SCHEMA, *source)
    assert [count for count, _ in groups_of(content)] == expected


@pytest.mark.parametrize("width", [1, 8, 100])
def test_row_groups_are_bounded_by_bytes(width: int) -> None:
    """No group has more than 4 MiB, whatever the width and the length of a batch."""
    names = [str(number) for number in range(width)]
    count = 20_000_000 // (width * 250)
    column = pa.array([f"{number:0250}" for number in range(count)])
    batch = pa.RecordBatch.from_arrays([column] * width, names=names)
    content = written_arrow(Parquet(), batch.schema, batch)
    groups = groups_of(content)
    assert sum(rows for rows, _ in groups) == count
    assert len(groups) >= 5
    assert max(rows for rows, _ in groups) * width * 254 <= 4 << 20
    rows = rows_of(pa.Table.from_batches([batch]))
    batches = cut(rows, [500] * (count // 500 + 1))
    groups = groups_of(written(Parquet(), names, *batches))
    assert max(rows for rows, _ in groups) * width * 254 <= 4 << 20


def test_a_row_beyond_the_bound_is_a_group() -> None:
    """A single row cannot be cut, so it goes alone."""
    rows = [(number, "x" * (5 << 20)) for number in range(3)]
    content = written(Parquet(schema=SCHEMA), COLUMNS, rows)
    assert [count for count, _ in groups_of(content)] == [1, 1, 1]
    assert rows_of(read_parquet(content)) == rows


def test_groups_of_many_columns_are_not_tiny() -> None:
    """Each column of a group has at least 16 KiB, or the file would be all footer."""
    names = [str(number) for number in range(1000)]
    column = pa.array(range(4000))
    batch = pa.RecordBatch.from_arrays([column] * 1000, names=names)
    content = written_arrow(Parquet(), batch.schema, batch)
    assert [rows for rows, _ in groups_of(content)] == [2000, 2000]


def test_each_group_goes_out_when_it_is_full() -> None:
    """Bytes leave while rows come."""
    writer = Parquet(row_group_size=1000)
    chunks = [writer.begin(COLUMNS)]
    batches = cut([(number, "a" * 50) for number in range(5000)], [500] * 10)
    chunks += map(writer.feed, batches)
    chunks.append(writer.finish())
    assert list(map(bool, chunks[1:11])) == [False, True] * 5
    assert read_parquet(b"".join(chunks)).num_rows == 5000
    begin = Parquet().begin_arrow(SCHEMA)
    assert begin == b"PAR1"


def cut_file(content: bytes, path: Path) -> list[Callable[[], Any]]:
    """Return readers of a file that has these bytes."""
    path.write_bytes(content)
    return [
        lambda: pq.read_table(path),
        lambda: pandas.read_parquet(path),
        lambda: polars.read_parquet(path),
        lambda: duckdb.read_parquet(str(path)).fetchall(),
    ]


def test_every_reader_refuses_a_cut_file(tmp_path: Path) -> None:
    """A file without its end, or with a part of it, is none."""
    writer = Parquet(row_group_size=2)
    content = writer.begin(COLUMNS) + writer.feed(ROWS * 500)
    whole = content + writer.finish()
    assert read_parquet(whole).num_rows == 1500
    path = tmp_path / "rows.parquet"
    for part in (content, whole[:-1], whole[:-50], whole[: len(content) + 10], b"PAR1"):
        for read in cut_file(part, path):
            with pytest.raises((pa.ArrowInvalid, polars.exceptions.PolarsError,
                                duckdb.Error, OSError)):  # fmt: skip
                read()


def test_types_that_parquet_lacks() -> None:
    """A column that cannot be written is named before anything is."""
    schema = pa.schema([("id", pa.int64()), ("age", pa.month_day_nano_interval())])
    with pytest.raises(RowError, match="'age' is of type month_day_nano_interval, wh"):
        Parquet().begin_arrow(schema)


def test_options() -> None:
    """An option that Parquet has not is an error that says what there is."""
    with pytest.raises(ConfigurationError, match="'zstd' or 'snappy' or 'lz4' or None"):
        Parquet(compression="rar")  # type: ignore[arg-type]
    for size in (0, -1, True, 1.5, None):
        with pytest.raises(ConfigurationError, match="a number of rows from 1"):
            Parquet(row_group_size=size)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"schema= takes a pyarrow\.Schema"):
        Parquet(schema=COLUMNS)


@pytest.mark.parametrize("rows", [[({1},)], [(2**70,)], [(1,), ("x",)]])
def test_bad_first_rows_are_an_ordinary_error(
    app: Flask, client: FlaskClient, rows: Any
) -> None:
    """Until a schema is inferred nothing is sent, so the status can tell."""
    app.testing = False
    app.add_url_rule("/p", "p", lambda: stream_rows(rows, Parquet(), columns=["x"]))
    assert client.get("/p").status_code == 500


@pytest.mark.parametrize("dtype", [polars.Categorical, polars.Enum(["a", "b"])])
def test_categories_of_polars(dtype: Any) -> None:
    """They are text, whatever Arrow makes of them."""
    frame = polars.DataFrame({"c": ["a", "b", None]}).cast({"c": dtype})
    with closing(RowStream([Table(frame, open_rows)], Parquet())) as stream:
        content = b"".join(stream)
    assert read_parquet(content).to_pydict() == {"c": ["a", "b", None]}


def test_bytes_come_before_all_rows_are_read(app: Flask, client: FlaskClient) -> None:
    """The response begins with the first rows; a failure later leaves no footer."""
    read = 0

    def source() -> Iterator[Any]:
        nonlocal read
        for read in range(1, 3001):
            yield read, "a"
        yield "b", "a"

    @app.route("/rows.parquet")
    def rows() -> Any:
        return stream_rows(source, Parquet(row_group_size=1000), columns=COLUMNS)

    answer = client.get("/rows.parquet", buffered=False)
    chunks = answer.iter_encoded()
    got = next(chunks)
    assert got.startswith(b"PAR1")
    # As many as a schema is inferred from, and the batch that came with the last.
    assert 1000 <= read < 1600
    with pytest.raises(RowError, match=r"Row 3001, column 'id': .* str .* int64"):
        for chunk in chunks:
            got += chunk
    answer.close()
    assert len(got) > 4
    assert not got.endswith(b"PAR1")
