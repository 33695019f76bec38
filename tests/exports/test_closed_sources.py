"""Tests that there is advice for what is closed, and for no text of an application."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_zip


def of_file(path: Path) -> Any:
    with open(path) as file:
        return csv.reader(file)


def of_generator(path: Path) -> Any:
    with open(path) as file:
        return (line.split(",") for line in file)


def of_sqlite(path: Path) -> Any:
    connection = sqlite3.connect(":memory:")
    cursor = connection.execute("SELECT 1 AS a, 2 AS b")
    connection.close()
    return cursor


def of_generator_of_sqlite(path: Path) -> Any:
    connection = sqlite3.connect(":memory:")
    rows = (row for row in connection.execute("SELECT 1 AS a, 2 AS b"))
    connection.close()
    return rows


def of_sqlalchemy(path: Path) -> Any:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    with engine.connect() as connection:
        result = connection.execute(sqlalchemy.text("SELECT 1 AS a, 2 AS b"))
    engine.dispose()
    return (row for row in result)


class Closed(Exception):
    """Of an application's own."""


def raising(error: Exception) -> Callable[[Path], Iterator[Any]]:
    def rows(path: Path) -> Iterator[Any]:
        raise error
        yield

    return rows


def notes_of(make: Callable[[Path], Any], tmp_path: Path, stream: Any) -> str:
    """Return what is noted in the error of a source."""
    path = tmp_path / "data.csv"
    path.write_text("1,2\n")
    app = Flask("closed")
    Outpour(app)
    with app.test_request_context(), pytest.raises(Exception) as caught:
        response = stream(make(path))
        try:
            b"".join(response.response)
        finally:
            response.close()
    return "".join(getattr(caught.value, "__notes__", []))


def rows_stream(source: Any) -> Any:
    return stream_rows(source, columns=["a", "b"], format="csv")


def zip_stream(source: Any) -> Any:
    return stream_zip([("a.txt", source)])


@pytest.mark.parametrize(
    "make", [of_file, of_generator, of_sqlite, of_generator_of_sqlite, of_sqlalchemy]
)
def test_closed_source_gets_advice(make: Callable[[Path], Any], tmp_path: Path) -> None:
    """What a block has closed is told how it stays open."""
    assert "pass the function" in notes_of(make, tmp_path, rows_stream)


@pytest.mark.parametrize("stream", [rows_stream, zip_stream])
@pytest.mark.parametrize(
    "error",
    [
        ValueError("The shop is closed on Sundays"),
        ValueError("I/O operation on closed file."),
        LookupError("closed"),
        Closed("closed file"),
        RuntimeError("I/O operation on closed file."),
        TypeError("columns=[...] and bind= are closed"),
    ],
)
def test_error_of_the_application_gets_none(
    error: Exception, stream: Any, tmp_path: Path
) -> None:
    """A text that has the word in it says nothing of a file."""
    notes = notes_of(raising(error), tmp_path, stream)
    assert "with" not in notes
    assert "columns=" not in notes


def test_closed_file_in_an_archive_gets_advice(tmp_path: Path) -> None:
    """A file whose block has ended is named with its cure."""

    def file(path: Path) -> Any:
        with open(path, "rb") as opened:
            return iter(lambda: opened.read(1), b"")

    assert "`with` blocks" in notes_of(file, tmp_path, zip_stream)
