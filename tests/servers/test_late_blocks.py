"""A page with deferred blocks, as each server sends it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from processes import Server
from servers.clients import ask
from servers.clients import connect
from servers.clients import fetch
from servers.expectations import Expectation


def test_blocks_arrive_when_they_are_ready(
    server: Server, expected: Expectation, tmp_path: Path
) -> None:
    """The page's own text and a ready block come while the first block waits."""
    if not expected.flows:
        pytest.skip(f"{server.name} sends nothing before it has all")
    gate = tmp_path / "gate"
    with closing(connect(server.port)) as connection:
        response = ask(connection, f"/late?gate={gate}")
        page = b""
        while b"second</template>" not in page:
            line = response.readline()
            assert line, page
            page += line
        assert page.startswith(b"own\n<?start")
        assert b"first</template>" not in page
        gate.touch()
        rest = response.read()
    assert b"first</template>" in rest
    assert rest.endswith(b"</body></html>")


def test_blocks_come_in_order(server: Server, tmp_path: Path) -> None:
    """A reader who asks for them in order has plain text."""
    gate = tmp_path / "gate"
    gate.touch()
    _, page = fetch(server.port, f"/late?gate={gate}&deferred=in-order")
    assert page == b"own\nfirstsecond\n</body></html>"
