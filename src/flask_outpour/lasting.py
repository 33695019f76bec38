"""The value of a cell enters; one that nobody can change any more leaves."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import MutableSequence
from collections.abc import Set
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
from pathlib import PurePath
from typing import Any
from uuid import UUID

from .others import behind
from .others import stand_in
from .ranges import is_range
from .ranges import range_text

#: The types of what stays as it is.
LASTING = frozenset(
    {
        *(type(None), bool, int, float, Decimal, str, bytes),
        *(datetime, date, time, timedelta, UUID),
        *(IPv4Address, IPv4Interface, IPv4Network),
        *(IPv6Address, IPv6Interface, IPv6Network),
    }
)
_BASES = (*(LASTING - {type(None), bool}), PurePath)


def lasts(kind: type) -> bool:
    """Whether no value of a type, or nothing that is written of it, can change."""
    if kind in LASTING or issubclass(kind, _BASES):
        return True
    if issubclass(kind, Enum):
        # The same member has the same value, but that may be a list.
        return all(type(member.value) in LASTING for member in kind)
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, numpy.generic):
        # A row of a structured array is a window on it.
        return not issubclass(kind, numpy.void)
    pandas = sys.modules.get("pandas")
    return pandas is not None and kind in (type(pandas.NaT), type(pandas.NA))


def all_kept(values: Iterable[Any], lasting: Set[type] = LASTING) -> tuple[Any, ...]:
    """Return values of which none can be changed any more, as :func:`kept` does.

    :param lasting: the types that are known to last.
    """
    return tuple([v if type(v) in lasting else kept(v) for v in values])


def kept(value: Any) -> Any:
    """Return a value, or a copy of one that could be changed, inside or out.

    What cannot be copied is returned: a format refuses it, and says where it is.
    """
    try:
        return _kept(value)
    except Exception:
        return value


def _kept(value: Any) -> Any:
    kind = type(value)
    if kind is list:
        copies = _flat_dicts(value)
        if copies is not None:
            return copies
        return value[:] if LASTING.issuperset(map(type, value)) else _each(value)
    if kind is dict:
        if not LASTING.issuperset(map(type, value.values())):
            return dict(zip(value, _each(value.values()), strict=True))
        return value.copy()
    if value.__class__ is not kind:
        return _kept(behind(value))
    if isinstance(value, tuple):
        return tuple(_each(value))
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if is_range(value):
        return range_text(value)
    if isinstance(value, array):
        return value[:]
    if isinstance(value, MutableSequence):
        return _each(value)
    if isinstance(value, Mapping):
        return dict(zip(value, _each(value.values()), strict=True))
    if isinstance(value, Enum):
        if lasts(kind):
            return value
        copy = _kept(value.value)
        # What cannot be copied is refused by the name of the Enum.
        return value if copy is value.value else copy
    if lasts(kind):
        return value
    if not hasattr(kind, "dtype"):
        return _stand_in(value)
    # Arrays of numpy, and rows of structured ones.
    if getattr(value.dtype, "hasobject", False):
        return _kept(value.tolist())
    return value.copy() if hasattr(value, "copy") else value


def _stand_in(value: Any) -> Any:
    """Return what stands for a value of another type now, or it, if nothing does."""
    try:
        return _kept(stand_in(value))
    except RecursionError:
        # Tried anew at each level, objects that lead to each other would take for ever.
        raise
    except Exception:
        return value


def _flat_dicts(values: list[Any]) -> list[dict[Any, Any]] | None:
    """Return copies of dicts, or ``None`` if these are not all, or have more inside.

    Most lists have few, for which calls of C would take longer than these loops.
    """
    copies = []
    for value in values:
        if type(value) is not dict:
            return None
        for cell in value.values():
            if type(cell) not in LASTING:
                return None
        copies.append(value.copy())
    return copies


def _each(values: Iterable[Any]) -> list[Any]:
    return [v if type(v) in LASTING else _kept(v) for v in values]
