"""Tests of the measure of memory: it sees growth, here and in a server's workers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flask_outpour import ConfigurationError
from flask_outpour.testing import assert_flat_memory
from flask_outpour.testing import memory
from flask_outpour.testing import open_stream
from flask_outpour.testing import serve
from flask_outpour.testing import Server

MB = 2**20
LINUX = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems do not tell"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Run gunicorn, warmed up by a first request of each view."""
    with serve("testing.views:app", "gunicorn") as running:
        get(running, "/rows/10")
        get(running, "/grows/10")
        yield running


def get(server: Server, path: str) -> int:
    with open_stream(server.url + path, timeout=20) as response:
        return len(response.read())


def test_a_block_that_keeps_nothing_is_flat() -> None:
    """Passing many items on grows by less than a few megabytes."""
    with assert_flat_memory(8 * MB) as seen:
        assert sum(len(b"x" * 1000) for _ in range(100_000)) == 100_000_000
    assert seen.pid == os.getpid()
    assert seen.growth == max(0, seen.peak - seen.before) <= 8 * MB


def test_growth_is_an_error_with_its_figures() -> None:
    """What is resident for a moment only counts too."""
    with (
        pytest.raises(AssertionError) as caught,
        assert_flat_memory(8 * MB) as seen,
    ):
        # Random bytes, since the system need not give room to zeros.
        assert os.urandom(64 * MB)
    assert 48 * MB < seen.growth < 96 * MB
    assert str(caught.value) == (
        f"The resident memory of process {os.getpid()} grew by {seen.growth:,} bytes,"
        f" from {seen.before:,} to {seen.peak:,} at its peak; the limit is"
        f" {8 * MB:,}."
    )


def test_the_error_of_the_block_comes_first() -> None:
    """A block that fails is not measured."""
    with pytest.raises(KeyError), assert_flat_memory(0):
        raise KeyError(os.urandom(64 * MB)[:1])


@LINUX
def test_a_stream_leaves_a_worker_flat(server: Server) -> None:
    """The worker of gunicorn, a child of the process, streams in constant memory."""
    with assert_flat_memory(8 * MB, pid=server.pid):
        assert get(server, "/rows/200000") == 1_288_890


@LINUX
def test_growth_of_a_worker_is_seen(server: Server) -> None:
    """The error names the worker, and not the process that it is a child of."""
    with (
        pytest.raises(AssertionError, match="grew by"),
        assert_flat_memory(8 * MB, pid=server.pid) as seen,
    ):
        get(server, f"/grows/{64 * MB}")
    assert seen.pid != server.pid
    assert seen.exact


@LINUX
def test_an_earlier_peak_is_no_growth_and_hides_none() -> None:
    """The peak before the block is forgotten."""
    assert os.urandom(128 * MB)
    with assert_flat_memory(8 * MB):
        pass
    with pytest.raises(AssertionError), assert_flat_memory(8 * MB):
        assert os.urandom(64 * MB)


def test_a_process_that_is_gone_is_an_error() -> None:
    """The error says that there is nothing to measure."""
    with serve("testing.views:app", "waitress") as server:
        pid = server.pid
    with (
        pytest.raises(AssertionError, match=f"Process {pid} is not there"),
        assert_flat_memory(MB, pid=pid),
    ):
        pass


@pytest.fixture
def no_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure as on a system that has no ``/proc``."""
    monkeypatch.setattr(memory, "_PROC", tmp_path)


@pytest.mark.usefixtures("no_proc")
def test_elsewhere_growth_beyond_the_earlier_peak_is_seen() -> None:
    """Without ``/proc`` the peak of the whole process is compared, and says so."""
    with assert_flat_memory(8 * MB) as seen:
        pass
    assert not seen.exact
    with pytest.raises(AssertionError), assert_flat_memory(8 * MB):
        assert b"x" * (seen.peak + 64 * MB)


@pytest.mark.usefixtures("no_proc")
def test_elsewhere_no_other_process_is_measured() -> None:
    """The error says what can be measured instead."""
    with (
        pytest.raises(ConfigurationError, match="in a thread of this process"),
        assert_flat_memory(8 * MB, pid=1),
    ):
        pass


@pytest.mark.usefixtures("no_proc")
def test_where_nothing_is_told_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows there is neither ``/proc`` nor ``resource``."""
    monkeypatch.setitem(sys.modules, "resource", None)
    with (
        pytest.raises(ConfigurationError, match="does not tell the memory"),
        assert_flat_memory(8 * MB),
    ):
        pass
