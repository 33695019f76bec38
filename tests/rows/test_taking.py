"""Tests that a row means what it was when it was yielded, whatever becomes of it."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from base64 import b64encode
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from flask_outpour import Outpour
from flask_outpour import Rows
from flask_outpour import stream_rows
from flask_outpour.rows import open_rows
from rows.changing import COLUMNS
from rows.changing import Log
from rows.changing import RIGHT
from rows.changing import ROWS

FORMATS = ["csv", "tsv", "json", "ndjson", "html", "xlsx", "arrows", "parquet"]
ONE_TYPE = ("arrows", "parquet")


@pytest.fixture(scope="module")
def app() -> Flask:
    """Return an application with the one line."""
    app = Flask("taking")
    Outpour(app)
    return app


def streamed(
    app: Flask, rows: Any, format: Any, columns: Sequence[str] = COLUMNS
) -> bytes:
    """Return the bytes of rows in a format."""
    with app.test_request_context():
        response = stream_rows(rows, columns=columns, format=format)
        try:
            return b"".join(response.response)  # type: ignore[arg-type]
        finally:
            response.close()


def content(data: bytes, format: str) -> Any:
    """Return what a file holds: the same rows make the same of it."""
    if format == "xlsx":
        with zipfile.ZipFile(io.BytesIO(data)) as book:
            return book.read("xl/worksheets/sheet1.xml")
    if format == "parquet":
        return pytest.importorskip("pyarrow.parquet").read_table(io.BytesIO(data))
    if format == "arrows":
        return pytest.importorskip("pyarrow").ipc.open_stream(data).read_all()
    return data


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("kind", RIGHT)
def test_rows_are_as_they_were_when_they_were_yielded(
    app: Flask, kind: str, format: str
) -> None:
    """What is filled anew, emptied or changed after it was yielded comes out right."""
    if format in ONE_TYPE and ("nothing" in kind or "texts" in kind):
        pytest.skip("the first rows say of what type the column is")
    log: Log = []
    got = content(streamed(app, RIGHT[kind](log), format), format)
    assert len(log) == ROWS
    assert got == content(streamed(app, log, format), format)


def as_text(value: bytes) -> str:
    """Return bytes as the value table has them."""
    return b64encode(value).decode()


@pytest.mark.parametrize("kind", RIGHT)
def test_standard_library_reads_the_rows_that_were_yielded(
    app: Flask, kind: str
) -> None:
    """The reference is not only what we write of copies."""
    log: Log = []
    text = streamed(app, RIGHT[kind](log), "csv").decode()
    numbers = [row[0] for row in list(csv.reader(io.StringIO(text)))[1:]]
    assert numbers == [str(row[0]) for row in log]
    lines = streamed(app, RIGHT[kind]([]), "ndjson").splitlines()
    for line, row in zip(map(json.loads, lines), log, strict=True):
        assert line["more"] == json.loads(json.dumps(row[2], default=as_text))


@pytest.mark.parametrize("format", FORMATS)
def test_batch_that_is_filled_anew(app: Flask, format: str) -> None:
    """A view's own batches may be one list, of rows that are always the same lists."""
    log: Log = []

    def batches() -> Iterator[Any]:
        batch = [[0, "", 0.0] for _ in range(300)]
        for first in range(0, 2400, 300):
            for place, row in enumerate(batch):
                row[0] = first + place
            log.extend(map(tuple, batch))
            yield batch
        batch.clear()

    got = content(streamed(app, Rows(COLUMNS, batches()), format), format)
    assert got == content(streamed(app, log, format), format)


