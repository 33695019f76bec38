"""Short answers and short streams enter; what Outpour costs them leaves.

Over one kept connection to gunicorn's threads, the median time of a few hundred
requests to plain Flask and to the same with Outpour, in turns; each server is started
anew several times, since two processes with the same program differ by a few percent. A
second plain Flask shows how much: less than that, nothing here can tell.
The answers are a short text and a short JSON, and two streams of 1 KiB, of one item and
of ten. For longer streams, the time to the first byte. Then the applications are called
as WSGI, each in a child process of its own, which shows the microseconds by processor
time.
"""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import cycle
from itertools import islice
from itertools import permutations
from multiprocessing import get_context
from operator import sub
from statistics import median
from time import thread_time
from typing import Any

from flask import Flask
from werkzeug.test import create_environ

from .client import fetch
from .client import fetch_body
from .client import keep_connection
from .client import KeptConnection
from .measure import doing
from .measure import Report
from .measure import Samples
from .servers import running

#: How many times plain Flask's time Outpour may take, by path: where nothing streams,
#: and where 1 KiB does.
SHORT = {"/text": 1.02, "/json": 1.02, "/one-item": 1.1, "/ten-items": 1.1}
STREAMS = ("/lines", "/lines-with-flask-context", "/recipe/page.html")
#: Few, since a client that shares two cores with a busy server is woken late.
ROWS = 100
CONTENDERS = ("plain Flask", "Outpour", "plain Flask again")
PAIR = "Outpour / plain Flask"
CONTROL = "plain Flask again / plain Flask"
MOST_LATER = 0.001


def main() -> int:
    """Measure short answers, first bytes and calls; return the exit code."""
    report = Report.from_command_line("overhead", __doc__)
    answers = [Samples(path, "s", _empty()) for path in SHORT]
    streams = [Samples(f"first byte of {path}", "s", _empty()) for path in STREAMS]
    starts = report.choose(tiny=1, small=3, full=12)
    # Whose server is started later answers a little faster.
    for number, order in enumerate(islice(cycle(permutations(CONTENDERS)), starts)):
        what = f"servers started {number + 1} of {starts} times"
        with doing(what, number / starts), ExitStack() as stack:
            ports = {
                contender: stack.enter_context(
                    running("gunicorn", outpour=contender == "Outpour", rows=ROWS)
                ).port
                for contender in order
            }
            check_bodies(ports)
            for path, samples in zip(SHORT, answers, strict=True):
                add_answers(report, path, samples, ports)
            for path, samples in zip(STREAMS, streams, strict=True):
                add_first_bytes(report, path, samples, ports)
    for samples in answers:
        report.add(samples)
        report.claim_ratio(PAIR, samples, at_most=SHORT[samples.group])
        report.claim_ratio(CONTROL, samples)
    for samples in streams:
        report.add(samples)
        claim_difference(report, samples, at_most=MOST_LATER)
    measure_calls(report)
    return report.finish()


def check_bodies(ports: dict[str, int]) -> None:
    """Compare what the contenders send.

    :raises RuntimeError: where it is not the same.
    """
    for path in (*SHORT, *STREAMS):
        if len({fetch_body(port, path) for port in ports.values()}) != 1:
            raise RuntimeError(f"The contenders send different bodies of {path}.")


def add_answers(
    report: Report, path: str, samples: Samples, ports: dict[str, int]
) -> None:
    """Add some alternations of many requests, each over one connection."""
    requests = report.choose(tiny=5, small=200, full=500)
    with ExitStack() as stack:
        connections = {
            contender: stack.enter_context(keep_connection(port, path))
            for contender, port in ports.items()
        }
        for _ in range(report.choose(tiny=1, small=3, full=2)):
            for contender, value in _time_pairs(connections, requests).items():
                samples.of[contender].append(value)


def add_first_bytes(
    report: Report, path: str, samples: Samples, ports: dict[str, int]
) -> None:
    """Add some streams, each over a connection of its own."""
    for _ in range(report.choose(tiny=1, small=20, full=40)):
        for contender, port in ports.items():
            samples.of[contender].append(fetch(port, path).first_byte)


def claim_difference(
    report: Report, samples: Samples, *, at_most: float | None = None
) -> None:
    """State by how many seconds Outpour is later."""
    text = "Outpour - plain Flask"
    values = samples.compare(PAIR, sub)
    report.claim(samples.group, text, "s", values, at_most=at_most)


def _time_pairs(
    connections: dict[str, KeptConnection], requests: int
) -> dict[str, float]:
    """Return each contender's median, of requests made one here and one there.

    Who comes after whom changes, since a place in the turn can be worth a percent.
    """
    times: dict[str, list[float]] = _empty()
    orders = cycle(permutations(connections.items()))
    for order in islice(orders, requests):
        for contender, connection in order:
            times[contender].append(connection.time())
    return {contender: median(values) for contender, values in times.items()}


def measure_calls(report: Report) -> None:
    """Alternate calls of the WSGI application, each in a process of its own."""
    calls = report.choose(tiny=10, small=2_000, full=10_000)
    with ExitStack() as stack:
        children = {
            contender: stack.enter_context(_child(outpour=contender == "Outpour"))
            for contender in CONTENDERS
        }
        for path in SHORT:
            times = report.alternate(
                f"{path}, WSGI calls",
                {
                    contender: partial(_result, child, path, calls)
                    for contender, child in children.items()
                },
                rounds=report.choose(tiny=1, small=5, full=20),
            )
            report.claim_ratio(PAIR, times)
            report.claim_ratio(CONTROL, times)
            claim_difference(report, times)


def _child(*, outpour: bool) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        1, get_context("spawn"), initializer=_start_child, initargs=(outpour,)
    )


def _start_child(outpour: bool) -> None:
    from . import apps

    apps.app = apps.create_app(outpour=outpour)


def _result(child: ProcessPoolExecutor, path: str, calls: int) -> float:
    return child.submit(time_calls, path, calls).result()


def time_calls(path: str, calls: int) -> float:
    """Return the median processor seconds of a call, answer read and closed."""
    from .apps import app

    times = []
    for _ in range(calls):
        environ = create_environ(path)
        begun = thread_time()
        _call(app, environ)
        times.append(thread_time() - begun)
    return median(times)


def _call(app: Flask, environ: dict[str, Any]) -> None:
    iterable = app(environ, lambda status, headers, exc_info=None: bytes)
    for _ in iterable:
        pass
    iterable.close()  # type: ignore[attr-defined]


def _empty() -> dict[str, list[float]]:
    return {contender: [] for contender in CONTENDERS}


if __name__ == "__main__":
    sys.exit(main())
