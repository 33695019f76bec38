"""Objects of SQLAlchemy's ORM enter; the names of their columns leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..shown import hidden_fields


def is_entity(value: Any) -> bool:
    """Whether this is an object of a mapped class."""
    return hasattr(value, "_sa_instance_state")


def is_row_of_entities(record: Any) -> bool:
    """Whether this is a row of a result, or its mapping, with an entity in it."""
    if not type(record).__module__.startswith("sqlalchemy.engine."):
        return False
    values = record.values() if hasattr(record, "values") else record
    return any(map(is_entity, values))


def entity_columns(record: Any) -> Sequence[str] | None:
    """Return the names of the columns that an entity has, if it is one.

    Those that its query did not load are left out, since each row would ask the
    database for its own; those that a commit has expired are loaded again at once.
    """
    state = getattr(record, "_sa_instance_state", None)
    if state is None:
        return None
    if state.key is None:
        # It is new, and has nothing but what was set.
        return mapper_columns(state.mapper)
    # Loading it again brings no deferred column, and no subclass's own ones.
    again = state.expired_attributes.intersection(
        mapper_columns(state.mapper.base_mapper)
    )
    there = (state.dict.keys() | again) - hidden_fields(state.class_)
    return [name.key for name in state.mapper.column_attrs if name.key in there]


def loaded_columns(mapper: Any, entity: Any) -> list[str]:
    """Return the names of a mapper's columns that a query has loaded for an entity.

    :param entity: ``None`` where there is none to tell.
    """
    if entity is None:
        return mapper_columns(mapper)
    there = entity._sa_instance_state.dict.keys() - hidden_fields(mapper.class_)
    return [name.key for name in mapper.column_attrs if name.key in there]


def mapper_columns(mapper: Any) -> list[str]:
    """Return the names of the attributes that a mapper loads from columns at once.

    Those that its class leaves out of its own dumps, as one of SQLModel can, are left
    out.
    """
    hidden = hidden_fields(mapper.class_)
    return [
        attribute.key
        for attribute in mapper.column_attrs
        if not attribute.deferred and attribute.key not in hidden
    ]
