"""The server of a test, and the check that its linters were content."""

from __future__ import annotations

import re
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

import pytest

from conftest import lack
from processes import missing_program
from processes import running
from processes import Server
from servers.expectations import Expectation
from servers.expectations import EXPECTATIONS
from servers.matrix import TARGET

#: What the linters write; the last is what they find in a stream that is made to
#: fall short of its Content-Length.
_COMPLAINT = re.compile(r".*(?:AssertionError|WSGIWarning|HTTPWarning|without being).*")
_INTENDED = "Content-Length and the number of bytes sent"
#: What they write where a server does not call ``close()``.
UNCLOSED = re.compile(r"garbage collected|raise AssertionError")


def complaints(log: str, closes: bool = True) -> list[str]:
    """Return the lines of a log in which a linter complains of more than intended.

    :param closes: whether the server calls ``close()``.
    """
    lines = [line for line in _COMPLAINT.findall(log) if _INTENDED not in line]
    return [line for line in lines if closes or not UNCLOSED.search(line)]


@pytest.fixture(scope="session", params=EXPECTATIONS, ids=lambda server: server.name)
def expected(request: pytest.FixtureRequest) -> Expectation:
    """Return the facts of each server in turn."""
    return request.param


@pytest.fixture(scope="session")
def matrix_server(
    expected: Expectation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Run each server in turn on the application of the matrix, once for all tests."""
    if program := missing_program(expected.name):
        lack(program, "pip install --group tests")
    folder = tmp_path_factory.mktemp(expected.name)
    with running(expected.name, TARGET, folder) as server:
        yield server


@pytest.fixture(params=["gunicorn-gthread", "waitress", "cheroot"])
def linted_server(
    request: pytest.FixtureRequest, run_server: Callable[..., Server]
) -> Iterator[Server]:
    """Return a server of the ``application`` of the test's own module.

    Assert that the linters around that did not complain.
    """
    module: Any = request.module
    server = run_server(request.param, f"{module.__name__}:application")
    yield server
    assert complaints(server.read_log()) == []


@pytest.fixture
def server(matrix_server: Server, expected: Expectation) -> Iterator[Server]:
    """Return the server, and assert that no linter complained during the test."""
    before = len(matrix_server.read_log())
    yield matrix_server
    log = matrix_server.read_log()[before:]
    assert complaints(log, expected.closes) == []
