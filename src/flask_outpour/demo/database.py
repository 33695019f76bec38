"""A SQLite file enters; its tables, and their rows one by one, leave."""

from __future__ import annotations

import sqlite3
import sys
from base64 import b64encode
from collections.abc import Generator
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import DemoError

Row = Sequence[Any]
Rows = Generator[Row, None, None]

_TABLES = """
    SELECT name FROM sqlite_master
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY name
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or a view, of a SQLite file."""

    path: Path
    name: str

    def rows(self, limit: int | None = None) -> Rows:
        """Yield the names of the columns, then the rows as SQLite has them.

        The rows come through a connection of their own, which is open from the
        first item to the last, or to ``close()``. A BLOB comes as base64 text.

        :param limit: the most rows; all of them without it.
        """
        most = sys.maxsize if limit is None else min(limit, sys.maxsize)
        query = f"SELECT * FROM {quote_identifier(self.name)} LIMIT ?"
        with closing(connect(self.path)) as connection:
            cursor = connection.execute(query, (most,))
            yield [column[0] for column in cursor.description]
            for row in cursor:
                yield _without_bytes(row) if bytes in map(type, row) else row

    def columns(self) -> Row:
        """Return the names of the columns."""
        with closing(connect(self.path)) as connection:
            query = f"SELECT * FROM {quote_identifier(self.name)} LIMIT 0"
            return [column[0] for column in connection.execute(query).description]


@dataclass(frozen=True, slots=True)
class Database:
    """A SQLite file that is only read."""

    path: Path

    def tables(self) -> list[Table]:
        """Return the tables and views, by name, without SQLite's own."""
        with closing(connect(self.path)) as connection:
            return [Table(self.path, name) for (name,) in connection.execute(_TABLES)]

    def table(self, name: str) -> Table | None:
        """Return the table or view of this name, if there is one."""
        return next((table for table in self.tables() if table.name == name), None)

    def check(self) -> None:
        """Check that there is something to serve.

        :raises DemoError: when there is no such file, when SQLite cannot read it,
            or when it has no table.
        """
        if not self.path.is_file():
            what = "it is no file" if self.path.exists() else "there is no such file"
            raise DemoError(f"Cannot serve {self.path}: {what}.")
        try:
            tables = self.tables()
        except sqlite3.Error as error:
            raise DemoError(
                f"Cannot serve {self.path} as a SQLite database: {error}."
            ) from error
        if not tables:
            raise DemoError(f"Cannot serve {self.path}: the database has no tables.")


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


def _without_bytes(row: Row) -> Row:
    return [b64encode(v).decode() if isinstance(v, bytes) else v for v in row]
