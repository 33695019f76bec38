"""pytest enters; fixtures for streams leave. It loads only where it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from .leaks import detect_leaks
from .server import Server
from .serving import serve

_EVERYWHERE = "outpour_detect_leaks"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting that lets the leak detector watch every test."""
    parser.addini(
        _EVERYWHERE,
        "Fail every test that leaves a stream of Outpour open.",
        type="bool",
        default=False,
    )


@pytest.fixture(autouse=True)
def _outpour_everywhere(request: pytest.FixtureRequest) -> None:
    if request.config.getini(_EVERYWHERE):
        request.getfixturevalue("outpour_detect_leaks")


@pytest.fixture
def outpour_detect_leaks() -> Iterator[None]:
    """Fail the test when a stream that Outpour served during it has not ended."""
    with detect_leaks():
        yield


@pytest.fixture
def outpour_serve() -> Iterator[Callable[..., Server]]:
    """Return a function that serves an application until the end of the test.

    It takes what :func:`flask_outpour.testing.serve` takes, and returns the server.
    """
    with ExitStack() as stack:

        def start(*args: object, **kwargs: object) -> Server:
            return stack.enter_context(serve(*args, **kwargs))  # type: ignore[arg-type]

        yield start
