"""Calls of an application as a server makes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flask
import pytest
from werkzeug.test import create_environ

import flask_outpour

BOTH_IMPORTS = pytest.mark.parametrize(
    "keep",
    [
        pytest.param(flask_outpour.stream_with_context, id="ours"),
        pytest.param(flask.stream_with_context, id="flask"),
    ],
)


def call(app: Any, path: str, **environ: Any) -> Iterator[bytes]:
    """Call the application as a server would; return the body."""
    body = app(
        {**create_environ(path), **environ}, lambda status, headers, exc_info=None: None
    )
    return body  # type: ignore[no-any-return]


def close(body: Any) -> None:
    body.close()
