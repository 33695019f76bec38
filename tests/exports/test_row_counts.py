"""Tests of what the log and the signal say of rows: how many there were."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy import text

from chunks import chunks_of
from flask_outpour import RowError
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from postgresql import PostgreSQL

ROWS = [{"id": number, "name": f"row {number}"} for number in range(3_000)]
FORMATS = ["csv", "tsv", "html", "json", "ndjson", "json-seq", "xlsx", "arrows"]


def counted(app: Flask, caplog: pytest.LogCaptureFixture, rule: str = "/") -> Any:
    """Return what the signal, the record and the line say of a stream's items."""
    told: list[Any] = []
    caplog.set_level(logging.INFO, "flask_outpour")

    def note(sender: Any, items: int, **facts: Any) -> None:
        told.append(items)

    with stream_finished.connected_to(note, app):
        chunks_of(app, rule)
    (record,) = [each for each in caplog.records if each.name == "flask_outpour"]
    stream: dict[str, Any] = record.stream  # type: ignore[attr-defined]
    return told, stream["items"], record.getMessage().split(" of ")[1].split(" in ")[0]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
def test_rows_are_counted(
    app: Flask, caplog: pytest.LogCaptureFixture, format: str, hold: Callable[..., Any]
) -> None:
    """Not the batches that they came in."""
    app.add_url_rule("/", "view", lambda: stream_rows(hold(ROWS), format))
    assert counted(app, caplog) == ([3_000], 3_000, "3000 rows")


def test_rows_of_several_tables_are_one_number(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    """All that the workbook has."""
    tables = {"A": ROWS, "B": iter(ROWS[:10]), "C": []}
    app.add_url_rule("/", "view", lambda: stream_rows(tables, "xlsx"))
    assert counted(app, caplog) == ([3_010], 3_010, "3010 rows")


def test_rows_before_an_error(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """Those that were sent, and not the one that could not be."""

    def rows() -> Iterator[Any]:
        yield from ROWS
        raise LookupError("no more")

    app.add_url_rule("/", "view", lambda: stream_rows(rows(), "csv"))
    told: list[int] = []

    def note(sender: Any, items: int, **facts: Any) -> None:
        told.append(items)

    with (
        stream_finished.connected_to(note, app),
        pytest.raises(LookupError, match="no more"),
    ):
        chunks_of(app)
    assert told == [3_000]


@pytest.mark.parametrize("format", ["csv", "ndjson", "json"])
def test_rows_of_copy(
    app: Flask, caplog: pytest.LogCaptureFixture, postgresql: PostgreSQL, format: str
) -> None:
    """A row whose cells have line feeds is one row, also where COPY writes it."""
    engine = create_engine(postgresql.url("psycopg"))
    query = text("SELECT i, E'a\\nb' AS t FROM generate_series(1, 5000) AS i")
    app.add_url_rule("/", "view", lambda: stream_rows(query, format, bind=engine))
    with caplog.at_level(logging.DEBUG, "flask_outpour"):
        chunks_of(app)
    assert "COPY sends the rows." in caplog.text
    assert " bytes of 5000 rows in " in caplog.text
    engine.dispose()


@pytest.mark.parametrize("format", ["csv", "ndjson", "json"])
@pytest.mark.parametrize("sound", [2, 650, 1_200])
def test_rows_before_one_that_cannot_be_written(
    app: Flask, format: str, sound: int
) -> None:
    """Those of its batch that were sent count as well."""
    rows = [*({"id": 1} for _ in range(sound)), {"id": {1}}, {"id": 2}]
    app.add_url_rule("/", "view", lambda: stream_rows(rows, format))
    told: list[int] = []

    def note(sender: Any, items: int, **facts: Any) -> None:
        told.append(items)

    with (
        stream_finished.connected_to(note, app),
        pytest.raises(RowError, match=f"Row {sound + 1}"),
    ):
        chunks_of(app)
    assert told == [sound]
