"""A Flask application enters; for a while it has the probe as one of its views."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from contextlib import suppress
from typing import Any
from typing import TYPE_CHECKING

from werkzeug.routing import Map
from werkzeug.routing import Rule

from ...exchange import current_exchange
from .probe import answer
from .probe import KEY

if TYPE_CHECKING:
    from flask import Flask

#: The probe's endpoint. It has no dot, which would name a blueprint.
ENDPOINT = "outpour_doctor"
_MISSING = object()


@contextmanager
def probe_in(app: Flask, path: str) -> Iterator[None]:
    """Serve the probe under a path, and leave the application as it was afterwards.

    The application's map of URLs stays as it is, since Werkzeug cannot take a rule out
    again: where it would say that nothing is there, the probe's own rule is matched.

    Functions before the request run, but do not answer in the view's place: a page
    that asks for a login says nothing of streams.

    :param path: the beginning of the paths that are the probe's.
    """
    rule = Rule("/outpour-doctor", endpoint=ENDPOINT)
    Map([rule])
    adapter_of, preprocess = app.create_url_adapter, app.preprocess_request

    def create_url_adapter(request: Any) -> Any:
        adapter = adapter_of(request)
        if request is not None and request.path.startswith(path):
            adapter.match = _match(rule)  # type: ignore[union-attr, method-assign]
        return adapter

    def preprocess_request() -> Any:
        from flask import request

        if request.endpoint != ENDPOINT:
            return preprocess()
        with suppress(Exception):
            preprocess()
        return None

    def view() -> Any:
        from flask import request

        log = request.environ[KEY]
        log.served = current_exchange() is not None
        return answer(log, app.response_class)

    with ExitStack() as stack:
        stack.enter_context(replaced(app, "create_url_adapter", create_url_adapter))
        stack.enter_context(replaced(app, "preprocess_request", preprocess_request))
        begun = app._got_first_request
        stack.enter_context(replaced(app, "_got_first_request", begun))
        app.view_functions[ENDPOINT] = view
        stack.callback(app.view_functions.pop, ENDPOINT, None)
        yield


def _match(rule: Rule) -> Callable[..., Any]:
    def match(*args: Any, return_rule: bool = False, **kwargs: Any) -> Any:
        return (rule if return_rule else rule.endpoint, {})

    return match


@contextmanager
def replaced(target: Any, name: str, value: Any) -> Iterator[None]:
    """Give an object an attribute of its own, until the block ends."""
    before = vars(target).get(name, _MISSING)
    setattr(target, name, value)
    try:
        yield
    finally:
        if before is _MISSING:
            delattr(target, name)
        else:
            setattr(target, name, before)
