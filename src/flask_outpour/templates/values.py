"""The values of a page enter; those that are to be called leave as what they return."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from inspect import iscoroutinefunction
from inspect import isroutine
from inspect import signature
from typing import Any

from werkzeug.local import LocalProxy

_are_reported: ContextVar[bool] = ContextVar("outpour_reported", default=False)


@contextmanager
def not_called() -> Iterator[None]:
    """Let nothing be called for who only looks at the values.

    What reports errors shows the variables of each frame, and asks for their types:
    to call a function for that would run a slow query again, with no limit.
    """
    token = _are_reported.set(True)
    try:
        yield
    finally:
        _are_reported.reset(token)


class _Once:
    """Call a function once, and remember what it returned."""

    __slots__ = ("_value", "function", "has_value", "is_called")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function
        #: Whether it was called, and may have failed.
        self.is_called = self.has_value = False

    def __call__(self) -> Any:
        if not self.has_value:
            self.is_called = True
            self._value = self.function()
            self.has_value = True
        return self._value


class Late(LocalProxy[Any]):
    """Stand for what a function returns, and call it where the template uses it.

    It is called once for the page, and once for each block that uses it: so no two
    threads share what it returns. A template may as well call it itself, each time.
    """

    __slots__ = ("_once",)

    #: Jinja asks each callable for this, which must not call it.
    jinja_pass_arg = None

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        """The class of what the function returns, unless that is text.

        Jinja joins what looks like text without making text of it. Where the function
        failed, who asks for the class reports that.
        """
        if self._is_only_looked_at():
            return Late
        kind: type = type(self._get_current_object())
        return Late if issubclass(kind, str) else kind

    def __init__(self, function: Callable[[], Any]) -> None:
        once = _Once(function)
        object.__setattr__(self, "_once", once)
        super().__init__(once)

    def __call__(self) -> Any:
        """Call the function."""
        return self._call().function()

    def __iter__(self) -> Iterator[Any]:
        # Python takes what a proxy's own lookup raises for a lack of this method.
        return iter(self._get_current_object())

    def __repr__(self) -> str:
        once = self._call()
        if self._is_only_looked_at():
            return f"<what {once.function!r} returns>"
        return repr(once())

    def _is_only_looked_at(self) -> bool:
        once = self._call()
        return not once.has_value and (once.is_called or _are_reported.get())

    def _call(self) -> _Once:
        return object.__getattribute__(self, "_once")  # type: ignore[no-any-return]

    def _again(self) -> Late:
        """Return another that has not called it yet."""
        return Late(self._call().function)


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
