"""An application and its settings enter; a page that defers its blocks leaves."""

from __future__ import annotations

import os
from functools import partial
from typing import Any
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import has_request_context
from flask import request

from ..context import fresh_app_context
from ..errors import ConfigurationError
from .pool import Pool

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from flask import Flask

    from .page import Page

#: The extension of Jinja that has the tags. It is imported where there are templates.
TAGS = f"{__package__}.tags.Tags"
#: The query parameter by which a reader asks for a page in order.
PARAMETER = "deferred"
IN_ORDER = "in-order"
IN_PLACE = "in-place"


class ForkedPool:
    """A pool for each process: threads do not live on in a forked one.

    It has no lock: a child that was forked while a thread held that would wait for
    ever.
    """

    def __init__(self) -> None:
        self._pools: dict[int, Pool] = {}

    def get(self, size: int) -> Pool:
        """Return the pool of this process, made with a size at first."""
        process = os.getpid()
        pool = self._pools.get(process)
        if pool is None:
            # Of two threads that make one, both get the first. The other has no threads
            # yet. That of a parent stays: its tasks may hold connections, which are not
            # to be closed here.
            pool = self._pools.setdefault(process, Pool(size))
        return pool


def add_tags(app: Flask) -> None:
    """Add the tags to what the application's templates may have."""
    if "jinja_env" in vars(app):
        app.jinja_env.add_extension(TAGS)
        return
    # To make the environment here would fix the options that it is made with.
    extensions = [*app.jinja_options.get("extensions", ()), TAGS]
    app.jinja_options = {**app.jinja_options, "extensions": extensions}


def new_page(app: Flask, deferred: str | None) -> Page:
    """Return a page as the view, the reader or the application's settings want it.

    :param deferred: ``"in-order"``, ``"in-place"``, or ``None`` for what is set.
    :raises ConfigurationError: when it is something else.
    """
    if deferred not in (IN_ORDER, IN_PLACE, None):
        raise ConfigurationError(
            f'deferred takes "{IN_ORDER}" or "{IN_PLACE}", but it is {deferred!r}. A'
            " variable of the template must have another name."
        )
    from .page import Page

    state = app.extensions.get("outpour")
    if state is None:
        return Page()
    settings = state.settings(app.config)
    in_order = deferred == IN_ORDER
    address = None
    if has_request_context():
        in_order = in_order or request.args.get(PARAMETER) == IN_ORDER
        # A link asks by GET.
        address = _address() if request.method == "GET" else None
    if not in_order and deferred is None:
        in_order = _is_set_in_order(settings.defer_in_order)
    return Page(
        pool=state.pool.get(settings.defer_workers),
        scope=partial(_scope, settings.defer_g),
        slow=settings.slow,
        in_order=in_order,
        address=address,
    )


def _is_set_in_order(setting: Any) -> bool:
    if not callable(setting):
        return bool(setting)
    return has_request_context() and bool(setting(request))


def _address() -> str:
    args = request.args.items(multi=True)
    # Of two values, the first would count.
    query = [(name, value) for name, value in args if name != PARAMETER]
    return f"?{urlencode([*query, (PARAMETER, IN_ORDER)])}"


def _scope(kept: Sequence[str], seconds: float | None) -> AbstractContextManager[None]:
    return fresh_app_context(kept, {"outpour_timeout": seconds})
