"""Tests of visits: framing, endings and times, as they come over a socket."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from struct import pack

import pytest

from flask_outpour.doctor.errors import DoctorError
from flask_outpour.doctor.site.address import Address
from flask_outpour.doctor.site.visits import Silence
from flask_outpour.doctor.site.visits import Visit
from flask_outpour.doctor.site.visits import Visitor

#: What a server sends: bytes, or seconds that it waits; its end is a close.
Script = list[bytes | float]
RESET = b"reset"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
COUNTED = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
PLAIN = b"HTTP/1.0 200 OK\r\n\r\n"


@pytest.fixture
def scripted() -> Iterator[Callable[[Script], Visitor]]:
    """Return a function that runs a server of such a script, and visits it."""
    with ExitStack() as stack:

        def start(script: Script) -> Visitor:
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            thread = threading.Thread(target=_serve, args=(listener, script))
            thread.start()
            stack.callback(thread.join)
            port = listener.getsockname()[1]
            return Visitor(Address.of(f"http://127.0.0.1:{port}/x"))

        yield start


def _serve(listener: socket.socket, script: Script) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        for part in script:
            if part == RESET:
                linger = pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            elif isinstance(part, bytes):
                connection.sendall(part)
            else:
                time.sleep(part)


def read(visitor: Visitor, seconds: float = 10.0) -> Visit:
    """Visit, and read what comes."""
    with visitor.visit("/x") as visit:
        visit.read(seconds)
    return visit


@pytest.mark.parametrize(
    ("script", "framing", "ending"),
    [
        ([CHUNKED, b"2\r\nab\r\n0\r\n\r\n"], "chunks", "whole"),
        ([CHUNKED, b"2\r\nab\r\n"], "chunks", "cut"),
        ([CHUNKED, b"4\r\nab"], "chunks", "cut"),
        ([CHUNKED, b"2\r\nab\r\n", 0.1, RESET], "chunks", "cut"),
        ([COUNTED, b"abcd"], "Content-Length", "whole"),
        ([COUNTED, b"ab"], "Content-Length", "cut"),
        ([PLAIN, b"ab"], "until the connection closes", "whole"),
        ([PLAIN, b"ab", 0.1, RESET], "until the connection closes", "cut"),
    ],
)
def test_endings(
    scripted: Callable[[Script], Visitor], script: Script, framing: str, ending: str
) -> None:
    """A cut is told from an end where the framing allows that."""
    visit = read(scripted(script))
    assert (visit.framing, visit.ending) == (framing, ending)
    assert visit.body.startswith(b"ab")


def test_pieces_have_times(scripted: Callable[[Script], Visitor]) -> None:
    """Each piece has the time at which it came, and the headers theirs."""
    visit = read(scripted([0.2, PLAIN, b"ab", 0.3, b"cd"]))
    assert [piece.data for piece in visit.pieces] == [b"ab", b"cd"]
    first, second = (piece.seconds for piece in visit.pieces)
    assert 0.2 <= visit.answered <= first < second
    assert second - first > 0.2


def test_time_is_bounded(scripted: Callable[[Script], Visitor]) -> None:
    """A stream that stops coming is left, its end unknown."""
    visit = read(scripted([PLAIN, b"ab", 1.0, b"cd"]), seconds=0.2)
    assert (visit.body, visit.ending) == (b"ab", None)


def test_enough_is_enough(scripted: Callable[[Script], Visitor]) -> None:
    """Who has seen what there was to see stops reading."""
    visitor = scripted([PLAIN, b"ab", 0.5, b"cd"])
    with visitor.visit("/x") as visit:
        visit.read(10, lambda: bool(visit.pieces))
        assert visit.body == b"ab"


def test_silence(scripted: Callable[[Script], Visitor]) -> None:
    """A server that sends no headers is not waited for."""
    with pytest.raises(Silence):
        scripted([0.5]).visit("/x", patience=0.1)


def test_requests_are_counted(scripted: Callable[[Script], Visitor]) -> None:
    """A visitor knows how often it has asked."""
    visitor = scripted([PLAIN])
    read(visitor)
    assert visitor.requests == 1


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([b"SSH-2.0-OpenSSH_9.2\r\n", 0.1], "does not speak HTTP"),
        ([], "closed the connection without an answer"),
        ([b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000, 0.1], "could not be asked"),
    ],
)
def test_what_is_no_site(
    scripted: Callable[[Script], Visitor], script: Script, words: str
) -> None:
    """What answers no HTTP is named as that."""
    with pytest.raises(DoctorError, match=words):
        scripted(script).visit("/x")


def test_nobody_listens() -> None:
    """A port without a server is no crash."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DoctorError, match="Nobody listens"):
        Visitor(Address.of(f"http://127.0.0.1:{port}/")).visit("/")


def test_a_host_that_is_not_there() -> None:
    """A name that nobody has is named."""
    with pytest.raises(DoctorError, match=r"no host nowhere\.invalid"):
        Visitor(Address.of("http://nowhere.invalid/")).visit("/")
