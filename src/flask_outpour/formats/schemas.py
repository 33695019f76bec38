"""Rows enter as tuples; record batches of a schema, given or inferred, leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from collections.abc import Set
from typing import Any

from ..column_types import Types
from ..errors import ConfigurationError
from ..errors import RowError
from ..lasting import all_kept
from ..surveyed import Surveyed
from .arrays import Filler
from .arrays import import_pyarrow
from .arrays import NESTED
from .arrays import UNFIT
from .columns import Batch
from .kinds import common
from .kinds import guessed
from .kinds import is_settled
from .kinds import kinds_of
from .values import Column

#: Rows from which a schema is inferred, where there are as many.
INFERRED = 1000
#: Cells from which one is: fewer rows where there are many columns.
_CELLS = 100_000

Convert = Callable[[Any, int], Any]


class RecordBatches:
    """Turn rows into record batches that hold all of what was in them.

    Without a schema, and where the source knows less than all types, the first 1,000
    rows, or 100,000 cells, are held, and the rest is inferred from them. A value that
    then has no place in its column is an error: none is cut or rounded.

    :param columns: the names of the columns.
    :param schema: a ``pyarrow.Schema``.
    :param types: what the source knows of each column, or ``None``; a schema counts
        before it.
    :param convert: makes another batch of each that is filled, given the number of its
        first row, or raises a ``RowError``.
    :raises ConfigurationError: for a schema of other columns, or with a type that
        values of Python do not fill.
    """

    def __init__(
        self,
        columns: Sequence[str],
        schema: Any = None,
        types: Types | None = None,
        convert: Convert | None = None,
    ) -> None:
        self._convert = convert
        self._columns = tuple(columns)
        self._types = types if types is not None else [None] * len(self._columns)
        #: ``None`` until it is known.
        self.schema = schema
        self._held: list[Sequence[Any]] = []
        #: How many rows were added.
        self.rows = 0
        self._wanted = max(1, min(INFERRED, _CELLS // max(1, len(columns))))
        if schema is None:
            if self._columns and all(map(is_settled, self._types)):
                self.schema = self._settled([()] * len(self._columns))
            return
        if tuple(schema.names) != self._columns:
            raise ConfigurationError(
                f"schema= has the columns {', '.join(schema.names)}, but those of the"
                f" rows are {', '.join(columns)}. Name the same ones in the same order."
            )
        pa = import_pyarrow()
        texts = (pa.string(), pa.large_string(), pa.string_view())
        # A list or dict is JSON text, as in CSV.
        self._fillers = [
            Filler(field, NESTED | {str} if field.type in texts else None)
            for field in schema
        ]

    def add(self, rows: Batch) -> Any:
        """Return rows as a record batch, or ``None`` while they are held.

        :raises RowError: for a value that does not fit, or another number of values;
            none of the rows then counts as added.
        """
        if self.schema is not None:
            return self._filled(rows, self.schema)
        held = [*self._held, *rows]
        if len(held) >= self._wanted:
            return self._inferred(held)
        # The next rows may be these objects, filled anew.
        self._held += map(all_kept, rows)
        return None

    def finish(self) -> Any:
        """Return the rows that are held as a record batch, or ``None``."""
        return self._inferred(self._held) if self.schema is None else None

    def _inferred(self, rows: Batch) -> Any:
        # However they came: the same rows have the same schema.
        first = rows[: self._wanted]
        columns = self._transposed(first)
        try:
            schema = self._settled(columns)
        except UNFIT:
            raise self._unlike(first) from None
        batch = self._filled(rows, schema)
        self.schema, self._held = schema, []
        return batch

    def _settled(self, columns: Sequence[Column]) -> Any:
        """Return the schema by what is known of the columns, and by some values.

        :raises UNFIT: where no type has the values of a column.
        """
        guesses = list(map(guessed, columns, self._types))
        types = [kind for kind, _ in guesses]
        schema = import_pyarrow().schema(list(zip(self._columns, types, strict=True)))
        self._fillers = [
            Filler(field, takes)
            for field, (_, takes) in zip(schema, guesses, strict=True)
        ]
        return schema

    def _unlike(self, rows: Batch) -> RowError:
        """Return the error of the first value of another kind than those before it."""
        seen: list[set[str]] = [set() for _ in self._columns]
        for number, row in enumerate(rows, 1):
            cells = zip(self._columns, self._types, seen, row, strict=True)
            for name, known, kinds, value in cells:
                if known is not None and known.is_sure:
                    continue
                before = ", ".join(sorted(kinds))
                try:
                    kinds |= kinds_of([value])
                    common(kinds)
                except UNFIT as error:
                    if not before:
                        return RowError.of_cell(number, name, value, error)
                    return RowError.of_misfit(number, name, value, before, error)
        raise AssertionError("a schema failed, and each of the values did not")

    def _filled(self, rows: Batch, schema: Any) -> Any:
        columns = self._transposed(rows)
        kinds: Sequence[Set[type] | None] = [None] * len(columns)
        if type(rows) is Surveyed:
            kinds = rows.kinds
        try:
            arrays = [
                filler.array(values, known)
                for filler, values, known in zip(
                    self._fillers, columns, kinds, strict=True
                )
            ]
        except UNFIT as error:
            raise self._refusal(rows) from error
        batch = import_pyarrow().RecordBatch.from_arrays(arrays, schema=schema)
        if self._convert is not None:
            batch = self._convert(batch, self.rows + 1)
        self.rows += len(rows)
        return batch

    def _refusal(self, rows: Batch) -> RowError:
        """Return the error of the first value that its column cannot have."""
        for number, row in enumerate(rows, self.rows + 1):
            for filler, value in zip(self._fillers, row, strict=True):
                try:
                    filler.array([value])
                except UNFIT as error:
                    return RowError.of_misfit(
                        number, filler.name, value, str(filler), error
                    )
        raise AssertionError("a batch failed, and each of its cells did not")

    def _transposed(self, rows: Batch) -> list[Column]:
        """Return the columns of rows.

        :raises RowError: for a row with another number of values.
        """
        width = len(self._columns)
        if type(rows) is Surveyed and len(rows.columns) == width:
            return rows.columns
        if set(map(len, rows)) - {width}:
            number, row = next(
                (number, row)
                for number, row in enumerate(rows, self.rows + 1)
                if len(row) != width
            )
            raise RowError.of_length(number, self._columns, row)
        return list(zip(*rows, strict=True)) or [()] * width
