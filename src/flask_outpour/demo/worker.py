"""The process that serves enters; a view that tells of its memory leaves."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask
from flask import jsonify
from flask import Response

_STATM = Path("/proc/self/statm")


def add_worker(home: Flask) -> None:
    """Add the memory of the worker, for the home page to watch."""

    @home.route("/worker")
    def worker() -> Response:
        response = jsonify(memory=resident_bytes())
        response.cache_control.no_store = True
        return response


def resident_bytes() -> int | None:
    """Return how much of this process is in memory; ``None`` where that is not told.

    Only Linux tells it as a file (proc_pid_statm(5)).
    """
    try:
        pages = int(_STATM.read_text().split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")
