"""A file of orders enters; the figures of its last day leave, by real queries."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import NamedTuple

from .sqlite import connect

#: The most rows of the table.
ROWS = 10_000
CHARTS = 3
#: Seconds that a reader may let a chart take.
LONGEST = 10.0

_LAST = "SELECT substr(created_at, 1, 10) FROM orders ORDER BY id DESC LIMIT 1"
_NEWEST = f"""
    SELECT id, created_at, customer, quantity, amount, paid
    FROM orders ORDER BY id DESC LIMIT {ROWS}
"""
_HOURS = """
    SELECT substr(created_at, 12, 2) || ':00', sum(amount)
    FROM orders WHERE created_at >= ? GROUP BY 1 ORDER BY 1
"""
_DAYS = """
    SELECT substr(created_at, 1, 10), sum(amount)
    FROM orders WHERE created_at >= date(?, '-13 days') GROUP BY 1 ORDER BY 1
"""
_CUSTOMERS = """
    SELECT customer, sum(amount) FROM orders GROUP BY 1 ORDER BY 2 DESC LIMIT 8
"""
_FORECAST = "SELECT amount FROM forecast"


class Point(NamedTuple):
    """One bar of a chart."""

    label: str
    amount: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The orders of the last day of a file.

    Each method has a connection of its own, so each may run in a thread of its own.

    :param path: of the file.
    :param seconds: how long the charts take at least: hours, days, customers.
    """

    path: Path
    seconds: tuple[float, ...] = ()

    def day(self) -> str:
        """Return the day of the last order, ``YYYY-MM-DD``."""
        ((day,),) = self._rows(_LAST)
        return str(day)

    def newest(self) -> Generator[tuple[Any, ...]]:
        """Yield up to 10,000 orders, the newest first."""
        with closing(connect(self.path)) as connection:
            yield from connection.execute(_NEWEST)

    def hours(self) -> list[Point]:
        """Return the revenue of each hour of the day."""
        return self._chart(0, _HOURS, self.day())

    def days(self) -> list[Point]:
        """Return the revenue of each of the fourteen days up to the day."""
        return self._chart(1, _DAYS, self.day())

    def customers(self) -> list[Point]:
        """Return the eight customers with the greatest revenue of all orders."""
        return self._chart(2, _CUSTOMERS)

    def forecast(self) -> float:
        """Fail, since there is no such table.

        :raises sqlite3.OperationalError: always.
        """
        ((amount,),) = self._rows(_FORECAST)
        return float(amount)

    def _chart(self, number: int, query: str, *values: str) -> list[Point]:
        start = time.monotonic()
        points = [Point(*row) for row in self._rows(query, *values)]
        least = self.seconds[number] if self.seconds else 0
        time.sleep(max(0, start + least - time.monotonic()))
        return points

    def _rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        with closing(connect(self.path)) as connection:
            return connection.execute(query, values).fetchall()


def read_seconds(text: str) -> tuple[float, ...]:
    """Return how long each chart takes at least, from ``"0.3,0.8,1.6"``.

    :param text: a number for each chart, or nothing.
    :raises ValueError: for anything else.
    """
    if not text:
        return ()
    try:
        seconds = tuple(map(float, text.split(",")))
    except ValueError:
        seconds = ()
    if len(seconds) != CHARTS or not all(0 <= each <= LONGEST for each in seconds):
        raise ValueError(
            f"delay= takes {CHARTS} numbers of seconds, each from 0 to {LONGEST:g},"
            " with commas between them."
        )
    return seconds
