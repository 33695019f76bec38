"""An application enters; its views that stream and are cached leave."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any
from typing import TYPE_CHECKING

from ..findings import Place
from .culprits import nested
from .places import place_of

if TYPE_CHECKING:
    from flask import Flask

#: What a view that streams calls.
_STREAMING = {
    "stream_rows",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
}


def cached_streams(app: Flask) -> Iterator[tuple[str, Place]]:
    """Yield the endpoint and the place of each view that streams into a cache.

    Flask-Caching leaves on a view that it caches what the view was before.
    """
    for endpoint, view in app.view_functions.items():
        original = _uncached(view)
        if original is not None and _streams(original):
            yield endpoint, place_of(original)


def _uncached(view: Any) -> Any:
    """Return what Flask-Caching caches, looking through other decorators."""
    seen = 0
    while view is not None and seen < 20:
        if hasattr(view, "make_cache_key") and hasattr(view, "uncached"):
            return inspect.unwrap(view.uncached)
        view, seen = getattr(view, "__wrapped__", None), seen + 1
    return None


def _streams(view: Any) -> bool:
    """Whether the code of a view looks as if it streamed."""
    code = getattr(view, "__code__", None)
    if code is None:
        return False
    own, *inner = nested(code)
    # A generator expression may be anything's argument.
    named = [part for part in inner if not part.co_name.startswith("<")]
    return bool(
        own.co_flags & inspect.CO_GENERATOR
        or any(part.co_flags & inspect.CO_GENERATOR for part in named)
        or any(_STREAMING & {*part.co_names} for part in (own, *inner))
    )
