"""A million orders as CSV, and a slow log, enter; how they are compressed leaves.

Outpour beside Flask-Compress, which is at its defaults (zlib's level 6 for gzip), both
on gunicorn's threads, for each coding. The chunks of the CSV are ready, of 64 KiB, so
that what is compared is the coding. The lines of the log come 40 ms apart; their
client decodes them, and sees how late each is. Beside that, what the flushing costs in
size: of chunks, of ten rows, and of each row by itself. Last come the orders as
PostgreSQL's COPY brings them.
"""

from __future__ import annotations

import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from contextlib import ExitStack
from functools import partial
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

import brotli

from flask_outpour import CSV
from flask_outpour.coalesce import Coalescer
from flask_outpour.compress import encoded
from flask_outpour.compress import new_encoder

from .compress_apps import CHUNK_SIZE
from .compress_apps import INTERVAL
from .compress_apps import ITEMS
from .measure import doing
from .measure import Report
from .measure import Samples
from .memory import AVAILABLE
from .memory import growth_during
from .orders import COLUMNS
from .orders import orders
from .postgresql import postgresql_with_orders
from .servers import running
from .servers import Server

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CODINGS: dict[str, Any] = {
    "gzip": partial(zlib.decompressobj, 31),
    "br": brotli.Decompressor,
    "zstd": zstd.ZstdDecompressor,
}
#: Of Flask-Compress's time for the CSV.
LEAST_GAIN = {"gzip": 3.0}
MOST_GROWTH = 8 * 2**20
BATCH = 1_000
SIDES = ("Flask-Compress", "Outpour")


def main() -> int:
    """Measure every coding, and return the exit code."""
    report = Report.from_command_line("compress", __doc__)
    rows = report.choose(tiny=2_000, small=100_000, full=1_000_000)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "orders.csv")
        path.write_bytes(b"".join(csv_of(rows)))
        facts = {"app": "benchmarks.compress_apps:create_app()", "rows": rows}
        with (
            running(
                "gunicorn", outpour=False, BENCHMARK_CSV=str(path), **facts
            ) as peer,
            running("gunicorn", outpour=True, BENCHMARK_CSV=str(path), **facts) as ours,
        ):
            servers = dict(zip(SIDES, (peer, ours), strict=True))
            for coding in CODINGS:
                measure_flushes(report, coding, path.read_bytes())
                require_same(servers, coding, path)
                measure_csv(report, servers, coding, rows)
                measure_log(report, servers, coding)
                if AVAILABLE:
                    measure_memory(report, servers["Outpour"], coding)
    with postgresql_with_orders(rows) as postgresql:
        measure_copy(report, postgresql, rows)
    return report.finish()


def csv_of(rows: int) -> Iterator[bytes]:
    """Yield the orders as Outpour writes them."""
    writer = CSV()
    writer.begin(COLUMNS)
    source = orders(rows)
    while batch := list(islice(source, BATCH)):
        yield writer.feed(batch)


