"""A SQLite file enters; its tables, and their rows one by one, leave."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .errors import DemoError
from .tables import Rows
from .tables import without_bytes

_TABLES = """
    SELECT name FROM sqlite_master
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY name
"""


class Cursor(sqlite3.Cursor):
    """A cursor that has its connection for itself, and closes it."""

    def close(self) -> None:
        super().close()
        self.connection.close()


@dataclass(frozen=True, slots=True)
class SQLiteTable:
    """A table, or a view, of a SQLite file."""

    path: Path
    name: str

    cursor_class: ClassVar[type[Cursor]] = Cursor

    def source(self, limit: int | None = None) -> Cursor:
        """Return a cursor over the rows, on a connection of its own.

        :param limit: the most rows; all of them without it.
        """
        most = sys.maxsize if limit is None else min(limit, sys.maxsize)
        query = f"SELECT * FROM {quote_identifier(self.name)} LIMIT ?"
        cursor = connect(self.path).cursor(self.cursor_class)
        try:
            return cursor.execute(query, (most,))
        except BaseException:
            cursor.close()
            raise

    def rows(self, limit: int | None = None) -> Rows:
        """Yield the names of the columns, then the rows as SQLite has them.

        The rows come through a connection of their own, which is open from the
        first item to the last, or to ``close()``. A BLOB comes as base64 text.

        :param limit: the most rows; all of them without it.
        """
        with closing(self.source(limit)) as cursor:
            yield [column[0] for column in cursor.description]
            for row in cursor:
                yield without_bytes(row) if bytes in map(type, row) else row


@dataclass(frozen=True, slots=True)
class SQLiteFile:
    """A SQLite file that is only read."""

    path: Path

    kind: ClassVar[str] = "SQLite file"
    table_class: ClassVar[type[SQLiteTable]] = SQLiteTable
    engine: ClassVar[None] = None

    def __str__(self) -> str:
        return str(self.path)

    def tables(self) -> list[SQLiteTable]:
        """Return the tables and views, by name, without SQLite's own."""
        with closing(connect(self.path)) as connection:
            names = connection.execute(_TABLES)
            return [self.table_class(self.path, name) for (name,) in names]

    def check(self) -> None:
        """Check that there is something to serve.

        :raises DemoError: when there is no such file, when SQLite cannot read it,
            or when it has no table.
        """
        if not self.path.is_file():
            what = "it is no file" if self.path.exists() else "there is no such file"
            raise DemoError(f"Cannot serve {self}: {what}.")
        try:
            tables = self.tables()
        except sqlite3.Error as error:
            raise DemoError(
                f"Cannot serve {self} as a SQLite database: {error}."
            ) from error
        if not tables:
            raise DemoError(f"Cannot serve {self}: the database has no tables.")


def connect(path: Path) -> sqlite3.Connection:
    """Open a SQLite file that exists, for reading, in whichever thread reads."""
    # A connection in SQLite's mode "ro" would leave the files of a write-ahead log
    # beside the database; this one, which must not write either, clears them away.
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, check_same_thread=False
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def quote_identifier(name: str) -> str:
    """Return a name as SQL writes it, whatever characters it has."""
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
