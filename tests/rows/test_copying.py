"""Tests of COPY: whatever it writes is what the usual way writes, or it is not used."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg.types.numeric import FloatLoader
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import Float
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import Integer
from sqlalchemy import literal
from sqlalchemy import select
from sqlalchemy import String
from sqlalchemy import text
from sqlalchemy import type_coerce
from sqlalchemy import union_all
from sqlalchemy.exc import DataError
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import aliased
from sqlalchemy.orm import load_only
from sqlalchemy.orm import Session
from sqlalchemy.orm import with_loader_criteria

from flask_outpour import CSV
from flask_outpour import NDJSON
from flask_outpour import SourceError
from flask_outpour import stream_rows
from flask_outpour.formats import JSON
from flask_outpour.formats import JSONSequence
from flask_outpour.formats import TSV
from flask_outpour.rows import open_rows
from postgresql import PostgreSQL
from rows.conftest import numbers
from rows.conftest import wide
from rows.models import Base
from rows.models import Customer
from rows.models import Item
from rows.models import Number
from rows.models import Order
from rows.models import Person
from rows.models import Reversed
from rows.reading import small_memory

FORMATS = [
    *(CSV(), TSV(), CSV(delimiter=";", bom=True)),
    *(CSV(decimal=",", delimiter=";"), CSV(errors="ignore", separator_line=True)),
    CSV(dates="%d.%m.%Y", times="%H:%M", datetimes="%d.%m.%Y"),
    *(CSV(encoding="utf-16", separator_line=True), CSV(encoding="gb18030", bom=True)),
    *(NDJSON(), NDJSON(final_record=True), JSON(), JSONSequence()),
    JSON(key="rows", meta=lambda rows: {"rows": rows}),
]


def id_of(format: Any) -> str:
    """Return a name that is the same in each process of the tests."""
    return re.sub(r"<function .* at \w+>", "function", repr(format))


ORDER_TABLE: Any = Order.__table__
NUMBER_TABLE: Any = Number.__table__


@pytest.fixture
def engine(open_engine: Callable[..., Engine]) -> Engine:
    """Return an engine of psycopg, on a database with rows."""
    engine = open_engine("psycopg")
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        if not connection.scalar(select(func.count()).select_from(NUMBER_TABLE)):
            hostile = [
                "plain",
                "a,b",
                'say "x"',
                "two\nlines",
                "",
                "\\.",
                "100%",
                "é🚀",
            ]
            rows = [{"id": i, "name": name} for i, name in enumerate(hostile, 1)]
            connection.execute(insert(NUMBER_TABLE), rows)
    return engine


def copied(source: Any, format: Any = CSV(), **options: Any) -> bytes | None:  # noqa: B008
    """Return the bytes that COPY makes of a source, or ``None`` if it makes none."""
    with closing(open_rows(source, lines=format.lines, **options)) as rows:
        if rows.lines is None:
            return None
        begin = format.begin(rows.columns)
        return b"".join([begin, *map(format.frame, rows.lines), format.finish()])


def usual(source: Any, format: Any = CSV(), **options: Any) -> bytes:  # noqa: B008
    """Return the bytes that are made of the same source without COPY."""
    with closing(open_rows(source, **options)) as rows:
        assert rows.lines is None
        begin = format.begin(rows.columns)
        return b"".join([begin, *map(format.feed, rows.batches), format.finish()])


@contextmanager
def opened(kind: str, engine: Engine) -> Iterator[Any]:
    """Yield one kind of ``bind=``."""
    if kind == "engine":
        yield engine
    else:
        with {"connection": Engine.connect, "session": Session}[kind](engine) as bind:
            yield bind


# What COPY runs


@pytest.mark.parametrize("kind", ["engine", "connection", "session"])
@pytest.mark.parametrize(
    "statement",
    [
        select(NUMBER_TABLE),
        NUMBER_TABLE,
        Number,
        select(Number),
        select(Number).order_by(Number.name.desc()),
        select(Number.name),
        select(Number.name, Number.id),
        select(Number.id, Number.id.label("again"), func.length(Number.name)),
        select(Number.id, Number.id),
        select(Number).where(Number.name.like("%0\\%")),
        select(Number).where(Number.name.in_(["100%", 'say "x"', "it's", "%(x)s"])),
        select(Number.id, literal('it\'s \\ 5% %(x)s %s\n"q"').label("odd % name")),
        select(Number.name.label("one"), literal(None, String).label("two")),
        select(Number).where(Number.id < 0),
        select(ORDER_TABLE.c.id, ORDER_TABLE.c.tenant, ORDER_TABLE.c.note),
        union_all(select(Number.id, Number.name), select(Order.id, Order.tenant)),
        select(select(Number.id).where(Number.id > 2).cte("late")),
        select(Number.name, Order.tenant).outerjoin(Order, Order.id == Number.id),
        text("SELECT * FROM rows_numbers -- all of them"),
        text("SELECT id, name FROM rows_numbers WHERE name <> :name").bindparams(
            name="a,b"
        ),
        text("SELECT id + 1 AS next FROM rows_numbers").columns(next=Integer),
        text("VALUES (1, 'a'), (2, NULL)"),
        aliased(ORDER_TABLE).select().with_only_columns(ORDER_TABLE.c.id),
    ],
    ids=lambda statement: " ".join(str(statement).split())[:60],
)
def test_same_bytes(engine: Engine, kind: str, statement: Any) -> None:
    """Each kind of statement gives the same bytes, on each kind of bind."""
    with opened(kind, engine) as bind:
        expected = usual(statement, bind=bind)
    with opened(kind, engine) as bind:
        assert copied(statement, bind=bind) == expected
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize("format", FORMATS, ids=id_of)
def test_same_bytes_in_each_format(engine: Engine, format: Any) -> None:
    """All formats that are lines are framed alike; names are those of the rows."""
    for statement in (
        select(Number.id, Number.name.label('na"me %\\ é')),
        select(Number).where(Number.id < 0),
    ):
        expected = usual(statement, format, bind=engine)
        assert copied(statement, format, bind=engine) == expected


@pytest.mark.parametrize(
    "options",
    [
        *({"encoding": "cp1252"}, {"encoding": "iso2022_jp", "errors": "replace"}),
        *({"decimal": ",", "delimiter": ";", "escape_formulas": True}, {"excel": True}),
    ],
    ids=str,
)
def test_what_postgresql_would_write_otherwise(
    engine: Engine, options: dict[str, Any]
) -> None:
    """Where letters may be lacking, or formulas be text, rows are read instead."""
    format = CSV(bom=False, **options)
    assert copied(select(Number.id), format, bind=engine) is None
    assert usual(select(Number.id), format, bind=engine).startswith(b"id\n1\n2\n")


@pytest.mark.parametrize(
    "columns", [["name"], ["name", "id"], ["first", "second"], ["id", "id"]]
)
def test_columns_are_chosen_ordered_and_named(engine: Engine, columns: Any) -> None:
    """columns= means the same, for tables as for entities."""
    for statement in (select(NUMBER_TABLE), select(Number.id, Number.name)):
        expected = usual(statement, bind=engine, columns=columns)
        assert copied(statement, bind=engine, columns=columns) == expected
    with Session(engine) as session:
        if set(columns) <= {"id", "name"}:
            expected = usual(Number, bind=session, columns=columns)
            session.expunge_all()
            assert copied(Number, bind=session, columns=columns) == expected
        else:
            assert copied(Number, bind=session, columns=columns) is None


def test_entity_with_options(engine: Engine) -> None:
    """Deferred columns stay away, and those that a query leaves out."""
    renamed = select(Customer.id, Customer.name)
    for statement in (renamed, select(Number).options(load_only(Number.id))):
        with Session(engine) as session:
            expected = usual(statement, bind=session)
        with Session(engine) as session:
            assert copied(statement, bind=session) == expected
    assert expected.startswith(b"id\n1\n")


def test_large_order_is_kept(engine: Engine) -> None:
    """Rows come in the order of the statement, from a parallel plan, too."""
    with engine.begin() as connection:
        connection.execute(
            text(
                "CREATE TEMP TABLE parts AS SELECT i, md5(i::text) AS h"
                " FROM generate_series(1, 60000) AS i"
            )
        )
        made = copied(text("SELECT h, i FROM parts ORDER BY h"), bind=connection)
        assert made is not None
        hashes = [line.partition(b",")[0] for line in made.splitlines()[1:]]
        assert len(hashes) == 60_000
        assert hashes == sorted(hashes)


def test_through_a_view(app: Flask, client: FlaskClient, engine: Engine) -> None:
    """A view's statement is run as COPY, as PostgreSQL itself tells."""
    seen = "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()"
    app.add_url_rule(
        "/q.csv", "q", lambda: stream_rows(text(seen), bind=engine, columns=["query"])
    )
    assert client.get("/q.csv").text.startswith('query\n"COPY (')


