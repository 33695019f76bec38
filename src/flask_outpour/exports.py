"""A source of rows and a request enter; a response that streams the rows leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from itertools import chain
from typing import Any

from flask import current_app
from flask import request
from flask import Response
from werkzeug.exceptions import NotAcceptable

from .downloads import download
from .downloads import name_of
from .errors import ConfigurationError
from .formats import BUILT_IN
from .formats import Format
from .formats import Formats
from .formats.registry import is_available
from .negotiation import Choice
from .negotiation import choose
from .negotiation import file_name
from .row_stream import RowStream
from .rows.shapes import Extras
from .tables import close_unread
from .tables import Columns
from .tables import holds_several
from .tables import is_several
from .tables import require_tables
from .tables import tables_of


def stream_rows(
    source: Any,
    format: str | Format | None = None,
    *,
    columns: Columns = None,
    bind: Any = None,
    filename: str | None = None,
    attachment: bool = True,
    formats: Iterable[str | Format] | None = None,
    extras: Extras = "raise",
    encode: Callable[[Any], Any] | None = None,
    titles: Mapping[str, Any] | None = None,
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
    :param titles: what stands in the place of a column's name: of a heading, of a key
        in JSON, of the name in Arrow and Parquet. A lazy text is one in the language of
        the request. For several tables, a dict of these.
    :param encode: returns what stands for a cell, or a value in it, of a type that no
        format knows: text, a number, a list. By default what the application's JSON
        provider makes of it (``app.json.default``), as in ``jsonify``. A ``TypeError``
        leaves it unknown.
    :raises werkzeug.exceptions.NotAcceptable: when the client takes none of the
        formats, or has sent the name of none of them that the view gives as ``format``;
        its page lists what there is.
    :raises ConfigurationError: for an option or a format that is none, and for several
        tables in a format that holds one.
    :raises SourceError: after the view has returned, for what cannot be read as rows.
    """
    try:
        several = is_several(source)
        if several:
            require_tables(source)
        choice, varies = _choose(format, formats, several=several)
        tables = tables_of(
            source,
            choice.format,
            columns=columns,
            bind=bind,
            extras=extras,
            titles=titles,
        )
        name = file_name(name_of(filename), choice, known_formats())
    except BaseException:
        close_unread(source)
        raise
    response = download(
        RowStream(tables, choice.format, encode),
        media_type=choice.format.media_type,
        charset=getattr(choice.format, "charset", None),
        name=name,
        attachment=attachment,
    )
    if varies:
        response.vary.add("Accept")
    return response


def _choose(
    wanted: str | Format | None,
    names: Iterable[str | Format] | None,
    *,
    several: bool,
) -> tuple[Choice, bool]:
    known = known_formats()
    offered = known if names is None else known.only(names)
    if several and (wanted is None or isinstance(wanted, str)):
        offered = Formats(each for each in offered if holds_several(each))
        if not list(offered):
            raise ConfigurationError(
                "formats= has none that holds several tables; xlsx does."
            )
    # An empty name is that of a form's field which nobody filled in.
    choice, varies = choose(
        None if wanted == "" else wanted,
        offered,
        known,
        path=request.path,
        accept=request.accept_mimetypes,
    )
    if choice is None and wanted and not varies and not _is_asked_for(wanted):
        # A mistake of the view is none of the client's.
        raise ConfigurationError(_unknown(wanted, offered, known, several=several))
    # To ask what the client has sent may read the body, which can be the source.
    if choice is None or (not is_available(choice.format) and _is_asked_for(wanted)):
        raise _NoFormat.among(offered, wanted, varies=varies, several=several)
    return choice, varies


def _unknown(wanted: object, offered: Formats, known: Formats, *, several: bool) -> str:
    """Return what the view has to know of a format that it has named itself."""
    if several and known.named(str(wanted)) is not None:
        return (
            f"{wanted} holds one table, and a dict is several, by their names. Stream"
            ' them as "xlsx", or each as a file of its own with stream_zip. An object'
            ' around one array is JSON(key="orders").'
        )
    names = ", ".join(each.suffix for each in offered)
    return f"format= names {wanted!r}, which is no format here. There are {names}."


def _is_asked_for(name: object) -> bool:
    """Whether the client has sent this name, and the view not written it."""
    if not isinstance(name, str):
        return False
    sent: list[Any] = [*(request.view_args or {}).values(), *request.cookies.values()]
    sent += [*request.headers.values(), *request.accept_mimetypes.values()]
    sent += chain.from_iterable(found for _, found in request.values.lists())
    if request.is_json:
        sent.append(request.get_json(silent=True))
    # A view may take the suffix of a file's name, or write it in small letters.
    name = name.lower().lstrip(".")
    for value in sent:
        if isinstance(value, dict | list):
            # What is added is looked at, too.
            sent += value.values() if isinstance(value, dict) else value
        elif f".{value}".lower().endswith(f".{name}"):
            return True
    return False


def known_formats() -> Formats:
    """Return the formats of the application."""
    state = current_app.extensions.get("outpour")
    formats: Formats | None = None if state is None else state.formats
    return BUILT_IN if formats is None else formats


class _NoFormat(NotAcceptable):
    """No format that there is will do for the client."""

    # Werkzeug's exceptions are pickled by their attributes, and made without arguments.
    def __init__(self, description: str | None = None, *, varies: bool = False) -> None:
        super().__init__(description)
        self._varies = varies

    @classmethod
    def among(
        cls, offered: Formats, wanted: object, *, varies: bool, several: bool
    ) -> _NoFormat:
        """Name the formats that there are, and what was wanted instead."""
        where = "for several tables" if several else "here"
        refusal = f"There is no format {wanted!r} {where}. " if wanted else ""
        return cls(f"{refusal}The rows can be had as {offered}.", varies=varies)

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        headers = super().get_headers(*args, **kwargs)
        return [*headers, ("Vary", "Accept")] if self._varies else headers