@pytest.mark.parametrize("format", FORMATS)
def test_cursor_that_fetches_into_one_list(app: Flask, format: str) -> None:
    """A driver may return the same list from each fetch, with the same rows in it."""
    log: Log = []

    class Cursor:
        description = tuple((name,) for name in COLUMNS)

        def __init__(self) -> None:
            self.batch: list[Any] = []
            self.sent = 0

        def fetchmany(self, size: int) -> list[Any]:
            size = min(size, ROWS - self.sent)
            while len(self.batch) < size:
                self.batch.append([0, "", 0.0])
            del self.batch[size:]
            for place, row in enumerate(self.batch):
                row[0] = self.sent + place
            self.sent += size
            log.extend(map(tuple, self.batch))
            return self.batch

    got = content(streamed(app, Cursor(), format), format)
    assert len(log) == ROWS
    assert got == content(streamed(app, log, format), format)


@pytest.mark.parametrize("format", FORMATS)
def test_record_batches_over_one_buffer(app: Flask, format: str) -> None:
    """Arrow's batches may be windows on memory that is filled anew for each."""
    pa, numpy = pytest.importorskip("pyarrow"), pytest.importorskip("numpy")
    schema = pa.schema([(name, pa.int64()) for name in COLUMNS])
    log: Log = []

    def batches() -> Iterator[Any]:
        numbers = numpy.zeros(500, dtype="int64")
        for first in range(0, 3000, 500):
            numbers[:] = range(first, first + 500)
            log.extend((number,) * 3 for number in range(first, first + 500))
            column = pa.Array.from_buffers(
                pa.int64(), 500, [None, pa.py_buffer(numbers)]
            )
            yield pa.record_batch([column] * 3, schema)
        numbers[:] = -1

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    got = content(streamed(app, reader, format), format)
    assert got == content(streamed(app, log, format), format)


@pytest.mark.parametrize("kind", [dict, list, tuple, SimpleNamespace])
def test_rows_of_every_kind_go_together(kind: Any) -> None:
    """Copies are made of many rows at once, too."""

    def rows() -> Iterator[Any]:
        for number in range(20_000):
            named = zip(COLUMNS, (number, "", 0.5), strict=True)
            if kind is SimpleNamespace:
                yield SimpleNamespace(**dict(named))
            else:
                yield dict(named) if kind is dict else kind((number, "", 0.5))

    with closing(open_rows(rows(), columns=COLUMNS)) as opened:
        assert sum(1 for _ in opened.batches) < 20_000 // 4


def test_source_fails_after_it_has_changed_its_row(app: Flask) -> None:
    """The last row before an error is as it was, too."""

    def rows() -> Iterator[Any]:
        row: dict[str, Any] = {}
        for number in range(1234):
            row.update(zip(COLUMNS, (number, "", 0), strict=True))
            yield row
        row.clear()
        raise LookupError("the source is gone")

    data = b""
    with app.test_request_context():
        response = stream_rows(rows(), format="csv")
        with pytest.raises(LookupError, match="is gone"):
            for chunk in response.response:
                data += chunk
        response.close()
    assert data.splitlines()[-1] == b'1233,"",0'


def test_entity_that_the_next_row_expires() -> None:
    """What the ORM has for a row is read before the source goes on."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    from sqlalchemy import orm

    Base = orm.declarative_base()

    class Item(Base):  # type: ignore[misc, valid-type]
        __tablename__ = "items"
        number = sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)
        text = sqlalchemy.Column(sqlalchemy.String)

    engine = sqlalchemy.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    app = Flask("entities")
    Outpour(app)
    with orm.Session(engine) as session:
        session.add_all(Item(number=n, text=f"text {n}") for n in range(900))
        session.commit()

        def rows() -> Iterator[Any]:
            for item in session.scalars(sqlalchemy.select(Item)).all():
                item.text += "!"
                yield item
                item.text = "changed"
                session.expunge(item)

        with app.test_request_context():
            response = stream_rows(rows(), format="csv")
            data = b"".join(response.response)  # type: ignore[arg-type]
            response.close()
    engine.dispose()
    lines = data.decode().splitlines()[1:]
    assert lines == [f"{n},text {n}!" for n in range(900)]
