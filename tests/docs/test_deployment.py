"""The configuration blocks of the page "Deployment", run as they stand there."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from contextlib import contextmanager
from contextlib import ExitStack
from http.client import IncompleteRead
from pathlib import Path
from threading import Timer

import pytest
from fences import read_fences
from fences import ROOT

from conftest import lack
from processes import BIN
from processes import free_port
from processes import listening
from processes import running
from processes import Server
from servers.apache import apache_in_front_of
from servers.apache import apache_with_wsgi
from servers.clients import ask
from servers.clients import connect
from servers.clients import curl
from servers.clients import fetch
from servers.clients import receive
from servers.clients import send
from servers.clients import wait_for
from servers.expectations import Cut
from servers.expectations import EXIT_CODES
from servers.matrix import ROWS
from servers.matrix import TARGET
from servers.nginx import in_front_of
from servers.nginx import VERSIONS

PAGE = ROOT / "docs" / "deployment.md"
#: A type that Outpour leaves to whoever compresses behind it.
IMAGE = "image/png"

FENCES = list(read_fences(PAGE))
COMMANDS = [
    fence.code.strip()
    for fence in FENCES
    if fence.language == "text" and not fence.code.startswith("outpour")
]


def block(language: str, word: str = "") -> str:
    """Return the only block of a language, or the only one with a word in it."""
    (found,) = (
        fence.code
        for fence in FENCES
        if fence.language == language and word in fence.code
    )
    return found


PROXY = block("apache", "ProxyPass ")


@contextmanager
def commanded(command: str, folder: Path) -> Iterator[Server]:
    """Run a command of the page, on a free port, with the application of the tests."""
    port = free_port()
    command = command.replace("app:app", TARGET).replace("8000", str(port))
    program, *arguments = shlex.split(command)
    if not (BIN / program).exists():
        lack(program, "pip install --group tests")
    with listening(program, [str(BIN / program), *arguments], port, folder) as server:
        yield server


def flows(server: Server, gate: Path, query: str = "", coding: str = "") -> bool:
    """Whether the first item arrives while the second does not exist."""
    # A worker that is still starting holds nothing back.
    fetch(server.port, "/rows")
    with closing(connect(server.port)) as connection:
        connection.request(
            "GET", f"/gated?gate={gate}&{query}", headers={"Accept-Encoding": coding}
        )
        # Where the item is held back, nothing else opens the gate.
        timer = Timer(1.0, gate.touch)
        timer.start()
        response = connection.getresponse()
        early = response.read1() != b"" and not gate.exists()
        timer.cancel()
        timer.join()
        gate.touch()
        response.read()
    return early


def closes(server: Server, record: Path) -> bool:
    """Whether the source of a client that leaves is closed early."""
    path = f"/long-lived?record={record}"
    with closing(send(server.port, "GET", path)) as connection:
        receive(connection, b"\r\n\r\n")
    assert wait_for(lambda: record.exists() and record.read_text())
    return record.read_text() == "closed"


def serves_many(server: Server, gate: Path) -> bool:
    """Whether more streams than most servers have threads leave room for a request."""
    with ExitStack() as stack:
        for _ in range(5):
            connection = stack.enter_context(closing(connect(server.port)))
            assert ask(connection, f"/gated?gate={gate}").read1() == b"first\n"
        served = curl(f"{server.url}/rows", patience=5.0).body == ROWS
        gate.touch()
    return served


def redirects_home(server: Server) -> bool:
    """Whether a redirect of the application leads to where the client asked."""
    response, _ = fetch(server.port, "/fails-before/redirect")
    return response.headers["Location"] == f"{server.url}/rows"


def cut_of(server: Server, version: str = "1.1") -> Cut | None:
    """Return what curl makes of a stream that breaks off after its rows."""
    download = curl(f"{server.url}/fails-after", version)
    # granian loses them now and then, as the page says.
    assert download.body == ROWS or server.name == "granian"
    assert ROWS.startswith(download.body)
    return EXIT_CODES.get(download.code)


def silence_of(server: Server, gate: Path) -> Cut | None:
    """Return what curl makes of a stream that is silent after its first item."""
    download = curl(f"{server.url}/gated?gate={gate}", patience=5.0)
    gate.touch()
    assert download.body == b"first\n"
    return EXIT_CODES.get(download.code)


@contextmanager
def open_stream(server: Server, gate: Path) -> Iterator[None]:
    """Hold a stream open during the block, and see that it comes to its end."""
    with closing(connect(server.port)) as connection:
        response = ask(connection, f"/gated?gate={gate}")
        assert response.read1() == b"first\n"
        yield
        gate.touch()
        assert response.read() == b"second\n"


def test_the_page_has_a_command_for_each_server() -> None:
    """No block is left out below."""
    names = [command.split()[0] for command in COMMANDS]
    assert names == ["gunicorn", "gunicorn", "waitress-serve", "granian"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda text: text[:35])
def test_servers_by_command_line(command: str, tmp_path: Path) -> None:
    """Items flow, a cut is noticed, and a client that leaves closes the source."""
    with commanded(command, tmp_path) as server:
        assert flows(server, tmp_path / "gate")
        assert cut_of(server) == Cut.NOTICED
        # Where granian loses even the headers, an old client notices.
        old_cut = cut_of(server, "1.0")
        assert old_cut == Cut.LOOKS_COMPLETE or server.name == "granian"
        assert serves_many(server, tmp_path / "many")
        assert closes(server, tmp_path / "record")


def uwsgi_command(lines: str, port: int, folder: Path) -> list[str]:
    """Return the command that runs uWSGI by the lines of a configuration."""
    if not (BIN / "uwsgi").exists():
        lack("uwsgi", "pip install --group tests")
    path = folder / "uwsgi.ini"
    path.write_text(lines.replace("app:app", TARGET).replace("8000", str(port)))
    return [str(BIN / "uwsgi"), "--ini", str(path), "--disable-logging"]


@contextmanager
def uwsgi_of(lines: str, folder: Path) -> Iterator[Server]:
    """Run uWSGI by the lines of a configuration, with the application of the tests."""
    port = free_port()
    command = uwsgi_command(lines, port, folder)
    with listening("uwsgi", command, port, folder) as server:
        yield server


def test_uwsgi(tmp_path: Path) -> None:
    """Items flow and a client that leaves is noticed; a cut looks complete."""
    with uwsgi_of(block("ini"), tmp_path) as server:
        assert flows(server, tmp_path / "gate")
        assert cut_of(server) == Cut.LOOKS_COMPLETE
        assert closes(server, tmp_path / "record")
        assert serves_many(server, tmp_path / "many")
        with in_front_of(server, block("nginx"), tmp_path) as nginx:
            assert cut_of(nginx) == Cut.LOOKS_COMPLETE
        server.process.terminate()
        assert server.process.wait(9) == 0


def test_uwsgi_wants_its_application(tmp_path: Path) -> None:
    """Without its application uWSGI does not start."""
    lines = block("ini").replace("app:app", "missing:app")
    command = uwsgi_command(lines, free_port(), tmp_path)
    done = subprocess.run(command, capture_output=True, timeout=20)
    assert done.returncode != 0


def test_uwsgi_ends_a_silent_stream(tmp_path: Path) -> None:
    """A silence beyond http-timeout ends a stream, and the end looks complete."""
    lines = block("ini").replace("http-timeout = 300", "http-timeout = 1")
    with uwsgi_of(lines, tmp_path) as server:
        # Its own start may be such a silence.
        assert wait_for(lambda: curl(f"{server.url}/rows").body == ROWS)
        assert silence_of(server, tmp_path / "gate") == Cut.LOOKS_COMPLETE


@pytest.fixture(scope="module")
def gthread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run gunicorn's gthread on the application of the matrix."""
    folder = tmp_path_factory.mktemp("gthread")
    with running("gunicorn-gthread", TARGET, folder) as server:
        yield server


