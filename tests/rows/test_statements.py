"""Tests of SQLAlchemy's statements: that they stream, and give back what they took."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from flask import Flask
from flask import request
from flask import Response
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import insert
from sqlalchemy import Integer
from sqlalchemy import select
from sqlalchemy import StaticPool
from sqlalchemy import String
from sqlalchemy import text
from sqlalchemy import union
from sqlalchemy import union_all
from sqlalchemy.orm import scoped_session
from sqlalchemy.orm import Session
from sqlalchemy.orm import sessionmaker
from sqlalchemy.orm import with_loader_criteria

from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour.rows import open_rows
from rows.conftest import DRIVERS
from rows.conftest import MARIADB
from rows.conftest import numbers
from rows.conftest import POSTGRESQL
from rows.conftest import SERVERS
from rows.conftest import wide
from rows.models import Base
from rows.models import Customer
from rows.models import CUSTOMERS
from rows.models import Item
from rows.models import ITEMS
from rows.models import Order
from rows.models import ORDERS
from rows.reading import each_row
from rows.reading import read
from rows.reading import read_until_error
from rows.reading import small_memory
from servers.clients import connect
from servers.clients import wait_for

#: Where the driver hardly matters: one of each database.
few = pytest.mark.parametrize("driver", ["sqlite", "psycopg", "pymysql"], indirect=True)

RED = [(number, tenant) for number, _, tenant, *_ in ORDERS if tenant == "red"]
ORDER_TABLE: Any = Order.__table__


def binds(engine: Engine) -> Iterator[tuple[str, Any]]:
    """Yield each kind of ``bind=``, closed afterwards."""
    yield "engine", engine
    with engine.connect() as connection:
        yield "connection", connection
    with Session(engine) as session:
        yield "session", session
    registry = scoped_session(sessionmaker(engine))
    yield "scoped session", registry
    registry.remove()


def test_kinds_of_statements(engine: Engine) -> None:
    """Whatever SQLAlchemy executes gives its rows, whichever bind executes it."""
    columns = select(Order.id, Order.tenant).where(Order.tenant == "red")
    old = text("SELECT id, tenant FROM rows_orders WHERE tenant = :tenant ORDER BY id")
    bound = old.bindparams(tenant="red")
    ids = select(Order.id).where(Order.id < 3)
    recent = columns.cte("recent")
    names = ("id", "tenant")
    cases: list[tuple[Any, Any, Any]] = [
        (columns.order_by(Order.id), names, RED),
        (bound, names, RED),
        (bound.columns(id=Integer, tenant=String), names, RED),
        (select(recent).order_by(recent.c.id), names, RED),
        (union_all(ids, ids).order_by("id"), ("id",), [(1,), (1,), (2,), (2,)]),
        (union(ids, ids).order_by("id"), ("id",), [(1,), (2,)]),
        (Customer.__table__, ("id", "full_name", "secret"), CUSTOMERS),
        (select(Order.id).where(Order.id > 99), ("id",), []),
    ]
    for name, bind in binds(engine):
        for statement, columns_, rows in cases:
            assert read(statement, bind=bind) == (columns_, rows), name
        # An engine gives columns, a session entities: their names may differ.
        entities = read(Customer, bind=bind)
        assert (entities[0][0], entities[1]) == ("id", CUSTOMERS), name
        assert read(select(Customer), bind=bind) == entities, name
        if "session" in name:
            whole = text("SELECT * FROM rows_orders WHERE id = :id").bindparams(id=1)
            given = select(Order).from_statement(whole)
            assert read(given, bind=bind)[1][0][:4] == ORDERS[0][:4]
        mixed = select(Customer, Customer.id + 1)
        assert read(mixed, bind=bind)[1] == [(*row, row[0] + 1) for row in CUSTOMERS]
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@few
def test_legacy_queries(engine: Engine) -> None:
    """A query has its session with it, and needs no bind."""
    with Session(engine) as session, Session(create_engine("sqlite://")) as other:
        query = session.query(Order).filter(Order.tenant == "red").order_by(Order.id)
        names, rows = read(query)
        assert names == ("id", "customer_id", "tenant", "secret")
        assert [row[0] for row in rows] == [1, 3]
        assert read(query.with_entities(Order.id)) == (("id",), [(1,), (3,)])
        assert read(query, session=other) == (names, rows)
        assert read(query, bind=session) == (names, rows)


@few
def test_columns_rename_what_a_statement_gives(engine: Engine) -> None:
    """``columns=`` names the columns of a statement, value by value."""
    statement = select(Order.id, Order.tenant).order_by(Order.id).limit(1)
    expected = (("Number", "Firm"), [(1, "red")])
    assert read(statement, bind=engine, columns=["Number", "Firm"]) == expected
    got, error = read_until_error(statement, bind=engine, columns=["Number"])
    assert got == []
    assert "has 2 values, but there is 1 column" in str(error)


@few
def test_same_name_twice(engine: Engine) -> None:
    """Both columns come under the name that they have."""
    statement = text("SELECT 1 AS a, 2 AS b, 3 AS a")
    assert read(statement, bind=engine) == (("a", "b", "a"), [(1, 2, 3)])
    with Session(engine) as session:
        assert read(statement, bind=session) == (("a", "b", "a"), [(1, 2, 3)])
        statement = select(Order.id, Customer.id).join(Customer).order_by(Order.id)
        names, rows = read(statement, bind=session)
        assert (len(names), rows) == (2, [(1, 1), (2, 1)])


# Streaming


@pytest.mark.parametrize(
    ("driver", "opened"),
    [
        *((driver, lambda engine: engine) for driver in DRIVERS),
        *((driver, Session) for driver in ("psycopg", "pymysql")),
        ("psycopg2", Engine.connect),
    ],
    indirect=["driver"],
)
def test_large_result_takes_little_memory(
    driver: str, engine: Engine, opened: Any
) -> None:
    """72 MB of rows are never in memory at once, in the driver's neither."""
    statement = numbers(driver, 18_000, wide(driver, 4000))
    bind, count = opened(engine), 0
    with small_memory() as check, closing(open_rows(statement, bind=bind)) as rows:
        for batch in rows.batches:
            count += len(batch)
            check()
    assert count == 18_000
    assert rows.caveat is None
    if bind is not engine:
        bind.close()
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


