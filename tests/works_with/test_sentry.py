"""Tests beside Sentry: an error in the middle of a stream is reported once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from flask import Flask
from flask import request
from sentry_sdk.transport import Transport

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_with_context
from flask_outpour import WorkerLeaving
from flask_outpour.testing import open_stream
from processes import running
from processes import Server

KINDS = ["bare", "context", "rows"]


def application(path: str) -> Flask:
    """Return an application whose Sentry writes what it reports to a file.

    Sentry changes the class Flask, so this is called in a process of its own.
    """

    def write(kind: str, payload: Any) -> None:
        with open(path, "a") as file:
            file.write(json.dumps([kind, payload]) + "\n")

    class ToFile(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            for item in envelope.items:
                write(item.type, item.payload.json)

    sentry_sdk.init(
        "http://key@localhost/1",
        transport=ToFile,
        traces_sample_rate=1,
        auto_session_tracking=False,
        ignore_errors=[WorkerLeaving],
    )
    app = Flask(__name__)
    Outpour(app)

    def items(last: str) -> Iterator[str]:
        try:
            for number in range(int(last) if last.isdigit() else 10**9):
                yield f"{number}\n"
            sentry_sdk.capture_message("all rows")
            raise ValueError("no more rows")
        finally:
            write("closed", {})

    def ticks() -> Iterator[str]:
        while True:
            yield "tick\n"
            time.sleep(0.05)

    @app.get("/<kind>/<last>")
    def view(kind: str, last: str) -> Any:
        sentry_sdk.set_tag("tenant", request.args["tenant"])
        if kind == "live":
            return ticks()
        if kind == "bare":
            return items(last)
        if kind == "context":
            return stream_with_context(items(last))
        return stream_rows(([item.strip()] for item in items(last)), columns=["n"])

    return app


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """Run the application on gunicorn's threads; return the file, too."""
    folder = tmp_path_factory.mktemp("sentry")
    target = f"{__name__}:application('{folder / 'reports'}')"
    with running("gunicorn-gthread", target, folder) as server:
        yield server, folder / "reports"


@pytest.fixture
def url(server: tuple[Server, Path]) -> str:
    return server[0].url


@pytest.fixture
def reports(server: tuple[Server, Path]) -> Callable[[], dict[str, list[Any]]]:
    """Return a function that returns what was reported since the test began."""
    path = server[1]
    path.write_text("")

    def read() -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {"event": [], "transaction": [], "closed": []}
        for line in path.read_text().splitlines():
            kind, payload = json.loads(line)
            found[kind].append(payload)
        return found

    return read


def values(event: Any) -> list[str]:
    return [each["value"] for each in event.get("exception", {}).get("values", [])]


@pytest.mark.parametrize("kind", KINDS)
def test_error_after_the_first_item_is_reported_once(
    url: str, reports: Callable[[], dict[str, list[Any]]], kind: str
) -> None:
    """The event knows its request, its transaction and the tags of the view."""
    with open_stream(f"{url}/{kind}/3?tenant=ada", timeout=30) as response:
        assert response.status == 200
        assert response.read().endswith(b"0\n1\n2\n")
        assert response.ending == "cut"
    found = reports()
    (error,) = [event for event in found["event"] if values(event)]
    assert values(error) == ["no more rows"]
    assert error["tags"]["tenant"] == "ada"
    assert error["transaction"] == "view"
    assert error["request"]["url"] == f"{url}/{kind}/3"


@pytest.mark.parametrize("kind", KINDS)
def test_error_before_the_first_item_is_reported_once(
    url: str, reports: Callable[[], dict[str, list[Any]]], kind: str
) -> None:
    """The client has its page, and the transaction the status of that."""
    with open_stream(f"{url}/{kind}/0?tenant=ada", timeout=30) as response:
        assert response.status == 500
        response.read()
    found = reports()
    assert [values(event) for event in found["event"] if values(event)] == [
        ["no more rows"]
    ]
    (transaction,) = found["transaction"]
    assert transaction["contexts"]["trace"]["status"] == "internal_error"


def test_streams_at_the_same_time_keep_their_tags(
    url: str, reports: Callable[[], dict[str, list[Any]]]
) -> None:
    """What a stream reports in its last item has the tags of its own view."""
    streams = [
        open_stream(f"{url}/context/50000?tenant={name}", timeout=30)
        for name in ("ada", "bo", "cy")
    ]
    for stream in streams:
        stream.take(1)
    for stream in streams:
        stream.read()
        stream.close()
    messages = [event for event in reports()["event"] if not values(event)]
    assert {event["tags"]["tenant"] for event in messages} == {"ada", "bo", "cy"}
    assert len(messages) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_client_that_leaves_is_no_error(
    url: str, reports: Callable[[], dict[str, list[Any]]], kind: str
) -> None:
    """The source is closed, the transaction is there, and nothing is reported."""
    with open_stream(f"{url}/{kind}/endless?tenant=ada", timeout=30) as response:
        response.take(1)
    deadline = time.monotonic() + 30
    while not reports()["closed"] and time.monotonic() < deadline:
        time.sleep(0.02)
    found = reports()
    assert len(found["closed"]) == len(found["transaction"]) == 1
    assert found["event"] == []


def test_worker_that_is_to_go_is_no_error(tmp_path: Path) -> None:
    """Live streams that end at a deploy are no events, where Sentry is told so."""
    path = tmp_path / "reports"
    target = f"{__name__}:application('{path}')"
    with (
        running("gunicorn-gthread", target, tmp_path) as server,
        open_stream(f"{server.url}/live/1?tenant=ada", timeout=30) as response,
    ):
        assert next(response).data == b"tick\n"
        server.process.terminate()
        response.read()
        assert response.ending == "cut"
        assert server.process.wait(20) == 0
    kinds = [json.loads(line)[0] for line in path.read_text().splitlines()]
    assert "event" not in kinds
    assert "WorkerLeaving" in server.read_log()
