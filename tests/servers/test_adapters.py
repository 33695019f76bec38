"""Servers and adapters that are not in the table, as Outpour warns of them."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from processes import Server
from processes import TESTS
from servers.clients import curl
from servers.clients import fetch
from servers.clients import first_item_passes
from servers.clients import SOON
from servers.matrix import ROWS
from servers.nginx import in_front_of
from servers.nginx import UPSTREAM

#: Without a linter between the server and Outpour.
BARE = "apps.matrix:app"
HIDES = "ends a response cleanly"
COLLECTS = "collects a whole response"

FASTCGI = f"""location / {{
    fastcgi_pass {UPSTREAM};
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param SCRIPT_NAME "";
    fastcgi_param PATH_INFO $uri;
    fastcgi_param QUERY_STRING $query_string;
    fastcgi_param SERVER_NAME $host;
    fastcgi_param SERVER_PORT $server_port;
    fastcgi_param SERVER_PROTOCOL $server_protocol;
}}"""


def test_paste(run_server: Callable[..., Server]) -> None:
    """A broken stream of Paste's server looks whole, which is said."""
    server = run_server("paste", BARE)
    download = curl(f"{server.url}/fails-after")
    assert (download.code, download.body) == (0, ROWS)
    assert f"Paste's server {HIDES}" in server.read_log()


def test_fastcgi(run_server: Callable[..., Server], tmp_path: Path) -> None:
    """A broken stream of flup looks whole behind nginx, which is said."""
    server = run_server("flup", BARE)
    with in_front_of(server, FASTCGI, tmp_path) as nginx:
        download = curl(f"{nginx.url}/fails-after")
        assert curl(f"{nginx.url}/short").code == 18
    assert (download.code, download.body) == (0, ROWS)
    assert f"flup {HIDES}" in server.read_log()


def test_cgi() -> None:
    """A script that fails has ended like one that has not, which is said."""
    code = "import wsgiref.handlers, apps.matrix as matrix"
    code = f"{code}; wsgiref.handlers.CGIHandler().run(matrix.app)"
    request = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/fails-after",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
    }
    environment = {**os.environ, **request}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=TESTS, env=environment, capture_output=True)
    assert done.stdout.endswith(b"\r\n\r\n" + ROWS)
    assert done.returncode == 0
    assert f"CGI {HIDES}".encode() in done.stderr


@pytest.mark.parametrize(
    ("name", "title"),
    [("tornado", "tornado's WSGIContainer"), ("aiohttp", "aiohttp-wsgi")],
)
def test_servers_that_collect(
    run_server: Callable[..., Server], tmp_path: Path, name: str, title: str
) -> None:
    """Where nothing comes before the stream has ended, this is said."""
    server = run_server(name, BARE)
    assert not first_item_passes(server, tmp_path / "gate", patience=SOON)
    assert fetch(server.port, "/rows")[1] == ROWS
    assert server.read_log().count(f"{title} {COLLECTS}") == 1


def apig_wsgi(app: Flask) -> Any:
    """Return what AWS Lambda calls."""
    return pytest.importorskip("apig_wsgi").make_lambda_handler(app)


def serverless_wsgi(app: Flask) -> Any:
    """Return what AWS Lambda calls."""
    module = pytest.importorskip("serverless_wsgi")
    return lambda event, context: module.handle_request(app, event, context)


@pytest.mark.parametrize("adapter", [apig_wsgi, serverless_wsgi])
def test_adapters_of_lambda(
    app: Flask, caplog: pytest.LogCaptureFixture, adapter: Callable[[Flask], Any]
) -> None:
    """An adapter that gives AWS Lambda the whole body at once is named in the log."""
    app.add_url_rule("/rows", "rows", lambda: iter(["row 1\n", "row 2\n"]))
    event = {
        "httpMethod": "GET",
        "path": "/rows",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "requestContext": {},
        "body": None,
    }
    with caplog.at_level(logging.WARNING):
        answer = adapter(app)(event, None)
    assert answer["body"] == "row 1\nrow 2\n"
    title = adapter.__name__.replace("_", "-")
    assert [
        record.message.startswith(f"{title} {COLLECTS}") for record in caplog.records
    ] == [True]
