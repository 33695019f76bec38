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

from .errors import SourceError

NO_MODEL = object()


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


def shown_columns(record: Any) -> tuple[str, ...] | None:
    """Return the columns of an object and of those like it, or ``None`` for no model.

    These are the fields that its class shows, and what its dump has beside them.
    """
    kind: Any = type(record)
    names = shown_fields(kind)
    if names is None or not _shows_others(kind):
        return names
    known = {key for name in names for key in _keys(kind, name)} | hidden_fields(kind)
    return (*names, *(key for key in _row_dump(record, None) if key not in known))


def row_getter(
    kind: Any, names: Sequence[str], *, are_asked_for: bool = True
) -> Callable[[Any], Any] | None:
    """Return what takes a row from an object, where its attributes do not tell it.

    That is so where a model of pydantic's shows other values than it has.

    :param names: of fields, also of such as it leaves out.
    :param are_asked_for: whether these are as they are, or else ``None``.
    """
    shown, hidden = shown_fields(kind), hidden_fields(kind)
    left_out = frozenset() if are_asked_for else hidden.intersection(names)
    if shown is None or not (left_out or _shows_others(kind)):
        return None
    if not _shows_others(kind):
        return lambda record: tuple(
            [None if name in left_out else _value(record, name) for name in names]
        )
    keys = {name: _keys(kind, name) for name in names if name not in hidden}
    first = [(keys.get(name, (None,))[0], name) for name in names]
    # Nothing but fields can be chosen, and of these none of a single value.
    are_fields = frozenset(names).issubset(shown) and not _is_root(kind)
    dumped = frozenset(names) if are_fields else None

    def other(record: Any, dump: dict[str, Any], name: str) -> Any:
        # A field may be left out for its value, too.
        if name in shown:
            return dump.get(keys[name][-1])
        return None if name in left_out else _value(record, name)

    def row(record: Any) -> tuple[Any, ...]:
        dump = _row_dump(record, dumped)
        return tuple(
            [
                dump[key] if key in dump else other(record, dump, name)
                for key, name in first
            ]
        )

    return row


def _keys(kind: Any, name: str) -> tuple[str, ...]:
    """Return the keys that a field may have in a dump, the likely one first."""
    field: Any = getattr(kind, "__pydantic_fields__", {}).get(name)
    alias = getattr(field, "serialization_alias", None)
    if field is None:
        field = getattr(kind, "__pydantic_computed_fields__", {}).get(name)
        alias = getattr(field, "alias", None)
    if _has_own_dump(kind):
        # Nobody knows which of them it asks for.
        return (name, alias or name)
    config: Any = getattr(kind, "model_config", None)
    config = config or getattr(kind, "__pydantic_config__", None) or {}
    return (alias or name if config.get("serialize_by_alias") else name,)


def _is_root(kind: Any) -> bool:
    return getattr(kind, "__pydantic_root_model__", False)


def _value(record: Any, name: str) -> Any:
    """Return what an attribute has, or ``None`` where the way leads through that."""
    value = record
    for part in name.split("."):
        if value is None:
            return None
        value = getattr(value, part)
    return value


def as_shown(value: Any) -> Any:
    """Return what an object of a model shows, or ``NO_MODEL``.

    These are its fields as a dict, unless its own dump is something else.
    """
    kind: Any = type(value)
    names = shown_fields(kind)
    # What an entity has may be in the database still, and may lead back to itself.
    if names is None or hasattr(value, "_sa_instance_state"):
        return NO_MODEL
    if getattr(kind, "__custom_root_type__", False) is True:
        # Of pydantic's first version; it stands for one value.
        return value.__root__
    if _shows_others(kind):
        return _dump(value, None)
    return {name: getattr(value, name) for name in names}


def _row_dump(record: Any, names: Set[str] | None) -> dict[str, Any]:
    """Return the dump of an object that is a row.

    :raises SourceError: where that has no names.
    """
    dump = _dump(record, names)
    if isinstance(dump, dict):
        return dump
    if _is_root(record):
        return {"root": dump}
    raise SourceError(
        f"The rows are of type {type(record).__name__}, whose own serializer makes a"
        f" {type(dump).__name__} of each, which has no names. Convert them to dicts or"
        " tuples."
    )


def _dump(record: Any, names: Set[str] | None) -> Any:
    kind: Any = type(record)
    if _has_own_dump(kind):
        return record.model_dump()
    return kind.__pydantic_serializer__.to_python(record, include=names)


@lru_cache(256)
def _shows_others(kind: Any) -> bool:
    """Whether a model of pydantic's, or a dataclass, shows other values than it has."""
    schema = getattr(kind, "__pydantic_core_schema__", None)
    return schema is not None and (_has_own_dump(kind) or _is_special(schema, kind))


def _has_own_dump(kind: Any) -> bool:
    home = getattr(getattr(kind, "model_dump", None), "__module__", "pydantic")
    return home.partition(".")[0] not in ("pydantic", "sqlmodel")


def _is_special(schema: Any, kind: Any) -> bool:
    """Whether a dump of a class has other values than its attributes, by its schema.

    It has where that says how a value is written, and where one is of a model: of an
    object of a subclass, a dump shows what the field's own class has. So it is for more
    than the fields, and for a single value without a name.
    """
    if isinstance(schema, dict):
        type_, is_own = schema.get("type"), schema.get("cls") is kind
        return (
            (type_ in ("model", "dataclass") and not is_own)
            or type_ in ("definition-ref", "typed-dict")
            or schema.get("root_model") is True
            or schema.get("extra_fields_behavior") == "allow"
            or any(str(key).startswith("serialization") for key in schema)
            or any(_is_special(value, kind) for value in schema.values())
        )
    return isinstance(schema, list | tuple) and any(
        _is_special(value, kind) for value in schema
    )


def _computed(kind: Any) -> Sequence[str]:
    return [*getattr(kind, "__pydantic_computed_fields__", ())]
