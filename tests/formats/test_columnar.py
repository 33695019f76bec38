"""Tests of what Arrow IPC and Parquet share: no rows, names, and what is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import polars
import pyarrow as pa
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings

from flask_outpour import RowError
from flask_outpour import Rows
from flask_outpour import stream_rows
from flask_outpour.formats import Arrow
from flask_outpour.formats import Parquet
from formats.recorded import cut
from formats.recorded import read_arrow
from formats.recorded import read_parquet
from formats.recorded import rows_of
from formats.recorded import tables
from formats.recorded import written
from formats.recorded import written_arrow

COLUMNS = ["id", "name"]
SCHEMA = pa.schema([("id", pa.int64()), ("name", pa.string())])
ROWS = [(1, "Ada"), (2, None), (3, "")]


@dataclass(frozen=True)
class Kind:
    """A format, its media type, and two readers of it."""

    format: Any
    media_type: str
    read: Callable[[bytes], Any]
    by_polars: Callable[[BytesIO], Any]


KINDS = {
    "arrows": Kind(
        Arrow,
        "application/vnd.apache.arrow.stream",
        read_arrow,
        polars.read_ipc_stream,
    ),
    "parquet": Kind(
        Parquet,
        "application/vnd.apache.parquet",
        read_parquet,
        polars.read_parquet,
    ),
}
each = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)


@each
@given(table=tables())
@settings(max_examples=120, deadline=None)
def test_readers_read_what_went_in(kind: Kind, table: Any) -> None:
    """pyarrow and polars read each row as it was, however they were cut."""
    names, rows, expected, sizes = table
    content = written(kind.format(), names, *cut(rows, sizes))
    read = kind.read(content)
    assert read.schema.names == names
    assert rows_of(read) == expected
    frame = kind.by_polars(BytesIO(content))
    assert frame.columns == names
    assert rows_of(frame) == expected


@each
@pytest.mark.parametrize("schema", [None, SCHEMA], ids=["inferred", "given"])
def test_no_rows(kind: Kind, schema: Any) -> None:
    """A table without rows has its columns, of text where nothing says more."""
    table = kind.read(written(kind.format(schema=schema), COLUMNS))
    assert table.schema.names == COLUMNS
    assert table.schema.types == ([pa.string()] * 2 if schema is None else SCHEMA.types)
    assert table.num_rows == 0
    empty = kind.read(written_arrow(kind.format(), SCHEMA))
    assert (empty.schema, empty.num_rows) == (SCHEMA, 0)


@each
@pytest.mark.parametrize("rows", [[], [[(), ()]]], ids=["none", "two"])
def test_no_columns(kind: Kind, rows: Any) -> None:
    """Rows without cells, and no rows, are a table without columns."""
    assert kind.read(written(kind.format(), [], *rows)).num_columns == 0


@each
def test_names_that_readers_cannot_tell_apart(kind: Kind) -> None:
    """Two columns of one name are an error, of rows and of Arrow's columns."""
    with pytest.raises(RowError, match="the name 'a', and readers"):
        kind.format().begin(["a", "b", "a"])
    twice = pa.schema([("a", pa.int8()), ("a", pa.int8())])
    with pytest.raises(RowError, match="the name 'a', and readers"):
        kind.format().begin_arrow(twice)


@each
def test_names_that_utf_8_lacks(kind: Kind) -> None:
    """A lone surrogate in the name of a column is an error before any byte."""
    with pytest.raises(RowError, match="which UTF-8 cannot encode"):
        kind.format().begin(["\ud800"])


@pytest.mark.parametrize("name", KINDS)
def test_responses(app: Flask, client: FlaskClient, name: str) -> None:
    """Each is chosen by name, suffix and Accept, and never unasked."""

    @app.route("/rows")
    @app.route("/rows.<suffix>")
    def rows(suffix: str = "") -> Any:
        return stream_rows(ROWS, columns=COLUMNS)

    @app.route("/named")
    def named() -> Any:
        return stream_rows(ROWS, name, columns=COLUMNS)

    kind = KINDS[name]
    for answer in (
        client.get(f"/rows.{name}"),
        client.get("/rows", headers={"Accept": f"{kind.media_type}, */*;q=0.1"}),
        client.get("/rows", headers={"Accept": f"text/csv;q=0.5, {kind.media_type}"}),
        client.get("/named"),
    ):
        assert answer.content_type == kind.media_type
        assert f".{name}" in answer.headers["Content-Disposition"]
        assert rows_of(kind.read(answer.data)) == ROWS
    assert client.get("/rows").mimetype == "text/csv"
    assert client.get("/rows", headers={"Accept": "*/*"}).mimetype == "text/csv"
    listed = client.get("/rows", headers={"Accept": "image/png"})
    assert listed.status_code == 406
    assert f"{name} ({kind.media_type})" in listed.text


@pytest.mark.parametrize("name", KINDS)
def test_a_source_of_arrow_streams_as_it_is(
    app: Flask, client: FlaskClient, name: str
) -> None:
    """Its record batches reach the client with their types."""
    table = pa.table({"id": pa.array([1, None], pa.int16()), "tags": [["a"], []]})

    @app.route("/rows")
    def rows() -> Any:
        batches = iter([[(1, [])]])
        return stream_rows(
            Rows(["id", "tags"], batches, reader=table.to_reader()), name
        )

    assert KINDS[name].read(client.get("/rows").data) == table
