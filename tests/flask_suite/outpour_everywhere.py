"""A pytest plugin that sets Outpour up in every application that a test makes."""

from __future__ import annotations

import functools
from typing import Any

import flask

from flask_outpour import Outpour

_original = flask.Flask.__init__


@functools.wraps(_original)
def _with_outpour(self: flask.Flask, *args: Any, **kwargs: Any) -> None:
    _original(self, *args, **kwargs)
    Outpour(self)


flask.Flask.__init__ = _with_outpour  # type: ignore[method-assign]
