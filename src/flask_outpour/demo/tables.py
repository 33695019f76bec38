"""What the demo asks of a database, whichever kind it is."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Generator
from collections.abc import Sequence
from typing import Any
from typing import Protocol

Row = Sequence[Any]
Rows = Generator[Row, None, None]


class Table(Protocol):
    """A table, or a view, of a database."""

    @property
    def name(self) -> str:
        """As the database has it, whatever characters that has."""

    def rows(self, limit: int | None = None) -> Rows:
        """Yield the names of the columns, then the rows, bytes as base64 text.

        :param limit: the most rows; all of them without it.
        """

    def source(self) -> Any:
        """Return what ``stream_rows`` takes for all rows."""


class Database(Protocol):
    """A database that is only read. As a string, it can be shown to everybody."""

    @property
    def kind(self) -> str:
        """What it is, for example ``"SQLite file"``."""

    @property
    def table_class(self) -> type[Table]:
        """The class of its tables."""

    @property
    def engine(self) -> Any:
        """What ``stream_rows`` takes as ``bind`` for the sources; may be ``None``."""

    def tables(self) -> Sequence[Table]:
        """Return the tables and views, by name, without the database's own."""

    def check(self) -> None:
        """Check that there is something to serve.

        :raises DemoError: when the database cannot be read, or has no table.
        """


def find_table(database: Database, name: str) -> Table | None:
    """Return the table or view of this name, if there is one."""
    return next((table for table in database.tables() if table.name == name), None)


def without_bytes(row: Row) -> Row:
    """Return a row with bytes as base64 text."""
    return [
        b64encode(value).decode() if isinstance(value, bytes | memoryview) else value
        for value in row
    ]