# What forbids COPY


class Masking(Session):
    """A session that changes what it returns."""

    def execute(self, *args: Any, **options: Any) -> Any:
        super().execute(*args, **options).close()
        return super().execute(select(literal("masked").label("name")))


class Loud(String):
    """A type that is no TypeDecorator, and changes values all the same."""

    def result_processor(self, dialect: Any, coltype: Any) -> Any:
        return lambda value: value and value.upper()


@pytest.mark.parametrize("kind", ["engine", "session"])
@pytest.mark.parametrize(
    "statement",
    [
        select(Order.id, Order.secret),
        select(ORDER_TABLE),
        select(Customer),
        text("SELECT secret FROM rows_orders").columns(Order.secret),
        select(type_coerce(Number.name, Reversed)),
        select(type_coerce(Number.name, Loud)),
        select(
            type_coerce(Number.name, String().with_variant(Reversed(), "postgresql"))
        ),
        select(Item.state),
        select(type_coerce(Number.id, Float)),
        text("SELECT 1.5::float8 AS f"),
        text("SELECT '{\"a\": 1.50}'::jsonb AS j"),
        text("SELECT interval '1 day' AS i"),
    ],
    ids=lambda statement: " ".join(str(statement).split())[:60],
)
def test_types_that_python_knows_are_left_to_it(
    engine: Engine, kind: str, statement: Any
) -> None:
    """What a type makes of the database's value comes, and never that value."""
    with opened(kind, engine) as bind:
        assert copied(statement, bind=bind) is None
        assert usual(statement, bind=bind).count(b"\n") > 1


