"""Tests of the probe: who meets it, what it streams, and what it refuses to do."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from urllib.request import Request
from urllib.request import urlopen

import pytest
from flask import Flask
from flask import request
from flask.testing import FlaskClient

from flask_outpour import Outpour
from flask_outpour.probe import ENDPOINT
from flask_outpour.probe import HEADER
from flask_outpour.probe import LARGEST
from flask_outpour.probe import LONGEST
from flask_outpour.probe import MOST_ITEMS
from flask_outpour.probe import path_of
from flask_outpour.probe import ProbeFailure
from flask_outpour.probe import Visitors

TOKEN = "0123456789abcdef" * 2
PATH = path_of(TOKEN)
KEY = {HEADER: TOKEN}
VISITOR = "ab" * 16


@pytest.fixture
def app() -> Flask:
    """Return an application that allows its probe."""
    app = Flask("tests.probe")
    app.config["OUTPOUR_PROBE_TOKEN"] = TOKEN
    Outpour(app)
    return app


def lines_of(client: FlaskClient, query: str = "", **how: Any) -> list[dict[str, Any]]:
    """Return the items of a stream."""
    response = client.get(f"{PATH}?{query}", headers=KEY, **how)
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


# Who meets it


def test_without_a_token_there_is_no_view() -> None:
    """An application that does not ask for the probe has no rule for it."""
    app = Flask("tests.none")
    Outpour(app)
    assert ENDPOINT not in app.view_functions


def test_the_path_cannot_be_guessed() -> None:
    """The path differs with the token, and does not hold it."""
    assert path_of(TOKEN) != path_of(TOKEN[::-1])
    assert TOKEN not in PATH


@pytest.mark.parametrize("token", [None, "", TOKEN[:-1], TOKEN + "0", "ü" * 32])
def test_a_wrong_token_meets_the_applications_own_404(
    app: Flask, client: FlaskClient, token: str | None
) -> None:
    """Status, headers and page are those of a path that does not exist."""
    app.register_error_handler(404, lambda error: ("<h1>Not here</h1>", 404))
    headers = {} if token is None else {HEADER: token}
    met = client.get(PATH, headers=headers)
    unknown = client.get("/nowhere", headers=headers)
    assert met.status_code == unknown.status_code == 404
    assert (met.text, [*met.headers]) == (unknown.text, [*unknown.headers])


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_who_lacks_the_token_learns_nothing_from_routing(
    client: FlaskClient, method: str
) -> None:
    """The part of the path that is known answers 404 to each method."""
    prefix = PATH.rpartition("/")[0]
    assert client.open(f"{prefix}/", method=method).status_code == 404


def test_a_page_for_every_path_stays_as_it_is(app: Flask, client: FlaskClient) -> None:
    """The application's catch-all answers whoever does not know the path."""
    app.add_url_rule("/<path:path>", "all", lambda path: f"page {path}")
    assert client.get("/outpour-probe/x").text == "page outpour-probe/x"


def test_a_login_wall_can_let_it_pass(app: Flask, client: FlaskClient) -> None:
    """A function before each request knows the probe by its endpoint."""
    seen: list[str | None] = []

    @app.before_request
    def wall() -> None:
        seen.append(request.endpoint)

    lines_of(client, "items=1")
    assert seen == [ENDPOINT]


def test_it_is_met_where_hosts_are_matched() -> None:
    """An application whose routes have hosts has the probe on each host."""
    app = Flask("tests.hosts", host_matching=True, static_host="static.example")
    app.config["OUTPOUR_PROBE_TOKEN"] = TOKEN
    Outpour(app)
    assert lines_of(app.test_client(), "items=1", base_url="http://shop.example/")


# What it streams


def test_the_items_say_when_they_left(client: FlaskClient) -> None:
    """Each line has its number, and the seconds since the first one."""
    items = lines_of(client, "items=3&interval=0.05")
    assert [item["item"] for item in items] == [1, 2, 3]
    assert items[0]["left"] == 0
    assert 0.1 <= items[2]["left"] < 2


def test_it_is_a_stream_like_any_other(app: Flask, client: FlaskClient) -> None:
    """It asks nothing of proxies, and is of the application's own class."""

    class Own(app.response_class):  # type: ignore[name-defined,misc]
        default_mimetype = "text/own"

    app.response_class = Own
    response = client.get(PATH, headers=KEY, query_string={"items": 1})
    assert response.is_streamed
    assert dict(response.headers) == {
        "Content-Type": "text/plain; charset=utf-8",
        "Cache-Control": "no-store",
    }
    html = client.get(PATH, headers=KEY, query_string={"items": 1, "type": "html"})
    assert html.mimetype == "text/html"


def test_the_first_item_has_the_facts(client: FlaskClient) -> None:
    """It says the process and the server, once."""
    first, second = lines_of(client, "items=2&interval=0")
    assert first["pid"] == os.getpid()
    assert first["outpour"] is True
    assert first["server"]["protocol"] == "HTTP/1.1"
    assert {*second} == {"item", "left"}


def test_it_says_whether_outpour_serves_it() -> None:
    """It tells a server that goes around Outpour from one where that is off."""
    app = Flask("tests.probe")
    app.config["OUTPOUR_PROBE_TOKEN"] = TOKEN
    taken = app.wsgi_app
    Outpour(app)
    app.wsgi_app = taken  # type: ignore[method-assign]
    assert lines_of(app.test_client(), "items=1")[0]["outpour"] is False
    app.config["OUTPOUR_ENABLED"] = False
    assert lines_of(app.test_client(), "items=1")[0]["outpour"] is None


