"""Tests of fetching ahead: nothing is lost, doubled, or left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from threading import Event
from typing import Any

import adbc_driver_postgresql.dbapi as adbc
import pyarrow as pa
import pytest

from flask_outpour.rows import open_rows
from flask_outpour.rows.ahead import fetched_ahead
from flask_outpour.rows.ahead import MOST
from postgresql import PostgreSQL
from rows.reading import read
from servers.clients import wait_for


def batch(number: int, size: int = 1) -> Any:
    """Return a batch with a number, of so many bytes or more."""
    return pa.record_batch({"n": pa.array([number] * (size // 8 + 1), pa.int64())})


def number_of(batch: Any) -> int:
    """Return the number of a batch."""
    number: int = batch["n"][0].as_py()
    return number


def is_fetching() -> bool:
    """Whether a thread that fetches is there."""
    return any(t.name.startswith("outpour-fetch") for t in threading.enumerate())


def never() -> None:
    """Fail if something is cancelled."""
    raise AssertionError


@pytest.mark.parametrize("size", [1, MOST + 1])
@pytest.mark.parametrize("length", [0, 1, 2, 3, 10])
def test_all_batches_come_in_their_order(length: int, size: int) -> None:
    """Small or large, few or many, and the thread ends with them."""
    batches = (batch(number, size) for number in range(length))
    got = [number_of(b) for b in fetched_ahead(batches, cancel=never)]
    assert got == list(range(length))
    assert not is_fetching()


@pytest.mark.parametrize(("size", "most"), [(1, 3), (MOST + 1, 1)])
def test_next_batches_are_fetched_meanwhile(size: int, most: int) -> None:
    """Two small ones are ready when they are wanted, and no large one is."""
    fetched: list[int] = []

    def batches() -> Iterator[Any]:
        for number in count():
            fetched.append(number)
            yield batch(number, size)

    with closing(fetched_ahead(batches(), cancel=lambda: None)) as ahead:
        next(ahead)
        assert wait_for(lambda: len(fetched) == most)
        time.sleep(0.02)
        assert len(fetched) == most
    assert not is_fetching()


def test_error_comes_behind_the_batches_before_it() -> None:
    """What the source gave comes first, then its error, from wherever it was raised."""

    def batches() -> Iterator[Any]:
        yield batch(0)
        yield batch(1)
        raise OSError("the cable is out")

    got = []
    with pytest.raises(OSError, match="cable"):
        for each in fetched_ahead(batches(), cancel=never):
            got.append(number_of(each))  # noqa: PERF401
    assert got == [0, 1]
    assert not is_fetching()


def test_fetch_under_way_is_cancelled() -> None:
    """A stream that ends early need not wait for a batch that takes long."""
    waiting, released = Event(), Event()

    def batches() -> Iterator[Any]:
        yield batch(0)
        waiting.set()
        assert released.wait(20)

    ahead = fetched_ahead(batches(), cancel=released.set)
    assert number_of(next(ahead)) == 0
    assert waiting.wait(20)
    ahead.close()
    assert released.is_set()
    assert not is_fetching()


def test_driver_that_cannot_cancel_is_waited_for() -> None:
    """The end is as clean, only later."""

    def cancel() -> None:
        raise NotImplementedError

    ahead = fetched_ahead(map(batch, count()), cancel=cancel)
    assert number_of(next(ahead)) == 0
    ahead.close()
    assert not is_fetching()


def test_query_of_adbc_is_cancelled(postgresql: PostgreSQL) -> None:
    """The stream need not wait for a query that would go on for hours."""
    url = postgresql.url("psycopg").replace("+psycopg", "")
    slow = (
        "SELECT i, pg_sleep(i / 5000)::text AS s FROM generate_series(1, 1000000) AS i"
    )
    options = {"adbc.postgresql.batch_size_hint_bytes": "4096"}
    with closing(adbc.connect(url)) as connection:
        cursor = connection.cursor(adbc_stmt_kwargs=options)
        cursor.execute(slow)
        with closing(open_rows(cursor)) as rows:
            assert next(iter(rows.reader)).num_rows > 10
        assert not is_fetching()
        assert wait_for(
            lambda: (
                postgresql.execute(
                    "SELECT 1 FROM pg_stat_activity WHERE state = 'active'"
                    " AND query LIKE '%pg_sleep(i%' AND pid <> pg_backend_pid()"
                )
                == []
            )
        )
        connection.rollback()
        with connection.cursor() as again:
            again.execute("SELECT 1 AS one")
            assert read(again) == (("one",), [(1,)])
