"""The writers with msgspec and without it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager

import pytest

from flask_outpour.formats import json_fast
from flask_outpour.formats import values


@contextmanager
def _without_msgspec() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "msgspec", None)
        _forget()
        yield
    _forget()


def _forget() -> None:
    values.encoder.cache_clear()
    json_fast.fast_lines.cache_clear()


# Of the session, since Hypothesis does not renew it for each example.
@pytest.fixture(scope="session")
def without_msgspec() -> Callable[[], AbstractContextManager[None]]:
    """Return a context manager, in which the package does not find msgspec."""
    return _without_msgspec


@pytest.fixture(params=["msgspec", "no msgspec"])
def either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run the test with msgspec and without it."""
    if request.param == "msgspec":
        yield
    else:
        with _without_msgspec():
            yield
