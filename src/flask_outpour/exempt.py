"""A view enters; the same, whose responses are left as Flask makes them, leaves."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any
from typing import cast
from typing import TypeVar

from flask import Flask
from flask import Response
from flask.views import View

from .errors import ConfigurationError
from .exchange import current_exchange
from .exchange import EXEMPT

F = TypeVar("F", bound=Callable[..., Any])


def exempt(view: F) -> F:
    """Leave a view's responses as Flask makes them; a decorator.

    It may stand anywhere among a view's decorators: a call of the view is what tells
    that this request is exempt. A class of views is exempt with all of its methods.

    :param view: a view function, a class of views, or a method of one.
    :raises ConfigurationError: for anything else.
    """
    if isinstance(view, type) and issubclass(view, View):
        setattr(view, EXEMPT, True)
        view.dispatch_request = exempt(view.dispatch_request)  # type: ignore[method-assign]
        return view
    unbound = isinstance(view, staticmethod | classmethod)
    if unbound or isinstance(view, type | Flask | Response) or not callable(view):
        raise ConfigurationError(
            "Outpour.exempt takes a view function, a class of views or a method of one,"
            f" but it got {view!r}. Put it right above the view, under the decorators"
            " of its routes."
        )
    marked = getattr(view, EXEMPT, None) or _marking(view)
    # A route that stands below has registered the view itself.
    for each in (view, marked):
        with suppress(AttributeError):
            setattr(each, EXEMPT, marked)
    return cast(F, marked)


def _marking(view: Callable[..., Any]) -> Callable[..., Any]:
    if iscoroutinefunction(view):

        @wraps(view)
        async def marked(*args: Any, **kwargs: Any) -> Any:
            _mark()
            return await view(*args, **kwargs)

    else:

        @wraps(view)
        def marked(*args: Any, **kwargs: Any) -> Any:
            _mark()
            return view(*args, **kwargs)

    return marked


def _mark() -> None:
    exchange = current_exchange()
    if exchange is not None:
        exchange.is_exempt = True
