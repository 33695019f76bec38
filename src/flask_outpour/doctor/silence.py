"""A block of code enters; what it prints to the standard output is lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from contextlib import redirect_stdout


@contextmanager
def silenced() -> Iterator[None]:
    """Let nothing be printed: Werkzeug's profiler prints, and JSON must stay JSON.

    The file is redirected too, since what prints may have kept ``sys.stdout`` when it
    was imported.
    """
    with ExitStack() as stack:
        nowhere = stack.enter_context(open(os.devnull, "w"))
        _flush()
        kept = os.dup(1)
        os.dup2(nowhere.fileno(), 1)
        stack.callback(os.close, kept)
        stack.callback(os.dup2, kept, 1)
        stack.callback(_flush)
        stack.enter_context(redirect_stdout(nowhere))
        yield


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None:
            stream.flush()
