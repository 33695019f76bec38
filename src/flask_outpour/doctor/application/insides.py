"""An application enters; what it has changed of Flask's own way of answering leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from types import MethodType
from typing import Any

import flask
from flask import Flask
from flask import request_finished

from ..findings import Place
from .guest import replaced
from .places import place_of

#: Methods that a response passes on its way out of the view.
METHODS = (
    "dispatch_request",
    "make_response",
    "process_response",
    "finalize_request",
    "full_dispatch_request",
)
#: A change, its function or class, and what switches it off for a while.
Suspect = tuple[Place, Any, Callable[[], AbstractContextManager[None]]]


def suspects(app: Flask) -> Iterator[Suspect]:
    """Yield what may spoil a stream before any other layer gets it."""
    kind = app.response_class
    if kind is not flask.Response:
        name = f"{kind.__module__}.{kind.__qualname__}"
        without = partial(replaced, app, "response_class", flask.Response)
        yield Place(f"{name}, the response_class", None, "application"), kind, without
    for method in METHODS:
        function = getattr(app, method)
        function = getattr(function, "__func__", function)
        own = getattr(Flask, method)
        if function is not own:
            place = place_of(function)
            without = partial(replaced, app, method, MethodType(own, app))
            yield Place(place.name, place.where, "application"), function, without
    receivers = [getattr(r, "__func__", r) for r in request_finished.receivers_for(app)]
    if receivers:
        places = [place_of(receiver) for receiver in receivers]
        name = f"request_finished's {' or '.join(place.name for place in places)}"
        place = Place(name, places[0].where, "application")
        yield place, receivers[0], request_finished.muted
