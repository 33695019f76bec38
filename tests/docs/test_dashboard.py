"""The example "Dashboard": its page comes first, and its slow parts when ready."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.request import urlopen

import pytest
from fences import ROOT

from processes import free_port
from processes import listening

EXAMPLE = ROOT / "examples" / "dashboard.py"
GATE = 10  # seconds; a gate that nobody opens fails the test
BEST = (
    "<tr><td>28</td><td>99</td></tr><tr><td>128</td><td>99</td></tr>"
    "<tr><td>228</td><td>99</td></tr>"
)


@pytest.fixture
def example() -> Iterator[ModuleType]:
    """Return the example as a module; its functions take no time."""
    module = ModuleType("dashboard")
    module.__file__ = str(EXAMPLE)
    # Flask finds the templates beside the module's file.
    sys.modules[module.__name__] = module
    source = re.sub(r"sleep\([\d.]+\)", "sleep(0)", EXAMPLE.read_text())
    exec(compile(source, EXAMPLE, "exec"), module.__dict__)
    yield module
    del sys.modules["dashboard"]


def test_the_page_is_there_before_its_slow_parts(
    example: ModuleType, serve: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader has the page and what is ready while the advice is not given yet."""
    gate = threading.Event()

    def advice() -> str:
        assert gate.wait(GATE)
        return "Order more <tea>."

    monkeypatch.setattr(example, "advice", advice)
    with urlopen(serve(example.app), timeout=GATE) as response:
        nonce = response.headers["Content-Security-Policy"].partition("'nonce-")[2]
        early = ""
        while '<template for="best">' not in early:
            early += response.readline().decode()
        assert early.index("Have a good day.") < early.index(BEST)
        assert '<?start name="advice"><p>Thinking ...</p><?end>' in early
        assert f'<script nonce="{nonce.partition(chr(39))[0]}">' in early
        gate.set()
        late = response.read().decode()
    assert '<template for="advice"><p>Order more &lt;tea&gt;.</p></template>' in late
    assert late.endswith("</body>\n</html>")


def test_the_page_in_order_is_plain(example: ModuleType) -> None:
    """Who asks for it has all parts at their places, and neither markers nor script."""
    text = example.app.test_client().get("/?deferred=in-order").text
    assert re.findall(r"<p>(.*)</p>", text) == [
        *("Order more tea.", "<b>1240</b> orders", "Have a good day.")
    ]
    assert f"<table>\n{BEST}\n</table>" in text
    assert not [word for word in ("<?", "<template", "<script") if word in text]


def test_each_part_has_a_connection_that_is_closed(
    example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two parts ask the database, by two connections, of which none stays open."""
    opened: list[str] = []
    closed: list[str] = []
    connect = example.sqlite3.connect

    class Connection(example.sqlite3.Connection):  # type: ignore[name-defined, misc]
        def close(self) -> None:
            closed.append(threading.current_thread().name)
            super().close()

    def remember(name: str) -> Any:
        opened.append(threading.current_thread().name)
        return connect(name, factory=Connection)

    monkeypatch.setattr(example.sqlite3, "connect", remember)
    assert example.app.test_client().get("/").text.count("<template for=") == 4
    assert opened == closed == ["outpour-defer"] * 2


def test_advice_that_is_not_given_leaves_the_page_whole(
    example: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the other server fails, the page says so in its place."""

    def advice() -> str:
        raise ConnectionError("secret")

    monkeypatch.setattr(example, "advice", advice)
    text = example.app.test_client().get("/?deferred=in-order").text
    assert "<p>No advice today.</p>" in text
    assert "<b>1240</b> orders" in text
    assert "secret" not in text


def test_the_dashboard_runs_by_its_own_command(tmp_path: Path) -> None:
    """``flask --app examples/dashboard.py run`` sends each part when it is ready."""
    port = free_port()
    command = [sys.executable, "-m", "flask", "--app", str(EXAMPLE), "run"]
    command += ["--port", str(port)]
    with (
        listening("flask", command, port, tmp_path, FLASK_DEBUG="0") as server,
        urlopen(server.url, timeout=GATE) as response,
    ):
        text = response.read().decode()
    order = re.findall(r'<template for="(\w+)">', text)
    assert order == ["orders", "best", "advice"]
