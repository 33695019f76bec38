"""Items of each type enter; the time and the memory that joining them takes leave.

By processor time, Outpour's joining and the rule before it, the doubling threshold,
take turns on items that a view yields as text, bytes, ``bytearray``, ``memoryview`` and
all of these mixed; of a buffer that can be changed, the present rule takes a copy when
it holds it. Then one item of 100 MB goes through gunicorn and waitress, as text and as
bytes: the highest resident memory (VmHWM) of a new process, beside plain Flask's. That
is read on Linux only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from itertools import islice
from time import thread_time

from flask_outpour.coalesce import Coalescer

from .client import fetch
from .doubling import DoublingCoalescer
from .doubling import Item
from .measure import doing
from .measure import Report
from .memory import AVAILABLE
from .memory import growth_during
from .memory import highest
from .servers import running

CHUNK_SIZE = 64 * 1024
SLOW = 0.005
#: How many items there are, by the bytes of each: tiny, small and full.
COUNTS = {60: (1_000, 50_000, 200_000), 8192: (20, 4_000, 16_000)}
TYPES: dict[str, Callable[[bytes], list[Item]]] = {
    "text": lambda data: [data.decode()],
    "bytes": lambda data: [data],
    "bytearray": lambda data: [bytearray(data)],
    "memoryview": lambda data: [memoryview(data)],
    "mixed": lambda data: [data.decode(), data, bytearray(data), memoryview(data)],
}
ONE_ITEM = ("/one-text", "/one-bytes")
#: How often the views repeat their line of 60 bytes, to 102 MB.
LINES = 1_700_000
MOST_MEMORY = 1.02

Way = Callable[..., Iterable[bytes]]


def main() -> int:
    """Time the types of items, weigh one large item, and return the exit code."""
    report = Report.from_command_line("items", __doc__)
    for length in COUNTS:
        for name in TYPES:
            time_items(report, name, length)
    if AVAILABLE:
        for server in ("gunicorn", "waitress"):
            for path in ONE_ITEM:
                weigh(report, server, path)
    return report.finish()


def time_items(report: Report, name: str, length: int) -> None:
    """Alternate the rules on items of one type."""
    tiny, small, full = COUNTS[length]
    count = report.choose(tiny=tiny, small=small, full=full)
    items = TYPES[name](b"x" * length)
    times = report.alternate(
        f"{count:,} items of {length:,} bytes, {name}",
        {
            "Coalescer": partial(seconds, Coalescer, items, count),
            "doubling threshold": partial(seconds, DoublingCoalescer, items, count),
        },
        rounds=report.choose(tiny=1, small=25, full=75),
    )
    report.claim_ratio("Coalescer / doubling threshold", times)


def seconds(
    way: Callable[..., Iterable[bytes]], items: list[Item], count: int
) -> float:
    """Return the processor time that it takes to read all chunks.

    :raises RuntimeError: when bytes are lost on the way.
    """
    source = generate(items, count)
    begun = thread_time()
    length = sum(map(len, way(source, chunk_size=CHUNK_SIZE, slow=SLOW)))
    taken = thread_time() - begun
    if length != len(items[0]) * count:
        raise RuntimeError(f"{length} bytes came of {len(items[0]) * count}")
    return taken


def generate(items: list[Item], count: int) -> Iterator[Item]:
    """Yield the items in turn, as a view does."""
    for each in islice(cycle(items), count):  # noqa: UP028 - a view has a loop
        yield each


def weigh(report: Report, name: str, path: str) -> None:
    """Compare the highest memory of Outpour and plain Flask, with one item each."""
    lines = report.choose(tiny=1_000, small=LINES, full=LINES)
    group = f"{name}, {path}, one item of {lines * 60 / 1e6:,.0f} MB"
    peaks = report.alternate(
        group,
        {
            contender: partial(_peak, name, path, lines, outpour=contender == "Outpour")
            for contender in ("plain Flask", "Outpour")
        },
        rounds=report.choose(tiny=1, small=1, full=3),
        unit="bytes",
    )
    report.claim_ratio("Outpour / plain Flask", peaks, at_most=MOST_MEMORY)


def _peak(name: str, path: str, lines: int, *, outpour: bool) -> float:
    with (
        doing(f"{name}, {path}"),
        running(name, outpour=outpour, rows=lines, threads=1) as server,
    ):
        growth_during(server.worker, partial(fetch, server.port, path))
        return highest(server.worker)


if __name__ == "__main__":
    sys.exit(main())
