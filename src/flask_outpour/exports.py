"""A source of rows and a request enter; a response that streams the rows leaves."""

from __future__ import annotations

import copy
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from functools import partial
from typing import Any

from flask import current_app
from flask import request
from flask import Response
from werkzeug.exceptions import NotAcceptable

from .errors import ConfigurationError
from .errors import RowError
from .formats import BUILT_IN
from .formats import Format
from .formats import Formats
from .negotiation import Choice
from .negotiation import choose
from .negotiation import content_disposition
from .negotiation import file_name
from .rows import close_unopened
from .rows import open_rows
from .rows import Rows
from .rows.model import Batch
from .rows.records import Extras
from .stream import keep_context


def stream_rows(
    source: Any,
    format: str | Format | None = None,
    *,
    columns: Iterable[str] | None = None,
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
        these, which is called inside the view's contexts.
    :param format: the name of a format, such as ``"csv"``, or an object with
        options, such as ``CSV(excel=True)``.
    :param columns: the names of the columns of tuples and results; which keys or
        attributes to take, and in which order, of dicts and objects. By default as
        the source, or its first row, has them.
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
        choice, varies = _choose(format, formats)
        opened = partial(
            open_rows,
            columns=None if columns is None else _names(columns),
            bind=bind,
            session=_session(),
            extras=extras,
        )
    except BaseException:
        close_unopened(source)
        raise
    stream = RowStream(source, choice.format, opened)
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


def _choose(
    wanted: str | Format | None, names: Iterable[str | Format] | None
) -> tuple[Choice, bool]:
    known = _known_formats()
    offered = known if names is None else known.only(names)
    choice, varies = choose(
        wanted,
        offered,
        known,
        path=request.path,
        accept=request.accept_mimetypes,
    )
    if choice is None:
        raise _NoFormat(offered, varies=varies)
    return choice, varies


def _known_formats() -> Formats:
    state = current_app.extensions.get("outpour")
    return BUILT_IN if state is None else state.formats


def _session() -> Any:
    extension = current_app.extensions.get("sqlalchemy")
    return getattr(extension, "session", None)


def _endpoint() -> str:
    return (request.endpoint or "download").rpartition(".")[2]


def _names(columns: Iterable[str]) -> tuple[str, ...]:
    names = (columns,) if isinstance(columns, str) else tuple(columns)
    if isinstance(columns, str) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError(
            f'columns= takes the names of all columns, such as ["id", "name"], but'
            f" it is {columns!r}."
        )
    return names


class _NoFormat(NotAcceptable):
    """No format that there is will do for the client."""

    def __init__(self, offered: Formats, *, varies: bool) -> None:
        super().__init__(f"The rows can be had as {offered}.")
        self._varies = varies

    def get_headers(self, *args: Any, **kwargs: Any) -> list[tuple[str, str]]:
        headers = super().get_headers(*args, **kwargs)
        return [*headers, ("Vary", "Accept")] if self._varies else headers


class RowStream(Iterator[bytes]):
    """The bytes of a source's rows; the source is opened with the first of them.

    :param source: is closed when the stream ends, begun or not.
    :param open: returns the rows of the source.
    """

    def __init__(
        self, source: Any, format: Format, open: Callable[[Any], Rows]
    ) -> None:
        self._source = source
        # A format keeps between its calls what one stream needs.
        self._format = copy.copy(format)
        self._open = open
        self._rows: Rows | None = None
        #: Rows whose bytes were made.
        self._count = 0
        self._chunks = self._generate()
        self._failed = False

    def __next__(self) -> bytes:
        try:
            return next(self._chunks)
        except Exception as error:
            self._failed = not isinstance(error, StopIteration)
            raise

    def close(self) -> None:
        """Close the rows, or the source if it was not opened."""
        self._chunks.close()
        rows, self._rows = self._rows, None
        source, self._source = self._source, None
        try:
            if rows is not None:
                rows.close()
            else:
                close_unopened(source)
        except Exception:
            # What broke the rows may break their closing; the first error is told.
            if not self._failed:
                raise
            current_app.logger.warning(
                "The rows of a stream that failed did not close.", exc_info=True
            )

    def _generate(self) -> Generator[bytes, None, None]:
        rows = self._rows = self._open(self._source)
        if rows.caveat is not None:
            _warn_once(rows.caveat)
        # What comes before the rows goes with the first of them, so that an error in
        # those has its own status.
        ahead = self._format.begin(rows.columns)
        begun = False
        try:
            for batch in rows.batches:
                for made in self._fed(batch):
                    if chunk := ahead + made:
                        yield chunk
                        ahead, begun = b"", True
            end = ahead + self._format.finish()
        except GeneratorExit:
            raise
        except BaseException:
            interrupt = getattr(self._format, "interrupt", None)
            if begun and interrupt is not None and (end := interrupt()):
                yield end
            raise
        if end:
            yield end

    def _fed(self, batch: Batch) -> Iterator[bytes]:
        """Yield the bytes of a batch; where a row is bad, of the rows before it."""
        try:
            chunk = self._format.feed(batch)
        except RowError as error:
            sound = batch[: max(0, (error.row or 0) - self._count - 1)]
            if sound:
                yield self._format.feed(sound)
            raise
        self._count += len(batch)
        yield chunk


def _warn_once(caveat: str) -> None:
    state = current_app.extensions.get("outpour")
    warned = set() if state is None else state.warned
    if caveat not in warned:
        warned.add(caveat)
        current_app.logger.warning(caveat)
