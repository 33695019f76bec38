"""Rows on their way into an export enter; how many there were so far leaves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any
from typing import ClassVar

from flask import Flask
from flask import has_request_context
from flask import jsonify
from flask import request
from flask import Response

from .sqlite import Cursor
from .sqlite import SQLiteFile
from .sqlite import SQLiteTable
from .tables import Row

#: The most requests that are known at a time.
REQUESTS = 100
BATCH = 1000

#: How many rows the requests have read, by the names that they have in ``?run=``.
_read: dict[str, int] = {}


class CountedCursor(Cursor):
    """A cursor that counts its rows for a request that has a name."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._run = request.args.get("run") if has_request_context() else None
        if self._run:
            _read[self._run] = 0
            for oldest in list(_read)[:-REQUESTS]:
                _read.pop(oldest, None)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        rows = super().fetchmany(size)
        if self._run in _read:
            _read[self._run] += len(rows)
        return rows

    def __iter__(self) -> Iterator[Row]:  # type: ignore[override]
        # By batches, since to count each row would take longer than to read it.
        while rows := self.fetchmany(BATCH):
            yield from rows


class CountedTable(SQLiteTable):
    """A table whose rows are counted for who asks."""

    cursor_class: ClassVar[type[Cursor]] = CountedCursor


class CountedFile(SQLiteFile):
    """A SQLite file whose tables are."""

    table_class: ClassVar[type[SQLiteTable]] = CountedTable


def add_progress(home: Flask) -> None:
    """Add the address that tells how many rows an export has read so far."""

    @home.route("/progress")
    def progress() -> Response:
        response = jsonify(rows=_read.get(request.args.get("run", ""), 0))
        response.cache_control.no_store = True
        return response
