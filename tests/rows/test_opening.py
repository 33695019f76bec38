"""Tests of what is taken as a source, and of what is refused and why."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask import g
from flask import request
from flask import Response
from flask import session
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy import select
from sqlalchemy.orm import aliased

from flask_outpour import Rows
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour.rows import open_rows
from postgresql import PostgreSQL
from rows.models import Order
from rows.models import set_up
from rows.reading import read

TABLE = (("id", "name"), [(1, "Ada"), (2, None)])
DICTS = [{"id": 1, "name": "Ada"}, {"id": 2, "name": None}]


class Source:
    """Rows that count how often they were closed."""

    def __init__(self, *rows: Any) -> None:
        self._rows = iter(rows)
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        return self._rows

    def close(self) -> None:
        self.closed += 1


class Export:
    """An object that is called for its rows."""

    def __call__(self) -> Any:
        return DICTS

    def method(self) -> Any:
        yield from DICTS


def test_functions_are_called() -> None:
    """Whatever can be called is, once, and what it returns is a source."""
    functions: list[Callable[[], Any]] = [
        lambda: DICTS,
        lambda: iter(DICTS),
        lambda: (row for row in DICTS),
        lambda: lambda: DICTS,
        lambda: Rows(TABLE[0], [TABLE[1]]),
        Export(),
        Export().method,
        DICTS.copy,
    ]
    for function in functions:
        assert read(function) == TABLE
    assert read(lambda: TABLE[1], columns=["id", "name"]) == TABLE


def test_functions_may_return_statements_and_cursors() -> None:
    """What a database gives may come from a function as well."""
    engine = create_engine("sqlite://")
    set_up(engine)
    with engine.connect() as connection:
        statement = select(Order.id).order_by(Order.id)
        cursor = connection.connection.cursor
        for source in (
            lambda: statement,
            lambda: connection.execute(statement),
            lambda: connection.execute(statement).mappings(),
            lambda: cursor().execute("SELECT id FROM rows_orders ORDER BY id"),
        ):
            assert read(source, bind=connection) == (("id",), [(1,), (2,), (3,)])
    engine.dispose()


def test_function_runs_in_the_contexts_of_its_request(
    app: Flask, client: FlaskClient
) -> None:
    """Request, session and ``g`` are there while it runs, and for each row."""

    @app.get("/<name>")
    def view(name: str) -> Response:
        g.name = session["name"] = name

        def rows() -> Iterator[dict[str, Any]]:
            for number in range(3):
                yield {"g": g.name, "session": session["name"], "n": number}
                assert request.path == f"/{name}"

        return stream_rows(rows, "csv")

    expected = "g,session,n\n" + "".join(f"Ada,Ada,{n}\n" for n in range(3))
    assert client.get("/Ada").text == expected


def test_source_is_closed_once() -> None:
    """Its ``close()`` is called at the end, and that of what a function returned."""
    for wrap in (lambda source: source, lambda source: lambda: source):
        source = Source(*DICTS)
        assert read(wrap(source)) == TABLE
        assert source.closed == 1


def test_source_of_a_function_is_closed_where_it_cannot_be_read() -> None:
    """Nobody else knows of it."""
    source = Source(7)
    with pytest.raises(SourceError, match="Row 1 is of type int"):
        open_rows(lambda: source)
    assert source.closed == 1


def test_error_of_a_function_is_its_own() -> None:
    """What it raises comes as it is."""

    def fail() -> Any:
        raise LookupError("no such table")

    with pytest.raises(LookupError, match="no such table"):
        open_rows(fail)


async def asynchronous() -> AsyncIterator[tuple[int]]:
    """Yield rows to an event loop."""
    yield (1,)


def test_what_is_no_source() -> None:
    """The error names what was given, and what is taken."""
    for source, name in (
        (None, "NoneType"),
        (7, "int"),
        ("id,name", "str"),
        (b"id,name", "bytes"),
        ({"id": 1}, "dict"),
        (dict, "type"),
        (Order.id, "InstrumentedAttribute"),
        (select(Order).subquery(), "Subquery"),
        (aliased(Order), "AliasedClass"),
    ):
        for given in (source, lambda source=source: source):
            with pytest.raises(SourceError, match=f"^{name} gives no rows. .* takes"):
                open_rows(given)


def test_asynchronous_sources_are_refused(postgresql: PostgreSQL) -> None:
    """The error says that there is no event loop, and what to do."""
    with pytest.raises(SourceError, match=r"async_generator is asynchronous, .* view"):
        open_rows(asynchronous())

    async def cursor() -> Any:
        connection = await psycopg.AsyncConnection.connect(postgresql.conninfo)
        async with connection, connection.cursor() as cursor:
            await cursor.execute("SELECT 1")
            with pytest.raises(SourceError, match="AsyncCursor is asynchronous"):
                open_rows(cursor)

    asyncio.run(cursor())


def test_coroutine_is_refused() -> None:
    """A forgotten ``await`` is named as what it is."""

    async def rows() -> list[tuple[int]]:
        return [(1,)]

    coroutine = rows()
    with pytest.raises(SourceError, match="coroutine is asynchronous"):
        open_rows(coroutine)
    coroutine.close()


def test_rows_without_sqlalchemy() -> None:
    """Who has not imported SQLAlchemy does not wait for it."""
    code = (
        "import sys\nfrom flask_outpour.rows import open_rows\n"
        "print(*open_rows([{'id': 1}]).batches, 'sqlalchemy' in sys.modules)\n"
        "sys.modules['sqlalchemy'] = None\nprint(*open_rows([{'id': 1}]).batches)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    )
    assert done.stdout == "[(1,)] False\n[(1,)]\n"
