"""What Outpour and the linters find in the environ of each server."""

from __future__ import annotations

import json

from processes import Server
from servers.clients import fetch
from servers.clients import wait_for
from servers.conftest import UNCLOSED
from servers.expectations import Expectation
from servers.expectations import EXPECTATIONS


def test_values_that_are_no_text(server: Server, expected: Expectation) -> None:
    """The environ keeps to PEP 3333, but for the names in the table."""
    _, body = fetch(server.port, "/odd")
    assert tuple(json.loads(body)) == expected.odd_names


def test_one_warning(server: Server, expected: Expectation) -> None:
    """A server that spoils streams is named in the log once, and no other is."""
    fetch(server.port, "/rows")
    fetch(server.port, "/rows?context")
    log = server.read_log()
    warnings = {facts.warning for facts in EXPECTATIONS} - {None}
    counts = {words: log.count(words) for words in warnings}
    assert counts == {words: int(words == expected.warning) for words in warnings}


def test_closing(server: Server, expected: Expectation) -> None:
    """A server calls close(), or the linters say that it did not."""
    before = len(server.read_log())
    fetch(server.port, "/rows")
    # Whatever there is to say of the first answer was said before the second.
    fetch(server.port, "/rows")

    def complained() -> bool:
        return UNCLOSED.search(server.read_log()[before:]) is not None

    assert wait_for(complained) if not expected.closes else not complained()