@pytest.mark.parametrize(
    "statement", [Person, Item, select(Number, Number.id), select(Number, text("1"))]
)
def test_entities_that_are_more_than_columns(engine: Engine, statement: Any) -> None:
    """Subclasses, expressions and several entities go the usual way."""
    with Session(engine) as session:
        assert copied(statement, bind=session) is None


@pytest.mark.parametrize("name", ["load", "refresh"])
def test_listeners_of_an_entity_are_heard(engine: Engine, name: str) -> None:
    """An entity that is changed when it is loaded is loaded."""

    def change(number: Number, *_: Any) -> None:
        number.name = "changed"

    with Session(engine) as session:
        assert copied(Number, bind=session) is not None
        event.listen(Number, name, change)
        try:
            assert copied(Number, bind=session) is None
        finally:
            event.remove(Number, name, change)


def test_entities_of_the_session_come_as_they_are(engine: Engine) -> None:
    """What the view has changed and not written is what it exports."""
    with Session(engine, autoflush=False) as session:
        first = session.get(Number, 1)
        assert first is not None
        first.name = "not yet written"
        assert copied(select(Number), bind=session) is None
        assert b"not yet written" in usual(select(Number), bind=session)
        assert copied(select(Number.name), bind=session) is not None


def test_filter_of_a_session_holds(engine: Engine) -> None:
    """A tenant's session sees its own rows, and COPY still runs."""

    def restrict(state: Any) -> None:
        red = with_loader_criteria(Order, Order.tenant == "red")
        state.statement = state.statement.options(red)

    for statement in (
        select(Order.id),
        select(select(Order.id).subquery()),
        union_all(select(Order.id), select(Order.id)),
    ):
        with Session(engine) as session:
            event.listen(session, "do_orm_execute", restrict)
            made = copied(statement, bind=session)
            assert made is not None
            assert set(made.split()) == {b"id", b"1", b"3"}


