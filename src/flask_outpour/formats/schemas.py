"""Rows enter as tuples; record batches of a schema, given or inferred, leave."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from collections.abc import Set
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any

from ..errors import ConfigurationError
from ..errors import RowError
from ..lasting import all_kept
from ..surveyed import Surveyed
from .arrays import Filler
from .arrays import import_pyarrow
from .arrays import NESTED
from .arrays import UNFIT
from .columns import Batch
from .values import base_of
from .values import BASE_TYPES
from .values import Column
from .values import plain

#: Rows from which a schema is inferred, where there are as many.
INFERRED = 1000
#: Cells from which one is: fewer rows where there are many columns.
_CELLS = 100_000
#: Digits of a decimal128.
_DIGITS = 38
#: The types that say all of the kind of a value.
_SIMPLE = BASE_TYPES - NESTED - {datetime}
_LIST = "list of "
_ZONED, _NAIVE = "datetime with a zone", "datetime without a zone"
#: What dicts and lists of several kinds become.
_JSON = "JSON"
#: The types of Arrow by kind.
_TYPES = {
    "bool": "bool",
    "int": "int64",
    "float": "float64",
    "Decimal": "decimal128",
    "str": "string",
    "bytes": "binary",
    _NAIVE: "timestamp[us]",
    _ZONED: "timestamp[us, tz=UTC]",
    "date": "date32",
    "time": "time64[us]",
    "timedelta": "duration[us]",
}


class RecordBatches:
    """Turn rows into record batches that hold all of what was in them.

    Without a schema the first 1,000 rows, or 100,000 cells, are held, and one is
    inferred from them. A value that then has no place in its column is an error: none
    is cut or rounded.

    :param columns: the names of the columns.
    :param schema: a ``pyarrow.Schema``.
    :raises ConfigurationError: for a schema of other columns, or with a type that
        values of Python do not fill.
    """

    def __init__(self, columns: Sequence[str], schema: Any = None) -> None:
        self._columns = tuple(columns)
        self._schema = schema
        self._held: list[Sequence[Any]] = []
        #: How many rows were added.
        self.rows = 0
        self._wanted = max(1, min(INFERRED, _CELLS // max(1, len(columns))))
        if schema is None:
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
        if self._schema is not None:
            return self._filled(rows, self._schema)
        held = [*self._held, *rows]
        if len(held) >= self._wanted:
            return self._inferred(held)
        # The next rows may be these objects, filled anew.
        self._held += map(all_kept, rows)
        return None

    def finish(self) -> Any:
        """Return the rows that are held as a record batch, or ``None``."""
        return self._inferred(self._held) if self._schema is None else None

    def _inferred(self, rows: Batch) -> Any:
        # However they came: the same rows have the same schema.
        first = rows[: self._wanted]
        columns = self._transposed(first)
        try:
            kinds = [_common(_kinds(values)) for values in columns]
        except UNFIT:
            raise self._unlike(first) from None
        types = map(_arrow_type, kinds, columns)
        schema = import_pyarrow().schema(list(zip(self._columns, types, strict=True)))
        takes = [NESTED if kind == _JSON else None for kind in kinds]
        self._fillers = list(map(Filler, schema, takes))
        batch = self._filled(rows, schema)
        self._schema, self._held = schema, []
        return batch

    def _unlike(self, rows: Batch) -> RowError:
        """Return the error of the first value of another kind than those before it."""
        seen: list[set[str]] = [set() for _ in self._columns]
        for number, row in enumerate(rows, 1):
            for name, kinds, value in zip(self._columns, seen, row, strict=True):
                before = ", ".join(sorted(kinds))
                try:
                    kinds |= _kinds([value])
                    _common(kinds)
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
        self.rows += len(rows)
        return import_pyarrow().RecordBatch.from_arrays(arrays, schema=schema)

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


def _kinds(values: Iterable[Any]) -> set[str]:
    """Return the names of the kinds of values, but for ``None``."""
    values = list(values)
    types = set(map(type, values)) - {type(None)}
    if types <= _SIMPLE:
        return {kind.__name__ for kind in types}
    return set().union(*map(_kinds_of, map(plain, values)))


def _kinds_of(value: Any) -> set[str]:
    if value is None:
        return set()
    kind = base_of(value)
    if kind is list:
        return {f"{_LIST}{name}" for name in _kinds(value)} or {"list"}
    if kind is datetime:
        return {_NAIVE if value.tzinfo is None else _ZONED}
    return {kind.__name__}


def _common(kinds: set[str]) -> str:
    """Return the one kind that holds all of these.

    :raises TypeError: where there is none.
    """
    if kinds <= _TYPES.keys() and len(kinds) < 2:
        return next(iter(kinds), "str")
    if kinds in ({"int", "float"}, {"int", "Decimal"}):
        return next(iter(kinds - {"int"}))
    if not all(kind == "dict" or kind.startswith("list") for kind in kinds):
        raise TypeError
    if "dict" in kinds:
        return _JSON
    try:
        item = _common({kind.removeprefix(_LIST) for kind in kinds - {"list"}})
    except TypeError:
        return _JSON
    return f"{_LIST}{item}" if item in _TYPES else _JSON


def _arrow_type(kind: str, values: Iterable[Any]) -> Any:
    """Return the type of Arrow for values of a kind."""
    pa = import_pyarrow()
    if kind.startswith(_LIST):
        items = chain.from_iterable(filter(None, map(plain, values)))
        return pa.list_(_arrow_type(kind.removeprefix(_LIST), items))
    if kind == _ZONED:
        return pa.timestamp("us", "UTC")
    if kind == "Decimal":
        return pa.decimal128(_DIGITS, _scale(values))
    return pa.string() if kind == _JSON else pa.type_for_alias(_TYPES[kind])


def _scale(values: Iterable[Any]) -> int:
    """Return the most digits behind the point that a decimal here has."""
    decimals = [value for value in map(plain, values) if isinstance(value, Decimal)]
    # That of an infinity, which no column has, is a letter.
    exponents = [value.as_tuple().exponent for value in decimals if value.is_finite()]
    return min(max([0, *(-int(exponent) for exponent in exponents)]), _DIGITS)
