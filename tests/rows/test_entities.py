"""Tests of objects of SQLAlchemy's ORM: which of their columns come, and how."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy import event
from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlalchemy.orm import defer
from sqlalchemy.orm import load_only
from sqlalchemy.orm import Session
from sqlalchemy.orm import undefer
from sqlalchemy.orm import with_polymorphic

from rows.models import Buyer
from rows.models import Customer
from rows.models import CUSTOMERS
from rows.models import Engineer
from rows.models import Item
from rows.models import ITEMS
from rows.models import Manager
from rows.models import Order
from rows.models import ORDERS
from rows.models import Person
from rows.models import Plain
from rows.models import set_up
from rows.models import State
from rows.reading import read


@pytest.fixture
def session() -> Iterator[Session]:
    """Return a session of a database in memory that has the rows."""
    engine = create_engine("sqlite://")
    set_up(engine)
    with Session(engine) as session:
        yield session
    engine.dispose()


@pytest.fixture
def statements(session: Session) -> list[str]:
    """Return the statements that were executed so far."""
    seen: list[str] = []

    def remember(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(session.get_bind(), "before_cursor_execute", remember)
    return seen


NAMES = ("id", "customer_id", "tenant", "secret")
BASE = [row[:4] for row in ORDERS]

#: How the entities of a query are had.
WAYS: dict[str, Callable[[Any, Session], Any]] = {
    "statement": lambda statement, session: statement,
    "scalars": lambda statement, session: session.scalars(statement),
    "result": lambda statement, session: session.execute(statement),
    "list": lambda statement, session: session.scalars(statement).all(),
    "iterator": lambda statement, session: iter(session.scalars(statement)),
}


@pytest.mark.parametrize("way", WAYS)
def test_loaded_columns_are_what_comes(
    session: Session, statements: list[str], way: str
) -> None:
    """Each way to the entities gives the columns that were loaded, by one query."""
    orders = select(Order).order_by(Order.id)
    cases: list[tuple[Any, Any, Any]] = [
        (orders, NAMES, BASE),
        (
            orders.options(load_only(Order.tenant)),
            ("id", "tenant"),
            [(row[0], row[2]) for row in ORDERS],
        ),
        (orders.options(defer(Order.secret)), NAMES[:3], [row[:3] for row in ORDERS]),
        (orders.options(undefer(Order.note)), (*NAMES, "note"), ORDERS),
    ]
    for statement, names, rows in cases:
        session.expunge_all()
        statements.clear()
        assert read(WAYS[way](statement, session), bind=session) == (names, rows)
        assert len(statements) == 1


def test_columns_are_named_by_their_attributes(session: Session) -> None:
    """The name is that of the attribute, which need not be that of the column."""
    names = ("id", "name", "secret")
    assert read(select(Customer), bind=session)[0] == names
    assert read(select(Customer.name), bind=session)[0] == ("name",)
    assert read(Customer.__table__, bind=session)[0] == ("id", "full_name", "secret")


def test_columns_choose(session: Session, statements: list[str]) -> None:
    """Any attribute can be asked for, a relationship's own as well."""
    assert read(Order, bind=session, columns=["note", "id"])[1] == [
        ("n1", 1),
        (None, 2),
        ("n3", 3),
    ]


def test_dataclass_is_an_entity(session: Session) -> None:
    """A mapped dataclass has the columns of its table, and expressions over them."""
    names = ("id", "amount", "state", "day", "double")
    rows = [(*row, row[1] * 2) for row in ITEMS]
    got = read(Item, bind=session)
    assert (sorted(got[0]), len(got[1])) == (sorted(names), 2)
    assert read(Item, bind=session, columns=names) == (names, rows)
    new = [Item(id=7, amount=decimal.Decimal(1), state=State.NEW)]
    assert read(new, columns=names[:4])[1] == [(7, 1, State.NEW, None)]
    assert read(Plain, bind=session) == (names[:4], ITEMS)


def test_single_table_inheritance(session: Session, statements: list[str]) -> None:
    """A query for the base class gives its columns, one for a subclass all of its."""
    kinds = ["manager", "engineer", "person"]
    people = [(number, kind) for number, kind in enumerate(kinds, 1)]
    assert read(Person, bind=session) == (("id", "kind"), people)
    assert read(session.scalars(select(Person)).all())[1] == people
    expected = (("id", "kind", "budget"), [(1, "manager", 500)])
    assert read(Manager, bind=session) == expected
    assert read(select(Engineer.language), bind=session)[1] == [("C",)]
    assert len(statements) == 4