def test_the_facts_hold_no_secret_and_no_path(client: FlaskClient) -> None:
    """Neither the token nor a place on the machine is in what is sent."""
    text = json.dumps(lines_of(client, "items=1"))
    assert TOKEN not in text
    assert os.getcwd() not in text


def test_items_can_be_as_large_as_asked(client: FlaskClient) -> None:
    """Padding makes each line so many bytes long."""
    response = client.get(f"{PATH}?items=2&interval=0&size=1000", headers=KEY)
    assert [len(line) + 1 for line in response.text.splitlines()] == [1000, 1000]


def test_it_fails_where_asked(app: Flask, client: FlaskClient) -> None:
    """After its items it raises an error that says who wanted it."""
    app.config["PROPAGATE_EXCEPTIONS"] = True
    response = client.get(f"{PATH}?mode=fail&items=2&interval=0", headers=KEY)
    chunks = response.iter_encoded()
    assert next(chunks)
    with closing(response), pytest.raises(ProbeFailure, match="doctor asked"):
        list(chunks)


# What it remembers


def report_of(client: FlaskClient, visitor: str = VISITOR) -> Any:
    """Return what the probe knows of a visitor."""
    query = {"mode": "report", "visitor": visitor}
    return client.get(PATH, headers=KEY, query_string=query).json


def test_it_remembers_who_left(client: FlaskClient) -> None:
    """The close of a source is recorded under the visitor's own name."""
    query = f"mode=leave&visitor={VISITOR}&items=50&interval=0.01"
    response = client.get(f"{PATH}?{query}", headers=KEY)
    next(response.iter_encoded())
    assert report_of(client)["state"] == "open"
    response.close()
    assert report_of(client)["state"] == "closed"
    assert report_of(client, "cd" * 16)["state"] is None


def test_it_remembers_who_stayed(client: FlaskClient) -> None:
    """A stream that nobody closed has run to its end."""
    lines_of(client, f"mode=leave&visitor={VISITOR}&items=2&interval=0")
    assert report_of(client)["state"] == "ran to its end"


def test_its_memory_is_bounded() -> None:
    """Of a thousand visitors the last few are known."""
    visitors = Visitors()
    for number in range(1000):
        visitors.note(str(number), "closed", 1.5)
    assert visitors.recall("999") == {"state": "closed", "after": 1.5}
    assert visitors.recall("900") == {"state": None}


@pytest.fixture
def impatient_threads() -> Iterator[None]:
    """Let threads take turns after nearly every step."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("impatient_threads")
def test_many_threads_may_note_and_ask_at_once() -> None:
    """No thread meets an error, and none takes another's visitor for its own."""
    visitors = Visitors()

    def visit(thread: int) -> None:
        for number in range(3000):
            visitors.note(f"{thread}", "closed", thread)
            visitors.note(f"{thread}, {number}", "open", thread)
            assert visitors.recall(f"{thread}").get("after", thread) == thread

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(visit, thread) for thread in range(8)]:
            done.result()
    visitors.note(VISITOR, "closed", 1.5)
    assert visitors.recall(VISITOR) == {"state": "closed", "after": 1.5}


def test_its_memory_fades(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was long ago is forgotten."""
    visitors = Visitors()
    visitors.note(VISITOR, "closed", 1.5)
    monkeypatch.setattr("flask_outpour.probe._MEMORY", -1.0)
    assert visitors.recall(VISITOR) == {"state": None}


# What it refuses


@pytest.mark.parametrize(
    "query",
    ["items=1e9&interval=0", "items=inf&interval=0", "items=1e9&interval=5e-324"],
)
def test_the_number_of_items_is_bounded(client: FlaskClient, query: str) -> None:
    """Nobody has more of them than a hundred."""
    assert len(lines_of(client, query)) == MOST_ITEMS


def test_the_size_is_bounded(client: FlaskClient) -> None:
    """No item is larger than 16 KiB."""
    response = client.get(f"{PATH}?items=1&size=1e12", headers=KEY)
    assert len(response.data) == LARGEST


@pytest.mark.parametrize("interval", ["7", "1e9", "inf"])
def test_the_time_is_bounded(
    client: FlaskClient, interval: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pauses of a stream are 15 seconds at most."""
    slept: list[float] = []
    monkeypatch.setattr("flask_outpour.probe.time.sleep", slept.append)
    lines_of(client, f"items=90&interval={interval}")
    assert 7 <= sum(slept) <= LONGEST


@pytest.mark.parametrize("value", ["x", "nan", "-1", ""])
def test_what_is_not_understood_is_left_out(client: FlaskClient, value: str) -> None:
    """A value that is no number is as if it had not been asked for."""
    query = f"items={value}&interval=0&size={value}"
    assert len(lines_of(client, query)) == 8


def test_over_a_real_server(app: Flask, serve: Callable[[Any], str]) -> None:
    """The items come one by one over a socket."""
    url = serve(app) + PATH + "?items=2&interval=0.01"
    with urlopen(Request(url, headers=KEY)) as response:
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert len(response.read().splitlines()) == 2
