"""Rows of SQLAlchemy with entities in them enter; rows of their attributes leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from itertools import chain
from itertools import zip_longest
from typing import Any

from ..errors import RowError
from ..errors import SourceError
from .attributes import values_of
from .descriptions import Described
from .descriptions import places_of
from .entities import entity_columns
from .entities import is_entity
from .entities import loaded_columns
from .model import Batch

Flat = Callable[[Sequence[Any]], Sequence[Any]]


def flattened(
    described: Sequence[Described], row: Sequence[Any], columns: Sequence[str] | None
) -> tuple[list[str], Flat]:
    """Return the columns of rows with entities, and what makes rows of values of them.

    Each entity has its columns in its place, unless some names are wanted.

    :param row: the first of them.
    :raises SourceError: where a wanted name may mean several columns, or none.
    """
    names: list[str] = []
    getters: list[Callable[[Any], Sequence[Any]]] = []
    for column, value in zip(described, row, strict=True):
        attributes: Sequence[str] = []
        if column.entity is not None:
            attributes = _columns_of(column, value)
        names += attributes or [column.name]
        getters.append(_of_value(attributes))
    chosen = _chosen(described, names, columns)
    if chosen is not None:
        picks = [(place, _of_value([path] * bool(path))) for place, path in chosen]
        return list(columns or ()), lambda row: tuple(
            get(row[place])[0] for place, get in picks
        )

    def flat(row: Sequence[Any]) -> Sequence[Any]:
        values = zip(getters, row, strict=True)
        return tuple(chain.from_iterable(get(value) for get, value in values))

    return names, flat


def _columns_of(column: Described, value: Any) -> Sequence[str]:
    """Return the columns of an entity, also of one that a commit has expired."""
    if value is None:
        return loaded_columns(column.mapper, None)
    return entity_columns(value) or loaded_columns(column.mapper, value)


def _chosen(
    described: Sequence[Described], names: Sequence[str], columns: Sequence[str] | None
) -> list[tuple[int, str]] | None:
    """Return where the wanted columns are, if they are not new names for all."""
    if columns is None or list(columns) == names:
        return None
    if len(described) == 1:
        return [(0, name) for name in columns]
    found = {name: places_of(name, described) for name in columns}
    for name, places in found.items():
        if len(places) > 1:
            first, second = (described[place].name for place, _ in places[:2])
            raise SourceError(
                f"columns= names {name!r}, which is in {first} and in {second}. Say"
                f" which is meant, such as '{first}.{name}' for that of an entity, or"
                " give one a label of its own in the statement."
            )
    unknown = [name for name, places in found.items() if not places]
    if not unknown:
        return [places[0] for places in found.values()]
    if all(name in names for name in set(found).difference(unknown)):
        return None
    raise SourceError(
        f"columns= names {', '.join(map(repr, unknown))}, which no column of the"
        f" statement has. It has {', '.join(names)}, and attributes of its entities."
    )


def _of_value(attributes: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    if not attributes:
        return lambda value: (value,)
    get = values_of(attributes)
    # An outer join may have no entity here.
    nothing = (None,) * len(attributes)
    return lambda entity: nothing if entity is None else get(entity)


class EntityRows:
    """Rows that a view has fetched, with entities in them."""

    copies_are_rows = True

    def __init__(self, record: Any, columns: Sequence[str] | None) -> None:
        row = _values(record)
        names = record.keys() if isinstance(record, Mapping) else record._fields
        # Aliases have no names.
        described = [
            Described(str(name or ""), type(value) if is_entity(value) else None)
            for name, value in zip_longest(names, row)
        ]
        self._kind, self._length = type(record), len(row)
        self.columns, self._flat = flattened(described, row, columns)
        self.width = len(self.columns)

    def admit(self, batch: Batch) -> None:
        for record in batch:
            if type(record) is not self._kind or len(record) != self._length:
                raise TypeError

    def convert(self, batch: Batch) -> Batch:
        return [self._flat(_values(record)) for record in batch]

    def one(self, record: Any) -> Sequence[Any]:
        self.admit([record])
        return self._flat(_values(record))

    def copier(self, record: Any) -> Callable[[Any], Any] | None:
        return None

    def misfit(self, number: int, record: Any, error: Exception) -> Exception:
        if type(record) is not self._kind or len(record) != self._length:
            kind = f"the rows before it have {self._length} of a query's entities"
            return RowError.of_kind(number, record, kind)
        if isinstance(error, AttributeError):
            return RowError(f"Row {number}: {error}.", row=number)
        return error


def _values(record: Any) -> Sequence[Any]:
    return tuple(record.values()) if isinstance(record, Mapping) else record
