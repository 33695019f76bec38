"""An application enters; what leads to its views around Outpour leaves.

Outpour stands in ``app.wsgi_app``. Whatever took that callable before ``Outpour(app)``,
and kept it, calls Flask itself: a server that runs it never meets Outpour. One that the
examined request passes is seen by that request (:mod:`probe`); others stand in
the modules of the application, where a server finds them by their names.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import dataclass
from inspect import Parameter
from inspect import signature
from types import FunctionType
from types import MethodType
from types import ModuleType
from typing import Any

from flask import Flask
from werkzeug.local import LocalProxy

from ...extension import Entrance
from ..findings import Finding
from ..findings import Place
from .culprits import cure_of_detour
from .culprits import WHY
from .layers import Layer
from .references import bound_to
from .references import is_plain
from .references import MOST
from .references import References
from .references import references_of

#: What servers look for in a module if they are not told a name.
USUAL = "application"
_USUAL_PARAMETERS = {"environ", "env", "start_response", "scope"}
_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class Detour:
    """A global of a module that leads around Outpour."""

    module: str
    name: str
    target: Any


def is_on(app: Flask) -> bool:
    """Whether Outpour is to serve the streams of an application."""
    return "outpour" in app.extensions and bool(app.config["OUTPOUR_ENABLED"])


def detours(app: Flask) -> list[Detour]:
    """Return the outermost of what leads around Outpour, in the modules of its own."""
    inside = References(app.wsgi_app)
    layers, others = _Search(app, None), _Search(app, inside)
    found = [
        detour
        for detour in _globals(app)
        if (detour.name == USUAL or not inside.holds(detour.target))
        and (layers if callable(detour.target) else others).leads(detour.target)
    ]
    reached = [(detour, References(detour.target)) for detour in found]
    return [
        detour
        for detour in found
        if detour.name == USUAL
        or not any(
            other is not detour and references.holds(detour.target)
            for other, references in reached
        )
    ]


def of_detour(detour: Detour) -> Finding:
    """Return what is said of a global."""
    kind = type(detour.target)
    what = f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(detour.target, FunctionType | MethodType):
        what = detour.target.__qualname__
    cure = cure_of_detour(what, detour.name)
    return Finding(
        kind="around-outpour",
        culprit=f"{detour.module}.{detour.name}",
        seen=f"{detour.module}.{detour.name} ({what}) has the application's wsgi_app"
        " from before Outpour(app). A server that runs it, or what calls it, never"
        " meets Outpour.",
        why=WHY["around-outpour"],
        cure=cure.text,
        lines=dict(cure.lines),
    )


def of_passage(app: Flask, layers: Iterable[Layer]) -> Finding:
    """Return what is said where the examined request went around Outpour.

    :param layers: those that it passed, from the inside out.
    """
    around = [
        layer.place
        for layer in layers
        if layer.place.role == "middleware" and not _is_own(app, layer)
    ]
    place = around[0] if around else Place("app.wsgi_app")
    cure = cure_of_detour(place.name)
    return Finding(
        kind="around-outpour",
        culprit=place.name,
        seen="The application has Outpour, and the probe reached its view without it:"
        f" {'the innermost layer' if around else 'what was examined'} has the wsgi_app"
        " from before Outpour(app).",
        why=WHY["around-outpour"],
        cure=cure.text,
        lines=dict(cure.lines),
        where=place.where,
    )


def _is_own(app: Flask, layer: Layer) -> bool:
    """Whether a class of the application's own has another ``wsgi_app``."""
    return layer.target is app and layer.place.name.endswith(".wsgi_app")


class _Search:
    """Follow references to the application's own ``wsgi_app``, but not to Outpour.

    :param inside: what Outpour itself calls, if that is not followed: an extension
        knows its own layer, and runs the application all the same.
    """

    def __init__(self, app: Flask, inside: References | None) -> None:
        self._app = app
        self._inside = inside
        #: What was followed to its end, and leads nowhere.
        self._known: dict[int, Any] = {}

    def leads(self, root: Any) -> bool:
        """Whether the application's ``wsgi_app`` is reached."""
        seen: dict[int, Any] = {}
        waiting = deque([root])
        while waiting and len(seen) < MOST:
            thing = waiting.popleft()
            if id(thing) in seen or id(thing) in self._known or self._ends_at(thing):
                continue
            if self._is_wsgi_app(thing):
                return True
            seen[id(thing)] = thing
            # What uses a global may as well start a server.
            closed = isinstance(thing, FunctionType) and not _is_wsgi(thing)
            waiting.extend(bound_to(thing) if closed else references_of(thing))
        self._known |= seen
        return False

    def _is_wsgi_app(self, thing: Any) -> bool:
        bound = isinstance(thing, MethodType) and thing.__self__ is self._app
        return bound and thing.__name__ == "wsgi_app"

    def _ends_at(self, thing: Any) -> bool:
        if is_plain(thing) or thing is self._app or _is_proxy(thing):
            return True
        if self._inside is not None and self._inside.holds(thing):
            return True
        if isinstance(thing, Entrance):
            return thing._app() is self._app
        return isinstance(thing, FunctionType) and not _may_be_called_by_a_server(thing)


def _globals(app: Flask) -> Iterator[Detour]:
    """Yield each global of the modules that have the application, once."""
    seen: dict[int, Any] = {}
    for name, module in list(sys.modules.items()):
        if not isinstance(module, ModuleType):
            continue
        names = dict(vars(module))
        if name != app.import_name and all(
            value is not app for value in names.values()
        ):
            continue
        for variable, value in names.items():
            if not _may_be_served(variable, value, app) or id(value) in seen:
                continue
            seen[id(value)] = value
            yield Detour(name, variable, value)


def _may_be_served(name: str, value: Any, app: Flask) -> bool:
    if name.startswith("__") or is_plain(value) or _is_proxy(value) or value is app:
        return False
    if isinstance(value, FunctionType):
        return _may_be_called_by_a_server(value)
    return not isinstance(value, ModuleType)


def _is_proxy(thing: Any) -> bool:
    return type(thing) is LocalProxy


def _is_wsgi(function: FunctionType) -> bool:
    """Whether its parameters are called as those of WSGI, or of ASGI, mostly are."""
    code = function.__code__
    return not _USUAL_PARAMETERS.isdisjoint(code.co_varnames[: code.co_argcount])


def _may_be_called_by_a_server(function: FunctionType) -> bool:
    """Whether it takes what WSGI or ASGI gives: two values or three."""
    parameters = signature(function, follow_wrapped=False).parameters.values()
    if any(one.kind is Parameter.VAR_POSITIONAL for one in parameters):
        return True
    return sum(one.kind in _POSITIONAL for one in parameters) >= 2
