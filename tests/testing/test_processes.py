"""Tests of the servers in processes: real ones, their log, and their end."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_outpour.testing import open_stream
from flask_outpour.testing import serve
from flask_outpour.testing import Server
from flask_outpour.testing import ServerError
from servers.clients import wait_for

TARGET = "testing.views:app"
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "werkzeug": (),
    "waitress": ("--threads", "4"),
    "gunicorn": ("--worker-class", "gthread", "--threads", "4"),
    "cheroot": (),
    "granian": ("--blocking-threads", "4"),
}


@pytest.fixture(scope="module", params=ARGUMENTS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Run each server in turn on the views of this folder."""
    pytest.importorskip(request.param)
    with serve(TARGET, request.param, arguments=ARGUMENTS[request.param]) as running:
        yield running


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_stream_arrives_as_it_is_made(server: Server, tmp_path: Path) -> None:
    """The first item is there while the second does not exist."""
    gate = tmp_path / "gate"
    with open_stream(f"{server.url}/gated?gate={gate}", timeout=20) as response:
        assert next(response).data == b"first"
        gate.touch()
        assert next(response).data == b"second"
        assert (response.read(), response.ending) == (b"", "complete")


def test_a_failure_is_seen_by_the_client_and_in_the_log(server: Server) -> None:
    """The client sees a cut, and the log has the error of the application."""
    with open_stream(server.url + "/fails") as response:
        assert response.read() == b"first"
        assert response.ending == "cut"
    assert wait_for(lambda: "ValueError: no second row" in server.log)


def test_leaving_stops_the_view(server: Server) -> None:
    """The view is closed when the client has left after two chunks."""
    before = server.log.count("closed")
    with open_stream(server.url + "/endless") as response:
        assert len(response.take(2)) == 2
    assert wait_for(lambda: server.log.count("closed") > before)


def test_a_length_is_kept(server: Server) -> None:
    """A view's Content-Length tells the end in both versions of HTTP."""
    for version in ("1.1", "1.0"):
        with open_stream(server.url + "/length", version=version) as response:  # type: ignore[arg-type]
            assert (response.read(), response.ending) == (b"onetwo", "complete")
            assert response.framing == "content-length"


def test_the_process_is_another_one_and_stops() -> None:
    """The id is that of the server, which is gone after the block."""
    with serve(TARGET, "gunicorn") as server:
        assert server.pid != os.getpid()
        assert is_alive(server.pid)
    assert not is_alive(server.pid)


def test_a_process_has_the_variables_of_the_test() -> None:
    """What ``env`` has is in the environment of the application."""
    with (
        serve(TARGET, "waitress", env={"SHOP": "orders"}) as server,
        open_stream(server.url + "/variable") as response,
    ):
        assert response.read() == b"orders"


def test_workers_do_not_outlive_a_server_that_is_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stream that nobody reads cannot keep a server alive."""
    monkeypatch.setattr("flask_outpour.testing.processes._GRACE", 0.3)
    with serve(TARGET, "gunicorn") as server:
        response = open_stream(server.url + "/endless")
        next(response)
    response.timeout = 5
    # The worker's side of the connection is gone, and so is the worker.
    assert (response.read() is not None, response.ending) == (True, "cut")
    response.close()
    assert not is_alive(server.pid)


def test_the_log_is_there_after_the_end() -> None:
    """What a server wrote while it stopped can be read, too."""
    with serve(TARGET, "gunicorn") as server:
        assert "Shutting down" not in server.log
    assert "Shutting down" in server.log


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_an_application_that_fails_to_import_is_an_error(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has the command, and the log with the traceback."""
    (tmp_path / "broken_shop.py").write_text("raise ValueError('no shop today')")
    monkeypatch.syspath_prepend(tmp_path)
    with (
        pytest.raises(ServerError) as caught,
        serve("broken_shop:app", server),
    ):
        pass
    message = str(caught.value)
    assert message.startswith(f"{server} ended with exit code ")
    assert f"{sys.executable} -m {server} " in message
    assert "ValueError" in message
    assert "no shop today" in message


def test_a_server_that_does_not_answer_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An application that never finishes to import is given up in time."""
    (tmp_path / "slow_shop.py").write_text("import time; time.sleep(60)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("flask_outpour.testing.processes._GRACE", 0.3)
    with (
        pytest.raises(ServerError, match="gunicorn did not answer within 1 s"),
        serve("slow_shop:app", "gunicorn", timeout=1),
    ):
        pass
