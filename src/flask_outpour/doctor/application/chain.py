"""A WSGI callable enters; the callables that a request passes on its way leave.

Who is on the way is seen, not guessed: one request is sent, and each Python function
that is called with its environ and a ``start_response`` is remembered with the
arguments that it got. Those on the way to the view which the outermost callable
refers to, by attributes, closures and the like, stand there for every request; the
others are made for one request, and belong to the one that made them.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from types import FunctionType
from typing import Any
from typing import TYPE_CHECKING

from flask import Flask

from ...exchange import KEY as EXCHANGE
from ..findings import Place
from .calls import Call
from .places import is_flasks
from .places import place_of
from .references import References

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIEnvironment

_GENERATOR = inspect.CO_GENERATOR


@dataclass(frozen=True, slots=True)
class Link:
    """A callable of the chain, as a request passes it."""

    place: Place
    function: FunctionType
    #: The object whose method it is, if it is one.
    owner: Any
    _call: Call

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Call it as its neighbour outside does."""
        call = self._call
        arguments = list(call.arguments)
        arguments[call.slot : call.slot + 2] = [environ, start_response]
        return self.function(*arguments, **call.keywords)

    def environ(self) -> WSGIEnvironment:
        """Return a copy of the environ that it got from outside.

        Outpour's exchange is another request's: with it, a layer inside Outpour would
        be driven as if it were around it.
        """
        return {k: v for k, v in self._call.environ.items() if k != EXCHANGE}


def links(calls: list[Call], references: References) -> list[Link]:
    """Return the standing callables among the calls, from the inside out.

    An object that passes a request through several methods of its own is one link.
    """
    found: list[Link] = []
    for call in calls:
        function = references.function(call.code, call.variables)
        owner = _owner(call, function)
        stands = function is not None and (owner is None or references.holds(owner))
        if function is None or not stands or is_flasks(call.code, "__call__"):
            continue
        link = Link(place_of(function, owner), function, owner, call)
        if found and owner is not None and found[-1].owner is owner:
            if isinstance(owner, Flask):
                found.append(link)
            else:
                found[-1] = link
        else:
            found.append(link)
    return found


def _owner(call: Call, function: FunctionType | None) -> Any:
    """Return the object whose method this is a call of."""
    if call.slot == 0 or function is None:
        return None
    first = call.arguments[0]
    methods = (vars(kind).values() for kind in type(first).__mro__)
    if any(method is function for kind in methods for method in kind):
        return first
    return None