def test_hooks_that_change_rows_are_heard(engine: Engine) -> None:
    """A hook that executes the statement itself, and a session that does, do so."""

    def mask(state: Any) -> Any:
        state.invoke_statement().close()
        return state.session.connection().execute(select(literal("masked")))

    with Session(engine) as session:
        event.listen(session, "do_orm_execute", mask)
        assert copied(select(Number.name), bind=session) is None
        assert usual(select(Number.name), bind=session).endswith(b"\nmasked\n")
    with Masking(engine) as session:
        assert copied(select(Number.name), bind=session) is None
        assert usual(select(Number.name), bind=session) == b"name\nmasked\n"


def test_hooks_of_the_connection_are_heard(engine: Engine) -> None:
    """SQL that a hook rewrites is what COPY runs; each start has its end."""
    seen = []

    @event.listens_for(engine, "before_cursor_execute", retval=True)
    def rewrite(_: Any, __: Any, sql: str, parameters: Any, *___: Any) -> Any:
        seen.append("before")
        few = "FROM (SELECT * FROM rows_numbers LIMIT 1) AS rows_numbers"
        return sql.replace("FROM rows_numbers", few), parameters

    @event.listens_for(engine, "after_cursor_execute")
    def count(*_: Any) -> None:
        seen.append("after")

    assert copied(select(NUMBER_TABLE), bind=engine) == b"id,name\n1,plain\n"
    assert seen == ["before", "after"]


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        (
            "timezone=Europe/Berlin",
            "timestamptz '2024-07-01 12\\:00\\:00.5+00'",
            "2024-07-01 14:00:00.500000+02:00",
        ),
        ("datestyle=German", "date '2024-07-01'", "2024-07-01"),
        ("client_encoding=LATIN1", "'é'", "é"),
        ("statement_timeout=60000", "'x'", "x"),
    ],
)
def test_settings_of_a_connection_hold(
    open_engine: Callable[..., Engine], setting: str, value: str, expected: str
) -> None:
    """Times in a zone, other text than UTF-8, and a limit of time are respected."""
    engine = open_engine("psycopg", connect_args={"options": f"-c {setting}"})
    statement = text(f"SELECT {value} AS v, 1 AS one")
    assert copied(statement, bind=engine) is None
    assert usual(statement, bind=engine) == f"v,one\n{expected},1\n".encode()


