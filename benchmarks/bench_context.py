"""A generator enters, bare and with the request's context; the difference leaves.

Both are served by Outpour, whose ``stream_with_context`` enters the request's Context
once for a chunk, not for each item. Over gunicorn's threads, and as WSGI calls in one
process, by their processor time. Flask's own ``stream_with_context`` under Outpour
stands beside them.
"""

from __future__ import annotations

import sys
from functools import partial
from time import thread_time

from flask import Flask
from werkzeug.test import create_environ

from . import apps
from .client import fetch
from .measure import Report
from .measure import Samples
from .servers import running

VIEWS = {
    "bare generator": "/lines",
    "stream_with_context": "/lines-with-our-context",
    "Flask's stream_with_context": "/lines-with-flask-context",
}
MOST = 1.05


def main() -> int:
    """Measure over sockets and as calls, and return the exit code."""
    report = Report.from_command_line("context", __doc__)
    rows = report.choose(tiny=2_000, small=50_000, full=200_000)
    rounds = report.choose(tiny=1, small=40, full=150)
    with running("gunicorn", outpour=True, rows=rows) as server:
        claim(
            report,
            report.alternate(
                "gunicorn",
                {
                    name: partial(_seconds, server.port, view)
                    for name, view in VIEWS.items()
                },
                rounds=rounds,
            ),
        )
    apps.ROWS = rows
    app = apps.create_app(outpour=True)
    claim(
        report,
        report.alternate(
            "WSGI calls",
            {name: partial(time_call, app, view) for name, view in VIEWS.items()},
            rounds=rounds,
        ),
    )
    return report.finish()


def claim(report: Report, times: Samples) -> None:
    """State what keeping the context costs, by ours and by Flask's function."""
    report.claim_ratio("stream_with_context / bare generator", times, at_most=MOST)
    report.claim_ratio("Flask's stream_with_context / bare generator", times)


def time_call(app: Flask, path: str) -> float:
    """Return the processor seconds of one WSGI call, its answer read and closed."""
    environ = create_environ(path)
    begun = thread_time()
    iterable = app(environ, lambda status, headers, exc_info=None: bytes)
    for _ in iterable:
        pass
    iterable.close()  # type: ignore[attr-defined]
    return thread_time() - begun


def _seconds(port: int, path: str) -> float:
    return fetch(port, path).total


if __name__ == "__main__":
    sys.exit(main())
