"""Records of one kind enter, in batches; tuples with the names of columns leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import fields
from dataclasses import is_dataclass
from itertools import chain
from operator import attrgetter
from operator import itemgetter
from typing import Any
from typing import Literal
from typing import Protocol

from ..errors import RowError
from ..errors import SourceError
from .entities import entity_columns
from .model import Batch
from .model import Rows

Extras = Literal["raise", "ignore"]


class Shape(Protocol):
    """How records of one kind become tuples."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns."""

    def convert(self, batch: Batch) -> Batch:
        """Return the tuples of some records, or fail if one does not fit."""

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        """Return the error that says in what a record does not fit."""


def rows_of_records(
    batches: Iterator[Batch],
    *,
    columns: Sequence[str] | None,
    extras: Extras,
    named: Sequence[str] | None = None,
    uniform: bool = False,
    close: Callable[[], object] | None = None,
    caveat: str | None = None,
) -> Rows:
    """Return rows of the kind that the first record shows.

    :param columns: the names that the user gave.
    :param named: the names that the source gave, for tuples.
    :param uniform: whether all rows surely are as the first one, as a database's are.
    :param extras: what becomes of a dict's keys beyond the columns.
    :raises SourceError: when the first record is no row, or has no names.
    """
    first = next(batches, None)
    if first is None:
        names = columns if columns is not None else named or ()
        return Rows(names, (), close=close, caveat=caveat)
    shape = shape_of(first[0], columns, named, extras)
    tuples: Iterator[Batch] = chain([first], batches)
    if not (uniform and isinstance(shape, _Positions) and shape.is_as_wanted(first[0])):
        tuples = _shaped(tuples, shape)
    return Rows(shape.columns, tuples, close=close, caveat=caveat)


def shape_of(
    record: Any,
    columns: Sequence[str] | None,
    named: Sequence[str] | None,
    extras: Extras,
) -> Shape:
    """Return how a record, and those like it, become tuples.

    :raises SourceError: when it is no row, or has no names.
    """
    if isinstance(record, Mapping):
        return _Keys(tuple(record) if columns is None else columns, extras)
    if _is_positional(record):
        return _positions(record, columns, named or _own_names(record))
    attributes = entity_columns(record) or _fields_of(type(record))
    if attributes is None and columns and all(hasattr(record, n) for n in columns):
        # Any object will do where it is said what to take of it.
        return _Attributes(columns)
    if attributes is None:
        raise SourceError(
            f"Row 1 is of type {type(record).__name__}, which is no row. A row is a"
            " tuple, a list, a dict, a named tuple, or an object of a dataclass, attrs,"
            " pydantic, msgspec or SQLAlchemy model; a single value goes into a tuple:"
            " (value,)."
        )
    return _Attributes(attributes if columns is None else columns)


def _positions(
    record: Any, columns: Sequence[str] | None, named: Sequence[str] | None
) -> _Positions:
    """Return how tuples get names, or which of their named values are taken."""
    if columns is None and named is None:
        raise SourceError(
            f"The rows are of type {type(record).__name__}, which has no names."
            ' Give them, for example columns=["id", "name"].'
        )
    if columns is None or named is None or columns == named:
        return _Positions(columns or named or ())
    picks = picked(columns, named)
    if picks is None:
        return _Positions(columns)
    take = _getter(itemgetter, picks)
    return _Positions(columns, width=len(named), take=take)


def picked(columns: Sequence[str], named: Sequence[str]) -> list[int] | None:
    """Return where the wanted columns are among named ones.

    Return ``None`` where they are not the names of some, but new names for all.

    :raises SourceError: where they are neither: to give new names by their places
        would put values under the names of others.
    """
    if len(set(named)) != len(named):
        return None
    if set(columns) <= set(named):
        return [named.index(name) for name in columns]
    for place, name in enumerate(columns):
        if name in named and named.index(name) != place:
            unknown = next(name for name in columns if name not in named)
            raise SourceError(
                f"columns= names {unknown!r}, which the source lacks, and moves"
                f" {name!r}. The source has {', '.join(named)}: name some of these, or"
                " give each a new name at its place."
            )
    return None


def _shaped(batches: Iterable[Batch], shape: Shape) -> Iterator[Batch]:
    count = 0
    for batch in batches:
        error: Exception | None = None
        try:
            rows = shape.convert(batch)
        except Exception:
            rows, error = _sound(batch, shape, count)
        if rows:
            yield rows
        if error is not None:
            raise error
        count += len(batch)