def test_inheritance_with_columns_left_out(
    session: Session, statements: list[str]
) -> None:
    """What ``load_only`` leaves out of a base class is not loaded row by row."""
    people = select(Person).options(load_only(Person.id)).order_by(Person.id)
    names, rows = read(people, bind=session)
    assert names[0] == "id"
    assert [row[0] for row in rows] == [1, 2, 3]
    assert len(statements) == 1


def test_inheritance_with_columns_of_subclasses(
    session: Session, statements: list[str]
) -> None:
    """A query for all classes gives rows of one shape."""
    people = with_polymorphic(Person, "*")
    names, rows = read(select(people).order_by(people.id), bind=session)
    assert names[:2] == ("id", "kind")
    assert [row[:2] for row in rows] == [(1, "manager"), (2, "engineer"), (3, "person")]
    assert len(statements) == 1


def test_entities_among_columns(session: Session, statements: list[str]) -> None:
    """Rows of entities and columns have the columns of each entity in its place."""
    statement = (
        select(Order.tenant.label("first"), Customer, Order.note)
        .join_from(Order, Customer, isouter=True)
        .order_by(Order.id)
    )
    expected = (
        ("first", "id", "name", "secret", "note"),
        [
            ("red", 1, "Ada", "a1", "n1"),
            ("blue", 1, "Ada", "a1", None),
            ("red", None, None, None, "n3"),
        ],
    )
    assert read(statement, bind=session) == expected
    assert read(session.execute(statement).unique()) == expected
    query = session.query(Order.tenant.label("first"), Customer, Order.note)
    query = query.select_from(Order).outerjoin(Customer).order_by(Order.id)
    assert read(query) == expected


def test_left_out_columns_of_entities_among_others(
    session: Session, statements: list[str]
) -> None:
    """They are left out here as well, and not loaded row by row."""
    statement = select(Order, Order.tenant.label("again")).options(load_only(Order.id))
    names, rows = read(statement.order_by(Order.id), bind=session)
    assert names == ("id", "again")
    assert rows == [(row[0], row[2]) for row in ORDERS]
    assert len(statements) == 1


def test_aliases_of_one_entity(session: Session) -> None:
    """A class that is queried twice has its columns twice."""
    one, other = aliased(Order), aliased(Order)
    statement = select(one, other).where(one.id < other.id).order_by(one.id, other.id)
    names, rows = read(statement, bind=session)
    assert names == NAMES * 2
    assert rows == [BASE[0] + BASE[1], BASE[0] + BASE[2], BASE[1] + BASE[2]]


def test_new_entities_have_all_columns() -> None:
    """What the first one has not set is a column all the same."""
    orders = [Order(id=1), Order(id=2, tenant="red")]
    assert read(orders) == (
        NAMES,
        [(1, None, None, None), (2, None, "red", None)],
    )


def test_expired_entities_are_loaded_again(session: Session) -> None:
    """After a commit, or when an attribute is expired, no column is missing."""
    orders = list(session.scalars(select(Order).order_by(Order.id)))
    session.commit()
    assert read(orders) == (NAMES, BASE)
    session.expire(orders[0], ["tenant"])
    assert read(orders) == (NAMES, BASE)


def test_detached_entities(session: Session) -> None:
    """Entities without their session are rows, as far as they are loaded."""
    orders = list(session.scalars(select(Order).order_by(Order.id)))
    session.expunge_all()
    assert read(orders) == (NAMES, BASE)


def test_no_entities(session: Session) -> None:
    """An empty result has the columns that rows would have."""
    nobody = select(Order).where(Order.id > 99)
    assert read(nobody, bind=session) == (NAMES, [])
    assert read(nobody.add_columns(Order.id.label("x")), bind=session)[0] == (
        *NAMES,
        "x",
    )
    assert read(session.execute(nobody)) == (NAMES, [])


def test_relationships_are_no_columns(session: Session, statements: list[str]) -> None:
    """They are neither written nor loaded, however eagerly the classes would."""
    for source in (select(Customer), Customer, session.query(Customer)):
        assert read(source, bind=session)[1] == CUSTOMERS
    names, rows = read(Buyer, bind=session)
    assert (names, rows) == (("id", "full_name", "secret"), CUSTOMERS)
    assert len(statements) == 4
    assert not any("rows_orders" in statement for statement in statements)
