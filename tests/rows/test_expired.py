"""Tests of entities that a view has fetched, and whose transaction is over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy import select
from sqlalchemy import StaticPool
from sqlalchemy import update
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import Session

from rows.reading import read


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "expired_orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int]


@pytest.fixture
def session() -> Iterator[Session]:
    """Return a session on a database with two orders."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Order(id=1, price=5), Order(id=2, price=6)])
        session.commit()
        yield session
    engine.dispose()


@pytest.mark.parametrize("ending", ["commit", "rollback", "expire_all"])
@pytest.mark.parametrize("columns", [None, ["id", "price"]])
def test_rows_of_expired_entities(session: Session, ending: str, columns: Any) -> None:
    """They are loaded again, as a list of the entities would be."""
    rows = session.execute(select(Order).order_by(Order.id)).all()
    getattr(session, ending)()
    assert read(rows, columns=columns) == (("id", "price"), [(1, 5), (2, 6)])


def test_what_a_statement_that_writes_returned(session: Session) -> None:
    """So the way works that the error of such a statement names."""
    statement = update(Order).values(price=7).returning(Order)
    rows = session.execute(statement).all()
    session.commit()
    names, got = read(rows)
    assert (names, sorted(got)) == (("id", "price"), [(1, 7), (2, 7)])


def test_expired_beside_columns(session: Session) -> None:
    """An entity beside other columns has its own."""
    rows = session.execute(select(Order, Order.price.label("p")).order_by("id")).all()
    session.commit()
    assert read(rows) == (("id", "price", "p"), [(1, 5, 5), (2, 6, 6)])
