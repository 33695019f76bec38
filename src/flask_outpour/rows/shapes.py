"""A record enters; how it, and those like it, become tuples leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from operator import attrgetter
from operator import itemgetter
from typing import Any
from typing import Literal
from typing import Protocol

from ..errors import RowError
from ..errors import SourceError
from ..shown import row_getter
from ..shown import shown_columns
from .attributes import is_missing
from .attributes import values_of
from .entities import entity_columns
from .entities import is_row_of_entities
from .model import Batch
from .model import name_of

Extras = Literal["raise", "ignore"]


class Shape(Protocol):
    """How records of one kind become tuples."""

    @property
    def columns(self) -> Sequence[str]:
        """The names of the columns."""

    @property
    def width(self) -> int:
        """How many values a copy that fits has."""

    @property
    def copies_are_rows(self) -> bool:
        """Whether what :meth:`copier` returns makes rows at once."""

    def admit(self, batch: Batch) -> None:
        """Fail if one of some records is of another kind."""

    def convert(self, batch: Batch) -> Batch:
        """Return the tuples of what was admitted, or fail if one does not fit."""

    def one(self, record: Any) -> Sequence[Any]:
        """Return the tuple of one record, or fail if it does not fit.

        What its source does with the record afterwards does not change the tuple.
        """

    def copier(self, record: Any) -> Callable[[Any], Any] | None:
        """Return what copies records of this one's type.

        It is C, for Python would take too long for each row; where there is none,
        ``None``. It fails with other records, or these are not admitted. The copies
        are records again, or rows.
        """

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        """Return the error that says in what a record does not fit."""


def shape_of(
    record: Any,
    columns: Sequence[str] | None,
    named: Sequence[str] | None,
    extras: Extras,
) -> Shape:
    """Return how a record, and those like it, become tuples.

    :raises SourceError: when it is no row, or has no names.
    """
    if is_row_of_entities(record):
        # Who has such a row has imported SQLAlchemy.
        from .entity_rows import EntityRows

        return EntityRows(record, columns)
    if isinstance(record, Mapping):
        return Keys(_keys(record, columns), extras)
    if _is_positional(record):
        return _positions(record, columns, named or _own_names(record))
    kind: Any = type(record)
    attributes = entity_columns(record) or shown_columns(record)
    if (
        attributes is None
        and columns
        and all(hasattr(record, name.partition(".")[0]) for name in columns)
    ):
        # Any object will do where it is said what to take of it.
        return Attributes(columns, kind)
    if attributes is None:
        raise SourceError(
            f"Row 1 is of type {type(record).__name__}, which is no row. A row is a"
            " tuple, a list, a dict, a named tuple, or an object of a dataclass, attrs,"
            " pydantic, msgspec or SQLAlchemy model; a single value goes into a tuple:"
            " (value,)."
        )
    if columns is None:
        return Attributes(attributes, kind, are_asked_for=False)
    return Attributes(columns, kind)


def _keys(record: Mapping[Any, Any], columns: Sequence[str] | None) -> Sequence[Any]:
    """Return the keys of a record that columns are made of.

    :raises SourceError: where a key is there twice, as in a result's mapping.
    """
    keys = tuple(record)
    if len({*keys}) < len(keys):
        raise SourceError.of_dicts(sorted({key for key in keys if keys.count(key) > 1}))
    if columns is None:
        return keys
    # A date or a number may be a key, too.
    others = {name_of(key): key for key in keys if not isinstance(key, str)}
    return [name if name in record else others.get(name, name) for name in columns]


def _positions(
    record: Any, columns: Sequence[str] | None, named: Sequence[str] | None
) -> Positions:
    """Return how tuples get names, or which of their named values are taken."""
    if columns is None and named is None:
        raise SourceError(
            f"The rows are of type {type(record).__name__}, which has no names."
            ' Give them, for example columns=["id", "name"].'
        )
    if columns is None or named is None or columns == named:
        return Positions(columns or named or ())
    picks = picked(columns, named)
    if picks is None:
        return Positions(columns)
    return Positions(columns, width=len(named), picks=picks)


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


class Positions:
    """Tuples, lists, and what else is a sequence of values.

    :param width: how many values each has, if not one for each column.
    :param picks: the places of those that are wanted, if not all are.
    """

    copies_are_rows = False

    def __init__(
        self,
        columns: Sequence[str],
        *,
        width: int | None = None,
        picks: Sequence[int] | None = None,
    ) -> None:
        self.columns = columns
        self.width = len(columns) if width is None else width
        self._lengths = {self.width}
        self.picks = picks
        self._take = None if picks is None else _getter(itemgetter, picks)
        self._kinds: set[type] = set()

    def admit(self, batch: Batch) -> None:
        kinds = set(map(type, batch))
        if not kinds <= self._kinds:
            if not all(map(_is_positional, batch)):
                raise TypeError
            self._kinds |= kinds

    def convert(self, batch: Batch) -> Batch:
        if set(map(len, batch)) != self._lengths:
            raise ValueError
        return batch if self._take is None else list(map(self._take, batch))

    def one(self, record: Any) -> Sequence[Any]:
        if type(record) not in self._kinds or len(record) not in self._lengths:
            self.admit([record])
            self.convert([record])
        return tuple(record) if self._take is None else tuple(self._take(record))

    def copier(self, record: Any) -> Callable[[Any], Any] | None:
        return tuple

    def is_as_wanted(self, record: Any) -> bool:
        """Whether a record is a row already, with a value for each column."""
        return self._take is None and len(record) in self._lengths

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        if _is_positional(record):
            return RowError.of_length(number, self.columns, record)
        return RowError.of_kind(number, record, "the rows before it are tuples")


class Keys:
    """Dicts, and what else maps names to values."""

    def __init__(self, keys: Sequence[Any], extras: Extras) -> None:
        self.columns = tuple(map(name_of, keys))
        self.keys = tuple(keys)
        # A key may be in several columns.
        self.width = len({*keys})
        self._lengths = {self.width}
        self._strict = extras == "raise"
        # A row does not tell whether its record has more than the columns.
        self.copies_are_rows = not self._strict
        self._get = _getter(itemgetter, self.keys)
        self._kinds: set[type] = {dict}

    def admit(self, batch: Batch) -> None:
        kinds = set(map(type, batch))
        if not kinds <= self._kinds:
            if not all(isinstance(record, Mapping) for record in batch):
                raise TypeError
            self._kinds |= kinds

    def convert(self, batch: Batch) -> Batch:
        if self._strict and set(map(len, batch)) != self._lengths:
            raise ValueError
        return list(map(self._get, batch))

    def one(self, record: Any) -> Sequence[Any]:
        if type(record) not in self._kinds:
            self.admit([record])
        if self._strict and len(record) not in self._lengths:
            raise ValueError
        return self._get(record)

    def copier(self, record: Any) -> Callable[[Any], Any] | None:
        if not self._strict:
            return self._get
        return dict.copy if type(record) is dict else None

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        if not isinstance(record, Mapping):
            return RowError.of_kind(number, record, "the rows before it are dicts")
        missing = [key for key in self.keys if key not in record]
        extra = [key for key in record if key not in self.keys]
        if missing or (extra and self._strict):
            return RowError.of_keys(number, self.columns, missing=missing, extra=extra)
        return error


class Attributes:
    """Objects that have a value for each column in an attribute.

    :param kind: the class of the first.
    :param are_asked_for: whether the view has named the columns, and not that class.
    """

    copies_are_rows = True

    def __init__(
        self, names: Sequence[str], kind: Any, *, are_asked_for: bool = True
    ) -> None:
        self.columns = names
        self.width = len(names)
        self._are_asked_for = are_asked_for
        own = row_getter(kind, names)
        self._get = own or _getter(attrgetter, names)
        #: Where a way may lead through ``None``.
        self._values = own or values_of(names)
        self._has_own = own is not None
        #: The classes of which all is taken so, and what takes it of others.
        self._alike = {kind}
        self._others: dict[type, Callable[[Any], Any]] = {}

    def admit(self, batch: Batch) -> None:
        pass

    def convert(self, batch: Batch) -> Batch:
        if self.are_others(batch):
            return list(map(self.one, batch))
        try:
            return list(map(self._get, batch))
        except AttributeError:
            return list(map(self._values, batch))

    def one(self, record: Any) -> Sequence[Any]:
        if type(record) not in self._alike:
            self.are_others([record])
        row: Sequence[Any] = self._of(type(record))(record)
        return row

    def _of(self, kind: type) -> Callable[[Any], Any]:
        return self._others.get(kind, self._values)

    def are_others(self, records: Iterable[Any]) -> bool:
        """Whether a class among these shows what the first one's way does not tell."""
        kinds = set(map(type, records)) - self._alike
        for kind in kinds - self._others.keys():
            get = row_getter(kind, self.columns, are_asked_for=self._are_asked_for)
            if get is not None or self._has_own:
                self._others[kind] = get or values_of(self.columns)
            else:
                self._alike.add(kind)
        return not kinds.isdisjoint(self._others)

    def copier(self, record: Any) -> Callable[[Any], Any] | None:
        return self._get

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        other_kind = _is_positional(record) or isinstance(record, Mapping)
        if not isinstance(error, AttributeError) and not other_kind:
            return error
        # What the class declares is there, and failed in itself.
        missing = [name for name in self.columns if is_missing(record, name)]
        are_odd = all(is_missing(record, name.split(".")[0]) for name in self.columns)
        if number > 1 and (other_kind or are_odd):
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
