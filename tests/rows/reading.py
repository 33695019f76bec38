"""A source of rows enters; its columns and its rows, read to the end, leave."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from flask_outpour.rows import open_rows
from flask_outpour.rows import Rows

Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]


def read(source: Any, **options: Any) -> Table:
    """Return the names of the columns, and all rows as tuples."""
    with closing(open_rows(source, **options)) as rows:
        return rows.columns, list(each_row(rows))


def each_row(rows: Rows) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of all batches one by one."""
    for batch in rows.batches:
        assert batch, "a batch has rows"
        yield from map(tuple, batch)


def read_until_error(source: Any, **options: Any) -> tuple[list[Any], Exception | None]:
    """Return the rows that came, and the error that came behind them, if any."""
    got: list[Any] = []
    with closing(open_rows(source, **options)) as rows:
        try:
            got.extend(each_row(rows))
        except Exception as error:
            return got, error
    return got, None


@contextmanager
def small_memory(limit: int = 30_000_000) -> Iterator[Callable[[], None]]:
    """Assert of each call of what is yielded that memory has hardly grown."""
    statm = Path("/proc/self/statm")
    if not statm.exists():
        pytest.skip("memory is measured on Linux")

    def resident() -> int:
        return int(statm.read_text().split()[1]) * 4096

    # What others have freed must not hide what is taken now.
    gc.collect()
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
    before = resident()

    def check() -> None:
        assert resident() - before < limit

    yield check


class Clock:
    """A clock that only a script moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def lateness(
    batches: Callable[..., Iterator[Any]], delays: list[float], *, cursor: bool = False
) -> list[float]:
    """Return for each row how many seconds it was held after it had come.

    :param batches: makes batches of an iterable, or of a ``fetchmany`` function.
    :param delays: seconds that each row takes to come.
    """
    clock = Clock()
    came: list[float] = []

    def rows() -> Iterator[int]:
        for number, delay in enumerate(delays):
            clock.now += delay
            came.append(clock.now)
            yield number

    source = rows()

    def fetch(size: int) -> list[int]:
        return list(islice(source, size))

    held = []
    for batch in batches(fetch if cursor else source, clock=clock):
        assert list(batch) == list(range(len(held), len(held) + len(batch)))
        held += [clock.now - came[number] for number in batch]
    assert len(held) == len(delays)
    return held
