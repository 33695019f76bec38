"""Tests of attributes of entities as columns: the right values, by as few queries."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy import insert
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy.orm import aliased
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm import immediateload
from sqlalchemy.orm import joinedload
from sqlalchemy.orm import lazyload
from sqlalchemy.orm import load_only
from sqlalchemy.orm import raiseload
from sqlalchemy.orm import selectinload
from sqlalchemy.orm import Session
from sqlalchemy.orm import subqueryload

from flask_outpour import RowError
from flask_outpour import SourceError
from flask_outpour.lines import CSVLines
from flask_outpour.rows import open_rows
from rows.reading import each_row
from rows.reading import read
from rows.related import Client
from rows.related import CLIENTS
from rows.related import counted
from rows.related import Country
from rows.related import country_of
from rows.related import eager
from rows.related import parent_of
from rows.related import set_up
from rows.related import Span
from rows.related import Tag

pytestmark = pytest.mark.parametrize(
    "driver", ["sqlite", "psycopg", "pymysql"], indirect=True
)
NUMBERS = range(1, CLIENTS + 1)


@pytest.fixture
def engine(driver: str, open_engine: Callable[..., Engine]) -> Engine:
    """Return an engine of a database with clients."""
    engine = open_engine(driver)
    set_up(engine)
    return engine


#: What executes a statement: each is given an engine, and closed afterwards.
BINDS: dict[str, Callable[[Engine], Any]] = {
    "engine": lambda engine: engine,
    "connection": Engine.connect,
    "session": Session,
}


def read_by(bind: str, engine: Engine, source: Any, **options: Any) -> Any:
    """Return what a statement gives by a kind of bind, which has then all back."""
    if bind == "engine":
        got = read(source, bind=engine, **options)
    else:
        with BINDS[bind](engine) as opened:
            got = read(source, bind=opened, **options)
            assert not opened.in_transaction()
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    return got


clients = select(Client).order_by(Client.id)
alias = aliased(Client)

#: Names of columns, each with the value that it has for a client.
NAMES: dict[str, Callable[[int], Any]] = {
    "id": lambda number: number,
    "country.name": country_of,
    "country.id": lambda number: {None: None, "Nord": 1, "Sud": 2}[country_of(number)],
    "parent.country.name": lambda number: (
        country_of(number - 1) if parent_of(number) else None
    ),
    "parent.note": lambda number: f"note {number - 1}" if parent_of(number) else None,
    "parent.parent.name": lambda number: None,
    "country_name": country_of,
    "parent.country_name": lambda number: (
        country_of(number - 1) if parent_of(number) else None
    ),
    "note": lambda number: f"note {number}",
    "remark": lambda number: f"note {number}",
    "title": lambda number: f"client {number}",
    "twice": lambda number: number * 2,
    "thrice": lambda number: number * 3,
    "parent.thrice": lambda number: (number - 1) * 3 if parent_of(number) else None,
    "span": lambda number: Span(number, number + 5),
    "span.first": lambda number: number,
    "shout": lambda number: f"CLIENT {number}",
    "width": lambda number: 5,
    "parent.shout": lambda number: (
        f"CLIENT {number - 1}" if parent_of(number) else None
    ),
}


#: Those that a hook of Python's makes, of what is there or not.
CODE = ("shout", "width", "parent.shout")


@pytest.mark.parametrize("bind", BINDS)
def test_attribute_is_a_column(engine: Engine, bind: str) -> None:
    """Its values come by one query, and nothing where the way is NULL."""
    for name, value in NAMES.items():
        rows = [(number, value(number)) for number in NUMBERS]
        cases = [clients, clients.limit(3), select(alias).order_by(alias.id)]
        if name not in CODE:
            cases.append(clients.options(load_only(Client.id)))
        for statement in cases:
            with counted(engine) as queries:
                got = read_by(bind, engine, statement, columns=["id", name])
            count = 3 if statement is cases[1] else CLIENTS
            assert got == (("id", name), rows[:count])
            assert queries() == 1


@pytest.mark.parametrize("bind", BINDS)
def test_all_attributes_at_once(engine: Engine, bind: str) -> None:
    """They do not disturb each other, nor take more than one query."""
    rows = [tuple(get(number) for get in NAMES.values()) for number in NUMBERS]
    with counted(engine) as queries:
        got = read_by(bind, engine, clients, columns=list(NAMES))
    assert got == (tuple(NAMES), rows)
    assert queries() == 1


def test_attributes_of_queries_and_classes(engine: Engine) -> None:
    """What stands for a statement gives them as well."""
    columns = ["id", "country.name"]
    rows = [(number, country_of(number)) for number in NUMBERS]
    with Session(engine) as session, counted(engine) as queries:
        query = session.query(Client).order_by(Client.id)
        assert read(query, columns=columns)[1] == rows
        assert sorted(read(Client, bind=session, columns=columns)[1]) == rows
    assert queries() == 2


def test_attributes_that_a_text_selects(engine: Engine) -> None:
    """Nothing can be joined to it, so that others take a query more, not one a row."""
    whole = text("SELECT * FROM related_clients ORDER BY id")
    rows = [(number, country_of(number)) for number in NUMBERS]
    # Nor can PostgreSQL lock the rows of an outer join.
    for statement in (select(Client).from_statement(whole), clients.with_for_update()):
        with Session(engine) as session, counted(engine) as queries:
            got = read(statement, bind=session, columns=["id", "country.name"])
        assert got[1] == rows
        assert queries() == 2


#: Ways to load a relationship that a view may have chosen, with the queries it takes.
OWN: dict[str, tuple[Any, int]] = {
    "joinedload": (clients.options(joinedload(Client.country)), 1),
    "selectinload": (clients.options(selectinload(Client.country)), 2),
    "subqueryload": (clients.options(subqueryload(Client.country)), 2),
    "immediateload": (clients.options(immediateload(Client.country)), 3),
    "lazyload": (clients.options(lazyload(Client.country)), 3),
    "raiseload": (clients.options(raiseload("*")), 1),
    "contains_eager": (
        clients.outerjoin(Client.country).options(contains_eager(Client.country)),
        1,
    ),
    "columns of it": (
        clients.options(joinedload(Client.country).load_only(Country.id)),
        1,
    ),
}


@pytest.mark.parametrize("bind", BINDS)
def test_loader_of_the_view_stays(engine: Engine, bind: str) -> None:
    """Where the statement says how, that is how a relationship is loaded."""
    rows = [(number, country_of(number)) for number in NUMBERS]
    for own, (statement, count) in OWN.items():
        with counted(engine) as queries:
            got = read_by(bind, engine, statement, columns=["id", "country.name"])
        assert got[1] == rows, own
        assert queries() <= count, own


def test_relationship_as_the_view_filters_it(engine: Engine) -> None:
    """What ``contains_eager`` leaves out is not loaded by another way."""
    join = Client.country.and_(Country.name == "Sud")
    statement = clients.outerjoin(join).options(contains_eager(Client.country))
    for bind in BINDS:
        got = read_by(bind, engine, statement, columns=["id", "country.name"])
        for number, country in got[1]:
            assert country == ("Sud" if country_of(number) == "Sud" else None)


# To many


def counts(number: int) -> int:
    """Return how many tags a client has."""
    return number % 4


TO_MANY = {
    "joinedload": joinedload,
    "selectinload": selectinload,
    "subqueryload": subqueryload,
    "immediateload": immediateload,
    "lazyload": lazyload,
}


@pytest.mark.parametrize("bind", BINDS)
@pytest.mark.parametrize("loader", TO_MANY)
def test_property_counts_many(engine: Engine, bind: str, loader: str) -> None:
    """It takes the queries that SQLAlchemy takes, and gives each entity once."""
    statement = clients.options(TO_MANY[loader](Client.tags))
    with Session(engine) as session, counted(engine) as alone:
        for client in session.scalars(statement).unique():
            assert client.tag_count == counts(client.id)
    with counted(engine) as queries:
        got = read_by(bind, engine, statement, columns=["id", "tag_count"])
    assert got[1] == [(number, counts(number)) for number in NUMBERS]
    assert queries() == alone()
    # Nobody reads the tags here.
    with counted(engine) as queries:
        got = read_by(bind, engine, statement, columns=["id", "name"])
        assert got[1] == [(number, f"client {number}") for number in NUMBERS]
        assert read_by(bind, engine, statement)[1] == read(clients, bind=engine)[1]


@pytest.mark.parametrize("bind", BINDS)
@pytest.mark.parametrize(
    "lazy", ["select", "joined", "selectin", "subquery", "immediate"]
)
def test_property_counts_many_as_mapped(engine: Engine, bind: str, lazy: str) -> None:
    """What the mapper loads at once is loaded at once where a property may read it."""
    model = eager(lazy)
    statement = select(model).order_by(model.id)
    with Session(engine) as session, counted(engine) as alone:
        for client in session.scalars(statement).unique():
            assert client.tag_count == counts(client.id)
    with counted(engine) as queries:
        got = read_by(bind, engine, statement, columns=["id", "tag_count"])
    assert got[1] == [(number, counts(number)) for number in NUMBERS]
    assert queries() == alone()
    with counted(engine) as queries:
        read_by(bind, engine, statement)
        read_by(bind, engine, statement, columns=["id", "name"])
    assert queries() == 2


@pytest.mark.parametrize("bind", BINDS)
def test_many_where_lines_are_wanted(engine: Engine, bind: str) -> None:
    """COPY takes none of the queries that load what belongs to entities."""
    for loader in TO_MANY.values():
        statement = clients.options(loader(Client.tags))
        options: dict[str, Any] = {"lines": CSVLines(",")}
        got = read_by(bind, engine, statement, columns=["id", "tag_count"], **options)
        assert got[1] == [(number, counts(number)) for number in NUMBERS]


@pytest.mark.parametrize("bind", BINDS)
def test_many_that_a_view_has_joined(engine: Engine, bind: str) -> None:
    """``contains_eager`` gives each entity once, with what it has many of."""
    statement = clients.join(Client.tags).options(contains_eager(Client.tags))
    with counted(engine) as queries:
        got = read_by(bind, engine, statement, columns=["id", "tag_count"])
    assert got[1] == [(n, counts(n)) for n in NUMBERS if counts(n)]
    assert queries() == 1


@pytest.mark.parametrize("bind", BINDS)
def test_values_of_many(engine: Engine, bind: str) -> None:
    """An association proxy is a list, which is loaded for many entities at once."""
    with counted(engine) as queries, ExitStack() as stack:
        opened = BINDS[bind](engine)
        if bind != "engine":
            stack.enter_context(opened)
        rows = open_rows(clients, bind=opened, columns=["id", "labels"])
        with closing(rows):
            for number, labels in each_row(rows):
                expected = [f"{number}-{place}" for place in range(counts(number))]
                assert list(labels) == expected
    assert queries() == 2


@pytest.mark.parametrize("bind", BINDS)
def test_name_through_many(engine: Engine, bind: str) -> None:
    """It has no one value: the error says so before anything is executed."""
    for name in ("tags.label", "parent.tags.id"):
        with (
            counted(engine) as queries,
            pytest.raises(
                SourceError, match=rf"{name}.*through Client\.tags.*property of Client"
            ),
        ):
            read_by(bind, engine, clients, columns=["id", name])
        assert queries() == 0
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_name_that_is_not_there(engine: Engine) -> None:
    """The error comes before the first row, though that may not get there."""
    for name in ("country.nmae", "parent.parent.country.x", "country.name.x"):
        for opened in BINDS:
            with pytest.raises((SourceError, RowError), match=rf"{name}"):
                read_by(opened, engine, clients, columns=["id", name])
    nobody = select(Client).where(Client.id == 3)
    with pytest.raises(SourceError, match=r"Country has no 'nmae'. It has .*name"):
        read(nobody, bind=engine, columns=["id", "country.nmae"])


def test_caveat_of_many(engine: Engine, driver: str) -> None:
    """The log is told where entities do not stream, and how they would."""
    joined = clients.options(joinedload(Client.tags))
    selected = clients.options(selectinload(Client.tags))
    options: dict[str, Any] = {"bind": engine, "columns": ["id", "tag_count"]}
    with closing(open_rows(joined, **options)) as rows:
        word = "columns=" if driver == "pymysql" else r"selectinload()"
        assert word in (rows.caveat or "")
    with closing(open_rows(selected, **options)) as rows:
        assert ("columns=" in (rows.caveat or "")) == (driver == "pymysql")
    with closing(open_rows(clients, bind=engine, columns=["id", "note"])) as rows:
        assert rows.caveat is None
    with closing(open_rows(clients, bind=engine, columns=["country.name"])) as rows:
        assert rows.caveat is None


@pytest.mark.parametrize("loader", ["joinedload", "selectinload", "subqueryload"])
def test_many_of_a_result_of_the_view(engine: Engine, loader: str) -> None:
    """What the view has executed needs no ``unique()``, and keeps its own."""
    statement = clients.options(TO_MANY[loader](Client.tags))
    rows = [(number, counts(number)) for number in NUMBERS]
    with Session(engine) as session:
        for result in (
            session.execute(statement),
            session.execute(statement).unique(),
            session.scalars(statement),
            session.scalars(statement).unique(),
            session.execute(statement).unique().all(),
            session.scalars(statement).unique().all(),
        ):
            assert read(result, columns=["id", "tag_count"])[1] == rows


# Among others


@pytest.mark.parametrize("bind", BINDS)
def test_attributes_among_columns(engine: Engine, bind: str) -> None:
    """Of several entities and columns, each name finds what it means."""
    statement = (
        select(Client, Tag, Client.id.label("number"))
        .join_from(Client, Tag)
        .order_by(Tag.id)
    )
    columns = ["number", "label", "country.name", "Client.id", "note", "Tag.id"]
    with counted(engine) as queries:
        names, rows = read_by(bind, engine, statement, columns=columns)
    assert names == tuple(columns)
    assert queries() == 1
    for number, label, country, id_, note, _ in rows:
        assert label.startswith(f"{number}-")
        assert (country, id_) == (country_of(number), number)
        assert note == f"note {number}"
    with pytest.raises(SourceError, match="'id', which is in Client"):
        read_by(bind, engine, statement, columns=["number", "id", "Client.name"])
    with pytest.raises(SourceError, match="'nothing', which no column of the statem"):
        read_by(bind, engine, statement, columns=["number", "nothing", "country.name"])
    count = len(read_by(bind, engine, statement)[0])
    titles = [f"title {place}" for place in range(count)]
    assert read_by(bind, engine, statement, columns=titles)[0] == tuple(titles)


@pytest.mark.parametrize("lazy", ["dynamic", "write_only"])
def test_relationship_that_is_a_query(engine: Engine, lazy: str) -> None:
    """What is loaded by a query of its own is not loaded with the entities."""
    model = eager(lazy)
    statement = select(model).order_by(model.id)
    with counted(engine) as queries:
        got = read(statement, bind=engine, columns=["id", "tags"])
    assert [row[0] for row in got[1]] == list(NUMBERS)
    assert queries() == 1


@pytest.mark.parametrize("bind", BINDS)
def test_attribute_is_no_title(engine: Engine, bind: str) -> None:
    """A name of what a statement lacks does not become that of what it has."""
    statement = select(Client.id, Client.country_id).order_by(Client.id)
    for name in ("country.name", "note", "shout", "title", "width"):
        with pytest.raises(SourceError, match=rf"{name}.*these rows have not"):
            read_by(bind, engine, statement, columns=["id", name])
    # A label is another name already.
    labelled = select(Client.id, Client.name.label("x")).order_by(Client.id)
    for names in (["Number", "Country"], ["id", "country"], ["id", "a.b"]):
        assert read_by(bind, engine, labelled, columns=names)[0] == tuple(names)
    assert read_by(bind, engine, labelled, columns=["id", "note"])[0] == ("id", "note")


def test_attribute_is_no_title_of_a_result(engine: Engine) -> None:
    """Nor does a connection's result, which has no entities, take one for another."""
    columns = ["id", "country.name"]
    few = select(Client.id, Client.country_id)
    with engine.connect() as connection, Session(engine) as session:
        for result in (connection.execute(few), session.execute(few)):
            with pytest.raises(SourceError, match="these rows have not"):
                read(result, columns=columns)
        with pytest.raises(SourceError, match=r"Pass select\(Client\)"):
            read(connection.execute(clients), columns=columns)


