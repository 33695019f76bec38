"""A request enters; the orders of PostgreSQL leave, by psycopg's server-side cursor.

The same for all who take rows from psycopg, Outpour too. A cursor fetches 1,000 rows
at a time, as Outpour does; psycopg's own default, 100, is slower.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from collections.abc import Iterator
from contextlib import asynccontextmanager
from contextlib import contextmanager
from typing import Any

import psycopg

URL = os.environ.get("BENCHMARK_POSTGRESQL", "")
QUERY = "SELECT * FROM orders LIMIT %s"
FETCHED_AT_ONCE = 1_000

Row = tuple[Any, ...]
Cursor = psycopg.AsyncServerCursor[Row]


@contextmanager
def select_orders(rows: int) -> Iterator[psycopg.ServerCursor[Row]]:
    """Open a connection and a cursor, for as long as the block runs."""
    with psycopg.connect(URL) as connection, connection.cursor("orders") as cursor:
        cursor.itersize = FETCHED_AT_ONCE
        yield cursor.execute(QUERY, [rows])


@asynccontextmanager
async def select_orders_async(
    rows: int,
) -> AsyncIterator[Cursor]:
    """Do the same in an event loop."""
    async with (
        await psycopg.AsyncConnection.connect(URL) as connection,
        connection.cursor("orders") as cursor,
    ):
        cursor.itersize = FETCHED_AT_ONCE
        yield await cursor.execute(QUERY, [rows])
