"""A statement or query of SQLAlchemy enters; it is executed, and its rows leave."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import Engine
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy import Table
from sqlalchemy.orm import lazyload
from sqlalchemy.orm import Mapper
from sqlalchemy.orm import Query
from sqlalchemy.orm import scoped_session
from sqlalchemy.orm import Session
from sqlalchemy.sql import Executable

from ..errors import SourceError
from ..lines import Lines
from .batches import FULL_FETCH
from .copying import Copying
from .descriptions import describe
from .descriptions import has_entities
from .drivers import AUTOCOMMIT
from .drivers import commits_each_statement
from .drivers import dialect_caveat
from .model import Rows
from .results import ENTITIES
from .results import require_rows
from .results import ResultRows
from .shapes import Extras


def is_statement(source: Any) -> bool:
    """Whether SQLAlchemy can execute this, a table or a mapped class included."""
    if isinstance(source, type):
        return isinstance(inspect(source, raiseerr=False), Mapper)
    return isinstance(source, Executable | Table | Query)


def rows_of_statement(
    statement: Any,
    *,
    columns: Sequence[str] | None,
    bind: Any,
    session: Any,
    extras: Extras,
    lines: Lines | None,
) -> Rows:
    """Execute a statement with a server-side cursor, and return its rows.

    :param bind: a Session, a scoped one, a Connection or an Engine.
    :param session: what to use where ``bind`` is ``None``; a Query has its own.
    :param lines: what is wanted of the rows. PostgreSQL writes them where it can.
    :raises SourceError: for another bind, or none, or a statement without rows.
    """
    if isinstance(statement, Query):
        session = statement.session
        statement = statement.enable_eagerloads(True).statement
    elif isinstance(statement, Table | type):
        statement = select(statement)
    bind = _bind_of(session if bind is None else bind)
    described = describe(statement)
    if has_entities(described):
        # No relationship is written. To load them would take a query for each batch,
        # or multiply the rows.
        statement = statement.options(lazyload("*"))
    with ExitStack() as closing:
        goes_on = not isinstance(bind, Engine) and bind.in_transaction()
        if isinstance(bind, Session):
            if not goes_on:
                closing.callback(bind.rollback)
            connection = bind.connection(bind_arguments=_bind_arguments(statement))
            execute = partial(bind.execute, statement)
        else:
            connection = _connected(bind, closing)
            described = []
            execute = partial(connection.execute, statement)
        options, caveat = _streaming(connection)
        if options and has_entities(described):
            options["yield_per"] = ENTITIES
        copying = None
        if lines is not None and connection.dialect.driver == "psycopg":
            session = bind if isinstance(bind, Session) else None
            copying = Copying(connection, lines, columns, described, session)
            execute = partial(copying.execute, execute)
        result = execute(execution_options=options)
        closing.callback(result.close)
        require_rows(result)
        copied = copying and copying.copied(result, in_transaction=goes_on)
        if copied:
            names, made = copied
            return Rows(names, (), lines=made, close=closing.pop_all().close)
        rows = ResultRows(result, closing.pop_all(), described)
        return _rows_or_closed(rows, columns=columns, extras=extras, caveat=caveat)
    raise AssertionError


def _bind_of(bind: Any) -> Session | Connection | Engine:
    if isinstance(bind, scoped_session):
        bind = bind()
    if not isinstance(bind, Session | Connection | Engine):
        raise SourceError(_no_bind(bind))
    return bind


def _rows_or_closed(result: ResultRows, **options: Any) -> Rows:
    try:
        return result.rows(**options)
    except BaseException:
        result.close()
        raise


def _streaming(connection: Connection) -> tuple[dict[str, Any], str | None]:
    """Return the options that make a result stream, and what the log should say."""
    if commits_each_statement(connection):
        return {}, AUTOCOMMIT
    # Its rows come in pieces that grow to this size, so the first comes at once.
    options = {"stream_results": True, "max_row_buffer": FULL_FETCH}
    return options, dialect_caveat(connection.dialect)


def _connected(bind: Engine | Connection, closing: ExitStack) -> Connection:
    if isinstance(bind, Engine):
        connection = closing.enter_context(bind.connect())
        if commits_each_statement(connection):
            # The setting is back when the connection is back in its pool.
            level = connection.default_isolation_level or "READ COMMITTED"
            connection.execution_options(isolation_level=level)
        return connection
    if bind.closed:
        raise SourceError.of_closed(
            "Connection", "Pass the Engine as bind= instead: bind=engine."
        )
    if not bind.in_transaction():
        closing.callback(bind.rollback)
    return bind


def _bind_arguments(statement: Any) -> dict[str, Any]:
    """Return by what a session with several databases finds that of a statement."""
    for description in getattr(statement, "column_descriptions", ()):
        if (entity := description.get("entity")) is not None:
            return {"mapper": inspect(entity).mapper}
    return {"clause": statement}


def _no_bind(bind: Any) -> str:
    takes = "bind= takes a Session, a Connection, an Engine or Flask-SQLAlchemy's"
    if bind is None:
        return (
            "A statement needs a database to run on, and Flask-SQLAlchemy is not set"
            f" up for this application. {takes} db.session."
        )
    return f"{takes} db.session, but it is {type(bind).__name__}."
