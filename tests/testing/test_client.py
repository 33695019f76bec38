"""Tests of the client that reads a response as it arrives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from typing import Literal

import pytest
from flask import Flask
from flask import request
from flask import Response

from flask_outpour import ConfigurationError
from flask_outpour.testing import assert_closed
from flask_outpour.testing import open_stream
from flask_outpour.testing import serve as serve_by
from flask_outpour.testing import Source
from testing.conftest import Answer

Serve = Callable[[Any], str]
VERSIONS: list[Literal["1.1", "1.0"]] = ["1.1", "1.0"]


def test_chunks_come_with_their_times(app: Flask, serve: Serve) -> None:
    """Each chunk has the seconds from the request to its own arrival."""
    source = Source(["one", "two"], gated=True)
    app.add_url_rule("/", "view", lambda: Response(source, status=201))
    source.release()
    with open_stream(serve(app) + "/") as response:
        assert (response.status, response.version) == (201, "HTTP/1.1")
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        first = next(response)
        threading.Timer(0.2, source.release).start()
        second = next(response)
        assert (first.data, second.data) == (b"one", b"two")
        assert 0 < first.seconds < second.seconds - 0.1
        assert response.ending is None
        assert (response.read(), response.ending) == (b"", "complete")


def test_a_chunk_has_the_time_when_it_came(answer: Answer) -> None:
    """Chunks that came in one piece have one time, though one is asked for later."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with open_stream(answer(chunked + b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n")) as response:
        first, second = response
        assert (first.data, second.data) == (b"a", b"b")
        assert first.seconds == second.seconds


def test_nothing_arrives_while_a_gate_is_shut(app: Flask, serve: Serve) -> None:
    """A test can see that nothing comes, and read on."""
    source = Source(["one", "two"], gated=True)
    app.add_url_rule("/", "view", lambda: Response(source))
    source.release()
    with open_stream(serve(app) + "/", timeout=0.1) as response:
        assert next(response).data == b"one"
        with pytest.raises(TimeoutError, match=r"sent nothing for .* after 3 bytes"):
            next(response)
        source.release()
        assert next(response).data == b"two"


def test_leaving_closes_the_source(app: Flask, serve: Serve) -> None:
    """A client that leaves after two chunks is noticed by the view."""
    source = Source(f"{number}" * 1000 for number in range(1_000_000))
    app.add_url_rule("/", "view", lambda: Response(source))
    with open_stream(serve(app) + "/") as response:
        assert len(response.take(2)) == 2
    assert_closed(source)
    assert not source.exhausted


def test_take_gives_what_there_is(app: Flask, serve: Serve) -> None:
    """Fewer chunks come where the body ends before."""
    app.add_url_rule("/", "view", lambda: iter(["one"]))
    with open_stream(serve(app) + "/") as response:
        assert [data for data, _ in response.take(5)] == [b"one"]
        assert response.ending == "complete"


def test_a_failure_is_a_cut(app: Flask, serve: Serve) -> None:
    """A source that fails cuts the response, whose chunks before it are there."""
    source = Source(["one", "two"], fail_at=2)
    app.add_url_rule("/", "view", lambda: Response(source))
    with open_stream(serve(app) + "/") as response:
        assert (response.read(), response.ending) == (b"one", "cut")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("server", ["waitress", "werkzeug"])
def test_both_versions_are_spoken(
    app: Flask, server: str, version: Literal["1.1", "1.0"]
) -> None:
    """The server sees the version, and the body is whole in its framing."""
    app.add_url_rule(
        "/", "view", lambda: iter([request.environ["SERVER_PROTOCOL"], "!"])
    )
    chunked = version == "1.1" or server == "werkzeug"
    with (
        serve_by(app, server) as running,
        open_stream(running.url + "/", version=version) as response,
    ):
        assert response.read() == f"HTTP/{version}!".encode()
        assert response.framing == ("chunked" if chunked else "until-close")
        assert response.ending == "complete"


def test_what_is_sent_arrives(app: Flask, serve: Serve) -> None:
    """Method, path, query, headers and data reach the view."""

    @app.put("/café")
    def view() -> list[Any]:
        host, kind = request.host, request.headers["X-Kind"]
        return [request.args["q"], host, kind, request.get_data(as_text=True)]

    with open_stream(
        serve(app) + "/café?q=a b",
        method="PUT",
        headers={"X-Kind": "test", "Host": "shop.example"},
        data=b"rows",
    ) as response:
        assert response.read() == b'["a b","shop.example","test","rows"]\n'


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204)])
def test_no_body_is_complete_at_once(
    app: Flask, serve: Serve, method: str, status: int
) -> None:
    """A response that has no body ends with its headers."""
    app.add_url_rule("/", "view", lambda: ("", status))
    with open_stream(serve(app) + "/", method=method) as response:
        assert (response.status, response.framing) == (status, "none")
        assert (list(response), response.ending) == ([], "complete")


def test_interim_answers_are_passed_over(answer: Answer) -> None:
    """The response is the one that is not of the hundreds."""
    url = answer(
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    with open_stream(url) as response:
        assert (response.status, "Link" in response.headers) == (200, False)


def test_what_is_no_http_is_an_error(answer: Answer) -> None:
    """The error shows what was answered."""
    with pytest.raises(ConnectionError, match="answered no HTTP, but b"):
        open_stream(answer(b"SSH-2.0-x\r\n"))


def test_no_answer_is_an_error(answer: Answer) -> None:
    """The error says that the connection was closed."""
    with pytest.raises(ConnectionError, match="closed the connection without an"):
        open_stream(answer())


def test_headers_that_do_not_come_are_an_error(answer: Answer) -> None:
    """The error says how long the client waited."""
    hold = threading.Event()
    with pytest.raises(TimeoutError, match=r"sent no headers for 0\.1 s"):
        open_stream(answer(hold), timeout=0.1)
    hold.set()


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "/rows.csv"])
def test_only_http_is_spoken(url: str) -> None:
    """An address of another kind is an error, before anything is sent."""
    with pytest.raises(ConfigurationError, match="takes an address of http"):
        open_stream(url)
