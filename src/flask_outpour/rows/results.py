"""A result of SQLAlchemy enters; its rows leave, entities among them or not."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from inspect import getclosurevars
from itertools import chain
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import CursorResult
from sqlalchemy.engine import MappingResult
from sqlalchemy.engine import Result
from sqlalchemy.engine import ScalarResult

from ..errors import SourceError
from .batches import batches_of
from .batches import fetched
from .descriptions import describe
from .descriptions import Described
from .descriptions import has_entities
from .descriptions import hidden_columns
from .descriptions import require_new_names
from .drivers import abandon
from .drivers import has_lost_rows
from .drivers import has_unread_rows
from .drivers import result_caveat
from .entities import entity_columns
from .entities import loaded_columns
from .entity_rows import flattened
from .model import Batch
from .model import Rows
from .records import rows_of_records
from .shapes import Extras
from .sql_types import types_of_result
from .verbs import NO_ROWS

#: Entities are loaded by so many; each is heavier than a row.
ENTITIES = 500
PASS_THE_STATEMENT = (
    "Pass the statement itself, which is executed when the stream starts:"
    " stream_rows(select(...), bind=engine)."
)
_RESULTS = (Result, ScalarResult, MappingResult)


def is_result(source: Any) -> bool:
    """Whether this is what SQLAlchemy returns of an execution."""
    return isinstance(source, _RESULTS)


def rows_of_result(
    result: Any, *, columns: Sequence[str] | None, extras: Extras
) -> Rows:
    """Return the rows of a result that the view has made.

    :raises SourceError: when it is closed, or has no rows.
    """
    whole = cursor_result(result)
    connection: Any = getattr(whole, "connection", None)
    require_rows(whole)
    if whole.closed or (connection is not None and connection.closed):
        raise SourceError.of_closed("Result", PASS_THE_STATEMENT)
    context: Any = getattr(whole, "context", None)
    if getattr(context, "_is_server_side", False):
        if not connection.in_transaction():
            raise SourceError.of_closed("Result", PASS_THE_STATEMENT)
        if has_lost_rows(whole.cursor):
            raise SourceError(
                "Another statement has run on the connection of this Result, and the"
                f" driver has dropped its rows. {PASS_THE_STATEMENT}"
            )
    described = _described(result, context)
    if described and not has_entities(described):
        require_new_names(described, columns, result.keys())
    if columns is None and isinstance(result, CursorResult):
        hidden = hidden_columns(describe(context.invoked_statement))
        if hidden.intersection(keys := [str(key) for key in result.keys()]):  # noqa: SIM118
            columns = [key for key in keys if key not in hidden]
    if is_whole(result):
        result = made_unique(result)
    elif has_entities(described) and not _is_begun(result, whole):
        result = result.yield_per(ENTITIES)
    return ResultRows(result, ExitStack(), described, by_view=True).rows(
        columns=columns, extras=extras, caveat=result_caveat(context)
    )


def _described(result: Any, context: Any) -> Sequence[Described]:
    """Return the columns of a result, as far as its statement tells of them."""
    described = describe(getattr(context, "invoked_statement", None))
    if isinstance(result, CursorResult):
        # A connection gives the columns of an entity, and only a session the entity.
        return [column._replace(entity=None) for column in described]
    named = [column for column in described if column.name]
    # What a view has picked of a result, nobody tells.
    if isinstance(result, Result) and len(result.keys()) == len(named):
        return described
    return ()


def _is_begun(result: Any, whole: Any) -> bool:
    """Whether rows of an ORM result have come already, or come as its view chose."""
    return bool(
        getattr(whole, "_soft_closed", True)
        or getattr(result, "_yield_per", True) is not None
        or getattr(result, "_unique_filter_state", True) is not None
    )


def is_whole(result: Any) -> bool:
    """Whether the entities of a result are all loaded before the first one comes.

    A relationship to many that is joined gives a row for each of them.
    """
    context = _query_context(result)
    return bool(
        getattr(context, "loaders_require_uniquing", False)
        or getattr(context, "loaders_require_buffering", False)
    )


def _query_context(result: Any) -> Any:
    whole = getattr(result, "_real_result", None)
    whole = result if whole is None else whole
    if (chunks := getattr(whole, "chunks", None)) is None:
        return None
    # SQLAlchemy 2.0 leaves it to the function that makes the entities.
    return getattr(whole, "context", None) or getclosurevars(chunks).nonlocals.get(
        "context"
    )


def made_unique(result: Any) -> Any:
    """Have each entity once, where it is in a row for each of what it has many of."""
    if not getattr(_query_context(result), "loaders_require_uniquing", False):
        return result
    state = getattr(result, "_unique_filter_state", None)
    # SQLAlchemy puts this there to ask for unique(); anything else is of the view's.
    if state is None or getattr(state[1], "__name__", "") == "require_unique":
        return result.unique()
    return result


def is_of_closed_connection(source: Any) -> bool:
    """Whether this is a result whose connection went back to its pool.

    To close it would disturb whoever has the connection now.
    """
    connection = getattr(cursor_result(source), "connection", None)
    return is_result(source) and connection is not None and connection.closed


def cursor_result(result: Any) -> Any:
    """Return what an ORM result, or a part of a result, was made from."""
    whole = getattr(result, "_real_result", None)
    whole = result if whole is None else whole
    raw = getattr(whole, "raw", None)
    return whole if raw is None else raw


def require_rows(result: Any) -> None:
    """Check that a statement was one that returns rows.

    :raises SourceError: when it was not.
    """
    if getattr(result, "returns_rows", True) is False:
        raise SourceError(NO_ROWS)


class ResultRows:
    """Read a result, and give back what was taken for it.

    :param closing: what is to be closed after the result.
    :param described: the columns of the statement; they matter where entities are
        among them.
    :param by_view: whether the view made the result, and may have read some of it.
    :param may_query: whether each fetch may execute other queries, for what belongs to
        its entities.
    """

    def __init__(
        self,
        result: Any,
        closing: ExitStack,
        described: Sequence[Described],
        *,
        by_view: bool = False,
        may_query: bool = False,
    ) -> None:
        self._result = result
        self._closing = closing
        self._described = described
        self._cursor_result = cursor_result(result)
        self._by_view = by_view
        self._may_query = may_query
        self._exhausted = False

    def rows(
        self, *, columns: Sequence[str] | None, extras: Extras, caveat: str | None
    ) -> Rows:
        """Return the rows; closing them closes the result, and what is behind it."""
        self._guard()
        whole = self._cursor_result
        # Nothing tells it any more when all rows are read.
        description = getattr(getattr(whole, "cursor", None), "description", None)
        names, batches = self._read(columns)
        types = partial(types_of_result, whole, self._described, names, description)
        if columns is None and has_entities(self._described):
            # An entity may be of a subclass, with more columns than others have.
            columns = names
        return rows_of_records(
            self._remembering_the_end(batches),
            columns=columns,
            extras=extras,
            named=names,
            uniform=True,
            types=types,
            close=self.close,
            caveat=caveat,
        )

    def close(self) -> None:
        """Close the result; an end before the last row must not cost the rest."""
        with self._closing as closing:
            closing.callback(self._result.close)
            if not self._exhausted and has_unread_rows(self._cursor_result):
                whole = self._cursor_result
                abandon(whole.cursor, whole.connection.invalidate)

    def _guard(self) -> None:
        """Let no other statement cut short what is still to be read."""
        if not has_unread_rows(self._cursor_result):
            return
        target = (self._cursor_result.connection, "before_cursor_execute", self._refuse)
        event.listen(*target)
        self._closing.callback(event.remove, *target)

    def _refuse(self, *_: Any) -> None:
        if not self._exhausted:
            raise SourceError(
                "Another statement was to run on the connection whose rows are being"
                " streamed. The drivers of MySQL and MariaDB would then drop the rest."
                " Stream from a connection of its own: bind=db.engine."
            )

    def _remembering_the_end(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        yield from batches
        self._exhausted = True

    def _read(
        self, columns: Sequence[str] | None
    ) -> tuple[Sequence[str] | None, Iterator[Batch]]:
        result, described = self._result, self._described
        if isinstance(result, MappingResult):
            return None, self._batches(result)
        if isinstance(result, ScalarResult):
            return _of_scalars(result, self._batches(result))
        keys = [str(key) for key in result.keys()]  # noqa: SIM118
        if not has_entities(described):
            return keys, fetched(_fetch_of(result))
        if len(described) == 1:
            first, batches = _peeked(self._batches(result.scalars()))
            entity = None if first is None else first[0]
            return loaded_columns(described[0].mapper, entity), batches
        first, batches = _peeked(self._batches(result))
        row = [None] * len(described) if first is None else first[0]
        names, flat = flattened(described, row, columns)
        return names, ([flat(row) for row in batch] for batch in batches)

    def _batches(self, result: Any) -> Iterator[Batch]:
        # fetchmany() of the ORM drops what was fetched, and not yet read.
        if self._by_view or is_whole(result):
            return batches_of(result)
        if self._may_query:
            return iter(partial(result.fetchmany, ENTITIES), [])
        return fetched(result.fetchmany)


def _of_scalars(
    result: Any, batches: Iterator[Batch]
) -> tuple[Sequence[str] | None, Iterator[Batch]]:
    """Return entities, or rows with one column of other values."""
    first, batches = _peeked(batches)
    if first is None or entity_columns(first[0]) is not None:
        return None, batches
    keys = getattr(result._metadata, "keys", ("value",))
    names = [str(key) for key in list(keys)[:1]]
    return names, ([(value,) for value in batch] for batch in batches)


def _peeked(batches: Iterator[Batch]) -> tuple[Batch | None, Iterator[Batch]]:
    first = next(batches, None)
    return first, iter(()) if first is None else chain([first], batches)


def _fetch_of(result: Result[Any]) -> Callable[[int], Sequence[Any]]:
    """Return what fetches the driver's own rows, where SQLAlchemy changes none.

    Its Row objects are a sixth of the time of a row. They are left out where no type
    has a result processor and no column is moved; names of SQLAlchemy that are not
    public say so, and without them its rows are taken.
    """
    metadata: Any = getattr(result, "_metadata", None)
    processors = getattr(metadata, "_processors", None)
    if (
        type(result) is CursorResult
        and processors is not None
        and not any(processors)
        and getattr(metadata, "_tuplefilter", True) is None
        and getattr(result, "_row_logging_fn", True) is None
        and getattr(result, "_unique_filter_state", True) is None
        and hasattr(result.cursor_strategy, "fetchmany")
    ):
        return partial(result.cursor_strategy.fetchmany, result, result.cursor)
    return result.fetchmany
