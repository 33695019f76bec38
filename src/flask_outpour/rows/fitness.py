"""A connection, a type or a call stack enters; whether COPY is as good leaves.

Each check raises :class:`Unfit` where a value could come to Python as another one than
PostgreSQL would write.
"""

from __future__ import annotations

import sys
from types import CodeType
from types import FrameType
from typing import Any

from sqlalchemy import types
from sqlalchemy.dialects import postgresql

from .casts import BOOL
from .casts import BPCHAR
from .casts import BYTEA
from .casts import DATE
from .casts import INT2
from .casts import INT4
from .casts import INT8
from .casts import NAME
from .casts import NUMERIC
from .casts import TEXT
from .casts import TIME
from .casts import TIMESTAMP
from .casts import TIMESTAMPTZ
from .casts import UUID
from .casts import VARCHAR

#: SQLAlchemy's types whose values come from the driver as they are. A subclass may
#: change them, so it is not among these.
_PLAIN: frozenset[type] = frozenset(
    {
        types.NullType,
        *(types.String, types.Text, types.Unicode, types.UnicodeText),
        *(types.VARCHAR, types.CHAR, types.TEXT),
        *(types.Integer, types.SmallInteger, types.BigInteger),
        *(types.INTEGER, types.SMALLINT, types.BIGINT),
        *(types.Numeric, types.NUMERIC, types.DECIMAL),
        *(types.Boolean, types.BOOLEAN, types.LargeBinary, postgresql.BYTEA),
        *(types.DateTime, types.TIMESTAMP, postgresql.TIMESTAMP),
        *(types.Date, types.DATE, types.Time, types.TIME, postgresql.TIME),
        *(types.Uuid, types.UUID),
    }
)
_ARRAYS = (types.ARRAY, postgresql.ARRAY)
#: psycopg's own loaders of the types that are cast, by OID: whoever set another one
#: wants other values. Those of arrays have the loader of their elements.
_LOADERS = {
    **{BOOL: "Bool", INT2: "Int", INT4: "Int", INT8: "Int", NUMERIC: "Numeric"},
    **{NAME: "Text", TEXT: "Text", BPCHAR: "Text", VARCHAR: "Text"},
    **{BYTEA: "Bytea", UUID: "UUID", DATE: "Date", TIME: "Time"},
    **{TIMESTAMP: "Timestamp", TIMESTAMPTZ: "Timestamptz"},
}
_PACKAGES = ("psycopg", "psycopg_binary", "psycopg_c")
_UTC = frozenset({"UTC", "Etc/UTC"})


class Unfit(Exception):
    """Why COPY cannot run a statement."""


def require_sqlalchemy_alone(caller: CodeType) -> None:
    """Check that no other code is between the caller of ``execute`` and the driver.

    A hook that executes the statement itself, or a session's own ``execute``, may
    change the rows, or keep them for another time.
    """
    frame: FrameType | None = sys._getframe(4)
    while frame is not None and frame.f_code is not caller:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith("sqlalchemy."):
            raise Unfit(f"{module} executes it, and may change the rows")
        frame = frame.f_back
    if frame is None:
        raise Unfit("it is not known what executes it")


def require_psycopg(driver: Any) -> None:
    """Check that a connection is one of psycopg whose text Outpour knows."""
    import psycopg

    if not isinstance(driver, psycopg.Connection):
        raise Unfit("it does not run on psycopg")
    info = driver.info
    # A database in SQL_ASCII has any bytes as text.
    is_text = info.parameter_status("server_encoding") != "SQL_ASCII"
    if info.encoding != "utf-8" or not is_text:
        raise Unfit("the text of the connection is not surely UTF-8")
    if not (info.parameter_status("DateStyle") or "").startswith("ISO"):
        raise Unfit("the DateStyle of the connection is not ISO")


def require_own_type(type_: Any, dialect: Any, name: str) -> None:
    """Check that a type, though it may change values, keeps what they say."""
    for kind in (type_, type_.dialect_impl(dialect)):
        is_own = type(kind).__module__.startswith("sqlalchemy.")
        if not is_own or isinstance(kind, types.TypeDecorator):
            raise Unfit(
                f"the type {type(type_).__name__} of the column {name!r} changes its"
                " values in Python"
            )


def require_unchanged(type_: Any, oid: int, dialect: Any, driver: Any) -> None:
    """Check that nothing changes the values of a column in Python.

    :param oid: of its type in PostgreSQL.
    :param driver: a connection of psycopg.
    """
    if not _is_plain(type_, dialect, oid):
        raise Unfit(f"the type {type(type_).__name__} changes values in Python")
    if not _is_loaded_as_ever(driver, oid):
        raise Unfit("psycopg has another loader for a type")
    if oid == TIMESTAMPTZ and driver.info.parameter_status("TimeZone") not in _UTC:
        raise Unfit("the time zone of the connection is not UTC")


def _is_plain(type_: Any, dialect: Any, oid: int) -> bool:
    """Whether SQLAlchemy passes on what the driver has for a type."""
    if type(type_) in _ARRAYS:
        return _is_plain(type_.item_type, dialect, oid)
    impl = type_.dialect_impl(dialect)
    return (
        type(type_) in _PLAIN
        and type(impl).__module__.startswith("sqlalchemy.")
        and impl.result_processor(dialect, oid) is None
    )


def _is_loaded_as_ever(driver: Any, oid: int) -> bool:
    """Whether psycopg has its own loader for a type."""
    from psycopg.pq import Format

    loader: Any = driver.adapters.get_loader(oid, Format.TEXT)
    if base := getattr(loader, "base_oid", None):
        is_own = loader.__module__ == "psycopg.types.array"
        return is_own and _is_loaded_as_ever(driver, base)
    name = getattr(loader, "__name__", None)
    package = getattr(loader, "__module__", "").partition(".")[0]
    return name == f"{_LOADERS.get(oid)}Loader" and package in _PACKAGES
