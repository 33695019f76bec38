"""A function enters; its name and the line where it is defined leave."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from pathlib import Path
from types import CodeType
from types import FunctionType
from typing import Any

from flask import app
from flask import Flask

from ..findings import Place


def place_of(function: Any, owner: Any = None) -> Place:
    """Return where a callable is defined, and what it is called there.

    :param owner: the object whose method the function is; a callable object is called
        by the name of its class.
    """
    if isinstance(function, FunctionType):
        code = function.__code__
        name = f"{function.__globals__.get('__name__', '?')}.{code.co_qualname}"
        if owner is not None and code.co_name == "__call__":
            name = f"{type(owner).__module__}.{type(owner).__qualname__}"
        if isinstance(owner, Flask) and is_flasks(code, "wsgi_app"):
            return Place("Flask", None)
        return Place(name, f"{_short(code.co_filename)}:{code.co_firstlineno}")
    kind = function if hasattr(function, "__qualname__") else type(function)
    return Place(f"{kind.__module__}.{kind.__qualname__}", None)


def is_flasks(code: CodeType, method: str) -> bool:
    """Whether this is a method of Flask's own, in whose place tracers put another."""
    return code.co_qualname == f"Flask.{method}" and code.co_filename == app.__file__


def _short(filename: str) -> str:
    """Return a path as its reader knows it: from here, or from where packages are."""
    roots = [os.getcwd(), *site.getsitepackages(), sysconfig.get_paths()["stdlib"]]
    for root in sorted({*roots, *filter(None, sys.path)}, key=len, reverse=True):
        if Path(filename).is_relative_to(root):
            return str(Path(filename).relative_to(root))
    return filename


def raised(error: BaseException) -> str:
    """Return the type of an error, and where it was raised; no word of its message."""
    where = _line_of(error)
    return type(error).__name__ + (f" in {where}" if where else "")


def _line_of(error: BaseException) -> str | None:
    # What is no Python is not on the traceback.
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_short(error.filename)}:{error.lineno}"
    last, traceback = None, error.__traceback__
    while traceback is not None:
        last, traceback = traceback, traceback.tb_next
    if last is None:
        return None
    return f"{_short(last.tb_frame.f_code.co_filename)}:{last.tb_lineno}"
