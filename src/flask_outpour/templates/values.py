"""The values of a page enter; those that are to be called leave as what they return."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from functools import partial
from inspect import iscoroutinefunction
from inspect import isroutine
from inspect import signature
from typing import Any

from werkzeug.local import LocalProxy


class Late(LocalProxy[Any]):
    """Stand for what a function returns, and call it where the template uses it.

    It is called once for the page, and once for each block that uses it: so no two
    threads share what it returns. A template may as well call it itself, each time.
    """

    __slots__ = ("_function",)

    #: Jinja asks each callable for this, which must not call it.
    jinja_pass_arg = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The class of what the function returns, unless that is text.

        Jinja joins what looks like text without making text of it.
        """
        kind: type = type(self._get_current_object())
        return Late if issubclass(kind, str) else kind

    def __init__(self, function: Callable[[], Any]) -> None:
        object.__setattr__(self, "_function", function)
        super().__init__(lru_cache(maxsize=1)(function))

    def __call__(self) -> Any:
        """Call the function."""
        return object.__getattribute__(self, "_function")()

    def _again(self) -> Late:
        """Return another that has not called it yet."""
        return Late(object.__getattribute__(self, "_function"))


def called_late(context: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a template, its functions without parameters as late ones.

    Classes, and objects that happen to be callable, stay what they are.
    """
    return {
        name: Late(value) if _needs_nothing(value) else value
        for name, value in context.items()
    }


def _needs_nothing(value: Any) -> bool:
    if not (isroutine(value) or type(value) is partial) or iscoroutinefunction(value):
        return False
    # A function that Jinja calls with its context has a parameter for it.
    try:
        signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True
