"""A page with three slow blocks enters; its time, and the threads of a crowd, leave.

Each block waits for a query. First one page alone: blocks of 0.3 s delivered in place
and in order, beside ``render_template`` of the same template, which renders one after
the other. Then 500 readers at once: the worker's threads are counted until the last
of them has left, and each must get the whole page, with every answer once. gunicorn
has fewer threads than there are readers, most of whom wait to be let in; and as many,
so that hundreds of pages are open together, and wait for the pool. Linux only.
"""

from __future__ import annotations

import selectors
import socket
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from functools import partial
from http.client import HTTPException
from http.client import HTTPResponse
from io import BytesIO
from pathlib import Path
from time import monotonic
from time import perf_counter

from .apps import ANSWER
from .client import fetch
from .client import LAST_CHUNK
from .client import request_head
from .measure import doing
from .measure import Report
from .servers import running

ANSWERS = [ANSWER.format(number=number).encode() for number in range(3)]
#: Of the time of ``render_template``; a third, if the blocks cost nothing else.
MOST = 0.4
#: Seconds between two counts of threads.
INTERVAL = 0.05
#: Seconds after which readers that still wait are given up.
LONGEST = 90.0


def main() -> int:
    """Measure on gunicorn, and return the exit code."""
    report = Report.from_command_line("deferred", __doc__)
    measure_one(report)
    readers = report.choose(tiny=20, small=100, full=500)
    few = report.choose(tiny=4, small=16, full=32)
    for threads in (few, readers):
        measure_crowd(report, readers, threads)
    return report.finish()


def measure_one(report: Report) -> None:
    """Alternate the ways to send one page, to one reader."""
    seconds = report.choose(tiny=0.02, small=0.1, full=0.3)
    blocks = f"seconds={seconds}&seconds={seconds}&seconds={seconds}"
    ways = {
        "render_template": f"/deferred-rendered?{blocks}",
        "in place": f"/deferred?{blocks}",
        "in order": f"/deferred?{blocks}&deferred=in-order",
    }
    with running("gunicorn", outpour=True, rows=0) as server:
        times = report.alternate(
            f"three blocks of {seconds} s",
            {way: partial(_total, server.port, path) for way, path in ways.items()},
            rounds=report.choose(tiny=1, small=5, full=11),
        )
    for way in ("in place", "in order"):
        report.claim_ratio(f"{way} / render_template", times, at_most=MOST)


def measure_crowd(report: Report, readers: int, threads: int) -> None:
    """Send the page to all readers at once; state threads, pages and seconds."""
    workers = report.choose(tiny=4, small=8, full=32)
    seconds = report.choose(tiny=(0.02,) * 3, small=(0.1,) * 3, full=(0.2, 0.3, 0.5))
    path = "/deferred?" + "&".join(f"seconds={each}" for each in seconds)
    group = f"{readers} readers, {threads} threads of gunicorn's, {workers} of the pool"
    with (
        doing(group),
        running(
            "gunicorn",
            outpour=True,
            rows=0,
            threads=threads,
            BENCHMARK_CONFIG_OUTPOUR_DEFER_WORKERS=str(workers),
        ) as server,
    ):
        counts = [count_threads(server.worker)]
        begun = perf_counter()
        with crowd(server.port, path, readers) as waiting:
            answers = read_all(
                waiting, lambda: counts.append(count_threads(server.worker))
            )
        took = perf_counter() - begun
    print(f"\n{group}")
    # One more: the worker's main thread, which accepts.
    most = 1 + threads + workers
    report.claim(group, "threads at most", "threads", [max(counts)], at_most=most)
    whole = sum(map(is_whole, answers))
    report.claim(group, "whole pages", "pages", [whole], at_least=readers)
    report.claim(group, "until the last byte of all", "s", [took])


def count_threads(process: int) -> int:
    """Return how many threads a process has now."""
    return sum(1 for _ in Path(f"/proc/{process}/task").iterdir())


@contextmanager
def crowd(port: int, path: str, readers: int) -> Iterator[list[socket.socket]]:
    """Connect all readers, let each ask, and disconnect them after the block."""
    request = request_head(path, "close")
    with ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            for _ in range(readers)
        ]
        for connection in connections:
            connection.sendall(request)
        yield connections


def read_all(
    connections: list[socket.socket], watch: Callable[[], object]
) -> list[bytes]:
    """Return all that each connection receives until its end, and close it.

    :param watch: is called again and again meanwhile.
    """
    answers = {connection: bytearray() for connection in connections}
    deadline, due = monotonic() + LONGEST, 0.0
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ, connection)
        while selector.get_map() and monotonic() < deadline:
            for key, _ in selector.select(INTERVAL):
                received = key.data.recv(1 << 16)
                answer = answers[key.data]
                answer += received
                # gunicorn waits, for up to two seconds, for its client to close.
                if not received or answer.endswith(LAST_CHUNK):
                    selector.unregister(key.data)
                    key.data.close()
            if monotonic() >= due:
                watch()
                due = monotonic() + INTERVAL
    return [bytes(answer) for answer in answers.values()]


class _Received(BytesIO):
    """What a connection received, as a response reads it."""

    def makefile(self, mode: str) -> _Received:
        return self


def is_whole(answer: bytes) -> bool:
    """Whether an answer is a page with each block's answer once, sent to its end."""
    response = HTTPResponse(_Received(answer))  # type: ignore[arg-type]
    try:
        response.begin()
        page = response.read()
    except (HTTPException, ValueError):
        return False
    return (
        response.status == 200
        and all(page.count(text) == 1 for text in ANSWERS)
        and page.count(b"</html>") == 1
        and page.rstrip().endswith(b"</html>")
    )


def _total(port: int, path: str) -> float:
    return fetch(port, path).total


if __name__ == "__main__":
    sys.exit(main())
