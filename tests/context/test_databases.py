"""Tests of database connections that a view made for its stream."""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import g
from flask import Response

from context.calls import call
from context.calls import close
from flask_outpour import stream_with_context


class Connection(sqlite3.Connection):
    """A connection of SQLite that counts how often it is closed."""

    closings = 0

    def close(self) -> None:
        self.closings += 1
        super().close()


@pytest.fixture
def database(app: Flask, tmp_path: Path) -> Callable[[], Connection]:
    """Return the ``get_db`` of Flask's tutorial, over a table of three rows."""
    file = tmp_path / "rows.sqlite"
    with sqlite3.connect(file) as connection:
        connection.execute("create table rows (number integer)")
        connection.executemany("insert into rows values (?)", [(1,), (2,), (3,)])
    connection.close()
    connections: list[Connection] = []
    app.extensions["connections"] = connections

    def get_db() -> Connection:
        if "db" not in g:
            g.db = sqlite3.connect(file, factory=Connection)
            connections.append(g.db)
        return g.db  # type: ignore[no-any-return]

    @app.teardown_appcontext
    def close_db(error: BaseException | None) -> None:
        db = g.pop("db", None)
        if db is not None:
            db.close()

    return get_db


@pytest.fixture
def gate() -> queue.Queue[None]:
    """Return a queue on which a gated stream waits before each item."""
    return queue.Queue()


def gated(gate: queue.Queue[None], rows: Callable[[], Iterable[Any]]) -> Iterator[str]:
    for (number,) in rows():
        gate.get(timeout=20)
        yield f"{number}\n"


def read_gated(url: str, gate: queue.Queue[None]) -> list[bytes]:
    """Read three rows, each released once the one before it has arrived."""
    gate.put(None)
    lines = []
    with urlopen(url, timeout=20) as response:
        for _ in range(3):
            lines.append(response.readline())
            gate.put(None)
        assert response.read() == b""
    return lines


@pytest.mark.parametrize("opened", ["generator", "view"])
def test_tutorial_database_is_open_to_the_last_row(
    app: Flask,
    database: Callable[[], Connection],
    gate: queue.Queue[None],
    serve: Callable[[Any], str],
    opened: str,
) -> None:
    """The tutorial's ``get_db`` works in a stream; its connection is closed once."""

    @app.get("/")
    def view() -> Response:
        query = "select number from rows order by number"
        if opened == "view":
            cursor = database().execute(query)
            return Response(stream_with_context(gated(gate, lambda: cursor)))
        return Response(
            stream_with_context(gated(gate, lambda: database().execute(query)))
        )

    assert read_gated(serve(app), gate) == [b"1\n", b"2\n", b"3\n"]
    (connection,) = app.extensions["connections"]
    assert connection.closings == 1


def test_tutorial_database_is_closed_when_the_client_leaves(
    app: Flask, database: Callable[[], Connection]
) -> None:
    """A client that leaves after one row closes the connection, once."""

    @app.get("/")
    def view() -> Response:
        def generate() -> Iterator[str]:
            for (number,) in database().execute("select number from rows"):
                yield f"{number}\n"

        return Response(stream_with_context(generate()))

    body = call(app, "/")
    assert next(iter(body)) == b"1\n"
    (connection,) = app.extensions["connections"]
    assert connection.closings == 0
    close(body)
    close(body)
    assert connection.closings == 1
