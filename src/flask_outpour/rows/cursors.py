"""A cursor of PEP 249 that has a result enters; its rows leave."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from itertools import chain
from typing import Any

from ..errors import SourceError
from .batches import fetched
from .driver_types import types_of_description
from .drivers import abandon_with_connection
from .drivers import cursor_caveat
from .drivers import driver_of
from .duckdb_types import exact_batches
from .model import Batch
from .model import Rows
from .records import rows_of_records
from .shapes import Extras


def is_cursor(source: Any) -> bool:
    """Whether this is a cursor, or a connection of DuckDB's that acts as one."""
    return hasattr(source, "fetchmany") and hasattr(source, "description")


def is_connection(cursor: Any) -> bool:
    """Whether a cursor is also a connection, which its user goes on to use."""
    return hasattr(cursor, "cursor")


def rows_of_cursor(
    cursor: Any, *, columns: Sequence[str] | None, extras: Extras
) -> Rows:
    """Return the rows of a cursor's result; closing them closes the cursor.

    :raises SourceError: when it is closed, or has executed nothing that gives rows.
    """
    if getattr(cursor, "closed", False) is True:
        raise SourceError.of_closed(
            "cursor",
            "Open it in a function that returns it, and pass the function:"
            " stream_rows(rows).",
        )
    batches: Iterator[Batch] = fetched(cursor.fetchmany)
    if cursor.description is None and getattr(cursor, "name", None) is not None:
        # A named cursor of psycopg2's has it after the first fetch.
        batches = chain([next(batches, ())], batches)
    description = cursor.description
    if description is None:
        raise SourceError(
            f"The cursor ({type(cursor).__module__}.{type(cursor).__name__}) has no"
            " result. Execute a query with it first, one that returns rows."
        )
    driver = driver_of(cursor)
    if driver in ("duckdb", "_duckdb"):
        batches = exact_batches(batches, description)
    ending = _Ending(cursor)
    named = [str(column[0]) for column in description]
    if repeated := sorted({name for name in named if named.count(name) > 1}):
        first = next(batches, ())
        batches = chain([first], batches)
        is_short = len(first) and len(first[0]) < len(named)
        if is_short and isinstance(first[0], Mapping):
            raise SourceError.of_dicts(repeated)
    return rows_of_records(
        ending.remembering(batches),
        columns=columns,
        extras=extras,
        named=named,
        uniform=True,
        types=partial(types_of_description, driver, description),
        close=ending.close,
        caveat=cursor_caveat(cursor),
    )


class _Ending:
    """Close a cursor; an end before the last row must not cost the rest."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor
        self._exhausted = False

    def remembering(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Yield the batches, and remember when there are no more."""
        yield from filter(None, batches)
        self._exhausted = True

    def close(self) -> None:
        if is_connection(self._cursor) or not hasattr(self._cursor, "close"):
            return
        if not self._exhausted:
            abandon_with_connection(self._cursor)
        self._cursor.close()
