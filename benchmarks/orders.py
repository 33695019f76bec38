"""A number of rows enters; that many orders leave, as tuples, in Arrow or a database.

About 108 bytes of CSV a row, the same on every machine: text in several scripts, of
which one in a hundred needs quotes, times with a zone, exact amounts, some NULLs. They
are cheap to make, so that a benchmark's time is not that of its source.
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import psycopg

from flask_outpour.progress import progress_line

if TYPE_CHECKING:
    import pyarrow

Order = tuple[int, datetime, str, str, Decimal, int, bool, str | None]

COLUMNS = (
    *("id", "created_at", "customer", "email"),
    *("amount", "quantity", "paid", "note"),
)
BATCH = 10_000

POSTGRESQL_SCHEMA = """
    CREATE TABLE {table} (
        id integer PRIMARY KEY,
        created_at timestamptz NOT NULL,
        customer text NOT NULL,
        email text NOT NULL,
        amount numeric(12, 2) NOT NULL,
        quantity integer NOT NULL,
        paid boolean NOT NULL,
        note text
    )
"""
#: The demo's: SQLite has no types for times, exact numbers and booleans.
SQLITE_SCHEMA = """
    CREATE TABLE {table} (
        id INTEGER PRIMARY KEY,
        created_at TEXT NOT NULL,
        customer TEXT NOT NULL,
        email TEXT NOT NULL,
        amount REAL NOT NULL,
        quantity INTEGER NOT NULL,
        paid INTEGER NOT NULL,
        note TEXT
    )
"""
#: Many times as many rows as are stored, each with an id of its own.
REPEATED = (
    "CREATE TABLE repeats (number integer)",
    "INSERT INTO repeats VALUES {numbers}",
    """
    CREATE VIEW orders AS
    SELECT id + {rows} * number AS id, created_at, customer, email, amount, quantity,
        paid, note
    FROM stored_orders, repeats
    """,
)
# psycopg has a zone of this class too, where the server's is UTC.
_FIRST = datetime(2024, 1, 1, tzinfo=ZoneInfo("UTC"))
_STEPS = [timedelta(seconds=seconds) for seconds in range(1, 62)]
_GIVEN = (
    *("Amara", "Kofi", "Renée", "João", "Björn", "Søren", "Борис", "Ελένη"),
    *("娜", "さくら", "지우", "ليلى", "आरव", "Max"),
)
_FAMILY = (
    *("Okafor", "Mensah", "Dubois", "O'Neill", "Müller", "Weiß", "Соколов", "Παππά"),
    *("李", "小林", "김", "حداد"),
)
_PEOPLE = [f"{given} {family}" for given in _GIVEN for family in _FAMILY]
_HOSTILE = ("Mensah, Amara", 'Kofi "Dot" Okafor', "Renée\nDubois")
_CUSTOMERS = [
    _HOSTILE[number // 100 % 3]
    if number % 100 == 0
    else _PEOPLE[number * 31 % len(_PEOPLE)]
    for number in range(2_400)
]
_NOTES = (
    *("please ring twice", "a gift, so no price inside", "leave it with the neighbour"),
    *("call first", "for the café on the corner", "as last time 🌻", "for the porter"),
    *(None, None, None),
)


def orders(rows: int) -> Iterator[Order]:
    """Yield orders; any number of them begins with the same ones."""
    state, created = 2024, _FIRST
    for number in range(1, rows + 1):
        # Knuth's linear congruential generator: one step is cheaper than `random`.
        state = (state * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
        chance = state >> 20
        created += _STEPS[chance % 61]
        quantity = 1 + chance % 11
        yield (
            number,
            created,
            _CUSTOMERS[chance % 2_400],
            f"customer{chance % 249_989}@example.org",
            Decimal(quantity * (100 + chance % 19_997)).scaleb(-2),
            quantity,
            chance % 13 > 0,
            _NOTES[chance // 2_400 % 10],
        )


def batches(rows: int, size: int = 1_000) -> Iterator[list[Order]]:
    """Yield orders as lists of tuples."""
    source = orders(rows)
    while batch := list(islice(source, size)):
        yield batch


def arrow_table(rows: int) -> pyarrow.Table:
    """Return orders in Arrow's columns, with the types that PostgreSQL has them in."""
    import pyarrow

    schema = pyarrow.schema(
        zip(
            COLUMNS,
            [
                *(pyarrow.int32(), pyarrow.timestamp("us", "UTC")),
                *(pyarrow.string(), pyarrow.string(), pyarrow.decimal128(12, 2)),
                *(pyarrow.int32(), pyarrow.bool_(), pyarrow.string()),
            ],
            strict=True,
        )
    )
    return pyarrow.Table.from_batches(
        [
            pyarrow.record_batch(list(map(list, zip(*batch, strict=True))), schema)
            for batch in batches(rows, BATCH)
        ],
        schema,
    )


def load_postgresql(url: str, rows: int, repeats: int = 1) -> None:
    """Fill a PostgreSQL database.

    :param repeats: how many times ``orders``, then a view, has the stored rows.
    """
    table = _table(repeats)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(POSTGRESQL_SCHEMA.format(table=table))
        with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
            for batch in _told("filling PostgreSQL", rows):
                text = io.StringIO()
                csv.writer(text).writerows(batch)
                copy.write(text.getvalue())
        _repeat(cursor, rows, repeats)
    with psycopg.connect(url, autocommit=True) as connection:
        # Else the server may decide to do so while something is measured.
        connection.execute(f"VACUUM ANALYZE {table}")


def load_sqlite(path: Path, rows: int, repeats: int = 1) -> None:
    """Write a SQLite file that has the same."""
    table = _table(repeats)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(SQLITE_SCHEMA.format(table=table))
        for batch in _told("filling SQLite", rows):
            connection.executemany(
                f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                map(_plain, batch),
            )
        _repeat(connection, rows, repeats)
        connection.commit()


def _told(what: str, rows: int) -> Iterator[list[Order]]:
    """Yield all orders in batches, and show on a terminal how many there were."""
    done = 0
    with progress_line() as show:
        for batch in batches(rows, BATCH):
            show(f"{what}: {done:,} of {rows:,} orders", done / rows)
            yield batch
            done += len(batch)


def _table(repeats: int) -> str:
    return "orders" if repeats == 1 else "stored_orders"


def _repeat(
    database: psycopg.Cursor[Any] | sqlite3.Connection, rows: int, repeats: int
) -> None:
    if repeats > 1:
        numbers = ", ".join(f"({number})" for number in range(repeats))
        for statement in REPEATED:
            database.execute(statement.format(rows=rows, numbers=numbers))


def _plain(order: Order) -> tuple[Any, ...]:
    number, created, customer, email, amount, quantity, paid, note = order
    when = str(created.replace(tzinfo=None))
    return number, when, customer, email, float(amount), quantity, int(paid), note
