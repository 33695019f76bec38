"""Tests of what statements do: those that write are refused, others give their rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import ClauseElement
from sqlalchemy import delete
from sqlalchemy import Engine
from sqlalchemy import event
from sqlalchemy import Executable
from sqlalchemy import func
from sqlalchemy import insert
from sqlalchemy import Integer
from sqlalchemy import lambda_stmt
from sqlalchemy import select
from sqlalchemy import text
from sqlalchemy import union_all
from sqlalchemy import update
from sqlalchemy.dialects import mysql
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.schema import CreateTable

from flask_outpour import SourceError
from flask_outpour.lines import CSVLines
from flask_outpour.rows import open_rows
from flask_outpour.rows.verbs import verbs_of_sql
from rows.models import Order
from rows.models import ORDERS
from rows.reading import read

few = pytest.mark.parametrize("driver", ["sqlite", "psycopg", "pymysql"], indirect=True)

TABLE: Any = Order.__table__
DIALECTS = {
    "postgresql": postgresql.dialect(),  # type: ignore[no-untyped-call]
    "mysql": mysql.dialect(),  # type: ignore[no-untyped-call]
    "sqlite": sqlite.dialect(),  # type: ignore[no-untyped-call]
}


class Explain(Executable, ClauseElement):
    """A statement of an application's own, as SQLAlchemy's documentation has one."""

    inherit_cache = False

    def __init__(self, statement: Any) -> None:
        self.statement = statement


@compiles(Explain)
def _explain(element: Any, compiler: Any, **options: Any) -> str:
    inner = compiler.process(element.statement, **options)
    plan = " QUERY PLAN" if compiler.dialect.name == "sqlite" else ""
    return f"EXPLAIN{plan} {inner}"


class Emptying(Explain):
    """Another one, which writes."""

    inherit_cache = False


@compiles(Emptying)
def _emptying(element: Any, compiler: Any, **options: Any) -> str:
    return "DELETE FROM rows_orders RETURNING id"


def deleted(name: str) -> Any:
    """Return a common table expression that deletes."""
    return delete(TABLE).returning(TABLE.c.id).cte(name)


WRITING: dict[str, Any] = {
    "delete": delete(TABLE).returning(TABLE.c.id),
    "delete entities": delete(Order).returning(Order),
    "update": update(Order).values(tenant="x").returning(Order.id),
    "insert": insert(Order).values(id=9, tenant="x").returning(Order.id),
    "insert from select": insert(TABLE)
    .from_select(["id"], select(TABLE.c.id + 10))
    .returning(TABLE.c.id),
    "without returning": delete(TABLE),
    "from statement": select(Order).from_statement(delete(Order).returning(Order)),
    "cte": select(deleted("gone")),
    "added cte": select(TABLE.c.id).add_cte(deleted("gone")),
    "nested cte": select(select(deleted("gone")).subquery()),
    "cte in where": select(TABLE.c.id).where(TABLE.c.id.in_(select(deleted("gone")))),
    "cte in union": union_all(select(TABLE.c.id), select(deleted("gone"))),
    "text in cte": select(
        text("DELETE FROM rows_orders RETURNING id").columns(id=Integer).cte("gone")
    ),
    "lambda": lambda_stmt(lambda: select(deleted("gone"))),
    "class of its own": Emptying(None),
    "columns of text": text("DELETE FROM rows_orders RETURNING id").columns(id=Integer),
    "text of entities": select(Order).from_statement(
        text("DELETE FROM rows_orders RETURNING *")
    ),
}
TEXTS = [
    "DELETE FROM rows_orders RETURNING id",
    "DELETE FROM rows_orders",
    "insert into rows_orders (id, tenant) values (9, 'x') returning id",
    "UPDATE rows_orders SET tenant = 'x' RETURNING id",
    "REPLACE INTO rows_orders (id, tenant) VALUES (1, 'x') RETURNING id",
    "-- all\n /* of */ DELETE FROM rows_orders RETURNING id",
    "WITH gone AS (DELETE FROM rows_orders RETURNING id) SELECT id FROM gone",
    "WITH a AS (SELECT 1), gone (id) AS MATERIALIZED (\n delete FROM rows_orders"
    " RETURNING id) SELECT id FROM gone",
    "WITH a AS (SELECT 1 AS id) DELETE FROM rows_orders WHERE id IN"
    " (SELECT id FROM a) RETURNING id",
    "EXPLAIN ANALYZE DELETE FROM rows_orders",
    "EXPLAIN (COSTS, ANALYZE) DELETE FROM rows_orders",
    "SELECT 1; DELETE FROM rows_orders",
    "SELECT * INTO rows_copied FROM rows_orders",
    "CREATE TABLE rows_made (id int)",
    "DROP TABLE rows_orders",
    "TRUNCATE TABLE rows_orders",
]


@few
@pytest.mark.parametrize("bind", ["engine", "connection", "session"])
def test_writing_statement_is_refused(engine: Engine, bind: str) -> None:
    """The error comes before anything is executed, and says what to do."""
    texts = {sql: text(sql) for sql in TEXTS}
    ran: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: ran.append(args[2]))
    with engine.connect() as connection, Session(engine) as session:
        binds = {"engine": engine, "connection": connection, "session": session}
        for name, statement in (WRITING | texts).items():
            for lines in (None, CSVLines(",")):
                with pytest.raises(SourceError, match=r"commits\s+nothing|no rows"):
                    open_rows(statement, bind=binds[bind], lines=lines)
                assert not ran, name
        assert not session.in_transaction()
        assert not connection.in_transaction()
    whole = read(select(TABLE.c.id).order_by(TABLE.c.id), bind=engine)[1]
    assert whole == [(row[0],) for row in ORDERS]
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@few
def test_query_that_writes(engine: Engine) -> None:
    """One with a session of its own is refused as well."""
    with Session(engine) as session:
        sql = text("DELETE FROM rows_orders RETURNING *")
        with pytest.raises(SourceError, match="writes"):
            open_rows(session.query(Order).from_statement(sql))


@few
def test_rows_of_what_was_written(engine: Engine) -> None:
    """What the error says to write gives the rows, and keeps them."""
    with Session(engine) as session:
        statement = insert(Order).values(id=77, tenant="new")
        if engine.dialect.insert_returning:
            rows = session.execute(statement.returning(Order.id, Order.tenant)).all()
            session.commit()
            assert read(rows) == (("id", "tenant"), [(77, "new")])
        else:
            session.execute(statement)
            session.commit()
        statement = select(Order.tenant).where(Order.id == 77)
        assert read(statement, bind=engine)[1] == [("new",)]
        session.execute(delete(Order).where(Order.id == 77))
        session.commit()


#: What gives rows without a SELECT, on each database.
OTHERS = {
    "sqlite": [
        "EXPLAIN QUERY PLAN SELECT 1",
        "EXPLAIN DELETE FROM rows_orders",
        "PRAGMA table_info(rows_orders)",
        "VALUES (1, 2), (3, 4)",
        "WITH a AS (VALUES (1)) SELECT * FROM a",
    ],
    "psycopg": [
        "EXPLAIN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1",
        "EXPLAIN DELETE FROM rows_orders",
        "SHOW server_version",
        "VALUES (1, 2), (3, 4)",
        "TABLE rows_orders",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "/* one */ WITH a AS (TABLE rows_orders) TABLE a",
        "CALL rows_procedure(1)",
        "SELECT id FROM rows_orders FOR UPDATE",
        "SELECT 'DELETE FROM x', $$;DELETE FROM x$$, E'\\';DELETE'",
    ],
    "pymysql": [
        "EXPLAIN SELECT 1",
        "ANALYZE SELECT 1",
        "EXPLAIN DELETE FROM rows_orders",
        "SHOW TABLES",
        "SHOW VARIABLES",
        "DESCRIBE rows_orders",
        "DESC rows_orders",
        "VALUES (1, 2), (3, 4)",
        "CALL rows_procedure()",
        "CHECK TABLE rows_orders",
        "SELECT REPLACE('a', 'a', 'b'), INSERT('abc', 1, 1, 'x')",
        "SELECT id FROM rows_orders FOR UPDATE",
        "SELECT 'it\\'s; DELETE FROM x' # DELETE",
    ],
}
PROCEDURES = {
    "psycopg": (
        "CREATE OR REPLACE PROCEDURE rows_procedure(INOUT a int)"
        " LANGUAGE plpgsql AS $$ BEGIN a := a + 1; END $$"
    ),
    "pymysql": (
        "CREATE OR REPLACE PROCEDURE rows_procedure()"
        " BEGIN SELECT id FROM rows_orders; END"
    ),
}
for driver in ("psycopg2", "pg8000"):
    OTHERS[driver], PROCEDURES[driver] = OTHERS["psycopg"], PROCEDURES["psycopg"]
OTHERS["mysqldb"], PROCEDURES["mysqldb"] = OTHERS["pymysql"], PROCEDURES["pymysql"]


@pytest.mark.parametrize("bind", ["engine", "connection", "session"])
def test_other_statements_give_their_rows(
    driver: str, engine: Engine, bind: str
) -> None:
    """They give what the database gives, with a cursor on the server or without."""
    if driver in PROCEDURES:
        with engine.begin() as connection:
            connection.exec_driver_sql(PROCEDURES[driver])
    with engine.connect() as connection, Session(engine) as session:
        binds = {"engine": engine, "connection": connection, "session": session}
        for sql in OTHERS[driver]:
            statement = text(sql.replace(":", r"\:"))
            with engine.connect() as other:
                result = other.execute(statement)
                names = tuple(result.keys())
                rows = [tuple(row) for row in result]
            for lines in (None, CSVLines(",")):
                got = open_rows(statement, bind=binds[bind], lines=lines)
                assert got.columns == names, sql
                got.close()
            got = read(statement, bind=binds[bind])
            assert (got[0], len(got[1])) == (names, len(rows)), sql
            if not sql.startswith(("EXPLAIN", "ANALYZE", "SHOW VAR")):
                assert got[1] == rows, sql
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]


@few
def test_statement_of_a_class_of_its_own(engine: Engine) -> None:
    """It is judged by the SQL that it becomes."""
    statement = Explain(select(Order.id))
    with engine.connect() as connection:
        rows = connection.execute(statement).all()
    assert len(read(statement, bind=engine)[1]) == len(rows) > 0
    assert read(func.abs(-3), bind=engine)[1] == [(3,)]


@pytest.mark.parametrize("driver", ["psycopg"], indirect=True)
def test_text_of_copy_is_of_queries(engine: Engine) -> None:
    """What COPY cannot run has no text of PostgreSQL's, and the error says so."""
    lines = CSVLines(",", dialect="postgresql")
    with pytest.raises(SourceError, match=r"COPY cannot run .* no SELECT"):
        open_rows(text("SHOW ALL"), bind=engine, lines=lines)


