"""The page's ways to run Flask under ASGI, as uvicorn and hypercorn run them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import lack
from processes import BIN
from processes import free_port
from processes import listening
from processes import missing_program
from processes import Server
from servers.clients import curl
from servers.clients import fetch
from servers.clients import receive
from servers.clients import send
from servers.clients import wait_for
from servers.nginx import PAGE

#: Views for an application of the page, by the name that the page gives it.
VIEWS = """

import time
from pathlib import Path

from flask import request
from flask import Response


@{app}.route("/fails/<when>")
def fails(when):
    def generate():
        if when == "after":
            yield "row 1\\n"
        raise ZeroDivisionError(when)

    return Response(generate(), mimetype="text/csv")


@{app}.route("/endless")
def endless():
    def generate():
        try:
            while True:
                yield "row\\n"
                time.sleep(0.01)
        finally:
            record.write_text("closed")

    record = Path(request.args["record"])
    return Response(generate(), mimetype="text/csv")
"""

#: How the page starts each, and what its programs import it as.
COMMANDS = {
    "a2wsgi": ("uvicorn", "app", "asgi_app"),
    "a2wsgi by hypercorn": ("hypercorn", "app", "asgi_app"),
    "connexion": ("uvicorn", "connexion_app", "connexion_app"),
}


def example(package: str) -> str:
    """Return the page's example that imports a package."""
    fences = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    (found,) = (code for code in fences if f"from {package} import" in code)
    return str(found)


@contextmanager
def site(kind: str, code: str, folder: Path) -> Iterator[Server]:
    """Run the code of the page, with some views, until the block ends."""
    if program := missing_program("uvicorn-connexion"):
        lack(program, "pip install --group tests")
    program, app, target = COMMANDS[kind]
    (folder / "app.py").write_text(code + VIEWS.format(app=app))
    port = free_port()
    address = {
        "uvicorn": ["--app-dir", str(folder), "--port", str(port)],
        "hypercorn": ["--bind", f"127.0.0.1:{port}"],
    }[program]
    target = f"app:{target}" if program == "uvicorn" else f"{folder}/app:{target}"
    command = [str(BIN / program), *address, target]
    with listening(program, command, port, folder) as server:
        yield server


@pytest.fixture(params=COMMANDS)
def running_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Run each example of the page as it stands there."""
    code = example(request.param.split()[0])
    with site(request.param, code, tmp_path) as server:
        yield server


def test_examples_of_the_page(running_site: Server, tmp_path: Path) -> None:
    """Rows come whole, cuts show, a failure has its page, and departures are seen."""
    response, body = fetch(running_site.port, "/orders.csv")
    assert (response.status, body.count(b"\n")) == (200, 1001)
    cut = curl(f"{running_site.url}/fails/after")
    assert (cut.code, cut.body) == (18, b"row 1\n")
    response, body = fetch(running_site.port, "/fails/before")
    assert response.status == 500
    assert b"Internal Server Error" in body
    record = tmp_path / "record"
    path = f"/endless?record={record}"
    with closing(send(running_site.port, "GET", path)) as connection:
        receive(connection, b"row\n")
    assert wait_for(record.exists)


def test_connexion_without_the_line(tmp_path: Path) -> None:
    """Without the page's line Connexion passes Outpour by, as the page says."""
    code = example("connexion")
    (line,) = re.findall(r"^connexion_app\.add_wsgi_middleware.*\n", code, re.M)
    code = code.replace(line, "")
    with site("connexion", code, tmp_path) as server:
        download = curl(f"{server.url}/fails/before")
        assert (download.code, download.body) == (18, b"")