def pieces_of(server: Server, path: str, coding: str) -> Iterator[bytes]:
    """Yield what arrives, when it arrives.

    :raises RuntimeError: if it is not in the coding.
    """
    with closing(HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", path, headers={"Accept-Encoding": coding})
        response = connection.getresponse()
        if response.headers["Content-Encoding"] != coding:
            raise RuntimeError(f"{path} is not in {coding}")
        while piece := response.read1(1 << 16):
            yield piece


def decoded(pieces: Iterator[bytes], coding: str) -> Iterator[bytes]:
    """Yield what can be read, when it can be read."""
    decoder = CODINGS[coding]()
    feed = decoder.process if coding == "br" else decoder.decompress
    for piece in pieces:
        yield feed(piece)
        if coding == "br":
            yield from iter(partial(feed, b""), b"")


def require_same(servers: dict[str, Server], coding: str, path: Path) -> None:
    """Check that both send the file.

    :raises RuntimeError: if one does not.
    """
    for side, server in servers.items():
        body = b"".join(decoded(pieces_of(server, "/orders.csv", coding), coding))
        if body != path.read_bytes():
            raise RuntimeError(f"{side} sends another file in {coding}")


def measure_flushes(report: Report, coding: str, data: bytes) -> None:
    """Compare the size with flushes to the size without."""
    lines = data.splitlines(keepends=True)
    joined = {
        f"{count:,} lines, as they are joined": list(
            Coalescer(lines[:count], chunk_size=CHUNK_SIZE, slow=60)
        )
        for count in (1_000, 10_000, 100_000)
        if count < len(lines)
    }
    group = f"{coding}, {len(lines) - 1:,} lines, size with flushes / without"
    print(f"\n{group}")
    for what, pieces in {
        "64 KiB": [
            data[at : at + CHUNK_SIZE] for at in range(0, len(data), CHUNK_SIZE)
        ],
        "ten rows": list(map(b"".join, zip(*[iter(lines)] * 10, strict=False))),
        "a row": lines,
        **joined,
    }.items():
        with doing(f"{group}, {what}"):
            encoder = new_encoder(coding)
            plain = sum(len(encoder.feed(piece)) for piece in pieces)
            plain += len(encoder.finish())
            flushed = sum(map(len, encoded(iter(pieces), new_encoder(coding))))
        report.claim(group, what, "times", [flushed / plain])


def measure_copy(report: Report, postgresql: str, rows: int) -> None:
    """Compare the time of a whole export of PostgreSQL's rows, in gzip."""
    facts = {"app": "benchmarks.rows_apps:from_environment()", "rows": rows}
    with ExitStack() as stack:
        servers = {
            side: stack.enter_context(
                running(
                    "gunicorn",
                    outpour=True,
                    BENCHMARK_COMPRESSOR=side,
                    BENCHMARK_POSTGRESQL=postgresql,
                    **facts,
                )
            )
            for side in SIDES
        }

        def total(side: str) -> float:
            begun = time.perf_counter()
            sum(map(len, pieces_of(servers[side], f"/core/csv?rows={rows}", "gzip")))
            return time.perf_counter() - begun

        times = report.alternate(
            f"gzip, COPY of {rows:,} orders",
            {side: partial(total, side) for side in SIDES},
            rounds=report.choose(tiny=1, small=5, full=7),
        )
    # PostgreSQL takes as long for the rows as zlib's level 1 takes for their bytes.
    report.claim_ratio(" / ".join(SIDES), times)


def measure_csv(
    report: Report, servers: dict[str, Server], coding: str, rows: int
) -> None:
    """Compare the time, the first byte and the size of the CSV."""
    first: dict[str, list[float]] = {side: [] for side in SIDES}
    sizes: dict[str, float] = {}

    def total(side: str) -> float:
        begun = time.perf_counter()
        pieces = pieces_of(servers[side], "/orders.csv", coding)
        size = len(next(pieces))
        first[side].append(time.perf_counter() - begun)
        size += sum(map(len, pieces))
        sizes[side] = size
        return time.perf_counter() - begun

    group = f"{coding}, CSV of {rows:,} orders"
    times = report.alternate(
        f"{group}, all of it",
        {side: partial(total, side) for side in SIDES},
        rounds=report.choose(tiny=1, small=5, full=7),
    )
    pair = " / ".join(SIDES)
    report.claim_ratio(pair, times, at_least=LEAST_GAIN.get(coding))
    early = report.add(Samples(f"{group}, first byte", "s", first))
    report.claim_ratio(pair, early)
    ratio = sizes["Outpour"] / sizes["Flask-Compress"]
    print(f"\n{group}, size")
    report.claim(f"{group}, size", "Outpour / Flask-Compress", "times", [ratio])


def measure_log(report: Report, servers: dict[str, Server], coding: str) -> None:
    """Compare how late the lines of the log can be read."""

    def lateness(side: str) -> float:
        late: list[float] = []
        pieces = pieces_of(servers[side], "/log", coding)
        for text in decoded(pieces, coding):
            now = time.monotonic()
            late += [now - float(line.split()[0]) for line in text.splitlines()]
        if len(late) != ITEMS:
            raise RuntimeError(f"{side} sent {len(late)} lines of {ITEMS}")
        return median(late)

    times = report.alternate(
        f"{coding}, log of {ITEMS} lines {INTERVAL * 1000:g} ms apart, lateness",
        {side: partial(lateness, side) for side in SIDES},
        rounds=report.choose(tiny=1, small=3, full=5),
    )
    report.claim_ratio(" / ".join(SIDES), times, at_least=10)


def measure_memory(report: Report, server: Server, coding: str) -> None:
    """Measure how far the worker's memory rises while it sends the CSV."""

    def download() -> None:
        for _ in pieces_of(server, "/orders.csv", coding):
            pass

    group = f"{coding}, memory of Outpour's worker"
    with doing(group):
        growth = growth_during(server.worker, download)
    print(f"\n{group}")
    report.claim(group, "growth", "bytes", [growth], at_most=MOST_GROWTH)


if __name__ == "__main__":
    sys.exit(main())
