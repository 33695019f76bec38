"""The same orders from every source, in every format, by ``stream_rows``.

``/<source>/<format>?rows=1000``; gunicorn makes the application from the environment.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import make_dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from itertools import cycle
from itertools import islice
from typing import Any

import psycopg
from flask import Flask
from flask import g
from flask import request
from flask import Response
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import Numeric
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import Session

from flask_outpour import CSV
from flask_outpour import Outpour
from flask_outpour import stream_rows

from .compress_apps import set_up_flask_compress
from .orders import arrow_table
from .orders import BATCH
from .orders import COLUMNS
from .orders import orders

DUCKDB_QUERY = """
    SELECT range AS id,
        TIMESTAMP '2024-01-01' + to_seconds(31 * range) AS created_at,
        'Renée Müller' AS customer,
        'customer' || range || '@example.org' AS email,
        (range % 20000 / 100)::DECIMAL(12, 2) AS amount,
        (range % 11)::INTEGER AS quantity,
        range % 13 > 0 AS paid,
        CASE WHEN range % 10 < 7 THEN 'for the porter' END AS note
    FROM range(?)
"""

#: Batches of 256 KiB. By default the first one comes with 16 MiB, and late.
ADBC_OPTIONS = {"adbc.postgresql.batch_size_hint_bytes": str(1 << 18)}

#: Formats with options, beside those that have names.
FORMATS = {
    "csv-crlf": CSV(line_end="\r\n"),
    "csv-postgresql": CSV(dialect="postgresql"),
}

#: What ``stream_rows`` gets: the source, and its keyword arguments.
Source = tuple[Any, dict[str, Any]]


class Base(DeclarativeBase):
    """What is mapped."""


class Order(Base):
    """One row."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    customer: Mapped[str]
    email: Mapped[str]
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    quantity: Mapped[int]
    paid: Mapped[bool]
    note: Mapped[str | None]


TABLE = Order.__table__
QUERY = f"SELECT * FROM {TABLE.name} LIMIT "
OrderRecord = make_dataclass("OrderRecord", COLUMNS, slots=True)


def from_environment() -> Flask:
    """Return the application on the databases that the environment names."""
    return create_app(
        os.environ.get("BENCHMARK_POSTGRESQL", "postgresql://"),
        os.environ.get("BENCHMARK_SQLITE", ""),
    )


def create_app(postgresql: str, sqlite: str) -> Flask:
    """Return the application.

    :param postgresql: the URL of a database, for the sources that need one.
    :param sqlite: the path of a file, likewise.
    """
    app = Flask("benchmarks.rows")
    compressor = os.environ.get("BENCHMARK_COMPRESSOR")
    app.config["OUTPOUR_COMPRESS"] = compressor == "Outpour"
    Outpour(app)
    if compressor == "Flask-Compress":
        set_up_flask_compress(app)
    sources = {
        **_in_memory(),
        **_by_cursors(postgresql, sqlite),
        **_by_arrow(postgresql),
        **_by_sqlalchemy(
            create_engine(postgresql.replace(":", "+psycopg:", 1)),
            create_engine(f"sqlite:///{sqlite}"),
        ),
    }

    @app.route("/text")
    def text() -> str:
        return "Hello, World!"

    @app.route("/<source>/<format_>")
    def rows(source: str, format_: str) -> Response:
        stream, options = sources[source](int(request.args["rows"]))
        return stream_rows(stream, FORMATS.get(format_, format_), **options)

    @app.teardown_appcontext
    def close(error: BaseException | None) -> None:
        for kept in reversed(g.pop("kept", ())):
            kept.close()

    return app


def _in_memory() -> dict[str, Callable[[int], Source]]:
    def dicts(rows: int) -> Iterator[dict[str, Any]]:
        return (dict(zip(COLUMNS, order, strict=True)) for order in orders(rows))

    def dataclasses(rows: int) -> Iterator[Any]:
        return (OrderRecord(*order) for order in orders(rows))

    return {
        "generator": lambda rows: (orders(rows), {"columns": COLUMNS}),
        "dicts": lambda rows: (dicts(rows), {}),
        "dataclasses": lambda rows: (dataclasses(rows), {}),
    }


def _by_cursors(postgresql: str, sqlite: str) -> dict[str, Callable[[int], Source]]:
    def psycopg_cursor(rows: int) -> Any:
        cursor = keep(psycopg.connect(postgresql)).cursor("orders")
        return cursor.execute(f"{QUERY}{rows}")

    def psycopg_stream(rows: int) -> Iterator[Any]:
        with keep(psycopg.connect(postgresql)).cursor() as cursor:
            yield from cursor.stream(f"{QUERY}{rows}", size=1000)

    def sqlite3_cursor(rows: int) -> Any:
        connection = sqlite3.connect(sqlite, check_same_thread=False)
        return keep(connection).execute(f"{QUERY}{rows}")

    def duckdb_cursor(rows: int) -> Any:
        import duckdb

        return keep(duckdb.connect()).execute(DUCKDB_QUERY, [rows])

    return {
        "psycopg": lambda rows: (lambda: psycopg_cursor(rows), {}),
        "psycopg-stream": lambda rows: (
            lambda: psycopg_stream(rows),
            {"columns": COLUMNS},
        ),
        "sqlite3": lambda rows: (lambda: sqlite3_cursor(rows), {}),
        "duckdb": lambda rows: (lambda: duckdb_cursor(rows), {}),
    }


def _by_arrow(postgresql: str) -> dict[str, Callable[[int], Source]]:
    # As many as will be asked for at most; read once, and then in memory.
    table = cache(lambda: arrow_table(int(os.environ["BENCHMARK_ROWS"])))
    few = cache(lambda: arrow_table(BATCH))

    def repeated(rows: int) -> Any:
        import pyarrow

        batches = islice(cycle(few().to_batches()), max(1, rows // BATCH))
        return pyarrow.RecordBatchReader.from_batches(few().schema, batches)

    @cache
    def connected() -> Any:
        from adbc_driver_postgresql import dbapi

        # PostgreSQL compiles no query that is to have its first row soon.
        return dbapi.connect(f"{postgresql}?options=-c%20jit%3Doff")

    def adbc(rows: int) -> Any:
        # As a pool of its connections does; a first one reads all types.
        connection = keep(connected().adbc_clone())
        cursor = keep(connection.cursor(adbc_stmt_kwargs=ADBC_OPTIONS))
        cursor.execute(f"{QUERY}{rows}")
        return cursor

    return {
        "arrow": lambda rows: (table().slice(0, rows), {}),
        "arrow-repeated": lambda rows: (repeated(rows), {}),
        "adbc": lambda rows: (lambda: adbc(rows), {}),
        # Of a reader it is not known that another thread may read it.
        "adbc-reader": lambda rows: (lambda: adbc(rows).fetch_record_batch(), {}),
    }


def _by_sqlalchemy(
    postgresql: Engine, sqlite: Engine
) -> dict[str, Callable[[int], Source]]:
    def entities(rows: int) -> Source:
        return select(Order).limit(rows), {"bind": keep(Session(postgresql))}

    return {
        "core": lambda rows: (select(TABLE).limit(rows), {"bind": postgresql}),
        "core-sqlite": lambda rows: (select(TABLE).limit(rows), {"bind": sqlite}),
        "orm": entities,
    }


def keep(connection: Any) -> Any:
    """Return what is to be closed when the request and its stream have ended."""
    g.setdefault("kept", []).append(connection)
    return connection
