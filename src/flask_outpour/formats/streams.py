"""A format of an application enters; one for a single stream leaves, and its ways."""

from __future__ import annotations

import copy
from array import array
from collections import deque
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from .registry import Format


def for_stream(format: Format) -> Format:
    """Return a copy of a format that shares nothing with other streams but options.

    Copied are the containers of Python that it holds, formats that it writes with, and
    objects of its own module, with what these hold. What else there is, such as a
    function or a schema, is taken for an option. A format with a ``__copy__`` of its
    own is copied by that alone.
    """
    copied: Format = _copied(format, {}, type(format).__module__)
    return copied


def _copied(value: Any, known: dict[int, Any], module: str) -> Any:
    if id(value) in known:
        return known[id(value)]
    kind = type(value)
    if kind is tuple:
        return tuple(_copied(each, known, module) for each in value)
    is_own = not isinstance(value, type) and (
        kind.__module__ == module or isinstance(value, SimpleNamespace | Format)
    )
    if not is_own and not isinstance(
        value, list | dict | set | bytearray | deque | array
    ):
        return value
    made = known[id(value)] = copy.copy(value)
    # The original lives as long as its number counts.
    if hasattr(kind, "__copy__") and is_own:
        return made
    if isinstance(made, list | deque):
        for place, each in enumerate(value):
            made[place] = _copied(each, known, module)
    elif isinstance(made, dict):
        for name, each in value.items():
            made[name] = _copied(each, known, module)
    for name, each in _attributes(value) if is_own else ():
        object.__setattr__(made, name, _copied(each, known, module))
    return made


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    yield from getattr(value, "__dict__", {}).items()
    for kind in type(value).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                yield name, getattr(value, name)


def takes_arrow(format: Any) -> bool:
    """Whether a format writes record batches, and as its own class has it.

    Where a subclass has another ``feed`` or ``begin``, that is what it writes, and the
    way of its base for record batches would pass it by.
    """
    return (
        hasattr(format, "feed_arrow")
        and _depth(format, "feed_arrow") <= _depth(format, "feed")
        and _depth(format, "begin_arrow") <= _depth(format, "begin")
    )


def _depth(format: Any, name: str) -> int:
    """Return how far up the classes of a format have a name."""
    if name in getattr(format, "__dict__", {}):
        return -1
    classes = enumerate(type(format).__mro__)
    return next((depth for depth, kind in classes if name in vars(kind)), -1)
