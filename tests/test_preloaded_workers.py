"""Tests of deferred blocks on workers that were forked before or after the import."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from processes import Server
from servers.clients import curl

WORKERS = ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent")
#: With ``--preload`` the application is imported before the worker is forked, and
#: before gevent patches the standard library.
PRELOADS = ((), ("--preload",))


@pytest.mark.parametrize("options", PRELOADS, ids=["", "preload"])
@pytest.mark.parametrize("name", WORKERS)
def test_blocks_come_from_each_worker(
    run_server: Callable[..., Server], name: str, options: tuple[str, ...]
) -> None:
    """A page has its blocks, although the templates were made ready at import."""
    server = run_server(name, "apps.preloaded:app", *options)
    for _ in range(2):
        download = curl(f"{server.url}/page")
        assert (download.code, download.body) == (0, b"<p>READYready</p>")