def test_nginx(gthread: Server, tmp_path: Path) -> None:
    """With the page's lines all is as without nginx, its own gzip included."""
    with in_front_of(gthread, block("nginx"), tmp_path) as nginx:
        assert flows(nginx, tmp_path / "gate")
        assert cut_of(nginx) == Cut.NOTICED
        assert cut_of(nginx, "1.0") == Cut.LOOKS_COMPLETE
        assert closes(nginx, tmp_path / "record")
    # Otherwise nginx mends a redirect to the wrong host.
    lines = block("nginx").replace("{", "{ proxy_redirect off;", 1)
    with in_front_of(gthread, lines, tmp_path) as nginx:
        assert redirects_home(nginx)
    lines = block("nginx").replace("300s", "1s")
    with in_front_of(gthread, lines, tmp_path) as nginx:
        assert silence_of(nginx, tmp_path / "silent") == Cut.NOTICED
    gzip = "gzip on; gzip_types *; gzip_proxied any; gzip_min_length 0;"
    lines = block("nginx").replace(
        "proxy_buffering off;", f"proxy_buffering off; {gzip}"
    )
    with in_front_of(gthread, lines, tmp_path) as nginx:
        assert codings_of(nginx) == ["gzip"]
        assert codings_of(nginx, f"type={IMAGE}") == ["gzip"]
        assert flows(nginx, tmp_path / "coded", f"type={IMAGE}", "gzip")
    lines = gzip + VERSIONS["1.1"]
    with in_front_of(gthread, lines, tmp_path) as nginx:
        assert not flows(nginx, tmp_path / "held", f"type={IMAGE}", "gzip")


