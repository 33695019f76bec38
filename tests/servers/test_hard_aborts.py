"""A stream that fails under OUTPOUR_HARD_ABORT, as clients see it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import running
from processes import Server
from servers.clients import CLIENTS
from servers.clients import curl
from servers.expectations import EXIT_CODES
from servers.expectations import NGINX_HARD_CUTS
from servers.matrix import ROWS
from servers.matrix import TARGET
from servers.nginx import in_front_of
from servers.nginx import VERSIONS

#: curl's exit code for a connection that was reset.
RESET = 56

SERVERS = ["gunicorn-gthread", "gunicorn-gevent", "gunicorn-sync", "werkzeug"]


@pytest.fixture(scope="module", params=SERVERS)
def aborting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Run each server that can reset a connection, with the setting on."""
    folder = tmp_path_factory.mktemp("aborting")
    with running(request.param, TARGET, folder, MATRIX_HARD_ABORT="1") as server:
        yield server


def test_a_client_of_http_1_0(aborting: Server) -> None:
    """The client sees a reset; what it has is the beginning of the stream."""
    download = curl(f"{aborting.url}/fails-after", "1.0")
    assert download.code == RESET
    assert ROWS.startswith(download.body)


def test_a_client_of_http_1_1(aborting: Server) -> None:
    """The client, who sees a cut by itself, loses nothing of what was sent."""
    download = curl(f"{aborting.url}/fails-after", "1.1")
    assert (download.code, download.body) == (18, ROWS)


def test_a_stream_that_goes_well(aborting: Server) -> None:
    """A client of HTTP/1.0 gets a sound stream whole."""
    download = curl(f"{aborting.url}/rows", "1.0")
    assert (download.code, download.body) == (0, ROWS)


@pytest.mark.parametrize("version", CLIENTS)
@pytest.mark.parametrize("upstream", VERSIONS)
def test_through_nginx(
    aborting: Server, tmp_path: Path, upstream: str, version: str
) -> None:
    """Whether a client of nginx sees the cut is in the table."""
    with in_front_of(aborting, VERSIONS[upstream], tmp_path) as nginx:
        download = curl(f"{nginx.url}/fails-after", version)
    assert EXIT_CODES.get(download.code) == NGINX_HARD_CUTS[upstream, version]
    assert ROWS.startswith(download.body)
