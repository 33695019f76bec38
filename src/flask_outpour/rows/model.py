"""Names of columns and batches of rows: what every source becomes."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from enum import Enum
from typing import Any

from ..column_types import Types
from .annotations import type_of

Batch = Sequence[Sequence[Any]]
Known = Sequence[Any] | Mapping[str, Any]


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
    :param count: returns of how many rows the lines were so far.
    :param reader: a ``pyarrow.RecordBatchReader`` of the rows, where the source has
        them in columns; formats that can, take it instead of the batches.
    :param types: what is known of the values of each column: a type or annotation of
        Python's, such as ``int`` or ``list[str] | None``, or ``None``; or a dict of
        these by some of the names; or a function that returns one or the other.
        Formats with a schema take it from here, and guess the rest from the first rows.
    :param close: is called once, when no more rows are wanted.
    :param caveat: what the log should say of the source, if anything.
    """

    def __init__(
        self,
        columns: Iterable[str],
        batches: Iterable[Batch],
        *,
        lines: Iterable[bytes] | None = None,
        count: Callable[[], int] | None = None,
        reader: Any = None,
        types: Known | Callable[[], Known] | None = None,
        close: Callable[[], object] | None = None,
        caveat: str | None = None,
    ) -> None:
        self.columns: tuple[str, ...] = tuple(map(name_of, columns))
        self.batches: Iterable[Batch] = batches
        self.lines = lines
        self.reader: Any = reader
        self.caveat = caveat
        self.count = count
        self._types = types
        self._close = close

    @property
    def types(self) -> Types | None:
        """What is known of the columns, or ``None`` if nothing is of any."""
        types = self._types() if callable(self._types) else self._types
        if isinstance(types, Mapping):
            types = [types.get(name) for name in self.columns]
        found = None if types is None else list(map(type_of, types))
        if found is None or len(found) != len(self.columns) or not any(found):
            return None
        return found

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
