"""An object of a model enters; the fields that it shows to a reader leave.

A model may keep a field to itself, such as ``Field(exclude=True)`` of pydantic's, or
show another value than it has, by a serializer. What its own dump leaves out or changes
is left out or changed here.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from collections.abc import Set
from dataclasses import fields
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any


# Bounded, since a class may be made for a single stream.
@lru_cache(256)
def shown_fields(kind: Any) -> tuple[str, ...] | None:
    """Return the fields that the objects of a class show, or ``None`` if it has none.

    :param kind: of dataclasses, attrs, pydantic or msgspec, or any other class.
    """
    if is_dataclass(kind):
        names: Sequence[str] = [field.name for field in fields(kind)]
    elif hasattr(kind, "__attrs_attrs__"):
        names = [attribute.name for attribute in kind.__attrs_attrs__]
    elif hasattr(kind, "__struct_fields__"):
        names = kind.__struct_fields__
    elif hasattr(kind, "__pydantic_fields__"):
        names = [*kind.__pydantic_fields__, *_computed(kind)]
    elif hasattr(kind, "__exclude_fields__") and hasattr(kind, "__fields__"):
        # A model of pydantic's first version, which lives on as pydantic.v1.
        names = list(kind.__fields__)
    else:
        return None
    hidden = hidden_fields(kind)
    return tuple(name for name in names if name not in hidden)


@lru_cache(256)
def hidden_fields(kind: Any) -> frozenset[str]:
    """Return the fields that a class leaves out of its dumps."""
    known = getattr(kind, "__pydantic_fields__", None) or {}
    hidden = {name for name, field in known.items() if field.exclude is True}
    return frozenset(hidden.union(getattr(kind, "__exclude_fields__", None) or ()))


def row_getter(kind: Any, names: Sequence[str]) -> Callable[[Any], Any] | None:
    """Return what takes a row from an object, where its attributes do not tell it.

    That is so where a model of pydantic's shows other values than it has.

    :param names: of fields, also of such as it leaves out; these are as they are.
    """
    shown = shown_fields(kind)
    if shown is None or not _shows_others(kind):
        return None
    dumped = frozenset(shown).intersection(names)

    def row(record: Any) -> tuple[Any, ...]:
        dump = _dump(record, dumped)
        # A field may be left out for its value, too.
        return tuple(
            dump.get(name) if name in dumped else _value(record, name) for name in names
        )

    return row


def _value(record: Any, name: str) -> Any:
    """Return what an attribute has, or ``None`` where the way leads through that."""
    value = record
    for part in name.split("."):
        if value is None:
            return None
        value = getattr(value, part)
    return value


def as_dict(value: Any) -> dict[str, Any] | None:
    """Return the fields that an object of a model shows, or ``None`` if it is none."""
    kind: Any = type(value)
    names = shown_fields(kind)
    # What an entity has may be in the database still, and may lead back to itself.
    if names is None or hasattr(value, "_sa_instance_state"):
        return None
    if _shows_others(kind):
        return _dump(value, frozenset(names))
    return {name: getattr(value, name) for name in names}


def _dump(record: Any, names: Set[str]) -> dict[str, Any]:
    kind: Any = type(record)
    if _has_own_dump(kind):
        return record.model_dump()  # type: ignore[no-any-return]
    return kind.__pydantic_serializer__.to_python(record, include=names)  # type: ignore[no-any-return]


@lru_cache(256)
def _shows_others(kind: Any) -> bool:
    """Whether a model of pydantic's, or a dataclass, shows other values than it has."""
    schema = getattr(kind, "__pydantic_core_schema__", None)
    return schema is not None and (_has_own_dump(kind) or _has_serializer(schema))


def _has_own_dump(kind: Any) -> bool:
    home = getattr(getattr(kind, "model_dump", None), "__module__", "pydantic")
    return home.partition(".")[0] not in ("pydantic", "sqlmodel")


def _has_serializer(schema: Any) -> bool:
    """Whether pydantic's schema of a class says anywhere how a value is written."""
    if isinstance(schema, dict):
        return any(
            str(key).startswith("serialization") or _has_serializer(value)
            for key, value in schema.items()
        )
    return isinstance(schema, list | tuple) and any(map(_has_serializer, schema))


def _computed(kind: Any) -> Sequence[str]:
    return [*getattr(kind, "__pydantic_computed_fields__", ())]
