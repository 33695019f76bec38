"""A statement for PostgreSQL enters; the lines that COPY writes of it leave.

::

    execute ──► hooks of the session ──► SQL ──► is it fit? ──► COPY (SQL with casts)
                and the connection               no: as it is

A statement is run by SQLAlchemy as ever, so that all hooks have had their say; in the
end the SQL and its parameters come here. Where every column is one that PostgreSQL can
write as Outpour does, the SQL is executed with ``LIMIT 0``, and COPY sends the rows.
Whatever could change a value on its way through Python forbids it, be it a type of
SQLAlchemy, a loader of psycopg, or code around the execution.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from collections.abc import Sequence
from contextlib import closing
from contextlib import contextmanager
from dataclasses import dataclass
from logging import getLogger
from typing import Any

from sqlalchemy import Connection
from sqlalchemy import event
from sqlalchemy import SelectBase
from sqlalchemy import TextClause
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from ..errors import SourceError
from ..lines import CSVLines
from ..lines import JSONLines
from ..lines import Lines
from .casts import copy_query
from .descriptions import columns_of_entity
from .descriptions import Described
from .descriptions import has_entities
from .fitness import require_own_type
from .fitness import require_psycopg
from .fitness import require_sqlalchemy_alone
from .fitness import require_unchanged
from .fitness import Unfit
from .objects import Objects
from .pieces import pieces
from .shapes import picked
from .verbs import is_query

_LOG = getLogger(__name__)
#: By this execution option a statement is known again.
_OPTION = "flask_outpour_copying"


@dataclass(slots=True)
class _Plan:
    """What COPY is to run."""

    #: A connection of psycopg.
    driver: Any
    query: str
    parameters: Any
    #: Of PostgreSQL's types.
    oids: Sequence[int]
    names: Sequence[str]
    #: Which columns are taken.
    take: Sequence[int]
    #: ``"on"`` or ``"off"``.
    jit: str


class Copying:
    """Have COPY run a statement, where it writes what Outpour would write.

    :param lines: what is wanted of the rows.
    :param columns: the names of the columns that are wanted, if not all are.
    :param described: the columns of the statement, where a session executes it.
    :param session: that session, or ``None``.
    """

    def __init__(
        self,
        connection: Connection,
        lines: Lines,
        columns: Sequence[str] | None,
        described: Sequence[Described],
        session: Session | None,
    ) -> None:
        self._connection = connection
        self._lines = lines
        self._columns = columns
        self._described = described
        self._session = session
        self._plan: _Plan | None = None
        #: How many the lines were that came.
        self.rows = 0
        self._is_executed = False
        self._refusal = "it was not executed by SQLAlchemy itself"

    def execute(
        self, execute: Callable[..., Any], *, execution_options: dict[str, Any]
    ) -> Any:
        """Execute the statement, with ``LIMIT 0`` if COPY is to run it afterwards."""
        dialect = self._connection.dialect
        # It stays, since others may be executing on the engine; it is for all streams.
        # event.contains() may still know an engine that had the same id().
        if _do_execute not in dialect.dispatch.do_execute:
            event.listen(dialect, "do_execute", _do_execute)
        try:
            return execute(execution_options={**execution_options, _OPTION: self})
        finally:
            # Queries that load what belongs to its entities inherit the option.
            self._is_executed = True

    def copied(
        self, result: Any, *, in_transaction: bool
    ) -> tuple[Sequence[str], Iterator[bytes]] | None:
        """Return the names of the columns and the lines, if COPY is to make them.

        :param result: of the execution. It is closed then.
        :param in_transaction: whether a transaction goes on after the last line.
        :raises SourceError: where PostgreSQL's own text is wanted, and cannot be had.
        """
        plan = self._plan
        if plan is None:
            if self._is_own_text:
                raise SourceError(
                    'CSV(dialect="postgresql") is the text that PostgreSQL\'s COPY'
                    f" writes, and COPY cannot run this statement: {self._refusal}."
                )
            return None
        names = plan.names
        if not has_entities(self._described):
            # As SQLAlchemy has them, which is not always as the server has them.
            names = [str(key) for key in result.keys()]  # noqa: SIM118
        result.close()
        names = names if self._columns is None else self._columns
        query = copy_query(plan.query, plan.oids, names, plan.take, self._lines)
        assert query is not None, "it was not None before"
        made = self._run(plan, query, in_transaction)
        if isinstance(self._lines, JSONLines):
            made = _objects(made, names, [plan.oids[place] for place in plan.take])
        return names, made

    @property
    def _is_own_text(self) -> bool:
        return isinstance(self._lines, CSVLines) and self._lines.dialect == "postgresql"

    def take(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        """Execute the statement without rows, and return ``True``, if it is fit.

        All hooks have seen it before.
        """
        if self._plan is not None or self._is_executed:
            return False
        try:
            self._plan = self._planned(cursor, sql, parameters, context)
        except Unfit as unfit:
            self._refusal = str(unfit)
            _LOG.debug("A cursor reads the rows, COPY cannot: %s.", unfit)
            return False
        cursor.execute(_without_rows(sql), parameters)
        _LOG.debug("COPY sends the rows.")
        return True

    def _planned(self, cursor: Any, sql: str, parameters: Any, context: Any) -> _Plan:
        require_sqlalchemy_alone(Copying.execute.__code__)
        if context.execution_options.get("outpour_copy") is False:
            raise Unfit("its execution option outpour_copy is False")
        if len(list(context.dialect.dispatch.do_execute)) > 1:
            raise Unfit("another listener executes statements, too")
        driver, compiled = cursor.connection, context.compiled
        executed = getattr(compiled, "statement", None)
        is_known = isinstance(executed, SelectBase | TextClause)
        if not (is_known and is_query(executed, context.dialect)):
            raise Unfit("it is no SELECT")
        known = getattr(compiled, "_result_columns", None)
        if known is None:
            raise Unfit("this release of SQLAlchemy does not tell its types")
        require_psycopg(driver)
        described, settings = _described(driver, sql, parameters)
        if settings["statement_timeout"] != "0" and not self._is_own_text:
            # COPY takes as long as its client, and each step of a cursor does not.
            raise Unfit("the time that a statement may take is limited")
        oids = [column.type_code for column in described]
        names: Sequence[str] = [column.name for column in described]
        take: Sequence[int] = range(len(names))
        if known and len(known) != len(described):
            raise Unfit("its columns are not those that SQLAlchemy knows")
        if known:
            names = [column.keyname for column in known]
        if has_entities(self._described) or len(self._described) not in (0, len(known)):
            loaded = self._loaded([column.objects for column in known])
            names, take = list(loaded), list(loaded.values())
        picks, names = _picked(self._columns, names)
        take = [take[pick] for pick in picks]
        dialect = self._connection.dialect
        for place in take:
            type_ = known[place].type if known else NullType()
            if self._is_own_text:
                require_own_type(type_, dialect, described[place].name)
            else:
                require_unchanged(type_, oids[place], dialect, driver)
        if copy_query(sql, oids, names, take, self._lines) is None:
            raise Unfit("it has a column of a type that is not cast exactly")
        jit = settings["jit"]
        return _Plan(driver, sql, parameters, oids, names, take, jit)

    def _loaded(self, selected: Sequence[Any]) -> dict[str, int]:
        """Return where the attributes of an entity are among what is selected."""
        assert self._session is not None
        mapper = self._described[0].mapper
        if len(self._described) > 1 or mapper is None:
            raise Unfit("it has more than one entity, or bundles of columns")
        there = self._session.identity_map.values()
        if any(isinstance(entity, mapper.class_) for entity in there):
            raise Unfit("the session has entities, which may differ from their rows")
        loaded = columns_of_entity(mapper, selected)
        if loaded is None:
            raise Unfit("its entity is more than its columns")
        if not set(self._columns or ()) <= loaded.keys():
            raise Unfit("columns= names what is no column of its entity")
        return loaded

    def _run(
        self, plan: _Plan, query: str, in_transaction: bool
    ) -> Generator[bytes, None, None]:
        """Yield what COPY writes; an end before its end cancels it."""
        import psycopg

        driver = plan.driver
        try:
            # In a transaction that goes on it is a savepoint, so that a COPY that was
            # cancelled does not spoil it.
            with (
                driver.transaction(),
                psycopg.ClientCursor(driver) as cursor,
                _without_jit(cursor, plan.jit, is_lasting=in_transaction),
                # COPY has no parameters in the protocol: psycopg puts them in.
                cursor.copy(cursor.mogrify(query, plan.parameters)),
            ):
                yield from pieces(driver.pgconn, self._add)
        except psycopg.Error as error:
            raise self._error(error, query, plan) from error

    def _add(self, rows: int) -> None:
        self.rows += rows

    def _error(self, error: Any, query: str, plan: _Plan) -> Any:
        """Return the error as SQLAlchemy raises those of its executions."""
        connection, dialect = self._connection, self._connection.dialect
        is_end = dialect.is_disconnect(error, plan.driver, None)
        if is_end:
            connection.invalidate(error)
        return DBAPIError.instance(
            query,
            plan.parameters,
            error,
            dialect.loaded_dbapi.Error,
            hide_parameters=connection.engine.hide_parameters,
            connection_invalidated=is_end,
            dialect=dialect,
        )


@contextmanager
def _without_jit(cursor: Any, before: str, *, is_lasting: bool) -> Iterator[None]:
    """Have PostgreSQL compile nothing, which would take long before the first row.

    :param before: how it is set.
    :param is_lasting: whether that is to hold again, at a good end.
    """
    if before == "off":
        yield
        return
    cursor.execute("SET LOCAL jit = off")
    yield
    if is_lasting:
        cursor.execute("SET LOCAL jit = on")


def _objects(
    cells: Generator[bytes, None, None], names: Sequence[str], oids: Sequence[int]
) -> Generator[bytes, None, None]:
    """Yield the objects of the cells that COPY writes for JSON."""
    objects = Objects(names, oids)
    with closing(cells):
        for lines in cells:
            yield objects(lines)


def _do_execute(cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
    """Let the stream whose statement this is take it."""
    copying = context.execution_options.get(_OPTION)
    return copying is not None and copying.take(cursor, sql, parameters, context)


def _picked(
    columns: Sequence[str] | None, names: Sequence[str]
) -> tuple[Sequence[int], Sequence[str]]:
    """Return the places and the names of the columns that are wanted."""
    if columns is None:
        return range(len(names)), names
    picks = picked(columns, names)
    if picks is None and len(columns) != len(names):
        raise Unfit("columns= does not fit its columns")
    return range(len(names)) if picks is None else picks, columns


def _without_rows(query: str) -> str:
    # A comment may end the query.
    return f"SELECT * FROM (\n{query}\n) AS q LIMIT 0"


def _described(
    driver: Any, query: str, parameters: Any
) -> tuple[Sequence[Any], dict[str, str]]:
    """Return the columns of a query, and how the connection is set."""
    import psycopg

    names = ["statement_timeout"]
    if driver.info.server_version >= 110_000:
        names.append("jit")
    shown = "; ".join(f"SHOW {name}" for name in names)
    settings = {"jit": "off"}
    try:
        # A failure must not end the transaction: it is told by the usual execution.
        with driver.transaction(), psycopg.ClientCursor(driver) as cursor:
            cursor.execute(f"{shown}; {_without_rows(query)}", parameters)
            for name in names:
                ((settings[name],),) = cursor.fetchall()
                cursor.nextset()
            return cursor.description or (), settings
    except psycopg.Error as error:
        raise Unfit(str(error).partition("\n")[0]) from error
