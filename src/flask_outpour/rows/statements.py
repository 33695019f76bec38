"""A statement or query of SQLAlchemy enters; it is executed, and its rows leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import Any
from typing import NamedTuple

from sqlalchemy import Connection
from sqlalchemy import Dialect
from sqlalchemy import Engine
from sqlalchemy import inspect
from sqlalchemy import select
from sqlalchemy import SelectBase
from sqlalchemy import Table
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
from .descriptions import Described
from .descriptions import has_entities
from .descriptions import hidden_columns
from .descriptions import is_way
from .descriptions import keys_of_columns
from .descriptions import places_of
from .descriptions import require_new_names
from .drivers import AUTOCOMMIT
from .drivers import commits_each_statement
from .drivers import dialect_caveat
from .drivers import QUERIES
from .drivers import TO_MANY
from .entities import mapper_columns
from .loading import joins_relationships
from .loading import Loading
from .loading import loading_of
from .model import Rows
from .results import ENTITIES
from .results import is_whole
from .results import made_unique
from .results import require_rows
from .results import ResultRows
from .shapes import Extras
from .verbs import is_query
from .verbs import require_reading


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
    with ExitStack() as closing:
        in_transaction = not isinstance(bind, Engine) and bind.in_transaction()
        executing = _executing(bind, statement, described, columns, closing)
        connection, execute, session = executing
        require_reading(statement, connection.dialect)
        loading, described = _loading(executing, statement, described, columns)
        options, caveat = _streaming(connection, loading)
        execute = partial(execute, loading.statement)
        copying = None
        if lines is not None and connection.dialect.driver == "psycopg":
            mapped = () if session is None else described
            copying = Copying(connection, lines, columns, mapped, session)
            execute = partial(copying.execute, execute)
        result = execute(execution_options=options)
        closing.callback(result.close)
        require_rows(result)
        copied = copying and copying.copied(result, in_transaction=in_transaction)
        if copied:
            names, made = copied
            close = closing.pop_all().close
            return Rows(
                names,
                (),
                lines=made,
                count=partial(getattr, copying, "rows"),
                close=close,
            )
        if is_whole(result):
            result, caveat = made_unique(result), caveat or TO_MANY
        elif has_entities(described):
            result = result.yield_per(ENTITIES)
        rows = ResultRows(
            result, closing.pop_all(), described, may_query=loading.may_query
        )
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


class _Executing(NamedTuple):
    """What executes a statement."""

    connection: Connection
    execute: Callable[..., Any]
    #: Where entities are to be made.
    session: Session | None


def _executing(
    bind: Session | Connection | Engine,
    statement: Any,
    described: Sequence[Described],
    columns: Sequence[str] | None,
    closing: ExitStack,
) -> _Executing:
    if isinstance(bind, Session):
        if not bind.in_transaction():
            closing.callback(bind.rollback)
        connection = bind.connection(bind_arguments=_bind_arguments(statement))
        return _Executing(connection, bind.execute, bind)
    connection = _connected(bind, closing)
    if not _needs_objects(statement, described, columns, bind.dialect):
        return _Executing(connection, connection.execute, None)
    # It leaves a transaction that goes on alone.
    session = Session(connection, join_transaction_mode="rollback_only")
    closing.enter_context(session)
    return _Executing(connection, session.execute, session)


def _loading(
    executing: _Executing,
    statement: Any,
    described: list[Described],
    columns: Sequence[str] | None,
) -> tuple[Loading, list[Described]]:
    """Return how a statement's entities are loaded, and its columns as they come."""
    # A connection gives the columns of an entity, which needs no others then.
    wanted = None if executing.session is None else columns
    loading = loading_of(statement, described, wanted, executing.connection.dialect)
    if executing.session is None:
        described = [column._replace(entity=None) for column in described]
    if not has_entities(described):
        require_new_names(described, columns, _names_of(statement, described))
    return loading, described


def _needs_objects(
    statement: Any,
    described: Sequence[Described],
    columns: Sequence[str] | None,
    dialect: Dialect,
) -> bool:
    """Whether what is wanted of entities is more than the columns that are selected."""
    if not has_entities(described):
        return False
    if joins_relationships(statement):
        return True
    if columns is None:
        return bool(hidden_columns(described))
    keys = keys_of_columns(described)
    if _are_plain(statement, described, columns, keys):
        return False
    selected = getattr(statement.compile(dialect=dialect), "_result_columns", ())
    names = [column.keyname for column in selected]
    if len(columns) == len(names):
        # A column may be called by its attribute, as it may by any new name.
        pairs = zip(names, columns, strict=True)
        names = [new if keys.get(old) == new else old for old, new in pairs]
    beyond = [name for name in columns if name not in names]
    if len(beyond) < len(columns) and any(is_way(name, described) for name in beyond):
        # Beside names of columns it is no new name, wherever it leads.
        return True
    return any(path for name in beyond for _, path in places_of(name, described))


def _are_plain(
    statement: Any,
    described: Sequence[Described],
    columns: Sequence[str],
    keys: dict[str, str],
) -> bool:
    """Whether it is seen at once that names are those of columns that are selected."""
    if len(described) > 1 or getattr(statement, "_with_options", True):
        return False
    loaded = mapper_columns(described[0].mapper)
    return all(name in loaded and keys.get(name) == name for name in columns)


def _names_of(statement: Any, described: Sequence[Described]) -> set[str]:
    """Return the names that the columns of a statement have."""
    names = {column.name for column in described}
    if isinstance(statement, SelectBase):
        names.update(map(str, statement.exported_columns.keys()))
    return names


def _streaming(
    connection: Connection, loading: Loading
) -> tuple[dict[str, Any], str | None]:
    """Return the options that make a result stream, and what the log should say."""
    dialect = connection.dialect
    if commits_each_statement(connection):
        return {}, AUTOCOMMIT
    if dialect.name in ("mysql", "mariadb"):
        if loading.may_query:
            # Its own yield_per would stream.
            return {"yield_per": None, "stream_results": False}, QUERIES
    elif not is_query(loading.statement, dialect):
        return {}, None
    # Its rows come in pieces that grow to this size, so the first comes at once.
    options = {"stream_results": True, "max_row_buffer": FULL_FETCH}
    return options, dialect_caveat(dialect)


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
