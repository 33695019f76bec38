"""Tests of the framings of HTTP: the parts, their boundaries, and their ends."""

from __future__ import annotations

import threading

import pytest

from flask_outpour.testing import open_stream
from testing.conftest import Answer
from testing.conftest import RESET

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
COUNTED = OK + b"Content-Length: 6\r\n\r\n"
CLOSED = OK + b"\r\n"


def read(url: str) -> tuple[list[bytes], str | None, str]:
    """Return the chunks of an answer, its end, and how that is told."""
    with open_stream(url) as response:
        return [data for data, _ in response], response.ending, response.framing


def test_chunks_are_those_of_the_server(answer: Answer) -> None:
    """The chunks are as they were framed, however the bytes came."""
    url = answer(CHUNKED + b"3\r\none\r\n", b"3;a=b\r\nt", b"wo\r\n0\r\nX-T: 1\r\n\r\n")
    assert read(url) == ([b"one", b"two"], "complete", "chunked")


@pytest.mark.parametrize(
    "rest",
    [b"", b"5\r\n", b"0\r\n", b"0\r\nX-Trailer: 1\r\n", b"2", RESET],
    ids=["nothing", "size", "no last line", "trailer", "half a size", "reset"],
)
def test_chunks_without_an_end_are_cut(answer: Answer, rest: bytes | None) -> None:
    """What came is there, and its end is a cut, wherever the bytes stop."""
    assert read(answer(CHUNKED + b"3\r\none\r\n", rest))[1] == "cut"


def test_a_cut_inside_a_chunk_keeps_what_came(answer: Answer) -> None:
    """The part of a chunk that came is the last one."""
    chunks = read(answer(CHUNKED + b"3\r\none\r\n9\r\ntw"))
    assert chunks == ([b"one", b"tw"], "cut", "chunked")


def test_a_length_is_counted(answer: Answer) -> None:
    """A body is complete at its Content-Length, though the connection is open."""
    hold = threading.Event()
    with open_stream(answer(COUNTED, b"one", b"two", hold)) as response:
        assert response.read() == b"onetwo"
        assert (response.ending, response.framing) == ("complete", "content-length")
        hold.set()


def test_short_of_its_length_is_cut(answer: Answer) -> None:
    """A connection that closes before the Content-Length is a cut."""
    assert read(answer(COUNTED + b"one")) == ([b"one"], "cut", "content-length")


def test_the_close_ends_what_has_no_length(answer: Answer) -> None:
    """Without a length the body ends when the server closes."""
    assert read(answer(CLOSED + b"one")) == ([b"one"], "complete", "until-close")


def test_a_reset_cuts_what_has_no_length(answer: Answer) -> None:
    """A reset connection is no end."""
    hold = threading.Event()
    with open_stream(answer(CLOSED + b"one", hold, RESET)) as response:
        assert response.take(1)[0].data == b"one"
        hold.set()
        assert (response.read(), response.ending) == (b"", "cut")


@pytest.mark.parametrize(
    "parts",
    [
        (CHUNKED + b"3\r\non", b"e\r\n0\r\n\r\n"),
        (CHUNKED + b"3", b"\r\none\r\n0\r\n\r\n"),
        (CHUNKED + b"3\r\none\r\n0\r\n", b"\r\n"),
        (COUNTED + b"one", b"two"),
        (CLOSED + b"one",),
    ],
)
def test_reading_goes_on_after_a_timeout(
    answer: Answer, parts: tuple[bytes, ...]
) -> None:
    """A client that lost patience once loses nothing of the body."""
    hold = threading.Event()
    with open_stream(answer(parts[0], hold, *parts[1:])) as response:
        response.timeout = 0.1
        data = b""
        with pytest.raises(
            TimeoutError, match=r"sent nothing for 0\.1 s, after [03] b"
        ):
            for chunk in response:
                data += chunk.data
        hold.set()
        response.timeout = 5
        data += response.read()
        assert data in (b"one", b"onetwo")
        assert response.ending == "complete"