@pytest.mark.parametrize("bind", BINDS)
def test_way_beside_columns_is_no_title(engine: Engine, bind: str) -> None:
    """Where others are names of columns, a way that leads nowhere is a mistake."""
    for name in ("cuontry.name", "country.name"):
        with pytest.raises((SourceError, RowError), match=name):
            read_by(bind, engine, select(Country), columns=["id", name])
    if bind != "session":
        names = ["Number", "Country"]
        assert read_by(bind, engine, select(Country), columns=names)[0] == tuple(names)
        names = ["Number", "name"]
        assert read_by(bind, engine, select(Country), columns=names)[0] == tuple(names)


@pytest.mark.parametrize("bind", ["connection", "session"])
def test_transaction_goes_on(engine: Engine, bind: str) -> None:
    """Objects that are made for a stream leave a transaction as it was."""
    with BINDS[bind](engine) as opened:
        opened.execute(insert(Tag).values(id=10_000, label="new", client_id=4))
        columns = ["id", "country.name", "labels"]
        assert len(read(clients, bind=opened, columns=columns)[1]) == CLIENTS
        assert opened.in_transaction()
        assert opened.scalar(select(Tag.label).where(Tag.id == 10_000)) == "new"
        opened.rollback()
        assert opened.scalar(select(Tag.label).where(Tag.id == 10_000)) is None