#: What makes a row slow. MariaDB sends nothing before it has some 16 KiB.
SLEEPS = {
    "postgresql": ["pg_sleep(0.03)"],
    "mariadb": ["sleep(0.03)", "repeat(0, 20000)"],
}


@pytest.mark.parametrize("driver", SERVERS, indirect=True)
def test_slow_rows_come_one_by_one(driver: str, engine: Engine) -> None:
    """Each row of a slow query is there when the database has it."""
    server = DRIVERS[driver] or ""
    statement = numbers(driver, 12, *SLEEPS[server])
    begun = time.monotonic()
    with closing(open_rows(statement, bind=engine)) as rows:
        came = [(len(batch), time.monotonic() - begun) for batch in rows.batches]
    assert sum(size for size, _ in came) == 12
    # MariaDB may send two at once, after which some more are waited for.
    assert max(size for size, _ in came) <= (4 if driver in MARIADB else 1)
    assert came[0][1] < came[-1][1] / 4


@pytest.mark.parametrize("driver", POSTGRESQL, indirect=True)
def test_statement_has_a_cursor_on_the_server(engine: Engine) -> None:
    """PostgreSQL itself says that there is a cursor while the rows are read."""
    cursors = text("SELECT count(*) FROM pg_cursors WHERE statement LIKE '%generate%'")
    statement = numbers("psycopg", 5000)
    with engine.connect() as connection, Session(engine) as session:
        for bind, scalar in (
            (connection, connection.scalar),
            (session, session.scalar),
        ):
            assert scalar(cursors) == 0
            with closing(open_rows(statement, bind=bind)) as rows:
                next(iter(rows.batches))
                assert scalar(cursors) == 1
            assert scalar(cursors) == 0


@pytest.mark.parametrize("driver", POSTGRESQL)
def test_engine_in_autocommit_streams(
    driver: str, open_engine: Callable[..., Engine]
) -> None:
    """An engine that has no transactions gets one for the stream, and only for it."""
    engine = open_engine(driver, isolation_level="AUTOCOMMIT", pool_size=1)
    statement = numbers(driver, 18_000, wide(driver, 4000))
    with small_memory() as check, closing(open_rows(statement, bind=engine)) as rows:
        assert rows.caveat is None
        for _ in rows.batches:
            check()
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection.autocommit  # type: ignore[union-attr]


