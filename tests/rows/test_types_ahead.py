"""Tests that sources tell the types of their columns before the values come."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from datetime import UTC
from decimal import Decimal
from enum import Enum
from io import BytesIO
from typing import Annotated
from typing import Any
from typing import Literal
from typing import NamedTuple
from typing import NewType
from typing import TypedDict
from uuid import UUID

import attrs
import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pydantic
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import orm

from flask_outpour import Outpour
from flask_outpour import RowError
from flask_outpour import Rows
from flask_outpour import stream_rows
from flask_outpour.column_types import ColumnType
from flask_outpour.formats import Parquet
from flask_outpour.formats.schemas import RecordBatches
from flask_outpour.rows import open_rows
from flask_outpour.rows.annotations import type_of

#: More rows than a schema is guessed from.
MANY = 1001


def table_of(source: Any, format: Any = "parquet", **options: Any) -> Any:
    """Return the table that an application sends of a source."""
    app = Flask(__name__)
    app.testing = True
    Outpour(app)
    app.add_url_rule("/", "rows", lambda: stream_rows(source, format, **options))
    content = app.test_client().get("/").data
    if format == "arrows":
        return pa.ipc.open_stream(content).read_all()
    return pq.read_table(BytesIO(content))


def types_in(table: Any) -> dict[str, Any]:
    """Return the types of a table's columns."""
    return dict(zip(table.schema.names, table.schema.types, strict=True))


class Colour(Enum):
    """Texts."""

    RED = "red"


class Mixed(Enum):
    """Values that no one column has."""

    ONE = 1
    TWO = "two"


class Keyed(TypedDict):
    """A dict with known keys."""

    a: int


@dataclass
class Inner:
    """An object inside of a row."""

    a: int


class Recursive:
    """A ``type`` statement that names itself, as Python 3.12 has them."""

    __value__: Any

    def __repr__(self) -> str:
        return "Recursive"


RECURSIVE = Recursive()
RECURSIVE.__value__ = list[RECURSIVE]  # type: ignore[valid-type]
Number = NewType("Number", int)

#: Annotations, and the types that come of them; ``None`` where they do not say enough.
ANNOTATIONS: list[tuple[Any, Any]] = [
    (bool, pa.bool_()),
    (int, pa.int64()),
    (float, pa.float64()),
    (str, pa.string()),
    (bytes, pa.binary()),
    (memoryview, pa.binary()),
    (date, pa.date32()),
    (time, pa.time64("us")),
    (timedelta, pa.duration("us")),
    (datetime, pa.timestamp("us")),
    (pydantic.AwareDatetime, pa.timestamp("us", "UTC")),
    (pydantic.NaiveDatetime, pa.timestamp("us")),
    (pydantic.PastDate, pa.date32()),
    (Decimal, pa.decimal128(38, 18)),
    (pydantic.condecimal(max_digits=10, decimal_places=2), pa.decimal128(10, 2)),
    (pydantic.condecimal(max_digits=50, decimal_places=2), pa.decimal256(50, 2)),
    (pydantic.conint(gt=0), pa.int64()),
    (UUID, pa.string()),
    (Colour, pa.string()),
    (Literal[1, 2, None], pa.int64()),
    (Number, pa.int64()),
    (int | None, pa.int64()),
    (int | float, pa.float64()),
    (Decimal | int | None, pa.decimal128(38, 18)),
    (Annotated[str | None, "a note"], pa.string()),
    (list[int], pa.list_(pa.int64())),
    (Sequence[int | None] | None, pa.list_(pa.int64())),
    (tuple[date, ...], pa.list_(pa.date32())),
    (list[Decimal], pa.list_(pa.decimal128(38, 18))),
    (list[list[int]], pa.string()),
    (dict[str, Any], pa.string()),
    (Keyed, pa.string()),
    (Inner, pa.string()),
    (list[Inner], pa.string()),
    *((kind, None) for kind in (Any, Mixed, int | str, list, object, None, set[int])),
    *(
        (kind, None)
        for kind in (RECURSIVE, tuple[int, str], complex, "int", Iterator[int])
    ),
]


@pytest.mark.parametrize(("annotation", "kind"), ANNOTATIONS, ids=str)
def test_annotations_are_types(annotation: Any, kind: Any) -> None:
    """Each says what its values need, or nothing."""
    known = type_of(annotation)
    if kind is None:
        assert known is None
    else:
        batches = RecordBatches(["a"], types=[known])
        batch = batches.finish()
        assert (batches.schema if batch is None else batch.schema).types == [kind]


