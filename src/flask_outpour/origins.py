"""An error enters; who has raised it leaves: advice goes by more than a text."""

from __future__ import annotations

import opcode
from types import FrameType

#: What reads databases, and may say that a cursor, a result or a connection is closed.
_LIBRARIES = frozenset(
    {
        *("adbc_driver_manager", "duckdb", "_duckdb", "sqlite3", "sqlalchemy"),
        *("psycopg", "psycopg2", "pg8000", "asyncpg"),
        *("pymysql", "MySQLdb", "mysql", "mariadb", "oracledb", "pyodbc"),
    }
)
_RAISE = opcode.opmap["RAISE_VARARGS"]


def is_of_closed(error: BaseException) -> bool:
    """Whether a file, or a driver of a database, has said that it is closed.

    An error of the application's own that has the word in its text is none of these.
    """
    text = str(error)
    if type(error) is ValueError:
        # Such as "I/O operation on closed file." and "read of closed file".
        return "closed file" in text and is_of_c(error)
    library = type(error).__module__.partition(".")[0]
    if library not in _LIBRARIES or "closed" not in text.lower():
        return False
    return is_of_c(error) or raised_in(error).partition(".")[0] == library


def is_of_driver(error: BaseException) -> bool:
    """Whether an error was raised, or met, in what reads a database."""
    return raised_in(error).partition(".")[0] in _LIBRARIES


def is_of_c(error: BaseException) -> bool:
    """Whether no code of Python has raised an error, but something that is in C."""
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    code = traceback.tb_frame.f_code.co_code
    return code[traceback.tb_lasti] != _RAISE


def raised_in(error: BaseException) -> str:
    """Return the name of the module whose code has raised an error, or met it."""
    traceback, frame = error.__traceback__, None
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
    return "" if frame is None else _module(frame)


def _module(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", ""))
