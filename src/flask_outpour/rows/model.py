"""Names of columns and batches of rows: what every source becomes."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Sequence
from enum import Enum
from typing import Any

Batch = Sequence[Sequence[Any]]


def name_of(key: object) -> str:
    """Return the name of a column; of a member of an Enum, that is its value."""
    if isinstance(key, str):
        return str.__str__(key)
    return name_of(key.value) if isinstance(key, Enum) else str(key)


class Rows:
    """Rows with the names of their columns, in batches.

    Every source becomes one; a source that has its rows in batches already can be
    given as one.

    :param columns: the names, in their order.
    :param batches: lists of tuples, each as long as there are columns; 500 to 1,000
        rows a batch are fastest.
    :param lines: whole lines of the rows in the format that is wanted, where the
        source writes them itself; they are taken instead of the batches.
    :param reader: a ``pyarrow.RecordBatchReader`` of the rows, where the source has
        them in columns; formats that can, take it instead of the batches.
    :param close: is called once, when no more rows are wanted.
    :param caveat: what the log should say of the source, if anything.
    """

    def __init__(
        self,
        columns: Iterable[str],
        batches: Iterable[Batch],
        *,
        lines: Iterable[bytes] | None = None,
        reader: Any = None,
        close: Callable[[], object] | None = None,
        caveat: str | None = None,
    ) -> None:
        self.columns: tuple[str, ...] = tuple(map(name_of, columns))
        self.batches: Iterable[Batch] = batches
        self.lines = lines
        self.reader: Any = reader
        self.caveat = caveat
        self._close = close

    def close(self) -> None:
        """Close what the rows come from, once."""
        close, self._close = self._close, None
        sources: tuple[Any, ...] = (self.batches, self.lines)
        self.batches, self.lines, self.reader = (), None, None
        try:
            # A generator first lets go of what close() closes.
            for source in sources:
                if hasattr(source, "close"):
                    source.close()
        finally:
            if close is not None:
                close()
