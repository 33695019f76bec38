"""A driver's cursor enters; what makes it hold all rows in memory leaves, if so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_BUFFERS = (
    "The rows come from {what}, which has read all of them into memory before the"
    " first is sent. {cure}"
)
_STATEMENT = "Or pass the statement to stream_rows with bind=, which streams it."
#: Dialects without SQLAlchemy's server-side cursors, whose cursors stream anyway.
_STREAM_BY_NATURE = frozenset(
    {"pysqlite", "pysqlcipher", "duckdb_engine", "oracledb", "cx_oracle"}
)
#: What the log should say of a connection on which nothing can stream.
AUTOCOMMIT = _BUFFERS.format(
    what="a connection in AUTOCOMMIT, on which PostgreSQL has no cursors",
    cure="Pass an Engine as bind=, or a connection without AUTOCOMMIT.",
)
#: What it should say of entities that cannot stream.
TO_MANY = _BUFFERS.format(
    what="a statement that loads a relationship to many in a join or a subquery",
    cure="Load it by selectinload(), for 500 entities at a time.",
)
QUERIES = _BUFFERS.format(
    what="a statement whose entities may need other queries, which drivers of MySQL and"
    " MariaDB cannot execute while they stream",
    cure="Select columns, or name columns alone in columns=.",
)


def cursor_caveat(cursor: Any) -> str | None:
    """Return what the log should say of a cursor that holds its whole result."""
    kinds = {base.__name__ for base in type(cursor).__mro__}
    driver = driver_of(cursor)
    cure = None
    if driver in ("psycopg", "psycopg2") and getattr(cursor, "name", None) is None:
        cure = 'Make it a server-side cursor: connection.cursor(name="export").'
    elif driver == "pymysql" and "SSCursor" not in kinds:
        cure = "Make it an unbuffered one: connection.cursor(pymysql.cursors.SSCursor)."
    elif driver == "MySQLdb" and "CursorStoreResultMixIn" in kinds:
        cure = "Make it an unbuffered one: connection.cursor(MySQLdb.cursors.SSCursor)."
    elif driver == "pg8000":
        cure = "pg8000 has no other cursor: DECLARE one in SQL, or use psycopg."
    if cure is None:
        return None
    return _BUFFERS.format(what=f"a cursor of {driver}", cure=f"{cure} {_STATEMENT}")


def dialect_caveat(dialect: Any) -> str | None:
    """Return what the log should say of a SQLAlchemy dialect that cannot stream."""
    streams = dialect.driver in _STREAM_BY_NATURE or dialect.name == "mssql"
    if dialect.supports_server_side_cursors or streams:
        return None
    return _BUFFERS.format(
        what=f"SQLAlchemy's dialect {dialect.name}+{dialect.driver}",
        cure="Use a driver with server-side cursors, such as psycopg or pymysql.",
    )


def result_caveat(context: Any) -> str | None:
    """Return what the log should say of a result that was not asked to stream.

    :param context: SQLAlchemy's execution context, or ``None``.
    """
    dialect = getattr(context, "dialect", None)
    if dialect is None or getattr(context, "_is_server_side", True):
        return None
    if not dialect.supports_server_side_cursors:
        return dialect_caveat(dialect)
    return _BUFFERS.format(
        what="a Result that was executed without stream_results",
        cure="Pass the statement itself to stream_rows instead of its Result.",
    )


def commits_each_statement(connection: Any) -> bool:
    """Whether this is a connection to PostgreSQL that has no transactions."""
    driver = connection.connection.dbapi_connection
    return connection.dialect.name == "postgresql" and bool(
        getattr(driver, "autocommit", False)
    )


def has_unread_rows(result: Any) -> bool:
    """Whether a driver of MySQL or MariaDB reads a result row by row.

    The rest of it must then be read before the connection can do anything else.
    """
    context: Any = getattr(result, "context", None)
    return bool(
        getattr(context, "_is_server_side", False)
        and context.dialect.name in ("mysql", "mariadb")
        and not result.connection.closed
    )


def has_lost_rows(cursor: Any) -> bool:
    """Whether PyMySQL has dropped what a cursor had to read, for another statement."""
    return driver_of(cursor) == "pymysql" and (
        cursor._result is not cursor.connection._result
    )


def abandon(cursor: Any, drop: Callable[[], object]) -> None:
    """Close a cursor's connection, and spare the cursor reading the rest first.

    :param drop: closes the connection.
    """
    unread: Any = getattr(cursor, "_result", None)
    # PyMySQL's result else reads the rest when it is collected; mysqlclient's does
    # so as long as the connection is open.
    if hasattr(unread, "unbuffered_active"):
        unread.unbuffered_active = False
    drop()
    if unread is not None:
        cursor._result = cursor.connection = None


def abandon_with_connection(cursor: Any) -> None:
    """Break off a cursor of PyMySQL's that has rows to read, and its connection."""
    unread = getattr(cursor, "_result", None)
    if driver_of(cursor) == "pymysql" and getattr(unread, "unbuffered_active", False):
        # Its close() can be called afterwards, and does nothing.
        abandon(cursor, cursor.connection._force_close)


def driver_of(cursor: Any) -> str:
    """Return the name of the package that a cursor is of."""
    return type(cursor).__module__.partition(".")[0]
