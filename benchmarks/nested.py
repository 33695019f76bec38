"""A number of orders with their items enters; the bytes of one way to write them leave.

``WAYS`` are the rows of Outpour, of each kind, and what people write instead. A process
imports this file after it has hidden the libraries that it should do without.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from datetime import UTC
from decimal import Decimal
from functools import cache
from time import process_time
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column

from flask_outpour.formats import NDJSON
from flask_outpour.rows import open_rows

COLUMNS = ("id", "customer", "items")


@dataclass
class Order:
    """An order, whose items are dicts."""

    id: int
    customer: str
    items: list[dict[str, Any]]


class Base(DeclarativeBase):
    """The models of this benchmark."""


class Entity(Base):
    """The same as an entity of SQLAlchemy's ORM."""

    __tablename__ = "nested_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


def dump_rows(rows: int) -> Iterator[bytes]:
    """Write each dict as the json module does."""
    for order in _dicts(rows):
        yield (json.dumps(order) + "\n").encode()


def dump_entities(rows: int) -> Iterator[bytes]:
    """Write each entity as a dict that is made of its attributes."""
    for order in _entities(rows):
        row = {"id": order.id, "customer": order.customer, "items": order.items}
        yield (json.dumps(row) + "\n").encode()


def dump_amounts(rows: int) -> Iterator[bytes]:
    """Write each dict as the json module does, and as text what it lacks."""
    for order in _amounts(rows):
        yield (json.dumps(order, default=str) + "\n").encode()


def by_rows(
    prepare: Callable[[int], Iterable[Any]], come: Callable[[Any], Any] = list
) -> Callable[[int], Iterator[bytes]]:
    """Return a way that reads and writes rows as a stream of rows does."""

    def write(rows: int) -> Iterator[bytes]:
        format = NDJSON()
        opened = open_rows(come(prepare(rows)), columns=COLUMNS)
        yield format.begin(opened.columns)
        yield from map(format.feed, opened.batches)
        yield format.finish()

    return write


@cache
def _dicts(rows: int) -> list[dict[str, Any]]:
    return [
        {
            "id": number,
            "customer": f"Customer {number % 1000}",
            "items": [
                {
                    "sku": f"SKU-{(number * 7 + place) % 5000}",
                    "quantity": place + 1,
                    "price": (950 + (number * 3 + place) % 1000) / 100,
                }
                # 3 on average.
                for place in range(number % 5 + 1)
            ],
        }
        for number in range(1, rows + 1)
    ]


@cache
def _amounts(rows: int) -> list[dict[str, Any]]:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    return [
        {
            **order,
            "items": [
                {**item, "price": Decimal(str(item["price"])), "packed": day}
                for item in order["items"]
            ],
        }
        for order in _dicts(rows)
    ]


@cache
def _tuples(rows: int) -> list[tuple[Any, ...]]:
    return [tuple(order.values()) for order in _dicts(rows)]


@cache
def _objects(rows: int) -> list[Order]:
    return [Order(**order) for order in _dicts(rows)]


@cache
def _entities(rows: int) -> list[Entity]:
    return [Entity(**order) for order in _dicts(rows)]


WAYS: dict[str, Callable[[int], Iterator[bytes]]] = {
    "json.dumps": dump_rows,
    "json.dumps, entities": dump_entities,
    "json.dumps, amounts": dump_amounts,
    "dicts": by_rows(_dicts),
    "tuples": by_rows(_tuples),
    "objects": by_rows(_objects),
    "entities": by_rows(_entities),
    "amounts": by_rows(_amounts),
    "a generator of dicts": by_rows(_dicts, iter),
    "a generator of objects": by_rows(_objects, iter),
}
#: The ways to compare.
PAIRS = [
    "json.dumps / dicts",
    "json.dumps / tuples",
    "json.dumps / objects",
    "json.dumps, entities / entities",
    "json.dumps, amounts / amounts",
    "json.dumps / a generator of dicts",
    "json.dumps / a generator of objects",
]


def time(way: str, rows: int) -> float:
    """Return the processor seconds that a way takes for orders that are there."""
    for prepare in (_dicts, _tuples, _objects, _entities, _amounts):
        prepare(rows)
    begun = process_time()
    for _ in WAYS[way](rows):
        pass
    return process_time() - begun
