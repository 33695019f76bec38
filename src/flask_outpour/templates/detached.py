"""The context at the place of a block enters; nothing changes it any more."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from types import CellType
from types import FunctionType
from typing import Any

from jinja2 import StrictUndefined
from jinja2.runtime import BlockReference
from jinja2.runtime import Context
from jinja2.runtime import LoopContext
from jinja2.runtime import Macro
from jinja2.utils import Namespace

from .values import Late

#: What a template is told that would use the loop around a block.
LOOP_REFUSAL = (
    "loop changes while the block waits, so {% defer %} cannot use it. Keep what you"
    " need before the block: {% set number = loop.index %}, and use number in it."
)


def detach(values: Context) -> None:
    """Make of a derived context one that nothing changes any more.

    It has the values that were there at the place of the block, but for objects that
    change: each use of one of those is an error.
    """
    # The tag {% autoescape %} changes it while it renders.
    values.eval_ctx = copy(values.eval_ctx)
    copied: dict[int, Macro] = {}
    for name, value in [*values.parent.items(), *values.vars.items()]:
        # Not isinstance(): that would call what is to be called in the block.
        kind = type(value)
        if kind is Late:
            values.vars[name] = value._again()
        elif kind is Macro:
            values.vars[name] = _with_values(value, copied)
        elif kind is BlockReference:
            values.vars[name] = BlockReference(
                value.name, values, value._stack, value._depth
            )
        elif kind is LoopContext:
            values.vars[name] = StrictUndefined(LOOP_REFUSAL, name=name)
        elif kind is Namespace:
            values.vars[name] = StrictUndefined(
                f"The namespace {name} may change while the block waits, so"
                " {% defer %} cannot use it. Keep what you need before the block:"
                f" {{% set kept = {name}.something %}}, and use kept in it.",
                name=name,
            )


def _with_values(macro: Macro, copied: dict[int, Macro]) -> Macro:
    """Return a macro that sees the variables around it as they are now.

    :param copied: macros that have such a copy, by their ids; one may call itself.
    """
    if id(macro) not in copied:
        copied[id(macro)] = ours = copy(macro)
        function: Any = macro._func
        ours._func = FunctionType(
            function.__code__,
            function.__globals__,
            function.__name__,
            function.__defaults__,
            tuple(_copies(function.__closure__ or (), copied)),
        )
    return copied[id(macro)]


def _copies(cells: Iterable[CellType], copied: dict[int, Macro]) -> Iterable[CellType]:
    for cell in cells:
        try:
            content = cell.cell_contents
        except ValueError:
            yield cell
            continue
        is_macro = type(content) is Macro
        yield CellType(_with_values(content, copied) if is_macro else content)
