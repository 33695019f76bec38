"""A statement of SQLAlchemy enters; its columns, and which are entities, leave."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Sequence
from functools import cached_property
from inspect import getattr_static
from typing import Any
from typing import NamedTuple

from sqlalchemy import Column
from sqlalchemy import inspect
from sqlalchemy.orm import QueryableAttribute

from ..errors import SourceError
from ..shown import hidden_fields


class Described(NamedTuple):
    """A column of a statement."""

    name: str
    #: The mapped class that the column is, or an alias of one; else ``None``.
    entity: Any
    #: The mapped class, or an alias, that the column is of; else ``None``.
    owner: Any = None
    #: Whether it is an attribute of its owner, as it is.
    is_plain: bool = False

    @property
    def mapper(self) -> Any:
        """Of the entity that the column is, if it is one."""
        return None if self.entity is None else inspect(self.entity).mapper


def describe(statement: Any) -> list[Described]:
    """Return the columns of a statement, as far as it tells of them."""
    found = []
    for description in getattr(statement, "column_descriptions", ()):
        entity, expression = description.get("entity"), description.get("expr")
        is_entity = entity is not None and expression is entity
        # An alias has no name.
        name = str(description["name"] or "")
        is_plain = isinstance(expression, QueryableAttribute)
        found.append(Described(name, entity if is_entity else None, entity, is_plain))
    return found


def has_entities(described: Iterable[Described]) -> bool:
    """Whether entities are among the columns of a statement."""
    return any(column.entity is not None for column in described)


def attributes_of(
    described: Sequence[Described], columns: Sequence[str] | None
) -> list[tuple[int, str, str]]:
    """Return which of the wanted names are attributes of entities, and of which.

    :returns: the place of the entity among the columns, the name, and the attribute.
    """
    found = []
    for name in columns or ():
        places = [(0, name)] if len(described) == 1 else places_of(name, described)
        found += [(place, name, path) for place, path in places[:1] if path]
    return found


def places_of(name: str, described: Sequence[Described]) -> list[tuple[int, str]]:
    """Return what a name can mean in a statement with entities and other columns.

    :returns: for each meaning the place of the column, and of an entity the attribute,
        which a dot may part from the name of the entity.
    """
    first, _, rest = name.partition(".")
    parted, found = [], []
    for place, column in enumerate(described):
        if column.entity is None:
            found += [(place, "")] if column.name == name else []
        elif rest and column.name == first:
            parted.append((place, rest))
        elif is_attribute(column.entity, name):
            found.append((place, name))
    return parted or found


def keys_of_columns(described: Iterable[Described]) -> dict[str, str]:
    """Return for the columns of entities, by their own names, those of attributes."""
    return {
        attribute.columns[0].key: attribute.key
        for column in described
        if column.entity is not None
        for attribute in column.mapper.column_attrs
        if isinstance(attribute.columns[0], Column)
    }


def hidden_columns(described: Iterable[Described]) -> frozenset[str]:
    """Return the names of columns that the classes of entities leave out of dumps."""
    return frozenset(
        attribute.columns[0].key
        for column in described
        if column.entity is not None
        for attribute in column.mapper.column_attrs
        if attribute.key in hidden_fields(column.mapper.class_)
    )


def is_attribute(entity: Any, name: str) -> bool:
    """Whether a name leads to values of an entity, and not to other entities."""
    first, _, rest = name.partition(".")
    # An entity may be one of a subclass.
    for mapper in inspect(entity).mapper.self_and_descendants:
        if first in mapper.all_orm_descriptors:
            return bool(rest) or first not in mapper.relationships
        own = getattr_static(mapper.class_, first, None)
        if isinstance(own, property | cached_property):
            return True
    return False


def is_way(name: str, described: Iterable[Described]) -> bool:
    """Whether a name may be one that leads from entities to others."""
    if "." in name:
        return all(map(str.isidentifier, name.split(".")))
    entities = (column for column in described if column.entity is not None)
    return any(name in entity.mapper.relationships for entity in entities)


def require_new_names(
    described: Sequence[Described],
    columns: Sequence[str] | None,
    names: Collection[str],
) -> None:
    """Check that what becomes a new name of a column is not that of another one.

    :param names: which the columns have.
    :raises SourceError: for a name that is no column, but an attribute of an entity.
    """
    for place, name in enumerate(columns or ()):
        if name in names:
            continue
        beside = described[place : place + 1]
        if "." in name:
            beside = described
        for column in beside:
            if column.owner is None or not is_attribute(column.owner, name):
                continue
            if column.is_plain or "." in name:
                owner = inspect(column.owner).mapper.class_.__name__
                raise SourceError(
                    f"columns= names {name!r}, which {owner} has, but these rows have"
                    f" not. Pass select({owner}) itself, or add that column to the"
                    f" statement, with .label({name!r}). A column that is only to be"
                    " called so needs that label as well."
                )


def columns_of_entity(
    mapper: Any, selected: Sequence[Sequence[Any]]
) -> dict[str, int] | None:
    """Return where the columns of an entity are among those that a statement selects.

    Return ``None`` where the entity is not just its columns: where it has
    subclasses, other expressions, listeners that change it when it is loaded, or
    fields that it keeps to itself.

    :param selected: for each column of the statement, what it was made from.
    """
    events = mapper.class_manager.dispatch
    if mapper.inherits or mapper.polymorphic_on is not None:
        return None
    if events.load or events.refresh or hidden_fields(mapper.class_):
        return None
    places = {
        id(origin): place
        for place, origins in enumerate(selected)
        for origin in origins
    }
    columns = {}
    for attribute in mapper.column_attrs:
        column, *more = attribute.columns
        if more or not isinstance(column, Column):
            return None
        if id(column) in places:
            columns[attribute.key] = places[id(column)]
    return columns if len(columns) == len(selected) else None
