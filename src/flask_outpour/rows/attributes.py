"""Names of attributes enter; what gets them from an object leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from operator import attrgetter
from typing import Any


def values_of(names: Sequence[str]) -> Callable[[Any], Sequence[Any]]:
    """Return a function that returns the values of an object's attributes.

    A dot leads to an attribute of a value. Where that is ``None``, so is what it leads
    to; this is looked for only when the way in C has failed.
    """
    if not names:
        return lambda record: ()
    get: Callable[[Any], Sequence[Any]] = attrgetter(*names)
    if len(names) == 1:
        one: Callable[[Any], Any] = attrgetter(*names)
        get = lambda record: (one(record),)  # noqa: E731
    if not any("." in name for name in names):
        return get
    paths = [name.split(".") for name in names]

    def values(record: Any) -> Sequence[Any]:
        try:
            return get(record)
        except AttributeError:
            return tuple(_value(record, path) for path in paths)

    return values


def _value(record: Any, path: Sequence[str]) -> Any:
    value = getattr(record, path[0])
    for name in path[1:]:
        if value is None:
            return None
        value = getattr(value, name)
    return value


def is_missing(record: Any, name: str) -> bool:
    """Whether an object, or what its attributes lead to, has no such attribute.

    What a class declares is there, even if it fails in itself.
    """
    value = record
    for part in name.split("."):
        if value is None and value is not record:
            return False
        if not hasattr(value, part):
            return not hasattr(type(value), part)
        value = getattr(value, part)
    return False
