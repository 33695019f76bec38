"""A source and a format enter; the bytes of the source's rows leave."""

from __future__ import annotations

import copy
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from flask import current_app

from .errors import RowError
from .errors import SourceError
from .formats import Format
from .rows import close_unopened
from .rows import Rows
from .rows.model import Batch


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
            if self._failed and self._rows is None:
                _explain(error)
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
        ahead, chunks = self._begun(rows)
        begun = False
        try:
            for made in chunks:
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

    def _begun(self, rows: Rows) -> tuple[bytes, Iterator[bytes]]:
        """Return what comes before the rows, and the bytes of the rows."""
        # Not every format can take what a source has made ready; see Format.
        format: Any = self._format
        if rows.lines is not None:
            return format.begin(rows.columns), map(format.frame, rows.lines)
        if rows.reader is not None and hasattr(format, "feed_arrow"):
            begin = format.begin_arrow(rows.reader.schema)
            return begin, self._fed(rows.reader, format.feed_arrow)
        return format.begin(rows.columns), self._fed(rows.batches, format.feed)

    def _fed(
        self, batches: Iterable[Batch], feed: Callable[[Batch], bytes]
    ) -> Iterator[bytes]:
        """Yield the bytes of batches; where a row is bad, of the rows before it."""
        for batch in batches:
            try:
                chunk = feed(batch)
            except RowError as error:
                sound = batch[: max(0, (error.row or 0) - self._count - 1)]
                if len(sound):
                    yield feed(sound)
                raise
            self._count += len(batch)
            yield chunk


def _explain(error: Exception) -> None:
    """Tell the cure where a source was closed before its first row was read."""
    if "closed" in str(error).lower() and not isinstance(error, SourceError):
        error.add_note(
            "stream_rows reads its source after the view has returned, when its blocks"
            " such as `with open(...)` have ended. Open the source in a function that"
            " yields the rows, and pass the function: stream_rows(rows)."
        )


def _warn_once(caveat: str) -> None:
    state = current_app.extensions.get("outpour")
    warned = set() if state is None else state.warned
    if caveat not in warned:
        warned.add(caveat)
        current_app.logger.warning(caveat)