@few
def test_definitions_are_not_executed(engine: Engine) -> None:
    """A table is not made by the way, nor what goes on committed on MariaDB."""
    with pytest.raises(SourceError, match="no rows"):
        open_rows(CreateTable(TABLE), bind=engine)
    with pytest.raises(SourceError, match="no rows"):
        open_rows(text("CREATE TABLE rows_made (id int)"), bind=engine)
    with pytest.raises((ProgrammingError, OperationalError)), engine.connect() as bind:
        bind.execute(text("SELECT * FROM rows_made"))


#: What hides a word from a database, in all of the dialects.
HIDING = ["'{}'", '"{}"', "-- {}\n", "/* {} */", "x.{}", "count({})", "x AS {}"]


@given(
    words=st.lists(
        st.tuples(
            st.sampled_from(["DELETE FROM t", "; DELETE FROM t", "(DELETE FROM t)"]),
            st.sampled_from(HIDING[:4]),
        ),
        max_size=4,
    ),
    dialect=st.sampled_from(sorted(DIALECTS)),
    verb=st.sampled_from(["SELECT", "VALUES", "DELETE", "UPDATE"]),
    is_cte=st.booleans(),
)
def test_hidden_words(
    words: list[tuple[str, str]], dialect: str, verb: str, is_cte: bool
) -> None:
    """What stands in text, a quoted name or a comment is no verb, nor hides one."""
    junk = " ".join(hide.format(word) for word, hide in words)
    comments = " ".join(h.format(w) for w, h in words if h[0] in "-/")
    sql = f"{comments} {verb} {junk} x"
    if is_cte:
        sql = f"WITH {comments} q (a) AS ({sql}) SELECT {junk}"
    found = list(verbs_of_sql(sql, DIALECTS[dialect]))
    assert found == [verb, "SELECT"] if is_cte else [verb]


@given(st.text(alphabet="'\"`$/*-#\\();aDELETE \nWITHSx,"))
def test_any_text_has_verbs(sql: str) -> None:
    """What is no SQL is left to the database to refuse."""
    for dialect in DIALECTS.values():
        assert all(map(str.isupper, verbs_of_sql(sql, dialect)))