@pytest.mark.parametrize("driver", POSTGRESQL)
def test_session_in_autocommit_says_that_it_cannot_stream(
    driver: str, open_engine: Callable[..., Engine]
) -> None:
    """All rows come all the same, with a caveat that names the cure."""
    engine = open_engine(driver, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection, Session(engine) as session:
        for bind in (connection, session):
            with closing(open_rows(numbers(driver, 2500), bind=bind)) as rows:
                assert list(each_row(rows)) == [(i,) for i in range(1, 2501)]
                assert "AUTOCOMMIT" in (rows.caveat or "")
            assert read(Customer, bind=bind)[1] == CUSTOMERS


# What a statement takes, it gives back


def test_session_is_left_as_it_was(engine: Engine) -> None:
    """A transaction that the view has begun goes on; one for the stream ends."""
    with Session(engine) as session:
        read(select(Order.id), bind=session)
        assert not session.in_transaction()
        session.add(Customer(id=77, name="Cy"))
        assert (77, "Cy", None) in read(select(Customer), bind=session)[1]
        assert session.in_transaction()
        session.flush()
        assert session.get(Customer, 77) is not None
        session.rollback()
    with engine.connect() as connection:
        read(select(Order.id), bind=connection)
        assert not connection.in_transaction()
        customer = {"id": 78, "full_name": "Di"}
        connection.execute(insert(Customer.__table__), customer)
        assert len(read(select(Customer.id), bind=connection)[1]) == 3
        assert connection.in_transaction()


class Exports:
    """An application that streams statements of an engine, over a real socket."""

    def __init__(self, app: Flask, engine: Engine, serve: Callable[[Any], str]) -> None:
        self.engine = engine
        self.statement: Any = None
        app.add_url_rule("/", "export", self._export)
        self.port = int(serve(app).rpartition(":")[2])

    def _export(self) -> Response:
        response = stream_rows(self.statement, "csv", bind=self.engine)
        response.set_etag("v1")
        return response.make_conditional(request)

    @property
    def taken(self) -> int:
        """How many connections are out of the pool."""
        count: int = self.engine.pool.checkedout()  # type: ignore[attr-defined]
        return count


@pytest.fixture
def exports(app: Flask, engine: Engine, serve: Callable[[Any], str]) -> Exports:
    """Serve exports of the driver's engine."""
    return Exports(app, engine, serve)


def test_connection_is_taken_for_the_stream_alone(
    driver: str, exports: Exports
) -> None:
    """It is taken when the rows begin, and given back however they end."""
    exports.statement = numbers(driver, 15_000, wide(driver, 2000))
    with closing(connect(exports.port)) as connection:
        for method, headers in (("HEAD", {}), ("GET", {"If-None-Match": '"v1"'})):
            connection.request(method, "/", headers=headers)
            response = connection.getresponse()
            assert (response.status, response.read()) in ((200, b""), (304, b""))
            assert exports.taken == 0
            assert exports.engine.pool.checkedin() == 1  # type: ignore[attr-defined]
        connection.request("GET", "/")
        response = connection.getresponse()
        assert response.read(10_000).startswith(b"i,x\n1,xxx")
        assert exports.taken == 1
        assert response.read().count(b"\n") > 14_900
        assert wait_for(lambda: exports.taken == 0)
        connection.request("GET", "/")
        response = connection.getresponse()
        response.read(10_000)
        assert exports.taken == 1
        response.close()
        # It has the socket, where the server closes the connection after it.
        response.close()
    assert wait_for(lambda: exports.taken == 0)
    exports.statement = text("SELECT 1 FROM nowhere")
    with closing(connect(exports.port)) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().status == 500
    assert exports.taken == 0


@pytest.mark.parametrize("driver", POSTGRESQL, indirect=True)
def test_connection_is_given_back_after_a_failure(
    driver: str, exports: Exports
) -> None:
    """An error of the database in a later row cuts the stream, and ends its query."""
    exports.statement = numbers(driver, 10_000, "1 / (9000 - i)", wide(driver, 100))
    with closing(connect(exports.port)) as connection:
        connection.request("GET", "/")
        response = connection.getresponse()
        with pytest.raises(Exception, match="IncompleteRead"):
            response.read()
    assert wait_for(lambda: exports.taken == 0)


@pytest.mark.parametrize("driver", SERVERS, indirect=True)
def test_query_of_a_client_that_left_is_cancelled(
    driver: str, exports: Exports, request: pytest.FixtureRequest
) -> None:
    """The database stops soon, though the query would go on for hours."""
    server = request.getfixturevalue(DRIVERS[driver] or "")
    slow = "pg_sleep(0.002)" if driver in POSTGRESQL else "sleep(0.002)"
    exports.statement = numbers(driver, 10_000_000, slow, wide(driver, 30_000))

    def running() -> Any:
        queries = "pg_stat_activity WHERE pid <> pg_backend_pid() AND state <> 'idle'"
        if driver in MARIADB:
            queries = "information_schema.processlist WHERE id <> connection_id()"
        found = server.execute(f"SELECT * FROM {queries}")
        return [row for row in found if "sleep(0.002)" in str(row)]

    with closing(connect(exports.port)) as connection:
        connection.request("GET", "/")
        connection.getresponse().read(100_000)
    assert wait_for(lambda: exports.taken == 0)
    assert wait_for(lambda: not running())


# What a session and the types of columns do to rows


@pytest.fixture
def tenants(engine: Engine) -> Iterator[Any]:
    """Return a registry of sessions that see one tenant's orders, by a hook."""
    registry = scoped_session(sessionmaker(engine))

    def restrict(state: Any) -> None:
        tenant = with_loader_criteria(Order, Order.tenant == "red")
        state.statement = state.statement.options(tenant)

    event.listen(registry, "do_orm_execute", restrict)
    yield registry
    registry.remove()


@few
def test_hook_of_a_session_holds(tenants: Any) -> None:
    """A session's filter is not passed by, whatever the statement is made of."""
    for statement in (
        Order,
        select(Order),
        select(Order.id),
        select(Order, Order.id.label("again")),
        select(Order.id, Customer.name).outerjoin(Customer),
        select(select(Order.id).subquery()),
        union_all(select(Order.id), select(Order.id)),
        tenants.query(Order),
        tenants.query(Order.id),
    ):
        for bind in (tenants, tenants()):
            rows = read(statement, bind=bind)[1]
            assert {row[0] for row in rows} == {1, 3}, statement


@few
def test_hook_may_answer_from_a_cache(engine: Engine) -> None:
    """Rows that a session's hook has from elsewhere are as good."""
    registry = scoped_session(sessionmaker(engine))
    frozen = registry.execute(select(Order.id).order_by(Order.id)).freeze()
    event.listen(registry, "do_orm_execute", lambda state: frozen())
    assert read(select(Order.id), bind=registry) == (("id",), [(1,), (2,), (3,)])
    registry.remove()


def test_types_of_columns_hold(engine: Engine) -> None:
    """What a type makes of the database's value comes, and never that value."""
    secrets = [("s1",), ("s2",), (None,)]
    typed = text("SELECT secret FROM rows_orders ORDER BY id").columns(Order.secret)
    table: Any = Order.__table__
    statement = select(Order.secret).order_by(Order.id)
    for name, bind in binds(engine):
        for source in (statement, select(table.c.secret).order_by(table.c.id), typed):
            assert read(source, bind=bind)[1] == secrets, name
        for source in (Customer, Customer.__table__, select(Customer)):
            assert read(source, bind=bind)[1] == CUSTOMERS, name
        names, rows = read(Item.__table__, bind=bind)
        assert (names, rows) == (("id", "amount", "state", "day"), ITEMS), name
        assert [type(value) for value in rows[0]] == [type(value) for value in ITEMS[0]]


# Which database


def test_statement_without_a_database(app: Flask, client: FlaskClient) -> None:
    """The error says what bind= takes."""
    app.testing = True
    app.add_url_rule("/", "export", lambda: stream_rows(select(Order)))
    with pytest.raises(SourceError, match=r"Flask-SQLAlchemy is not set up .* bind="):
        client.get("/")
    for bind in (7, "sqlite://", Session):
        with pytest.raises(SourceError, match=r"bind= takes a Session, a Connection"):
            open_rows(select(Order), bind=bind)


def test_closed_connection_is_refused() -> None:
    """A connection whose block has ended cannot be a bind, and the error says so."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        pass
    with pytest.raises(SourceError, match=r"Connection is closed.*bind=engine"):
        open_rows(select(Order.id), bind=connection)
    engine.dispose()


@pytest.fixture
def database(app: Flask, open_engine: Callable[..., Engine]) -> Iterator[SQLAlchemy]:
    """Return Flask-SQLAlchemy of an application with two databases."""
    url = open_engine("sqlite").url
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    app.config["SQLALCHEMY_BINDS"] = {"other": "sqlite://"}
    database = SQLAlchemy(app)
    yield database
    with app.app_context():
        for engine in database.engines.values():
            engine.dispose()


def test_session_of_flask_sqlalchemy_is_found(
    app: Flask, client: FlaskClient, database: SQLAlchemy
) -> None:
    """Statements run in ``db.session`` where nothing else is said."""
    ids = select(Order.id).order_by(Order.id)
    app.add_url_rule("/statement", "1", lambda: stream_rows(ids, "csv"))
    app.add_url_rule("/function", "2", lambda: stream_rows(lambda: ids, "csv"))
    app.add_url_rule("/text", "3", lambda: stream_rows(text(str(ids)), "csv"))
    app.add_url_rule("/class", "4", lambda: stream_rows(Customer, "csv"))
    for path in ("/statement", "/function", "/text"):
        assert client.get(path).text == "id\n1\n2\n3\n"
    assert client.get("/class").text == "id,name,secret\n1,Ada,a1\n2,Bo,\n"
    with app.app_context():
        assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_other_databases_of_flask_sqlalchemy(
    app: Flask, client: FlaskClient, database: SQLAlchemy
) -> None:
    """A model of another bind is read from there; a query keeps its own session."""

    class Note(database.Model):  # type: ignore[name-defined, misc]
        __bind_key__ = "other"
        id = database.mapped_column(Integer, primary_key=True)

    own = create_engine("sqlite://", poolclass=StaticPool)
    Base.metadata.create_all(own)
    with app.app_context():
        database.create_all("other")
        database.session.add(Note(id=5))
        database.session.commit()
    app.add_url_rule("/note", "1", lambda: stream_rows(select(Note.id), "csv"))
    app.add_url_rule("/model", "2", lambda: stream_rows(Note, "csv"))
    app.add_url_rule("/legacy", "3", lambda: stream_rows(Note.query, "csv"))
    with Session(own) as session:
        app.add_url_rule("/own", "4", lambda: stream_rows(session.query(Order), "csv"))
        for path in ("/note", "/model", "/legacy"):
            assert client.get(path).text == "id\n5\n"
        assert client.get("/own").text == "id,customer_id,tenant,secret\n"
    own.dispose()


@few
def test_failing_statement_is_an_ordinary_error(
    app: Flask, client: FlaskClient, engine: Engine
) -> None:
    """A mistake in SQL has its own page, and leaves the pool whole."""
    statement = text("SELECT nothing FROM nowhere")
    app.add_url_rule("/", "export", lambda: stream_rows(statement, bind=engine))
    response = client.get("/")
    assert (response.status_code, response.mimetype) == (500, "text/html")
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("driver", MARIADB, indirect=True)
def test_another_statement_does_not_cut_the_rows_short(
    driver: str, engine: Engine
) -> None:
    """On MariaDB a connection has one result at a time; a second one is an error."""
    with Session(engine) as session:
        rows = open_rows(numbers(driver, 50_000), bind=session)
        with closing(rows), pytest.raises(SourceError, match="Another statement"):
            for _ in rows.batches:
                session.scalar(text("SELECT 1"))
    with Session(engine) as session:
        got = read(numbers(driver, 50_000), bind=session)[1]
        assert len(got) == 50_000
        assert session.scalar(text("SELECT 1")) == 1