def codings_of(server: Server, query: str = "") -> list[str] | None:
    """Return the codings of an answer to who takes gzip."""
    with closing(connect(server.port)) as connection:
        path = f"/gated?gate=/dev/null&{query}"
        connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
        response = connection.getresponse()
        response.read()
        return response.headers.get_all("Content-Encoding")


def test_apache(gthread: Server, tmp_path: Path) -> None:
    """Items flow, a cut is noticed, and a client that leaves closes the source."""
    with apache_in_front_of(gthread, PROXY, tmp_path) as apache:
        assert flows(apache, tmp_path / "gate")
        assert cut_of(apache) == Cut.NOTICED
        assert cut_of(apache, "1.0") == Cut.LOOKS_COMPLETE
        assert closes(apache, tmp_path / "record")
        assert redirects_home(apache)
    lines = PROXY.replace("ProxyTimeout 300", "ProxyTimeout 1")
    with apache_in_front_of(gthread, lines, tmp_path) as apache:
        assert silence_of(apache, tmp_path / "silent") == Cut.NOTICED


def test_the_gzip_of_apache(gthread: Server, tmp_path: Path) -> None:
    """What mod_deflate codes itself flows, too."""
    lines = PROXY + "SetOutputFilter DEFLATE\n"
    with apache_in_front_of(gthread, lines, tmp_path) as apache:
        assert codings_of(apache, f"type={IMAGE}") == ["gzip"]
        assert flows(apache, tmp_path / "gate", f"type={IMAGE}", "gzip")


