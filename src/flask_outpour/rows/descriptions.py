"""A statement of SQLAlchemy enters; its columns, and which are entities, leave."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from typing import NamedTuple

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