@dataclass
class Plain:
    """Rows of a dataclass."""

    number: int | None = None
    text: str | None = None
    price: Annotated[Decimal | None, "money"] = None
    day: date | None = None
    tags: list[str] = field(default_factory=list)
    colour: Colour | None = None
    odd: Any = None


@attrs.define
class Attrs:
    """Rows of attrs."""

    number: int | None = None
    text: str | None = None
    price: Decimal | None = None
    day: date | None = None
    tags: list[str] = attrs.Factory(list)
    colour: Colour | None = None
    odd: Any = None


class Struct(msgspec.Struct):
    """Rows of msgspec."""

    number: int | None = None
    text: str | None = None
    price: Decimal | None = None
    day: date | None = None
    tags: list[str] = []
    colour: Colour | None = None
    odd: Any = None


class Model(pydantic.BaseModel):
    """Rows of pydantic."""

    number: int | None = None
    text: str | None = None
    price: Decimal | None = pydantic.Field(None, max_digits=10, decimal_places=2)
    day: date | None = None
    tags: list[str] = []
    colour: Colour | None = None
    odd: Any = None


class Tuple(NamedTuple):
    """Rows of a named tuple."""

    number: int | None = None
    text: str | None = None
    price: Decimal | None = None
    day: date | None = None
    tags: list[str] | None = None
    colour: Colour | None = None
    odd: Any = None


@pytest.mark.parametrize("kind", [Plain, Attrs, Struct, Model, Tuple])
@pytest.mark.parametrize("made", [iter, list])
def test_classes_tell_their_types(kind: Callable[..., Any], made: Any) -> None:
    """A column without a value in the first 1,000 rows has its type all the same."""
    values = (7, "a", Decimal("1.25"), date(2020, 1, 1), ["x"], Colour.RED, 1.5)
    late = kind(**dict(zip(kind.__annotations__, values, strict=True)))
    rows = [*[kind(odd=0.5)] * MANY, late]
    table = table_of(lambda: made(rows))
    assert table.to_pylist()[-1] == {
        **{"number": 7, "text": "a", "price": Decimal("1.25")},
        **{"day": date(2020, 1, 1), "tags": ["x"], "colour": "red", "odd": 1.5},
    }
    types = types_in(table)
    assert types["number"] == pa.int64()
    assert types["price"] == pa.decimal128(*((10, 2) if kind is Model else (38, 18)))
    # As with other sources, some are chosen.
    chosen = table_of(lambda: made(rows), columns=["day", "number"])
    assert types_in(chosen) == {"day": pa.date32(), "number": pa.int64()}


@pytest.mark.parametrize("format", ["parquet", "arrows"])
def test_a_value_of_another_type_than_declared_is_named(format: str) -> None:
    """The error has the row, the column and both types, before a byte is sent."""
    rows = [Plain(number=1), Plain(number="one")]  # type: ignore[arg-type]
    with pytest.raises(RowError, match=r"Row 2, column 'number': .* str .* int64") as e:
        table_of(rows, format)
    assert (e.value.row, e.value.column) == (2, "number")


def test_a_schema_counts_before_what_the_source_knows() -> None:
    """The types of ``schema=`` are those of the file."""
    schema = pa.schema({"number": pa.int8(), "text": pa.large_string()})
    rows = [Plain(number=1, text="a")]
    table = table_of(rows, Parquet(schema=schema), columns=["number", "text"])
    assert table.schema.equals(schema)


class Broken:
    """A class whose annotations name what is not there at run time."""

    __attrs_attrs__: Any = ()
    number: int
    other: Missing  # type: ignore[name-defined]  # noqa: F821


def test_an_annotation_that_cannot_be_read_spoils_no_other() -> None:
    """The column of that one is guessed."""
    rows = []
    for place in range(MANY + 1):
        record = Broken()
        record.number = place
        record.other = "x"
        rows.append(record)
    assert types_in(table_of(rows, columns=["number", "other"])) == {
        "number": pa.int64(),
        "other": pa.string(),
    }


def test_rows_tell_their_types() -> None:
    """An application can say them of its own rows, as annotations or by a function."""
    batches = [[(None, None)] * MANY, [(5, Decimal("0.5"))]]
    for types in ([int, None], lambda: [int | None, Decimal], {"a": int}):
        rows = Rows(["a", "b"], [*batches[:1], [(5, None)]], types=types)
        assert types_in(table_of(rows))["a"] == pa.int64()
    rows = Rows(["a", "b"], batches, types=[int, Decimal])
    assert types_in(table_of(rows, columns=["b"])) == {"b": pa.decimal128(38, 18)}
    untold = Rows(["a", "b"], [[(1, "x")]])
    assert types_in(table_of(untold, columns=["b"])) == {"b": pa.string()}
    assert Rows(["a"], [], types=[object]).types is None
    assert Rows(["a"], [], types=[int, int]).types is None


