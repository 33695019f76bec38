"""Tests of the plugin: suites of users, run by pytest in a process of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = "flask_outpour.testing.pytest_plugin"
SHOP = """
import pytest
from flask import Flask
from flask_outpour import Outpour

@pytest.fixture
def client():
    app = Flask("shop")
    Outpour(app)
    app.add_url_rule("/", "view", lambda: iter(["one", "two"]))
    return app.test_client()
"""
LEAK = "def test_leak(client):\n    pytest.response = client.get('/')\n"


def run(
    folder: Path, *options: str, autoload: bool = False
) -> tuple[dict[str, int], str]:
    """Run the tests of a folder; return how they ended, and all that was printed.

    :param autoload: load the plugins of packages that happen to be installed, which
        takes longer.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    variables = {**os.environ, "PYTEST_ADDOPTS": ""}
    if not autoload:
        variables["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    done = subprocess.run(
        [*command, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env=variables,
    )
    counts = re.findall(r"(\d+) (passed|failed|errors?)\b", done.stdout)
    return {kind.rstrip("s"): int(n) for n, kind in counts}, done.stdout


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Return a folder for a suite of tests."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


def test_it_does_not_load_by_itself(suite: Path) -> None:
    """A suite that does not ask for the plugin has none of its fixtures."""
    using = "def test_using(client, outpour_detect_leaks):\n    client.get('/')\n"
    (suite / "test_shop.py").write_text(SHOP + LEAK + using)
    counts, shown = run(suite, autoload=True)
    assert counts == {"passed": 1, "error": 1}
    assert "fixture 'outpour_detect_leaks' not found" in shown


def test_it_loads_from_the_command_line(suite: Path) -> None:
    """``-p`` loads it; then its fixtures are there, and watch nobody unasked."""
    (suite / "test_shop.py").write_text(SHOP + LEAK)
    assert run(suite, "-p", PLUGIN)[0] == {"passed": 1}
    _, shown = run(suite, "-p", PLUGIN, "--fixtures")
    assert set(re.findall(r"^outpour_\w+", shown, re.M)) == {
        "outpour_detect_leaks",
        "outpour_serve",
    }


def test_the_detector_watches_where_it_is_asked_to(suite: Path) -> None:
    """A test, or a module, that names the fixture is watched; others are not."""
    (suite / "conftest.py").write_text(f"pytest_plugins = [{PLUGIN!r}]\n")
    watched = LEAK.replace("test_leak", "test_watched")
    mark = "@pytest.mark.usefixtures('outpour_detect_leaks')\n"
    (suite / "test_shop.py").write_text(SHOP + LEAK + mark + watched)
    counts, shown = run(suite)
    assert counts == {"passed": 2, "error": 1}
    assert "1 response body was never ended: GET /." in shown


def test_the_detector_watches_everywhere(suite: Path) -> None:
    """The setting lets it watch all tests; those that leave nothing pass."""
    (suite / "pytest.ini").write_text(
        f"[pytest]\naddopts = -p {PLUGIN} --strict-config\noutpour_detect_leaks = true"
    )
    sound = "def test_sound(client):\n    assert client.get('/').text == 'onetwo'\n"
    (suite / "test_shop.py").write_text(SHOP + LEAK + sound)
    assert run(suite)[0] == {"passed": 2, "error": 1}


def test_servers_stop_at_the_end_of_a_test(suite: Path) -> None:
    """The fixture serves several applications, and stops them after the test."""
    (suite / "test_shop.py").write_text(
        SHOP
        + """
import socket
from flask_outpour.testing import open_stream
ports = []

def test_two(client, outpour_serve):
    servers = [outpour_serve(client.application) for _ in range(2)]
    servers.append(outpour_serve("shop:app", server="gunicorn"))
    for server in servers:
        ports.append(server.port)
        with open_stream(server.url) as response:
            assert response.read()

def test_stopped():
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert len(ports) == 3
"""
    )
    (suite / "shop.py").write_text("from werkzeug.testapp import test_app as app\n")
    assert run(suite, "-p", PLUGIN)[0] == {"passed": 2}


def test_the_example_of_the_page_passes(suite: Path) -> None:
    """The files that the page of the docs shows are a suite that passes as it is."""
    page = (ROOT / "docs" / "testing.md").read_text()
    files = re.findall(r"`([\w.]+)`[^`\n]*:\n\n```\w+\n(.*?)^```$", page, re.M | re.S)
    assert {"shop.py", "test_shop.py", "conftest.py", "pytest.ini"} <= {*dict(files)}
    for name, text in files:
        (suite / name).write_text(text)
    counts, shown = run(suite)
    assert counts == {"passed": dict(files)["test_shop.py"].count("\ndef test_")}, shown
