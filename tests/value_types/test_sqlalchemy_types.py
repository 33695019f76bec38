"""Tests that a column of each of SQLAlchemy's types is written as its value means."""

from __future__ import annotations

import enum
import uuid
from collections.abc import Iterator
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

from formats.reference import csv_bytes
from formats.reference import ndjson_bytes
from value_types.checks import written


class Colour(enum.Enum):
    RED = "r"


class Cents(sa.types.TypeDecorator[Decimal]):
    impl = sa.Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Any) -> Any:
        """Store cents."""
        return value and int(value * 100)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        """Return an amount."""
        return value and Decimal(value) / 100


ID = uuid.UUID(int=1)
#: A type, a value of it, and what that means.
TYPES: list[tuple[Any, Any, Any]] = [
    (sa.Integer, 1, 1),
    (sa.BigInteger, 2**62, 2**62),
    (sa.Boolean, True, True),
    (sa.Float, 0.1, 0.1),
    (sa.Numeric(10, 2), Decimal("1.50"), Decimal("1.50")),
    (sa.Numeric(10, 2, asdecimal=False), 1.5, 1.5),
    (sa.String, "a", "a"),
    (sa.Unicode, "Zoë", "Zoë"),
    (sa.Text, "", ""),
    (sa.LargeBinary, b"\0\xff", b"\0\xff"),
    (sa.Date, date(2013, 1, 1), date(2013, 1, 1)),
    (sa.DateTime, datetime(2013, 1, 1, 5, 15), datetime(2013, 1, 1, 5, 15)),
    (sa.Time, time(5, 15), time(5, 15)),
    (sa.Interval, timedelta(days=1, seconds=5), timedelta(days=1, seconds=5)),
    (sa.Uuid, ID, ID),
    (sa.Uuid(as_uuid=False), str(ID), str(ID)),
    (sa.Enum(Colour), Colour.RED, "r"),
    (sa.Enum("a", "b"), "a", "a"),
    (sa.JSON, {"a": [1, None, 1.5]}, {"a": [1, None, 1.5]}),
    (sa.PickleType, {"a": date(2013, 1, 1)}, {"a": date(2013, 1, 1)}),
    (sa.PickleType, [Decimal("1.50"), ID], [Decimal("1.50"), ID]),
    (Cents, Decimal("1.5"), Decimal("1.5")),
]


@pytest.fixture
def engine() -> Iterator[sa.Engine]:
    """Return an engine on a database in memory."""
    engine = sa.create_engine("sqlite://", poolclass=StaticPool)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(("kind", "value", "meant"), TYPES)
def test_each_type(engine: sa.Engine, kind: Any, value: Any, meant: Any) -> None:
    """A value and NULL beside it are the same from a result as in the tables."""
    table = sa.Table("t", sa.MetaData(), sa.Column("x", kind), sa.Column("n", kind))
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(table.insert(), [{"x": value, "n": None}] * 2)
    rows = [(meant, None)] * 2
    with engine.connect() as connection:
        for name, wanted in (("csv", csv_bytes), ("ndjson", ndjson_bytes)):
            result = connection.execute(sa.select(table))
            assert written(result, name) == wanted(["x", "n"], rows)
            mappings = connection.execute(sa.select(table)).mappings().all()
            assert written(mappings, name) == wanted(["x", "n"], rows)
