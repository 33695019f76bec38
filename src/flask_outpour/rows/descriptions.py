"""A statement of SQLAlchemy enters; its columns, and which are entities, leave."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence
from typing import Any
from typing import NamedTuple

from sqlalchemy import Column
from sqlalchemy import inspect


class Described(NamedTuple):
    """A column of a statement."""

    name: str
    #: Of the entity that the column is, if it is one.
    mapper: Any


def describe(statement: Any) -> list[Described]:
    """Return the columns of a statement, as far as it tells of them."""
    found = []
    for description in getattr(statement, "column_descriptions", ()):
        entity, expression = description.get("entity"), description.get("expr")
        is_entity = entity is not None and expression is entity
        mapper = inspect(entity).mapper if is_entity else None
        found.append(Described(str(description["name"]), mapper))
    return found


def has_entities(described: Iterable[Described]) -> bool:
    """Whether entities are among the columns of a statement."""
    return any(column.mapper is not None for column in described)


def columns_of_entity(
    mapper: Any, selected: Sequence[Sequence[Any]]
) -> dict[str, int] | None:
    """Return where the columns of an entity are among those that a statement selects.

    Return ``None`` where the entity is more than its columns: where it has
    subclasses, other expressions, or listeners that change it when it is loaded.

    :param selected: for each column of the statement, what it was made from.
    """
    events = mapper.class_manager.dispatch
    if mapper.inherits or mapper.polymorphic_on is not None:
        return None
    if events.load or events.refresh:
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
