"""Sources and a format enter; the bytes of the sources' rows leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any
from typing import NamedTuple

from flask import current_app
from flask.json.provider import DefaultJSONProvider

from .errors import ConfigurationError
from .errors import OutpourError
from .errors import RowError
from .formats import Format
from .formats.streams import for_stream
from .formats.streams import takes_arrow
from .lines import JSONLines
from .origins import is_of_closed
from .origins import is_of_driver
from .others import Encoding
from .others import known_by
from .rows import close_unopened
from .rows import Rows
from .rows.model import Batch
from .titles import retitled
from .titles import Titles
from .titles import Titling


class Table(NamedTuple):
    """A source of rows, and how they are opened."""

    source: Any
    #: Returns the rows of the source.
    open: Callable[[Any], Rows]
    #: Where there are several tables.
    name: str | None = None
    #: Of the columns that are not to be called by their names.
    titles: Titles | None = None


class RowStream(Iterator[bytes]):
    """The bytes of the rows of one table or several.

    A source is opened with the first of its bytes.

    :param tables: their sources are closed when the stream ends, begun or not.
    :param encode: returns what stands for a value of a type that no format knows, if
        not the application's JSON provider does.
    """

    def __init__(
        self,
        tables: Iterable[Table],
        format: Format,
        encode: Callable[[Any], Any] | None = None,
    ) -> None:
        self._tables = deque(tables)
        self._encoding = _encoding(encode)
        # A format keeps between its calls what one stream needs.
        self._format = for_stream(format)
        self._titling = Titling(self._format)
        self._titles: Titles | None = None
        #: Those of the table whose turn it is.
        self._rows: Rows | None = None
        self._name: str | None = None
        #: Rows whose bytes were made, of this table and of those before it.
        self._count = self._before = 0
        self._chunks = self._generate()
        self._failed = False

    def __next__(self) -> bytes:
        try:
            with known_by(self._encoding):
                return next(self._chunks)
        except Exception as error:
            self._failed = not isinstance(error, StopIteration)
            if self._failed and self._rows is None:
                _explain(error)
            raise

    def close(self) -> None:
        """Close the rows, and the sources that were not opened."""
        self._chunks.close()
        with ExitStack() as stack:
            for table in reversed(self._tables):
                stack.callback(self._close, partial(close_unopened, table.source))
            self._tables.clear()
            rows, self._rows = self._rows, None
            if rows is not None:
                stack.callback(self._close, rows.close)

    @property
    def rows(self) -> int:
        """Rows whose bytes were made."""
        return self._before + self._count

    def _close(self, close: Callable[[], object]) -> None:
        try:
            close()
        except Exception:
            # What broke the rows may break their closing; the first error is told.
            if not self._failed:
                raise
            current_app.logger.warning(
                "The rows of a stream that failed did not close.", exc_info=True
            )

    def _generate(self) -> Generator[bytes, None, None]:
        # What comes before the rows goes with the first of them, so that an error in
        # those has its own status.
        ahead, begun = b"", False
        try:
            while self._tables:
                begin, chunks = self._begun(self._opened())
                ahead += begin
                for made in chunks:
                    if chunk := ahead + made:
                        yield chunk
                        ahead, begun = b"", True
                self._end_table()
            end = ahead + self._format.finish()
        except GeneratorExit:
            raise
        except BaseException as error:
            if self._name is not None and not isinstance(error, ConfigurationError):
                error.add_note(f"This is the table {self._name!r} of several.")
                if isinstance(error, OutpourError) and "columns=" in str(error):
                    error.add_note(f"Here that is columns={{{self._name!r}: [...]}}.")
            if self.rows and is_of_driver(error):
                # What a driver says of a value says seldom where that is.
                error.add_note(f"Rows that came before this: {self.rows}.")
            interrupt = getattr(self._format, "interrupt", None)
            if begun and interrupt is not None and (end := interrupt()):
                yield end
            raise
        if end:
            yield end

    def _opened(self) -> Rows:
        """Open the next table."""
        table = self._tables[0]
        self._name, self._titles = table.name, table.titles
        rows = self._rows = table.open(table.source)
        self._tables.popleft()
        if rows.caveat is not None:
            _warn_once(rows.caveat)
        return rows

    def _end_table(self) -> None:
        """Close the rows of a table before the next one is opened."""
        if self._tables and self._rows is not None:
            rows, self._rows = self._rows, None
            self._before, self._count = self.rows, 0
            rows.close()

    def _begun(self, rows: Rows) -> tuple[bytes, Iterator[bytes]]:
        """Return what comes before the rows, and the bytes of the rows."""
        # Not every format can take what a source has made ready; see Format.
        format: Any = self._format
        names = self._titling.names(rows.columns, self._titles, self._name)
        if hasattr(format, "expect") and (types := rows.types) is not None:
            format.expect(types)
        if self._name is not None:
            begin = format.begin_table(self._name, names)
            return begin, self._fed(rows.batches, format.feed)
        if rows.lines is not None:
            if self._titles and isinstance(format.lines, JSONLines):
                raise ConfigurationError(
                    "titles= cannot change the names in lines of JSON, which are"
                    " written already. Give Rows the lines with the titles."
                )
            return format.begin(names), self._framed(rows.lines, rows, format.frame)
        if rows.reader is not None and takes_arrow(format):
            schema, batches = rows.reader.schema, rows.reader
            if tuple(names) != rows.columns:
                schema = retitled(schema, names)
                batches = (retitled(batch, names) for batch in rows.reader)
            begin = format.begin_arrow(schema)
            return begin, self._fed(batches, format.feed_arrow)
        return format.begin(names), self._fed(rows.batches, format.feed)

    def _framed(
        self, lines: Iterable[bytes], rows: Rows, frame: Callable[[bytes], bytes]
    ) -> Iterator[bytes]:
        """Yield the bytes of whole lines that a source has written."""
        for made in lines:
            # Where nobody counts them, a cell of several lines is taken for rows.
            more = self._count + made.count(b"\n")
            self._count = more if rows.count is None else rows.count()
            yield frame(made)

    def _fed(
        self, batches: Iterable[Batch], feed: Callable[[Batch], bytes]
    ) -> Iterator[bytes]:
        """Yield the bytes of batches; where a row is bad, of the rows before it."""
        for batch in batches:
            if not len(batch):
                continue
            try:
                chunk = feed(batch)
            except RowError as error:
                sound = batch[: max(0, (error.row or 0) - self._count - 1)]
                if len(sound):
                    chunk = feed(sound)
                    self._count += len(sound)
                    yield chunk
                raise
            self._count += len(batch)
            yield chunk


def _encoding(encode: Callable[[Any], Any] | None) -> Encoding | None:
    """Return what knows other types: for one stream, or for the application."""
    if encode is not None:
        return Encoding(encode, is_own=True)
    default = getattr(current_app.json, "default", None) if current_app else None
    if default is None:
        return None
    return Encoding(default, is_own=default is not DefaultJSONProvider.default)


def _explain(error: Exception) -> None:
    """Tell the cure where a source was closed before its first row was read."""
    if is_of_closed(error):
        error.add_note(
            "stream_rows reads its source after the view has returned, when its blocks"
            " such as `with open(...)` have ended. Open the source in a function that"
            " yields the rows, and pass the function: stream_rows(rows)."
        )


def _warn_once(caveat: str) -> None:
    state = current_app.extensions.get("outpour")
    if state is None or state.is_new(caveat):
        current_app.logger.warning(caveat)