def test_all_types_known_ahead_need_no_rows() -> None:
    """Nothing is held to guess from, so that the first rows go out at once."""
    batches = RecordBatches(["a"], types=[ColumnType(base=int)])
    assert batches.schema.types == [pa.int64()]
    assert batches.add([(1,)]).num_rows == 1


#: Known types of which other values may come, values, and the type for them.
UNSURE: list[tuple[Any, list[Any], Any]] = [
    (int, [], pa.int64()),
    (int, [Decimal("1.5")], pa.decimal128(38, 1)),
    (int, ["a"], pa.string()),
    (float, [1], pa.float64()),
    (Decimal, [], pa.decimal128(38, 18)),
    (Decimal, [Decimal("1.5"), 2], pa.decimal128(38, 18)),
    (Decimal, [Decimal(10**25) + Decimal("0.5")], pa.decimal128(38, 1)),
    (Decimal, [1.5], pa.float64()),
    (dict, [{"a": 1}, [1, "a"]], pa.string()),
    (dict, [1], pa.int64()),
    (list[int], [[]], pa.list_(pa.int64())),
    (list[int], [[[1]]], pa.string()),
    (list[Decimal], [[Decimal("0.5")]], pa.list_(pa.decimal128(38, 18))),
    (datetime, [datetime(2020, 1, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
    (pydantic.AwareDatetime, [datetime(2020, 1, 1)], pa.timestamp("us")),
]


@pytest.mark.parametrize(("annotation", "values", "kind"), UNSURE, ids=str)
def test_what_is_not_sure_gives_way_to_values(
    annotation: Any, values: list[Any], kind: Any
) -> None:
    """It is what is expected where there is no value, or none of another type."""
    known = type_of(annotation)
    assert known is not None
    batches = RecordBatches(["a"], types=[known.unsure()])
    assert batches.add([(None,)]) is None
    assert batches.add([(value,) for value in values]) is None
    assert batches.finish().schema.types == [kind]


class Base(orm.DeclarativeBase):
    """The tables of these tests."""


class Text(sa.TypeDecorator[str]):
    """A type of an application's own."""

    impl = sa.String
    cache_ok = True


class Order(Base):
    __tablename__ = "orders"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    number: orm.Mapped[int | None]
    price: orm.Mapped[Decimal | None] = orm.mapped_column(sa.Numeric(10, 2))
    big: orm.Mapped[Decimal | None] = orm.mapped_column(sa.Numeric(50, 2))
    loose: orm.Mapped[Decimal | None] = orm.mapped_column(sa.Numeric())
    ratio: orm.Mapped[float | None]
    paid: orm.Mapped[bool | None]
    at: orm.Mapped[datetime | None] = orm.mapped_column(sa.DateTime(timezone=True))
    day: orm.Mapped[date | None]
    clock: orm.Mapped[time | None]
    took: orm.Mapped[timedelta | None]
    colour: orm.Mapped[Colour | None]
    key: orm.Mapped[UUID | None]
    data: orm.Mapped[bytes | None]
    notes: orm.Mapped[dict[str, Any] | None] = orm.mapped_column(sa.JSON)
    own: orm.Mapped[str | None] = orm.mapped_column(Text)


LATE: dict[str, Any] = {
    **{"id": 5000, "number": 7, "price": Decimal("1.25"), "big": Decimal("3.50")},
    **{"loose": Decimal("0.125"), "ratio": 0.5, "paid": True},
    **{"at": datetime(2020, 1, 1), "day": date(2020, 1, 1), "clock": time(1, 2)},
    **{"took": timedelta(1), "colour": Colour.RED, "key": UUID(int=1), "data": b"x"},
    **{"notes": {"a": 1}, "own": "x"},
}
ON_SQLITE = {
    **{"id": pa.int64(), "number": pa.int64(), "price": pa.decimal128(10, 2)},
    **{"big": pa.decimal256(50, 2), "loose": pa.decimal128(38, 18)},
    **{"ratio": pa.float64(), "paid": pa.bool_(), "at": pa.timestamp("us")},
    **{"day": pa.date32(), "clock": pa.time64("us"), "took": pa.duration("us")},
    **{"colour": pa.string(), "key": pa.string(), "data": pa.binary()},
    **{"notes": pa.string(), "own": pa.string()},
}


@pytest.fixture(scope="module")
def engine() -> Iterator[sa.Engine]:
    """Return a database with a table that has values in its last row alone."""
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [{"id": place} for place in range(MANY)]
        connection.execute(sa.insert(Order), rows)
        connection.execute(sa.insert(Order), LATE)
    yield engine
    engine.dispose()


def statements() -> dict[str, Any]:
    """Return ways to ask for all columns of the table."""
    table: Any = Order.__table__
    alias = table.alias("o")
    return {
        "table": table,
        "class": Order,
        "select": sa.select(table),
        "labels": sa.select(*[column.label(column.name) for column in table.c]),
        "alias": sa.select(alias),
        "subquery": sa.select(sa.select(table).subquery()),
        "entity": sa.select(orm.aliased(Order)),
        "bundle": sa.select(*[getattr(Order, name) for name in LATE]),
        "union": sa.union_all(sa.select(table), sa.select(table).where(sa.false())),
    }


@pytest.mark.parametrize("name", statements())
@pytest.mark.parametrize("bind", ["engine", "session"])
def test_statements_tell_their_types(engine: sa.Engine, name: str, bind: str) -> None:
    """Any statement has the types of the columns that it selects."""
    with orm.Session(engine) as session:
        table = table_of(
            statements()[name], bind=engine if bind == "engine" else session
        )
    expected = dict(ON_SQLITE)
    if name in ("subquery", "union"):
        # Of what is computed, the kind alone is known.
        expected |= {name: pa.decimal128(38, 18) for name in ("price", "big")}
    assert types_in(table) == expected
    last = table.to_pylist()[-1]
    assert last["price"] == Decimal("1.25")
    assert last["colour"] in ("red", "RED")


def test_results_and_entities_tell_their_types(engine: sa.Engine) -> None:
    """So do results that a view has made, parts of them, and lists of entities."""
    wanted = [*LATE][::-1]
    with orm.Session(engine) as session:
        select = sa.select(Order).order_by(Order.id)
        sources = [
            session.execute(select),
            session.scalars(select),
            list(session.scalars(select)),
            session.connection().execute(select),
            session.connection().execute(select).mappings(),
        ]
        for source in sources:
            found = types_in(table_of(source, columns=wanted))
            assert found == {name: ON_SQLITE[name] for name in wanted}
        numbers = table_of(session.scalars(sa.select(Order.number)))
    assert types_in(numbers) == {"number": pa.int64()}


def test_entities_beside_other_columns(engine: sa.Engine) -> None:
    """Each column has its type, whether it is of an entity or stands alone."""
    label = sa.func.max(Order.number).over(partition_by=Order.id).label("most")
    twice = Order.price.label("twice")
    with orm.Session(engine) as session:
        table = table_of(sa.select(Order, label, twice), bind=session)
    assert types_in(table) == {
        **ON_SQLITE,
        "most": pa.int64(),
        "twice": pa.decimal128(10, 2),
    }


def test_expressions_are_guessed_where_they_have_values(engine: sa.Engine) -> None:
    """SQLAlchemy takes the type of an operand for theirs, which may be wrong."""
    two = sa.literal_column("2.5", sa.Integer).label("two")
    table = table_of(
        sa.select(Order.id, two, (Order.number + 1).label("more")), bind=engine
    )
    assert types_in(table) == {
        "id": pa.int64(),
        "two": pa.float64(),
        "more": pa.int64(),
    }


def test_what_sqlite_has_in_place_of_a_number_is_named(engine: sa.Engine) -> None:
    """SQLite stores any value in any column, and a file does not."""
    table: Any = Order.__table__
    with engine.connect() as connection:
        connection.execute(sa.text("insert into orders (id, number) values (-1, 'x')"))
        with pytest.raises(RowError, match=r"column 'number': .* str .* int64"):
            table_of(sa.select(table.c.number).order_by("id"), bind=connection)
        connection.rollback()


def test_duckdb_tells_the_types_of_a_cursor() -> None:
    """Its connection, on which a query has run, describes the columns."""
    with duckdb.connect() as connection:
        connection.execute(
            "select case when i > 1000 then 1.25::decimal(12, 2) end as price,"
            " case when i > 1000 then i end as number,"
            " case when i > 1000 then timestamptz '2020-01-01 00:00:00+00' end as at"
            " from range(1002) as t(i)"
        )
        table = table_of(connection)
    assert types_in(table) == {
        "price": pa.decimal128(12, 2),
        "number": pa.int64(),
        "at": pa.timestamp("us", "UTC"),
    }


def test_a_source_that_knows_nothing_is_guessed() -> None:
    """SQLite's own cursors have names alone."""
    with sqlite3.connect(":memory:") as connection:
        rows = open_rows(connection.execute("select 1 as a"))
        assert rows.types is None
        rows.close()
    connection.close()
