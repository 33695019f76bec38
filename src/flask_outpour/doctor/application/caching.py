"""An application enters; its views that stream and are cached leave."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from collections.abc import Iterator
from textwrap import dedent
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
    """Yield the endpoint and the place of each view that seems to stream into a cache.

    Flask-Caching leaves on a view that it caches what the view was before.
    """
    for endpoint, view in app.view_functions.items():
        cached = _cached(view)
        if cached is None:
            continue
        original = inspect.unwrap(cached.uncached)
        if _streams(original) and not _spares(app, cached, original):
            yield endpoint, place_of(original)


def _cached(view: Any) -> Any:
    """Return what Flask-Caching made of a view, looking through other decorators."""
    seen = 0
    while view is not None and seen < 20:
        below = getattr(view, "__wrapped__", None)
        # Decorators that stand around it copy its attributes.
        if below is not None and getattr(view, "uncached", None) is below:
            return view
        view, seen = below, seen + 1
    return None


def _spares(app: Flask, cached: Any, original: Any) -> bool:
    """Whether the cache was told to let the streams of a view pass."""
    names = cached.__code__.co_freevars
    told = dict(zip(names, cached.__closure__ or (), strict=True))
    unless, keeps = (
        told[name].cell_contents if name in told else None
        for name in ("unless", "response_filter")
    )
    if unless is not None:
        return True
    # Flask-Caching has read a generator to its end when it asks the filter.
    return keeps is not None and not _generates(original) and not _stores(app, keeps)


def _stores(app: Flask, keeps: Callable[[Any], Any]) -> bool:
    """Whether a ``response_filter`` lets a stream into the cache."""
    try:
        return bool(keeps(app.response_class(iter(()))))
    except Exception:
        # It looks at what only a request has: it may know what it does.
        return False


def _streams(view: Any) -> bool:
    """Whether the code of a view looks as if it streamed."""
    code = getattr(view, "__code__", None)
    if code is None:
        return False
    _, *inner = parts = [*nested(code)]
    # A generator expression may be anything's argument.
    named = [part for part in inner if not part.co_name.startswith("<")]
    return (
        _generates(view)
        or any(part.co_flags & inspect.CO_GENERATOR for part in named)
        or any(_STREAMING & {*part.co_names} for part in parts)
        or (len(named) < len(inner) and _answers_expression(view))
    )


def _generates(view: Any) -> bool:
    return inspect.isgeneratorfunction(view)


def _answers_expression(view: Any) -> bool:
    """Whether a generator expression in the source of a view is a body."""
    try:
        tree = ast.parse(dedent(inspect.getsource(view)))
    except (OSError, SyntaxError, TypeError):
        return False
    nodes = [*ast.walk(tree)]
    names = {
        target.id
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.GeneratorExp)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return any(
        isinstance(body, ast.GeneratorExp)
        or (isinstance(body, ast.Name) and body.id in names)
        for node in nodes
        for body in _bodies(node)
    )


def _bodies(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what is returned, alone or before a status, or given to a response."""
    match node:
        case ast.Return(value=ast.Tuple(elts=[body, *_])):
            yield body
        case ast.Return(value=ast.expr() as body):
            yield body
        case ast.Call(func=function, args=arguments, keywords=keywords):
            if ast.unparse(function).lower().endswith(("response", "response_class")):
                yield from arguments[:1]
                yield from (one.value for one in keywords if one.arg == "response")