def _sound(
    batch: Batch, shape: Shape, count: int
) -> tuple[list[Sequence[Any]], Exception | None]:
    """Return the rows before the first misfit of a batch, and its error."""
    rows: list[Sequence[Any]] = []
    for record in batch:
        try:
            rows += shape.convert([record])
        except Exception as error:
            return rows, shape.misfit(count + len(rows) + 1, record, error)
    return rows, None


class _Positions:
    """Tuples, lists, and what else is a sequence of values.

    :param width: how many values each has, if not one for each column.
    :param take: makes a tuple of some of its values, if not all are wanted.
    """

    def __init__(
        self,
        columns: Sequence[str],
        *,
        width: int | None = None,
        take: Callable[[Any], Sequence[Any]] | None = None,
    ) -> None:
        self.columns = columns
        self._lengths = {len(columns) if width is None else width}
        self._take = take
        self._kinds: set[type] = set()

    def convert(self, batch: Batch) -> Batch:
        kinds = set(map(type, batch))
        if not kinds <= self._kinds:
            if not all(map(_is_positional, batch)):
                raise TypeError
            self._kinds |= kinds
        if set(map(len, batch)) != self._lengths:
            raise ValueError
        return batch if self._take is None else list(map(self._take, batch))

    def is_as_wanted(self, record: Any) -> bool:
        """Whether a record is a row already, with a value for each column."""
        return self._take is None and len(record) in self._lengths

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        if _is_positional(record):
            return RowError.of_length(number, self.columns, record)
        return RowError.of_kind(number, record, "the rows before it are tuples")


class _Keys:
    """Dicts, and what else maps names to values."""

    def __init__(self, keys: Sequence[Any], extras: Extras) -> None:
        self.columns = tuple(map(str, keys))
        self._keys = tuple(keys)
        # A key may be in several columns.
        self._lengths = {len({*keys})}
        self._strict = extras == "raise"
        self._get = _getter(itemgetter, self._keys)

    def convert(self, batch: Batch) -> Batch:
        if self._strict and set(map(len, batch)) != self._lengths:
            raise ValueError
        if not all(isinstance(record, Mapping) for record in batch):
            raise TypeError
        return list(map(self._get, batch))

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        if not isinstance(record, Mapping):
            return RowError.of_kind(number, record, "the rows before it are dicts")
        missing = [key for key in self._keys if key not in record]
        extra = [key for key in record if key not in self._keys]
        if missing or (extra and self._strict):
            return RowError.of_keys(number, self.columns, missing=missing, extra=extra)
        return error


class _Attributes:
    """Objects that have a value for each column in an attribute."""

    def __init__(self, names: Sequence[str]) -> None:
        self.columns = names
        self._get = _getter(attrgetter, names)

    def convert(self, batch: Batch) -> Batch:
        return list(map(self._get, batch))

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        other_kind = _is_positional(record) or isinstance(record, Mapping)
        if not isinstance(error, AttributeError) and not other_kind:
            return error
        # What the class declares is there, and failed in itself.
        missing = [
            name
            for name in self.columns
            if not hasattr(type(record), name) and not hasattr(record, name)
        ]
        if number > 1 and (other_kind or len(missing) == len(self.columns)):
            return RowError.of_kind(number, record, "the rows before it are objects")
        if missing:
            return RowError.of_keys(number, self.columns, missing=missing)
        return error


def _getter(
    getter: Callable[..., Any], names: Sequence[Any]
) -> Callable[[Any], Sequence[Any]]:
    if len(names) > 1:
        return getter(*names)  # type: ignore[no-any-return]
    if not names:
        return lambda record: ()
    one = getter(*names)
    return lambda record: (one(record),)


def _is_positional(record: Any) -> bool:
    if isinstance(record, str | bytes | bytearray | memoryview | Mapping):
        return False
    # sqlite3.Row and asyncpg's Record are no Sequence, but have keys and a length.
    return isinstance(record, Sequence) or (
        hasattr(record, "keys") and hasattr(record, "__len__")
    )


def _own_names(record: Any) -> Sequence[str] | None:
    if hasattr(record, "_fields"):
        return tuple(record._fields)
    return tuple(record.keys()) if hasattr(record, "keys") else None


def _fields_of(kind: type[Any]) -> Sequence[str] | None:
    if is_dataclass(kind):
        return [field.name for field in fields(kind)]
    if hasattr(kind, "__attrs_attrs__"):
        return [attribute.name for attribute in kind.__attrs_attrs__]
    if hasattr(kind, "__struct_fields__"):
        return tuple(kind.__struct_fields__)
    if hasattr(kind, "model_fields"):
        return [*kind.model_fields, *getattr(kind, "model_computed_fields", ())]
    return None
