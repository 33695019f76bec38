"""Any source of rows enters; its rows leave, read by what fits it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any
from typing import Protocol
from typing import runtime_checkable

from ..errors import SourceError
from ..lines import Lines
from .arrow import is_arrow
from .arrow import rows_of_arrow
from .cursors import is_connection
from .cursors import is_cursor
from .cursors import rows_of_cursor
from .model import Rows
from .records import rows_of_records
from .shapes import Extras
from .taking import rows_of_iterable

_TAKES = (
    "stream_rows takes an iterable of tuples, dicts or objects, a cursor, a statement"
    " of SQLAlchemy such as text('SELECT ...'), a data frame or what else has columns"
    " of Arrow, a Rows, or a function that returns one of these"
)


@runtime_checkable
class _Connection(Protocol):
    """A connection of PEP 249; that of sqlite3 can be called, too."""

    def cursor(self) -> Any: ...

    def commit(self) -> Any: ...


def open_rows(
    source: Any,
    *,
    columns: Sequence[str] | None = None,
    bind: Any = None,
    session: Any = None,
    extras: Extras = "raise",
    lines: Lines | None = None,
) -> Rows:
    """Begin to read a source; the caller closes what it gets.

    :param columns: names for tuples and results; keys or attributes, and their
        order, for dicts and objects.
    :param bind: where a statement of SQLAlchemy is executed.
    :param session: where it is executed if ``bind`` is ``None``.
    :param extras: whether a dict's keys beyond the columns are an error.
    :param lines: what is wanted of the rows, for a source that writes it itself.
    :raises SourceError: for what cannot be read as rows.
    :raises RowError: when the first rows are not of one shape.
    """
    _require_no_event_loop(source)
    if isinstance(source, Rows):
        return source if columns is None else _with_columns(source, columns)
    if sys.modules.get("sqlalchemy"):
        # Who passes a statement has imported SQLAlchemy; nobody else waits for it.
        from .results import is_result
        from .results import rows_of_result
        from .statements import is_statement
        from .statements import rows_of_statement

        if is_statement(source):
            return rows_of_statement(
                source,
                columns=columns,
                bind=bind,
                session=session,
                extras=extras,
                lines=lines,
            )
        if is_result(source):
            return rows_of_result(source, columns=columns, extras=extras)
    if is_arrow(source):
        return rows_of_arrow(source, columns=columns)
    if is_cursor(source):
        return rows_of_cursor(source, columns=columns, extras=extras)
    if callable(source) and not isinstance(source, Iterable | type | _Connection):
        return _opened_or_closed(
            source(),
            columns=columns,
            bind=bind,
            session=session,
            extras=extras,
            lines=lines,
        )
    _require_rows(source)
    return rows_of_iterable(source, columns=columns, extras=extras)


def _opened_or_closed(product: Any, **options: Any) -> Rows:
    try:
        return open_rows(product, **options)
    except BaseException:
        # Nobody else knows of what the function returned.
        close_unopened(product)
        raise


def close_unopened(source: Any) -> None:
    """Close a source of which nothing was read, if it can be closed."""
    if is_cursor(source) and is_connection(source):
        return
    if sys.modules.get("sqlalchemy"):
        from .results import is_of_closed_connection

        if is_of_closed_connection(source):
            return
    if hasattr(source, "close"):
        source.close()


def _with_columns(rows: Rows, columns: Sequence[str]) -> Rows:
    """Return rows with some of their columns, or with new names for all."""
    if rows.lines is not None:
        raise SourceError(
            "columns= cannot change lines that are written already. Give Rows the"
            " names and the lines that are wanted."
        )
    return rows_of_records(
        filter(None, rows.batches),
        columns=columns,
        extras="raise",
        named=rows.columns,
        uniform=True,
        types=lambda: rows.types or [None] * len(rows.columns),
        close=rows.close,
        caveat=rows.caveat,
    )


def _require_no_event_loop(source: Any) -> None:
    name = type(source).__name__
    if isinstance(source, Iterable):
        # Some are both, such as a QuerySet of Django.
        return
    if hasattr(source, "__aiter__") or hasattr(source, "__await__"):
        raise SourceError(
            f"{name} is asynchronous, and a WSGI server has no event loop to read it"
            " with. Collect the rows in the async view, or yield them from a plain"
            " generator."
        )


def _require_rows(source: Any) -> None:
    name = type(source).__name__
    if isinstance(source, _Connection):
        raise SourceError(
            f"{name} is a connection. Execute a query on it, and pass the cursor."
        )
    if isinstance(source, str | bytes | Mapping | type) or not isinstance(
        source, Iterable
    ):
        raise SourceError(f"{name} gives no rows. {_TAKES}.")
