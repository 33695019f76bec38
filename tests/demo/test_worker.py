"""Tests of what the demo's worker tells of its memory."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import pytest
from flask import Flask

from flask_outpour.demo import worker
from flask_outpour.demo.worker import add_worker
from flask_outpour.demo.worker import resident_bytes

MANY = 64 * 2**20


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it as a file")
def test_memory_in_use_is_told() -> None:
    """What the process takes up is in the number, which falls when it is given back."""
    before = resident_bytes()
    with mmap.mmap(-1, MANY) as pages:
        pages.write(b"x" * MANY)
        during = resident_bytes()
    after = resident_bytes()
    assert before is not None
    assert during is not None
    assert after is not None
    assert during - before > 0.9 * MANY
    assert during - after > 0.9 * MANY


def test_a_system_that_does_not_tell_gives_null(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where there is no such file the view says that it does not know."""
    monkeypatch.setattr(worker, "_STATM", tmp_path / "statm")
    app = Flask(__name__)
    add_worker(app)
    response = app.test_client().get("/worker")
    assert response.json == {"memory": None}
    assert response.headers["Cache-Control"] == "no-store"
