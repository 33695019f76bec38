"""A source of rows and a request enter; a response that streams the rows leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Set
from functools import partial
from typing import Any
from typing import TypeGuard

from flask import current_app
from flask import request
from flask import Response
from werkzeug.exceptions import NotAcceptable

from .errors import ConfigurationError
from .formats import BUILT_IN
from .formats import Format
from .formats import Formats
from .negotiation import Choice
from .negotiation import choose
from .negotiation import content_disposition
from .negotiation import file_name
from .row_stream import RowStream
from .row_stream import Table
from .rows import close_unopened
from .rows import open_rows
from .rows import Rows
from .rows.records import Extras
from .stream import keep_context


def stream_rows(
    source: Any,
    format: str | Format | None = None,
    *,
    columns: Iterable[str] | Mapping[str, Iterable[str]] | None = None,
    bind: Any = None,
    filename: str | None = None,
    attachment: bool = True,
    formats: Iterable[str | Format] | None = None,
    extras: Extras = "raise",
) -> Response:
    """Return a response that streams rows, in the format that the client asks for.

    ::

        @app.route("/orders.csv")
        def orders():
            return stream_rows(select(Order))

    The format is ``format``; else that of the suffix of the URL's path; else that
    which the ``Accept`` header likes best, and the response then varies by it; else
    CSV.

    The source is opened after the view has returned, inside its contexts, and before
    the headers go: an error until then, and in the first row, is an ordinary error
    with the application's own page. The contexts stay open until the last row. Memory
    does not grow with the number of rows, whatever the format.

    :param source: rows as tuples or lists (with ``columns``), dicts, named tuples,
        objects of dataclasses, attrs, pydantic or msgspec, or ORM entities, in any
        iterable; a cursor that has executed a query; a SQLAlchemy statement, table,
        mapped class or Result; a :class:`Rows`; or a function that returns one of
        these, which is called inside the view's contexts. A dict of names and sources
        is several tables, which :class:`XLSX` writes as the sheets of one workbook.
    :param format: the name of a format, such as ``"csv"``, or an object with
        options, such as ``CSV(excel=True)``.
    :param columns: the names of the columns of tuples and results; which keys or
        attributes to take, and in which order, of dicts and objects. By default as
        the source, or its first row, has them. For several tables, a dict.
    :param bind: where a SQLAlchemy statement is executed: a Session, a Connection or
        an Engine. By default the session of Flask-SQLAlchemy, where that is set up.
    :param filename: of the download, with or without its suffix. By default the
        name of the endpoint.
    :param attachment: whether a browser saves the response instead of showing it.
    :param formats: names and objects to choose from, if not all are wanted.
    :param extras: whether a key of a dict beyond the columns is an error
        (``"raise"``) or left out (``"ignore"``).
    :raises werkzeug.exceptions.NotAcceptable: when the client takes none of the
        formats, or ``format`` names none of them; its page lists what there is.
    """
    try:
        if extras not in ("raise", "ignore"):
            raise ConfigurationError(
                f"extras= takes 'raise' or 'ignore', but it is {extras!r}."
            )
        choice, varies = _choose(format, formats, several=_is_several(source))
        opened = partial(
            open_rows,
            bind=bind,
            session=_session(),
            extras=extras,
            lines=getattr(choice.format, "lines", None),
        )
        tables = _tables(source, columns, opened)
    except BaseException:
        for each in source.values() if _is_several(source) else (source,):
            close_unopened(each)
        raise
    stream = RowStream(tables, choice.format)
    response: Response = current_app.response_class(
        keep_context(stream), mimetype=choice.format.media_type
    )
    response.headers["Content-Disposition"] = content_disposition(
        file_name(filename or _endpoint(), choice, _known_formats()),
        attachment=attachment,
    )
    # Where Outpour does not serve the view, nobody else closes what was not begun.
    response.call_on_close(stream.close)
    # Else make_conditional() would read all rows, to count their bytes.
    response.automatically_set_content_length = False
    if varies:
        response.vary.add("Accept")
    return response


def _is_several(source: object) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(source, Mapping)


def _tables(
    source: Any,
    columns: Iterable[str] | Mapping[str, Iterable[str]] | None,
    opened: Callable[..., Rows],
) -> list[Table]:
    """Return the tables of a source, each with what opens it."""
    if not _is_several(source):
        names = None if columns is None else _names(columns)
        return [Table(source, partial(opened, columns=names))]
    columns = {} if columns is None else columns
    if not source or not all(isinstance(name, str) for name in source):
        raise ConfigurationError(
            "Several tables are given as a dict of their names and sources, such as"
            f' {{"Orders": orders}}, but it has the keys {list(source)!r}.'
        )
    if not isinstance(columns, Mapping) or not columns.keys() <= source.keys():
        raise ConfigurationError(
            "With several tables columns= takes a dict of their names and the names of"
            f" their columns, but it is {columns!r}; the tables are"
            f" {', '.join(source)}."
        )
    named = {name: _names(columns[name]) for name in columns}
    return [
        Table(each, partial(opened, columns=named.get(name)), name)
        for name, each in source.items()
    ]


def _choose(
    wanted: str | Format | None,
    names: Iterable[str | Format] | None,
    *,
    several: bool,
) -> tuple[Choice, bool]:
    known = _known_formats()
    offered = known if names is None else known.only(names)
    if several and wanted is None:
        offered = Formats(each for each in offered if _holds_several(each))
    # An empty name is that of a form's field which nobody filled in.
    choice, varies = choose(
        None if wanted == "" else wanted,
        offered,
        known,
        path=request.path,
        accept=request.accept_mimetypes,
    )
    if choice is None:
        raise _NoFormat(wanted, offered, varies=varies)
    if several and not _holds_several(choice.format):
        raise ConfigurationError(
            f"{choice.format.suffix} holds one table, and these are several. Stream"
            ' them as "xlsx", or each as a file of its own with stream_zip.'
        )
    return choice, varies


def _holds_several(format: Format) -> bool:
    return hasattr(format, "begin_table")


def _known_formats() -> Formats:
    state = current_app.extensions.get("outpour")
    return BUILT_IN if state is None else state.formats


def _session() -> Any:
    extension = current_app.extensions.get("sqlalchemy")
    return getattr(extension, "session", None)


def _endpoint() -> str:
    return (request.endpoint or "download").rpartition(".")[2]


def _names(columns: Iterable[str]) -> tuple[str, ...]:
    ordered = not isinstance(columns, str | Mapping | Set)
    names = tuple(columns) if ordered else ()
    if not ordered or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(
            "columns= takes the names of columns in their order, such as"
            f' ["id", "name"], but it is {columns!r}.'
        )
    return names


class _NoFormat(NotAcceptable):
    """No format that there is will do for the client."""

    def __init__(self, wanted: object, offered: Formats, *, varies: bool) -> None:
        refusal = f"There is no format {wanted!r} here. " if wanted else ""
        super().__init__(f"{refusal}The rows can be had as {offered}.")
        self._varies = varies

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        headers = super().get_headers(*args, **kwargs)
        return [*headers, ("Vary", "Accept")] if self._varies else headers
