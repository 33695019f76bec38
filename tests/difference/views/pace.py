"""Sources that are slow, come in bursts, or wait for others."""

from __future__ import annotations

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO

from flask import Response

from difference.entry import told
from difference.entry import view


@view
def slow() -> Response:
    """Each item takes its time."""

    def generate():
        for number in range(5):
            time.sleep(0.01)
            yield f"{number}\n"

    return Response(told(generate()))


@view
def bursts() -> Response:
    """Bursts of lines, and silence between them."""

    def generate():
        for burst in range(3):
            yield from (f"{burst}: {number}\n" for number in range(300))
            time.sleep(0.02)

    return Response(told(generate()))


@view
def slow_with_empty_items() -> Response:
    """A source that yields nothing while it waits."""

    def generate():
        for number in range(4):
            yield ""
            time.sleep(0.01)
            yield f"{number}\n"

    return Response(told(generate()))


@view
def a_queue_of_a_thread() -> Response:
    """A thread makes the items; the generator takes them from a queue."""

    def make():
        for number in range(400):
            items.put(f"{number}\n")
        items.put(None)

    def generate() -> Iterator[str]:
        thread = threading.Thread(target=make)
        thread.start()
        yield from iter(items.get, None)
        thread.join()

    items: queue.Queue[str | None] = queue.Queue(maxsize=7)
    return Response(told(generate()))


@view
def a_pool_of_threads() -> Response:
    """Results of a pool, in order."""

    def generate():
        with ThreadPoolExecutor(3) as pool:
            yield from pool.map(lambda number: f"{number * number}\n", range(60))

    return Response(told(generate()))


@view
def a_writer_that_is_emptied() -> Response:
    """One StringIO is written to, taken from, and truncated, as people do for CSV."""

    def generate():
        buffer = StringIO()
        for number in range(2_000):
            buffer.write(f"{number},row\n")
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate(0)

    return Response(told(generate()))


@view
def a_program() -> Response:
    """What another program prints."""

    def generate():
        code = "for n in range(100): print(n)"
        command = [sys.executable, "-S", "-c", code]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            yield from process.stdout

    return Response(told(generate()))
