"""Tests of ``start_response`` held back until the first chunk is there."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from flask_outpour.start import HeldStart


class Server:
    """A ``start_response`` that writes down its calls, and the data written."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.written: list[bytes] = []

    def __call__(self, *arguments: Any) -> Any:
        self.calls.append(arguments)
        return self.written.append


def held_start(start_response: Any) -> HeldStart:
    """Return one that a body's first chunk is awaited for."""
    held = HeldStart(start_response)
    held.holds = True
    return held


def test_call_waits_for_release() -> None:
    """The server hears of status and headers when they are released, once."""
    server = Server()
    held = held_start(server)
    held("200 OK", [("A", "b")])
    assert server.calls == []
    held.release()
    held.release()
    assert server.calls == [("200 OK", [("A", "b")])]


def test_call_has_two_arguments_without_an_error() -> None:
    """A middleware's ``start_response`` of two arguments is enough."""
    calls = []
    held = held_start(lambda status, headers: calls.append(status))  # type: ignore[arg-type, return-value]
    held("200 OK", [])
    held.release()
    assert calls == ["200 OK"]


def test_forgotten_headers_are_replaced() -> None:
    """The headers of a response that failed before its first chunk never leave."""
    server = Server()
    held = held_start(server)
    held("200 OK", [("Set-Cookie", "a=b")])
    held.forget()
    held("500 INTERNAL SERVER ERROR", [])
    held.release()
    assert server.calls == [("500 INTERNAL SERVER ERROR", [])]


def test_second_call_is_an_error() -> None:
    """Starting twice without an error is the application's bug, as PEP 3333 says."""
    held = held_start(Server())
    held("200 OK", [])
    with pytest.raises(AssertionError, match="already called"):
        held("200 OK", [])


def test_second_call_with_an_error_replaces_the_first() -> None:
    """An application may replace headers that were not sent, by ``exc_info``."""
    server = Server()
    held = held_start(server)
    held("200 OK", [])
    try:
        raise ValueError
    except ValueError:
        held("500 INTERNAL SERVER ERROR", [], sys.exc_info())
        held.release()
    ((status, _, exc_info),) = server.calls
    assert status.startswith("500")
    assert exc_info[0] is ValueError


def test_call_passes_on_where_nothing_is_awaited() -> None:
    """A response without a body that is waited for reaches the server at once."""
    server = Server()
    held = HeldStart(server)
    write = held("200 OK", [])
    write(b"data")
    assert server.calls == [("200 OK", [])]
    assert server.written == [b"data"]


def test_write_sends_the_headers_first() -> None:
    """The old ``write()`` sends what was held, then the data."""
    server = Server()
    held = held_start(server)
    write = held("200 OK", [])
    write(b"a")
    write(b"b")
    held.release()
    assert server.calls == [("200 OK", [])]
    assert server.written == [b"a", b"b"]
