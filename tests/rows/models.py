"""Tables and mapped classes of the tests, and the rows that are in them."""

from __future__ import annotations

import datetime
import decimal
import enum
from typing import Any
from typing import ClassVar

from sqlalchemy import Engine
from sqlalchemy import Enum
from sqlalchemy import ForeignKey
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import Integer
from sqlalchemy import Numeric
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import TypeDecorator
from sqlalchemy.orm import column_property
from sqlalchemy.orm import declarative_base
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import MappedAsDataclass
from sqlalchemy.orm import relationship


class Reversed(TypeDecorator[str]):
    """Text that the database has backwards, as another would have it encrypted."""

    impl = String(60)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return value if value is None else value[::-1]

    process_result_value = process_bind_param


class State(enum.Enum):
    NEW = "new"
    PAID = "paid"


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "rows_customers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column("full_name", String(60))
    secret: Mapped[str | None] = mapped_column(Reversed)
    orders: Mapped[list[Order]] = relationship(
        back_populates="customer", lazy="selectin"
    )


class Order(Base):
    __tablename__ = "rows_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("rows_customers.id"))
    tenant: Mapped[str] = mapped_column(String(10))
    secret: Mapped[str | None] = mapped_column(Reversed)
    note: Mapped[str | None] = mapped_column(String(60), deferred=True)
    customer: Mapped[Customer | None] = relationship(back_populates="orders")


class Buyer(Base):
    """A customer, always with all of the orders."""

    __table__ = Customer.__table__
    orders: Mapped[list[Order]] = relationship(lazy="joined", viewonly=True)


class Item(MappedAsDataclass, Base):
    __tablename__ = "rows_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[decimal.Decimal] = mapped_column(Numeric(10, 2))
    state: Mapped[State] = mapped_column(Enum(State))
    day: Mapped[datetime.date | None] = mapped_column(default=None)
    double: Mapped[decimal.Decimal] = column_property(amount * 2)


class Person(Base):
    __tablename__ = "rows_people"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    __mapper_args__: ClassVar = {
        "polymorphic_on": "kind",
        "polymorphic_identity": "person",
    }


class Manager(Person):
    budget: Mapped[int | None] = mapped_column(Integer)
    __mapper_args__: ClassVar = {"polymorphic_identity": "manager"}


class Engineer(Person):
    language: Mapped[str | None] = mapped_column(String(10))
    __mapper_args__: ClassVar = {"polymorphic_identity": "engineer"}


class Number(Base):
    __tablename__ = "rows_numbers"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))


Old: Any = declarative_base(metadata=Base.metadata)


class Plain(Old):
    """A class as it was mapped before SQLAlchemy 2."""

    __table__ = Item.__table__


CUSTOMERS = [(1, "Ada", "a1"), (2, "Bo", None)]
ORDERS = [
    (1, 1, "red", "s1", "n1"),
    (2, 1, "blue", "s2", None),
    (3, None, "red", None, "n3"),
]
DAY = datetime.date(2024, 2, 29)
ITEMS = [
    (1, decimal.Decimal("1.50"), State.NEW, DAY),
    (2, decimal.Decimal("0.01"), State.PAID, None),
]
PEOPLE = [
    (1, "manager", 500, None),
    (2, "engineer", None, "C"),
    (3, "person", None, None),
]


def set_up(engine: Engine) -> None:
    """Make the tables and put the rows in, unless that is done."""
    tables = [Customer, Order, Item, Person]
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        if connection.scalar(select(func.count()).select_from(Person)):
            return
        for model, rows in zip(tables, (CUSTOMERS, ORDERS, ITEMS, PEOPLE), strict=True):
            table: Any = model.__table__
            names = table.columns.keys()
            values = [dict(zip(names, row, strict=True)) for row in rows]
            connection.execute(insert(table), values)
