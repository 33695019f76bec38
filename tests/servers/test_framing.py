"""A stream that goes well, as each server frames it for its clients."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from processes import Server
from servers.clients import ask
from servers.clients import CLIENTS
from servers.clients import connect
from servers.clients import fetch
from servers.clients import first_item_passes
from servers.clients import PATIENCE
from servers.clients import receive
from servers.clients import request
from servers.clients import send
from servers.clients import SOON
from servers.clients import wait_for
from servers.expectations import Expectation
from servers.expectations import Framing
from servers.expectations import Head
from servers.matrix import ROWS

TERMINATOR = b"0\r\n\r\n"

kinds = pytest.mark.parametrize("kind", ["", "context"], ids=["bare", "with context"])


@kinds
@pytest.mark.parametrize("version", CLIENTS)
def test_all_rows_arrive(server: Server, version: str, kind: str) -> None:
    """A client of either version gets every row, in order."""
    response, body = fetch(server.port, f"/rows?{kind}", version)
    assert (response.status, body) == (200, ROWS)


@pytest.mark.parametrize("version", CLIENTS)
def test_framing(server: Server, expected: Expectation, version: str) -> None:
    """A stream says where it ends in the way that the table tells of its server."""
    response, _ = fetch(server.port, "/rows", version)
    framing = Framing.CHUNKED if response.chunked else Framing.UNTIL_CLOSE
    if "Content-Length" in response.headers:
        framing = Framing.LENGTH
    new = version == "1.1"
    assert framing == (expected.framing if new else expected.old_framing)


def test_keeping_the_connection(server: Server, expected: Expectation) -> None:
    """A second stream comes over the same connection where the table says so."""
    with closing(connect(server.port)) as connection:
        ask(connection, "/rows").read()
        kept = connection.sock is not None
        assert kept == expected.keeps_connection
        assert ask(connection, "/rows").read() == ROWS


@kinds
@pytest.mark.parametrize("media_type", ["text/csv", "text/event-stream"])
def test_the_first_item_comes_before_the_second_exists(
    server: Server, expected: Expectation, tmp_path: Path, media_type: str, kind: str
) -> None:
    """A client holds the first item while the view still works on the second.

    But for the server that sends nothing before it has all.
    """
    gate = tmp_path / "gate"
    kind = f"type={media_type}&{kind}"
    patience = PATIENCE if expected.flows else SOON
    assert first_item_passes(server, gate, kind, patience) == expected.flows


def test_an_empty_stream(server: Server, expected: Expectation) -> None:
    """A stream without items is an empty response, but for the table's exceptions."""
    response, body = fetch(server.port, "/empty")
    assert (response.status, body) == (expected.empty, b"")


def test_head(server: Server, expected: Expectation) -> None:
    """HEAD on a stream gets its headers and, but for the exceptions, nothing more."""
    with closing(send(server.port, "HEAD", "/rows")) as connection:
        headers = receive(connection, b"\r\n\r\n")
        if expected.keeps_connection and b"connection: close" not in headers.lower():
            # What comes before the next response belongs to this one.
            connection.sendall(request("GET", "/rows", "Connection: close"))
        rest = receive(connection)
    head = Head.SOUND if headers.split()[1] == b"200" else Head.ERROR
    if rest.startswith(TERMINATOR):
        head = Head.STRAY_TERMINATOR
    assert head == expected.head
    assert rest.removeprefix(TERMINATOR)[:5] in (b"", b"HTTP/")


def test_head_closes_the_source(server: Server, tmp_path: Path) -> None:
    """What a HEAD request would have streamed is closed although it never began."""
    record = tmp_path / "record"
    with closing(send(server.port, "HEAD", f"/held?record={record}")) as connection:
        receive(connection, b"\r\n\r\n")
    assert wait_for(lambda: record.exists() and record.read_text() == "closed")
