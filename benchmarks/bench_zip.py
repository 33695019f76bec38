"""CSV enters; how fast each way makes a ZIP archive of it, at level 1, leaves.

Outpour with each library that it finds, beside zlib's level 1 alone on the same bytes,
which makes no archive, zipfile of the standard library, and zipstream-ng. All get the
same orders in pieces of 256 KiB, again and again, and throw away what they make. Last
comes how far the memory rises, of one large entry and of many small ones. Wall-clock
time of one thread; no server.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from itertools import islice
from time import perf_counter
from typing import Any

from flask_outpour import CSV
from flask_outpour.archives import deflate
from flask_outpour.archives import ZipStream
from flask_outpour.archives.contents import PIECE
from flask_outpour.archives.plans import Defaults
from flask_outpour.archives.plans import Planner

from . import memory
from .measure import doing
from .measure import Report
from .orders import COLUMNS
from .orders import orders

#: The libraries that Outpour takes at level 1 where they are installed.
LIBRARIES = {
    "zlib": "zlib",
    "isal": "isal.isal_zlib",
    "zlib-ng": "zlib_ng.zlib_ng",
}
ALONE = "zlib alone"
STANDARD = "zipfile"
PEER = "zipstream-ng"
LEAST = 0.9
MOST_GROWTH = 8 << 20
#: Of CSV that is there, in memory, and goes round.
ROWS = 50_000
#: So many bytes of it.
Pieces = Callable[[int], Iterator[bytes]]


def main() -> int:
    """Measure all ways that are installed, and return the exit code."""
    report = Report.from_command_line("zip", __doc__)
    size = report.choose(tiny=1 << 20, small=100 << 20, full=1_000_000_000)
    pieces = partial(pieces_of, csv_of(report.choose(tiny=500, small=ROWS, full=ROWS)))
    ways: dict[str, Callable[[], float]] = {ALONE: partial(alone, pieces, size)}
    for library, module in LIBRARIES.items():
        if find_spec(module.partition(".")[0]) is not None:
            ways[ours(library)] = partial(outpour, pieces, size, module)
    ways[STANDARD] = partial(standard, pieces, size)
    if find_spec("zipstream") is not None:
        ways[PEER] = partial(peer, pieces, size)
    times = report.alternate(
        f"{size / 1e6:,.0f} MB of CSV",
        ways,
        rounds=report.choose(tiny=1, small=5, full=5),
    )
    for library in LIBRARIES:
        if ours(library) in ways:
            least = LEAST if library == "zlib" else 1.0
            pair = f"{ALONE} / {ours(library)}"
            report.claim_ratio(pair, times, at_least=least)
    best = next(ours(name) for name in ("isal", "zlib") if ours(name) in ways)
    for other in (STANDARD, PEER):
        if other in ways:
            for way in dict.fromkeys((ours("zlib"), best)):
                report.claim_ratio(f"{other} / {way}", times)
    measure_memory(report, pieces, size)
    return report.finish()


def ours(library: str) -> str:
    """Return what Outpour is called with a library."""
    return f"Outpour, {library}"


def csv_of(rows: int) -> bytes:
    """Return orders as Outpour writes them."""
    writer = CSV()
    writer.begin(COLUMNS)
    return writer.feed(list(islice(orders(rows), rows)))


def pieces_of(data: bytes, size: int) -> Iterator[bytes]:
    """Yield so many bytes of the data, again and again."""
    parts = [data[start : start + PIECE] for start in range(0, len(data), PIECE)]
    while size > 0:
        for part in parts:
            yield part[:size] if size < len(part) else part
            size -= len(part)
            if size <= 0:
                return


def alone(pieces: Pieces, size: int) -> float:
    """Return the seconds that zlib takes for the bytes, without an archive."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, -15)
    begun = perf_counter()
    for piece in pieces(size):
        compressor.compress(piece)
    compressor.flush()
    return perf_counter() - begun


def outpour(pieces: Pieces, size: int, module: str) -> float:
    """Return the seconds of an archive of Outpour's, with one of the libraries."""
    found, deflate._FAST = deflate._FAST, (module,)
    deflate._library.cache_clear()
    try:
        begun = perf_counter()
        drain(archive([("orders.csv", pieces(size))]))
        return perf_counter() - begun
    finally:
        deflate._FAST = found
        deflate._library.cache_clear()


def standard(pieces: Pieces, size: int) -> float:
    """Return the seconds of an archive of zipfile's, written to nowhere."""

    class Nowhere(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            return len(data)

    begun = perf_counter()
    with (
        zipfile.ZipFile(
            Nowhere(), "w", zipfile.ZIP_DEFLATED, compresslevel=1
        ) as opened,
        opened.open("orders.csv", "w", force_zip64=True) as entry,
    ):
        for piece in pieces(size):
            entry.write(piece)
    return perf_counter() - begun


def peer(pieces: Pieces, size: int) -> float:
    """Return the seconds of an archive of zipstream-ng's."""
    from zipstream import ZipStream as Peer

    begun = perf_counter()
    made = Peer(compress_type=zipfile.ZIP_DEFLATED, compress_level=1)
    made.add(pieces(size), "orders.csv")
    drain(made)
    return perf_counter() - begun


class NoRows:
    """Entries here are bytes."""

    def are(self, content: Any) -> bool:
        """Whether this is rows."""
        return False

    def of(self, title: str, entry: Any, content: Any) -> None:
        """Return nothing."""


def archive(entries: Any) -> ZipStream:
    """Return the archive of entries."""
    planner = Planner(NoRows(), lambda given: None)
    return ZipStream(entries, planner, Defaults(modified=datetime(2024, 1, 1)))


def drain(parts: Any) -> None:
    """Take all parts, and keep none."""
    for _ in parts:
        pass


def measure_memory(report: Report, pieces: Pieces, size: int) -> None:
    """Measure how far memory rises, of one large entry and of many small ones."""
    if not memory.AVAILABLE:
        print("\nleft out: memory, which only Linux tells")
        return
    many = report.choose(tiny=100, small=10_000, full=100_000)
    print("\nmemory")
    for text, entries, most in (
        (f"one entry of {size / 1e6:,.0f} MB", [("a", pieces(size))], MOST_GROWTH),
        (f"{many:,} entries", ((f"{n}", b"x") for n in range(many)), None),
    ):
        made = partial(drain, archive(entries))
        with doing(f"memory of {text}"):
            growth = memory.growth_during(os.getpid(), made)
        report.claim("memory", text, "bytes", [growth], at_most=most)


if __name__ == "__main__":
    sys.exit(main())