def test_statement_can_say_no(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """An execution option keeps COPY away, and the log tells at its lowest level."""
    caplog.set_level("DEBUG", "flask_outpour")
    statement = select(NUMBER_TABLE)
    assert copied(statement, bind=engine) is not None
    assert "COPY sends the rows" in caplog.text
    assert copied(statement.execution_options(outpour_copy=False), bind=engine) is None
    assert "COPY cannot: its execution option outpour_copy is False" in caplog.text


def test_loaders_of_a_connection_hold(engine: Engine) -> None:
    """A connection that reads numbers in another way exports them so."""
    statement = text("SELECT 1.50 AS n, 1 AS one")
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        assert copied(statement, bind=connection) == b"n,one\n1.50,1\n"
        driver.adapters.register_loader("numeric", FloatLoader)
        assert copied(statement, bind=connection) is None
        assert usual(statement, bind=connection) == b"n,one\n1.5,1\n"
        connection.detach()


def test_what_cannot_be_copied_harms_nothing(engine: Engine) -> None:
    """A statement that COPY cannot hold goes the usual way, in the same transaction."""
    statement = text("SELECT i FROM mine;")
    with engine.connect() as connection:
        connection.execute(text("CREATE TEMP TABLE mine AS SELECT 1 AS i"))
        assert copied(statement, bind=connection) is None
        assert usual(statement, bind=connection) == b"i\n1\n"


# Errors and endings


def test_errors_are_those_of_sqlalchemy(engine: Engine) -> None:
    """Whichever way a statement fails, the same handler can catch it."""
    with pytest.raises(ProgrammingError, match="no_such_table"):
        copied(text("SELECT * FROM no_such_table"), bind=engine)
    with pytest.raises(DataError, match="division by zero"):
        copied(
            text("SELECT 1 / (3 - i) AS x, i FROM generate_series(1, 9) AS i"),
            bind=engine,
        )
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_failure_before_the_first_row_has_its_status(
    app: Flask, client: FlaskClient, engine: Engine
) -> None:
    """The application's handler answers, as for any other error of the database."""
    statement = text("SELECT 1 / 0 AS x, 1 AS one")
    app.add_url_rule("/q.csv", "q", lambda: stream_rows(statement, bind=engine))
    app.register_error_handler(DataError, lambda error: ("sorry", 503))
    response = client.get("/q.csv")
    assert (response.status_code, response.text) == (503, "sorry")


def test_first_row_waits_for_no_compiler(engine: Engine) -> None:
    """PostgreSQL's JIT is off while COPY runs, whatever the connection says."""
    statement = text("SELECT current_setting('jit') AS jit, 1 AS one")
    with engine.connect() as connection:
        connection.execute(text("SET jit = on"))
        assert copied(statement, bind=connection) == b"jit,one\noff,1\n"
        assert usual(statement, bind=connection) == b"jit,one\non,1\n"


@pytest.mark.parametrize("kind", ["connection", "session"])
def test_transaction_goes_on(engine: Engine, kind: str) -> None:
    """A transaction that the view has begun can be used after a COPY, however ended."""
    endless = numbers("psycopg", 1_000_000_000, wide("psycopg", 100))
    failing = text("SELECT 1 / (3 - i) AS x, i FROM generate_series(1, 9) AS i")
    with opened(kind, engine) as bind:
        bind.execute(text("SET LOCAL search_path = pg_catalog, public"))
        bind.execute(text("SET LOCAL jit = on"))
        with closing(open_rows(endless, lines=CSV().lines, bind=bind)) as rows:
            next(iter(rows.lines or ()))
        with pytest.raises(DataError):
            copied(failing, bind=bind)
        assert copied(select(Number.id, Number.name), bind=bind) is not None
        for setting, value in (("search_path", "pg_catalog, public"), ("jit", "on")):
            assert bind.execute(text(f"SHOW {setting}")).scalar() == value


@pytest.mark.parametrize("read", [0, 1])
def test_connection_is_given_back_clean(engine: Engine, read: int) -> None:
    """An end before the first line, or after some, leaves nothing behind."""
    endless = numbers("psycopg", 1_000_000_000, wide("psycopg", 100))
    for _ in range(3):
        with closing(open_rows(endless, lines=CSV().lines, bind=engine)) as rows:
            assert rows.lines is not None
            for _ in range(read):
                next(iter(rows.lines))
    pool: Any = engine.pool
    assert (pool.checkedout(), pool.checkedin()) == (0, 1)
    with engine.connect() as connection:
        running = text(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%'"
            " AND state = 'active'"
        )
        assert connection.scalar(running) == 0


def test_large_result_takes_little_memory(engine: Engine) -> None:
    """72 MB are never in memory at once, and come in pieces of many lines."""
    statement = numbers("psycopg", 720_000, wide("psycopg", 92))
    size = count = 0
    with (
        small_memory(8_000_000) as check,
        closing(open_rows(statement, lines=CSV().lines, bind=engine)) as rows,
    ):
        assert rows.lines is not None
        for piece in rows.lines:
            assert piece.endswith(b"\n")
            size += len(piece)
            count += 1
            check()
    assert size > 70_000_000
    assert size / count > 20_000


def test_engine_in_autocommit_is_no_hindrance(
    open_engine: Callable[..., Engine],
) -> None:
    """COPY needs no transaction, on a session neither."""
    engine = open_engine("psycopg", isolation_level="AUTOCOMMIT")
    statement = numbers("psycopg", 2500)
    with engine.connect() as connection, Session(engine) as session:
        for bind in (engine, connection, session):
            with closing(open_rows(statement, lines=CSV().lines, bind=bind)) as rows:
                assert rows.caveat is None
                assert b"".join(rows.lines or ()).count(b"\n") == 2500


def test_slow_lines_do_not_wait_for_a_full_piece(engine: Engine) -> None:
    """What the server has sent is passed on before it sends more."""
    # PostgreSQL sends 8 KiB at a time.
    statement = numbers("psycopg", 10, "pg_sleep(0.05)::text", wide("psycopg", 9000))
    begun = time.monotonic()
    with closing(open_rows(statement, lines=CSV().lines, bind=engine)) as rows:
        pieces = rows.lines or ()
        came = [(piece.count(b"\n"), time.monotonic() - begun) for piece in pieces]
    assert sum(count for count, _ in came) == 10
    assert max(count for count, _ in came) <= 2
    assert came[0][1] < came[-1][1] / 2


# PostgreSQL's own text


OWN = """SELECT i, i % 2 = 0 AS even, i / 3.0::float8 AS f, now() AT TIME ZONE 'UTC' -
 now() AT TIME ZONE 'UTC' AS d, NULL AS n, '' AS e, 'a,"b"' AS q, ARRAY[i, 2] AS a,
 '{"a": 1.0}'::jsonb AS j, timestamptz '2024-01-01 00:00:00.5+00' AS t, '\\x00ff'::bytea
 AS b FROM generate_series(1, 1000) AS i"""


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_own_text_is_that_of_psql(
    engine: Engine, postgresql: PostgreSQL, delimiter: str
) -> None:
    """The bytes are those that psql writes of the same query."""
    command = f"COPY ({OWN}) TO STDOUT (FORMAT csv, HEADER, DELIMITER '{delimiter}')"
    psql = subprocess.run(
        ["psql", "-X", "-d", postgresql.conninfo, "-c", command],
        check=True,
        capture_output=True,
    )
    own = CSV(dialect="postgresql", delimiter=delimiter)
    assert copied(text(OWN.replace(":", "\\:")), own, bind=engine) == psql.stdout
    own = CSV(dialect="postgresql", delimiter=delimiter, encoding="utf-16")
    made = copied(text(OWN.replace(":", "\\:")), own, bind=engine) or b""
    assert made.decode("utf-16").encode() == psql.stdout


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (select(Order.id, Order.secret), "Reversed.*'secret'"),
        (text("SELECT 1;"), "syntax error"),
    ],
)
def test_own_text_or_an_error(engine: Engine, statement: Any, reason: str) -> None:
    """What is no text of PostgreSQL's alone is refused with the reason."""
    own = CSV(dialect="postgresql")
    with pytest.raises(SourceError, match=reason):
        copied(statement, own, bind=engine)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    with pytest.raises(SourceError, match="psycopg"):
        usual([{"a": 1}], own)
