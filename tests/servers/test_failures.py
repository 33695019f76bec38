"""A stream that fails, as the clients of each server see it."""

from __future__ import annotations

import pytest

from processes import Server
from servers.clients import CLIENTS
from servers.clients import curl
from servers.clients import fetch
from servers.clients import PATIENCE
from servers.clients import SOON
from servers.clients import wait_for
from servers.expectations import Cut
from servers.expectations import EXIT_CODES
from servers.expectations import Expectation
from servers.matrix import FAILURES
from servers.matrix import ROWS

#: What the linters say of a stream that falls short.
MISMATCH = "WSGIWarning: Content-Length and the number of bytes"

kinds = pytest.mark.parametrize("kind", ["", "context"], ids=["bare", "with context"])


@kinds
@pytest.mark.parametrize("how", FAILURES)
def test_failing_before_the_first_item(server: Server, how: str, kind: str) -> None:
    """The answer has the failure's status, its page, and none of the view's headers."""
    status, words = FAILURES[how]
    response, body = fetch(server.port, f"/fails-before/{how}?{kind}")
    assert (response.status, response.getheader("Content-Disposition")) == (
        status,
        None,
    )
    assert words in body
    assert len(body) == int(response.getheader("Content-Length") or 0)


def test_a_redirect_keeps_its_target(server: Server) -> None:
    """A redirect before the first item leads where the view wants."""
    response, _ = fetch(server.port, "/fails-before/redirect")
    assert response.getheader("Location") == f"{server.url}/rows"


@kinds
@pytest.mark.parametrize("version", CLIENTS)
def test_failing_after_three_items(
    server: Server, expected: Expectation, version: str, kind: str
) -> None:
    """All three items arrive; whether the client sees the cut is in the table."""
    cut = expected.cut if version == "1.1" else expected.old_cut
    patience = SOON if cut is Cut.HANGS else PATIENCE
    download = curl(f"{server.url}/fails-after?{kind}", version, patience)
    if expected.keeps_items:
        assert (EXIT_CODES.get(download.code), download.body) == (cut, ROWS)
    else:
        # Now and then the last items are lost, or all with the headers.
        assert EXIT_CODES.get(download.code) in (cut, Cut.NOTICED)
        assert ROWS.startswith(download.body)


@pytest.mark.parametrize("version", CLIENTS)
def test_falling_short_of_the_content_length(
    server: Server, expected: Expectation, version: str
) -> None:
    """The client sees that bytes are missing, or waits for them."""
    before = server.read_log().count(MISMATCH)
    short = expected.short if version == "1.1" else expected.old_short
    patience = SOON if short is Cut.HANGS else PATIENCE
    download = curl(f"{server.url}/short", version, patience)
    assert EXIT_CODES.get(download.code) == short
    # One linter is inside of Outpour and one outside, and both see it when closed.
    if expected.closes:
        assert wait_for(lambda: server.read_log().count(MISMATCH) == before + 2)
