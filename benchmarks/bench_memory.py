"""A stream of 600 MB enters; how far the worker's memory rose meanwhile leaves.

gunicorn with one worker thread, which has answered one short text and streamed nothing
yet. Growth is the worker's highest resident memory (VmHWM, after a reset of that mark)
less what was resident before. Beside it, with fewer rows: plain Flask; a client that
reads slowly, since what it does not take must not pile up; and a view that
returns the whole text, which shows that this notices what is held. Linux only.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from functools import partial

from .client import fetch
from .client import request_head
from .measure import doing
from .measure import Report
from .memory import growth_during
from .servers import running

MOST_GROWTH = 8 * 2**20
VIEWS = ("/lines", "/lines-with-our-context")


def main() -> int:
    """Measure on gunicorn, and return the exit code."""
    report = Report.from_command_line("memory", __doc__)
    rows = report.choose(tiny=10_000, small=1_000_000, full=10_000_000)
    fewer = report.choose(tiny=1_000, small=200_000, full=1_000_000)
    for view in VIEWS:
        measure(report, view, rows, outpour=True)
    measure(report, "/lines", fewer, outpour=False)
    measure(report, "/lines", fewer, outpour=True, slowly=True)
    measure(report, "/whole", fewer, outpour=False)
    return report.finish()


def measure(
    report: Report, view: str, rows: int, *, outpour: bool, slowly: bool = False
) -> None:
    """Stream once in a new server, and report its worker's growth."""
    contender = "Outpour" if outpour else "plain Flask"
    group = f"{contender}, {view}, {rows:,} rows{', slow client' * slowly}"
    with (
        doing(group),
        running("gunicorn", outpour=outpour, rows=rows, threads=1) as server,
    ):
        read: Callable[[int, str], object] = read_slowly if slowly else fetch
        growth = growth_during(server.worker, partial(read, server.port, view))
    print(f"\n{group}")
    target = MOST_GROWTH if outpour else None
    report.claim(group, "growth", "bytes", [growth], at_most=target)


def read_slowly(port: int, path: str) -> None:
    """Read a stream at a few MB a second, for a few seconds, and leave."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(request_head(path, "close"))
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline and connection.recv(1 << 14):
            time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
