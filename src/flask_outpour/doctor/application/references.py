"""WSGI callables enter; the functions and objects that they refer to leave.

This only looks: attributes, closures, partials, wrapped functions, bound methods and
containers are read, and nothing that is found is called.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from functools import partial
from types import BuiltinMethodType
from types import CodeType
from types import FunctionType
from types import MethodType
from types import MethodWrapperType
from types import ModuleType
from typing import Any
from weakref import ReferenceType

from flask import Flask

#: Objects that are looked at. Middleware is a few references away; what is farther is
#: an application's data.
MOST = 20_000

_PLAIN = (str, bytes, bytearray, int, float, complex, bool, type(None), type)
_CONTAINERS = (list, tuple, set, frozenset, deque)
#: What a large container holds is data.
_LARGE = 1_000


class References:
    """What is reached from some callables.

    :param roots: where the search begins.
    """

    def __init__(self, *roots: Any) -> None:
        self._functions: dict[CodeType, list[FunctionType]] = {}
        self._seen: dict[int, Any] = {}
        #: The keys of containers that look like the path of a mounted application.
        self.prefixes: list[str] = []
        self._search(roots)

    def holds(self, thing: Any) -> bool:
        """Whether this very object was reached."""
        return id(thing) in self._seen

    def function(
        self, code: CodeType, variables: Mapping[str, Any]
    ) -> FunctionType | None:
        """Return the function that a frame runs.

        :param variables: the frame's, which tell one closure from another.
        """
        for function in self._functions.get(code, ()):
            cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
            if all(_content(cell) is variables.get(name) for name, cell in cells):
                return function
        return None

    def _search(self, roots: tuple[Any, ...]) -> None:
        waiting: deque[tuple[Any, str]] = deque((root, "") for root in roots)
        while waiting and len(self._seen) < MOST:
            thing, prefix = waiting.popleft()
            if is_plain(thing) or id(thing) in self._seen:
                continue
            self._seen[id(thing)] = thing
            if isinstance(thing, FunctionType):
                self._functions.setdefault(thing.__code__, []).append(thing)
            if isinstance(thing, Mapping) and len(thing) <= _LARGE:
                waiting.extend(self._mounted(thing, prefix))
            else:
                waiting.extend((found, prefix) for found in _references(thing))

    def _mounted(
        self, mapping: Mapping[Any, Any], prefix: str
    ) -> Iterator[tuple[Any, str]]:
        for key, value in list(mapping.items()):
            inner = prefix
            if isinstance(key, str) and key.startswith("/") and not is_plain(value):
                inner = prefix + key.rstrip("/")
                self.prefixes.append(inner)
            yield value, inner


def is_plain(thing: Any) -> bool:
    """Whether this refers to nothing that is looked for."""
    return isinstance(thing, _PLAIN)


def references_of(thing: Any) -> Iterator[Any]:
    """Yield what an object refers to itself."""
    if isinstance(thing, Mapping) and len(thing) <= _LARGE:
        yield from list(thing.values())
    else:
        yield from _references(thing)


def _references(thing: Any) -> Iterator[Any]:
    if isinstance(thing, FunctionType):
        yield from _of_function(thing)
    elif isinstance(thing, MethodType):
        yield from (thing.__self__, thing.__func__)
    elif isinstance(thing, BuiltinMethodType | MethodWrapperType):
        yield thing.__self__
    elif isinstance(thing, partial):
        yield from (thing.func, *thing.args, *thing.keywords.values())
    elif isinstance(thing, ReferenceType):
        yield thing()
    elif isinstance(thing, _CONTAINERS):
        yield from list(thing)[:_LARGE]
    elif not isinstance(thing, ModuleType):
        yield from _of_object(thing)


def bound_to(function: FunctionType) -> Iterator[Any]:
    """Yield what a function brings along, whatever its module has."""
    for cell in function.__closure__ or ():
        yield _content(cell)
    yield from function.__dict__.values()
    yield from (function.__defaults__ or (), (function.__kwdefaults__ or {}).values())


def _of_function(function: FunctionType) -> Iterator[Any]:
    yield from bound_to(function)
    names = function.__code__.co_names
    for name in names:
        value = function.__globals__.get(name)
        if isinstance(value, ModuleType):
            # "package.application(environ, start_response)"
            yield from (vars(value)[part] for part in names if part in vars(value))
        elif not isinstance(value, type):
            yield value


def _of_object(thing: Any) -> Iterator[Any]:
    kinds = type(thing).__mro__
    if isinstance(thing, Flask):
        # The rest of an application is its views and its data.
        yield vars(thing).get("wsgi_app")
        yield from _in_classes(kinds, ("__call__", "wsgi_app"))
        return
    yield from _in_classes(kinds, ("__call__",))
    yield from list(_variables(thing).values())
    for kind in kinds:
        yield from _slots(thing, kind)


def _in_classes(kinds: Iterable[type], names: tuple[str, ...]) -> Iterator[Any]:
    for kind in kinds:
        yield from (vars(kind)[name] for name in names if name in vars(kind))


def _variables(thing: Any) -> dict[str, Any]:
    # Not by getattr(): a proxy would answer for what stands behind it.
    try:
        found = object.__getattribute__(thing, "__dict__")
    except AttributeError:
        return {}
    return found if isinstance(found, dict) else {}


def _slots(thing: Any, kind: type) -> Iterator[Any]:
    names = vars(kind).get("__slots__", ())
    for name in [names] if isinstance(names, str) else names:
        if name.startswith("__") and not name.endswith("__"):
            name = f"_{kind.__name__.lstrip('_')}{name}"
        member = vars(kind).get(name)
        if member is not None:
            try:
                yield member.__get__(thing)
            except AttributeError:
                continue


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return None
