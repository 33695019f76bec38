"""gunicorn's --timeout, and streams that take longer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from processes import Server
from servers.clients import curl
from servers.matrix import TARGET


def test_the_sync_worker_is_killed(
    run_server: Callable[..., Server], tmp_path: Path
) -> None:
    """A sync worker dies of its timeout while its stream is flowing."""
    server = run_server("gunicorn-sync", TARGET, "--timeout", "1")
    path = f"/long-lived?record={tmp_path / 'record'}&items=2000"
    assert curl(server.url + path, patience=60).code == 18
    assert "WORKER TIMEOUT" in server.read_log()


def test_the_gthread_worker_lives_on(
    run_server: Callable[..., Server], tmp_path: Path
) -> None:
    """A stream of gthread takes three times the timeout, and ends soundly."""
    record = tmp_path / "record"
    server = run_server("gunicorn-gthread", TARGET, "--timeout", "1")
    download = curl(f"{server.url}/long-lived?record={record}", patience=60)
    assert (download.code, record.read_text()) == (0, "ran to its end")