@pytest.mark.parametrize(
    ("before", "after", "flowing", "cut"),
    [
        ("flushpackets=on", "", True, Cut.NOTICED),
        ("ProxyTimeout", "SetOutputFilter DEFLATE\nProxyTimeout", True, Cut.NOTICED),
        (
            "ProxyTimeout",
            "SetEnv force-proxy-request-1.0 1\nProxyTimeout",
            True,
            Cut.LOOKS_COMPLETE,
        ),
    ],
    ids=["not flushing", "deflate", "HTTP/1.0"],
)
def test_apache_otherwise(
    gthread: Server, tmp_path: Path, before: str, after: str, flowing: bool, cut: Cut
) -> None:
    """What the page says of other lines is so, with our coding and without."""
    lines = PROXY.replace(before, after)
    assert lines != PROXY
    with apache_in_front_of(gthread, lines, tmp_path) as apache:
        assert flows(apache, tmp_path / "gate") == flowing
        assert flows(apache, tmp_path / "coded", coding="gzip") == flowing
        assert codings_of(apache) == ["gzip"]
        assert cut_of(apache) == cut


def test_mod_wsgi() -> None:
    """Items flow and a client that leaves is noticed; a cut looks complete."""
    lines = block("apache", "WSGIDaemonProcess")
    with apache_with_wsgi(lines) as (apache, folder):
        assert flows(apache, folder / "gate")
        assert cut_of(apache) == Cut.LOOKS_COMPLETE
        assert cut_of(apache, "1.0") == Cut.LOOKS_COMPLETE
        assert curl(f"{apache.url}/short").code == 18
        assert closes(apache, folder / "record")
        assert serves_many(apache, folder / "many")
    with apache_with_wsgi(lines.replace("Timeout 300", "Timeout 1")) as (
        apache,
        folder,
    ):
        # The first request loads the application, for which this is short.
        assert wait_for(lambda: curl(f"{apache.url}/rows").body == ROWS)
        assert silence_of(apache, folder / "silent") == Cut.LOOKS_COMPLETE


gunicorns = pytest.mark.parametrize("command", COMMANDS[:2], ids=["gthread", "gevent"])


@gunicorns
def test_gunicorn_lets_open_streams_end(command: str, tmp_path: Path) -> None:
    """When gunicorn is told to stop, an open stream is sent, and nobody else served."""
    with commanded(command, tmp_path) as server:
        with open_stream(server, tmp_path / "gate"):
            server.process.send_signal(signal.SIGTERM)
            # Its workers are told within a second, and wait for their streams.
            assert wait_for(lambda: curl(f"{server.url}/rows", 0.5).body == b"")
            assert server.process.poll() is None
        # A worker of gevent's may wait for a client that has left just then.
        assert server.process.wait(80) == 0


@gunicorns
def test_gunicorn_cuts_what_is_open_for_longer(command: str, tmp_path: Path) -> None:
    """After --graceful-timeout an open stream is cut, and its client notices."""
    command = command.replace("--graceful-timeout 60", "--graceful-timeout 1")
    gate = tmp_path / "gate"
    with (
        commanded(command, tmp_path) as server,
        closing(connect(server.port)) as connection,
    ):
        response = ask(connection, f"/gated?gate={gate}")
        assert response.read1() == b"first\n"
        server.process.terminate()
        with pytest.raises(IncompleteRead):
            response.read()
        gate.touch()


@gunicorns
def test_gunicorn_serves_while_it_reloads(command: str, tmp_path: Path) -> None:
    """After SIGHUP new clients are served while an open stream goes on."""
    with (
        commanded(command, tmp_path) as server,
        open_stream(server, tmp_path / "gate"),
    ):
        server.process.send_signal(signal.SIGHUP)
        time.sleep(1.5)
        assert curl(f"{server.url}/rows").body == ROWS


def test_the_page_names_the_settings_of_its_blocks() -> None:
    """What the text says of a figure is what its block has."""
    text = " ".join(PAGE.read_text().split())
    workers, threads = (
        int(re.search(rf"--{name} (\d+)", COMMANDS[0])[1])  # type: ignore[index]
        for name in ("workers", "threads")
    )
    assert (
        f"{workers} workers of {threads} threads send {workers * threads} streams"
        in text
    )
    assert "downloads have 60 seconds to end" in text
    assert "--graceful-timeout 60" in COMMANDS[0]
