"""Sources of a response, with and without its contexts."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import flask
import pytest

import flask_outpour

ANY_SOURCE = pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(flask_outpour.stream_with_context, id="ours"),
        pytest.param(flask.stream_with_context, id="flask"),
        pytest.param(iter, id="bare"),
    ],
)


def failing(fail: Callable[[], Any]) -> Iterator[str]:
    """Fail before the first item."""
    fail()
    yield "never"


def raise_value_error() -> None:
    raise ValueError("no rows at all")
