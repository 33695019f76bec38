"""Annotations of Python enter; what they say of a column leaves."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import is_dataclass
from dataclasses import replace
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from ipaddress import IPv4Interface
from ipaddress import IPv4Network
from ipaddress import IPv6Address
from ipaddress import IPv6Interface
from ipaddress import IPv6Network
from types import NoneType
from types import SimpleNamespace
from types import UnionType
from typing import Annotated
from typing import Any
from typing import get_args
from typing import get_origin
from typing import get_type_hints
from typing import Literal
from typing import Union
from uuid import UUID

from ..column_types import ColumnType
from ..column_types import Types

#: Classes and what their values are brought to, each before its own bases.
_BASES: Sequence[tuple[type | tuple[type, ...], type]] = (
    (bool, bool),
    (datetime, datetime),
    *((kind, kind) for kind in (date, time, timedelta, Decimal, int, float, str)),
    ((bytes, bytearray, memoryview), bytes),
    ((UUID, IPv4Address, IPv4Interface, IPv4Network), str),
    ((IPv6Address, IPv6Interface, IPv6Network), str),
    (Mapping, dict),
)
#: What pydantic has for times that are more than their class says.
_OF_PYDANTIC = {
    "AwareDatetime": ColumnType(base=datetime, zoned=True),
    "NaiveDatetime": ColumnType(base=datetime, zoned=False),
    **dict.fromkeys(("PastDatetime", "FutureDatetime"), ColumnType(base=datetime)),
    **dict.fromkeys(("PastDate", "FutureDate"), ColumnType(base=date)),
}


def types_of_class(kind: type, names: Iterable[str]) -> Types:
    """Return what the annotations of a class say of some of its attributes."""
    hints = _hints_of(kind)
    return [type_of(hints.get(name)) for name in names]


def type_of(annotation: Any) -> ColumnType | None:
    """Return what an annotation says of a column, or ``None`` if that is not enough.

    ``Optional[int]`` is an ``int``, and an ``Enum`` the type of its values.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, ColumnType):
        return annotation
    if origin is Annotated:
        return _refined(type_of(arguments[0]), arguments[1:])
    if origin in (Union, UnionType):
        return _common([type_of(each) for each in arguments if each is not NoneType])
    if origin is Literal:
        return _common([_of_value(value) for value in arguments if value is not None])
    # Of NewType, and of a "type" statement, which may name itself.
    for name in ("__supertype__", "__value__"):
        if not isinstance(annotation, type | Enum) and hasattr(annotation, name):
            with suppress(RecursionError):
                return type_of(getattr(annotation, name))
            return None
    if isinstance(origin, type):
        return _of_container(origin, arguments)
    return _of_class(annotation) if isinstance(annotation, type) else None


def _of_container(origin: type, arguments: Sequence[Any]) -> ColumnType | None:
    if issubclass(origin, Mapping):
        return ColumnType(base=dict)
    if issubclass(origin, tuple) and arguments[1:] != (...,):
        return None
    if not issubclass(origin, Sequence) or not arguments:
        return None
    item = type_of(arguments[0])
    if item is None:
        return None
    # A list of lists is JSON, as one of dicts is.
    nested = item.base in (list, dict)
    return ColumnType(
        base=dict if nested else list,
        item=None if nested else item,
        is_sure=item.is_sure,
    )


def _of_class(kind: type) -> ColumnType | None:
    if issubclass(kind, Enum):
        return _common([_of_value(member.value) for member in kind])
    if (
        kind.__module__.partition(".")[0] == "pydantic"
        and kind.__name__ in _OF_PYDANTIC
    ):
        return _OF_PYDANTIC[kind.__name__]
    for bases, base in _BASES:
        if issubclass(kind, bases):
            return ColumnType(base=base)
    # Its values may be anything that a format makes of them, a dict first of all.
    return ColumnType(base=dict, is_sure=False) if is_model(kind) else None


def is_model(kind: type) -> bool:
    """Whether a class has fields with annotations that its objects keep."""
    return is_dataclass(kind) or any(
        hasattr(kind, name)
        for name in ("__attrs_attrs__", "__struct_fields__", "model_fields")
    )


def _of_value(value: Any) -> ColumnType | None:
    if isinstance(value, Enum):
        return _of_value(value.value)
    return _of_class(type(value))


def _common(found: Sequence[ColumnType | None]) -> ColumnType | None:
    """Return the one type that has the values of all of these."""
    first, *others = dict.fromkeys(found) or [None]
    if not others or first is None:
        return first
    bases = {each and each.base for each in found}
    for wide in (float, Decimal):
        if bases == {int, wide}:
            return next(each for each in found if each and each.base is wide)
    same = len(bases) == 1 and not bases & {list, None}
    return ColumnType(base=first.base, is_sure=first.is_sure) if same else None


def _refined(found: ColumnType | None, metadata: Iterable[Any]) -> ColumnType | None:
    """Return a type with what pydantic's ``Field`` or ``condecimal`` says of digits."""
    if found is None or found.base is not Decimal:
        return found
    for each in (part for one in metadata for part in (one, *_parts(one))):
        digits = getattr(each, "max_digits", None)
        places = getattr(each, "decimal_places", None)
        if isinstance(places, int):
            found = replace(found, scale=places)
        if isinstance(digits, int):
            found = replace(found, precision=digits)
    return found


def _parts(metadata: Any) -> Sequence[Any]:
    parts = getattr(metadata, "metadata", ())
    return parts if isinstance(parts, list | tuple) else ()


def _hints_of(kind: type) -> dict[str, Any]:
    fields: Any = getattr(kind, "model_fields", None)
    if isinstance(fields, Mapping):
        # pydantic has them resolved, with what is beside a type apart from it.
        hints = {name: _of_field(field) for name, field in fields.items()}
        for name, computed in getattr(kind, "model_computed_fields", {}).items():
            hints[name] = computed.return_type
        return hints
    try:
        return get_type_hints(kind, include_extras=True)
    except Exception:
        # One of them names what is not there at run time.
        return dict(_readable_hints(kind))


def _of_field(field: Any) -> Any:
    found = type_of(field.annotation)
    return _refined(found, getattr(field, "metadata", ()))


def _readable_hints(kind: type) -> Iterable[tuple[str, Any]]:
    for base in reversed(kind.__mro__):
        names = vars(sys.modules.get(base.__module__, SimpleNamespace()))
        for name, annotation in vars(base).get("__annotations__", {}).items():
            one = SimpleNamespace(__annotations__={name: annotation})
            try:
                yield from get_type_hints(one, names, include_extras=True).items()
            except Exception:
                yield name, None
