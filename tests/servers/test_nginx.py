"""A stream of gunicorn's gthread as it comes through nginx."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from processes import running
from processes import Server
from servers.clients import CLIENTS
from servers.clients import curl
from servers.clients import fetch
from servers.clients import first_item_passes
from servers.clients import SOON
from servers.expectations import EXIT_CODES
from servers.expectations import NGINX_CUTS
from servers.matrix import FAILURES
from servers.matrix import ROWS
from servers.matrix import TARGET
from servers.nginx import in_front_of
from servers.nginx import recommended
from servers.nginx import VERSIONS


@pytest.fixture(scope="module")
def gthread(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run gunicorn's gthread on the application of the matrix."""
    folder = tmp_path_factory.mktemp("gthread")
    with running("gunicorn-gthread", TARGET, folder) as server:
        yield server


@pytest.fixture(scope="module", params=VERSIONS)
def upstream(request: pytest.FixtureRequest) -> str:
    """Return the version of HTTP that nginx speaks to gunicorn, each in turn."""
    return request.param


@pytest.fixture(scope="module")
def nginx(
    gthread: Server, upstream: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Run nginx, its buffering as nginx has it by default."""
    folder = tmp_path_factory.mktemp("nginx")
    with in_front_of(gthread, VERSIONS[upstream], folder) as server:
        yield server


@pytest.mark.parametrize("how", FAILURES)
def test_failing_before_the_first_item(nginx: Server, how: str) -> None:
    """The status and the page of the failure come through."""
    status, words = FAILURES[how]
    response, body = fetch(nginx.port, f"/fails-before/{how}")
    assert response.status == status
    assert words in body


@pytest.mark.parametrize("version", CLIENTS)
def test_failing_after_three_items(nginx: Server, upstream: str, version: str) -> None:
    """The three items arrive; whether the client sees the cut is in the table."""
    download = curl(f"{nginx.url}/fails-after", version)
    cut = NGINX_CUTS[upstream, version]
    assert (EXIT_CODES.get(download.code), download.body) == (cut, ROWS)


@pytest.mark.parametrize("version", CLIENTS)
def test_falling_short_of_the_content_length(nginx: Server, version: str) -> None:
    """With a Content-Length the cut is seen whatever nginx and its client speak."""
    assert curl(f"{nginx.url}/short", version).code == 18


def test_the_first_item_passes_with_a_header(nginx: Server, tmp_path: Path) -> None:
    """With X-Accel-Buffering: no the first item comes before the second exists."""
    assert first_item_passes(nginx, tmp_path / "gate", "unbuffered")


def test_the_first_item_waits_by_default(gthread: Server, tmp_path: Path) -> None:
    """nginx's own settings hold a stream of HTTP/1.0 back until it has ended."""
    with in_front_of(gthread, VERSIONS["1.0"], tmp_path) as nginx:
        assert not first_item_passes(nginx, tmp_path / "gate", patience=SOON)


def test_the_first_item_passes_unbuffered(gthread: Server, tmp_path: Path) -> None:
    """With proxy_buffering off the first item comes before the second exists."""
    lines = VERSIONS["1.0"] + "proxy_buffering off;"
    with in_front_of(gthread, lines, tmp_path) as nginx:
        assert first_item_passes(nginx, tmp_path / "gate")


def test_the_lines_of_the_docs(gthread: Server, tmp_path: Path) -> None:
    """With the docs' lines all rows come, at once where asked, and cuts are seen."""
    with in_front_of(gthread, recommended(), tmp_path) as nginx:
        assert fetch(nginx.port, "/rows")[1] == ROWS
        assert curl(f"{nginx.url}/fails-after").code == 18
        assert first_item_passes(nginx, tmp_path / "gate", "unbuffered")
