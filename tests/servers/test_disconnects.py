"""A client that leaves in the middle of a stream."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from processes import Server
from servers.clients import receive
from servers.clients import send
from servers.clients import wait_for
from servers.expectations import Expectation


@pytest.mark.parametrize("kind", ["", "context"], ids=["bare", "with context"])
def test_a_client_leaves(
    server: Server, expected: Expectation, tmp_path: Path, kind: str
) -> None:
    """The source is closed long before its end, or never where the table says so."""
    record = tmp_path / "record"
    items = 300 if expected.stops else 100
    path = f"/long-lived?record={record}&items={items}&{kind}"
    with closing(send(server.port, "GET", path)) as connection:
        receive(connection, b"\r\n\r\n")
    assert wait_for(lambda: record.exists() and record.read_text())
    assert record.read_text() == ("closed" if expected.stops else "ran to its end")
