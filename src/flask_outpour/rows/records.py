"""Records of one kind enter, in batches; tuples with the names of columns leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from itertools import chain
from typing import Any

from ..column_types import Ahead
from .model import Batch
from .model import Rows
from .shapes import Extras
from .shapes import Positions
from .shapes import Shape
from .shapes import shape_of
from .types_ahead import types_of_records


def rows_of_records(
    batches: Iterator[Batch],
    *,
    columns: Sequence[str] | None,
    extras: Extras,
    named: Sequence[str] | None = None,
    uniform: bool = False,
    types: Ahead | None = None,
    close: Callable[[], object] | None = None,
    caveat: str | None = None,
) -> Rows:
    """Return rows of the kind that the first record shows.

    :param columns: the names that the user gave.
    :param named: the names that the source gave, for tuples.
    :param uniform: whether all rows surely are as the first one, as a database's are.
    :param types: tells what the source knows of the columns that it has named.
    :param extras: what becomes of a dict's keys beyond the columns.
    :raises SourceError: when the first record is no row, or has no names.
    """
    first = next(batches, None)
    if first is None:
        names = columns if columns is not None else named or ()
        known = types if names == named else None
        return Rows(names, (), types=known, close=close, caveat=caveat)
    shape = shape_of(first[0], columns, named, extras)
    tuples: Iterator[Batch] = chain([first], batches)
    if not (uniform and isinstance(shape, Positions) and shape.is_as_wanted(first[0])):
        tuples = _shaped(tuples, shape)
    known = types_of_records(shape, first[0], named, types)
    return Rows(shape.columns, tuples, types=known, close=close, caveat=caveat)


def _shaped(batches: Iterable[Batch], shape: Shape) -> Iterator[Batch]:
    count = 0
    for batch in batches:
        error: Exception | None = None
        try:
            shape.admit(batch)
            rows = shape.convert(batch)
        except Exception:
            rows, error = sound_rows(batch, shape, count)
        if rows:
            yield rows
        if error is not None:
            raise error
        count += len(batch)


def sound_rows(
    batch: Batch, shape: Shape, count: int
) -> tuple[list[Sequence[Any]], Exception | None]:
    """Return the rows before the first misfit of a batch, and its error."""
    rows: list[Sequence[Any]] = []
    for record in batch:
        try:
            shape.admit([record])
            rows += shape.convert([record])
        except Exception as error:
            return rows, shape.misfit(count + len(rows) + 1, record, error)
    return rows, None