def test_size_of_batches_of_the_view(engine: Engine) -> None:
    """``yield_per`` of the statement's own does not stand against other queries."""
    statement = clients.options(selectinload(Client.tags))
    statement = statement.execution_options(yield_per=100)
    got = read(statement, bind=engine, columns=["id", "tag_count"])
    assert got[1] == [(number, counts(number)) for number in NUMBERS]


def test_attribute_is_no_title_of_copied_rows(engine: Engine) -> None:
    """COPY takes no name for another either."""
    statement = select(Client.id, Client.country_id)
    with pytest.raises(SourceError, match="these rows have not"):
        read(
            statement, bind=engine, columns=["id", "country.name"], lines=CSVLines(",")
        )


# Without a statement


def test_entities_of_a_list(engine: Engine) -> None:
    """A way through ``None`` is an empty cell, wherever the entities come from."""
    columns = ["id", "country.name", "parent.country.name"]
    rows = [tuple(NAMES[name](number) for name in columns) for number in NUMBERS]
    with Session(engine) as session:
        found = session.scalars(clients).all()
        sources: list[Any] = [
            found,
            iter(found),
            (client for client in found),
            session.execute(clients).all(),
            (row for row in session.execute(clients)),
            session.execute(clients).mappings().all(),
            session.execute(clients),
            session.execute(clients).mappings(),
            session.scalars(clients),
        ]
        for source in sources:
            assert read(source, columns=columns) == (tuple(columns), rows)


def test_rows_of_entities(engine: Engine) -> None:
    """Rows that ``all()`` gives are what their statement would give."""
    mixed = select(Client, Country, Client.id.label("x")).order_by(Client.id)
    mixed = mixed.outerjoin(Client.country).where(Client.id != 3)
    with Session(engine) as session:
        for statement in (clients, mixed, select(alias).order_by(alias.id)):
            expected = read(statement, bind=session)
            for rows in (
                session.execute(statement).all(),
                iter(session.execute(statement).all()),
                session.execute(statement).mappings().all(),
            ):
                assert read(rows) == expected
    with Session(engine) as session:
        rows = [*session.execute(clients).all(), (1,)]
        with pytest.raises(ValueError, match=f"Row {CLIENTS + 1} is of type tuple"):
            read(rows)
        with pytest.raises(ValueError, match=r"Row 1: .*nothing"):
            read(rows[:2], columns=["id", "nothing"])


def test_stream_of_rows_has_one_shape(engine: Engine) -> None:
    """The batches of entities are as those of rows."""
    with (
        Session(engine) as session,
        closing(
            open_rows(clients, bind=session, columns=["id", "country.name"])
        ) as rows,
    ):
        assert len(list(each_row(rows))) == CLIENTS
