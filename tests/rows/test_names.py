"""Tests of the names of columns, from keys and cursors of all kinds."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date
from enum import Enum
from enum import IntEnum
from enum import StrEnum
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine
from sqlalchemy import text

from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour import stream_rows
from rows.reading import read


class Mixed(str, Enum):  # noqa: UP042 - it is not the same as a StrEnum
    NAME = "name"
    TOWN = "town"


class Strict(StrEnum):
    NAME = "name"
    TOWN = "town"


class Plain(Enum):
    NAME = "name"
    TOWN = "town"


class Number(IntEnum):
    NAME = 1
    TOWN = 2


class Text(str):
    """Text of a class of its own, which shows itself in another way."""

    __slots__ = ()

    def __str__(self) -> str:
        return "not the name"

    def __format__(self, spec: str) -> str:
        return "not the name"


KEYS: list[tuple[Any, Any, tuple[str, str]]] = [
    (Mixed.NAME, Mixed.TOWN, ("name", "town")),
    (Strict.NAME, Strict.TOWN, ("name", "town")),
    (Plain.NAME, Plain.TOWN, ("name", "town")),
    (Number.NAME, Number.TOWN, ("1", "2")),
    (Text("name"), Text("town"), ("name", "town")),
    (2023, 2024, ("2023", "2024")),
    (date(2024, 1, 1), date(2024, 2, 1), ("2024-01-01", "2024-02-01")),
    (("a", 1), ("a", 2), ("('a', 1)", "('a', 2)")),
]


@pytest.mark.parametrize(("first", "second", "names"), KEYS)
def test_keys_of_dicts(first: Any, second: Any, names: tuple[str, str]) -> None:
    """A key's own text is the name, and by that it is found again."""
    rows = [{first: "Ada", second: "Paris"}] * 2
    assert read(rows) == (names, [("Ada", "Paris")] * 2)
    assert read(iter(rows)) == (names, [("Ada", "Paris")] * 2)
    assert read(rows, columns=names[::-1]) == (names[::-1], [("Paris", "Ada")] * 2)
    assert read(iter(rows), columns=names[:1], extras="ignore") == (
        names[:1],
        [("Ada",)] * 2,
    )


@pytest.mark.parametrize("kind", [Mixed, Strict, Text])
@pytest.mark.parametrize("format", ["csv", "tsv", "html", "json", "ndjson", "json-seq"])
def test_names_that_a_view_gives(app: Flask, kind: Any, format: str) -> None:
    """``columns=`` and ``Rows`` take any text, and every format writes that text."""
    names = [Text("name"), Text("town")] if kind is Text else list(kind)
    app.add_url_rule(
        "/a", "a", lambda: stream_rows([("Ada", "Paris")], format, columns=names)
    )
    app.add_url_rule(
        "/b", "b", lambda: stream_rows(Rows(names, [[("Ada", "Paris")]]), format)
    )
    client = app.test_client()
    for path in ("/a", "/b"):
        body = client.get(path).text
        assert "name" in body
        assert "town" in body
        assert "NAME" not in body
        assert "not the name" not in body


def test_dicts_of_a_cursor_that_lost_a_column() -> None:
    """Two columns of one name are told, where its rows are dicts that keep one."""

    def as_dict(cursor: Any, row: Any) -> dict[str, Any]:
        return {column[0]: row[i] for i, column in enumerate(cursor.description)}

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.row_factory = as_dict
        with pytest.raises(SourceError, match=r"'id'.*come as dicts"):
            read(connection.execute("select 1 as id, 2 as id, 3 as b"))
        assert read(connection.execute("select 1 as id, 2 as b")) == (
            ("id", "b"),
            [(1, 2)],
        )
        # None came, so none was lost.
        empty = connection.execute("select 1 as id, 2 as id where false")
        assert read(empty)[1] == []


@pytest.mark.parametrize("whole", [True, False])
def test_mappings_of_sqlalchemy(whole: bool) -> None:
    """So it is for a result's mappings."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        result = connection.execute(text("select 1 as id, 2 as id")).mappings()
        with pytest.raises(SourceError, match=r"'id'.*come as dicts"):
            read(result.all() if whole else result)
    engine.dispose()


def test_csv_has_both_of_one_name() -> None:
    """Tuples lose nothing."""
    app = Flask(__name__)

    def rows() -> Iterator[tuple[int, int]]:
        yield 1, 2

    with app.test_request_context():
        response = stream_rows(rows(), "csv", columns=["id", "id"])
        got = list(csv.reader(io.StringIO(response.get_data(as_text=True))))
    assert got == [["id", "id"], ["1", "2"]]
