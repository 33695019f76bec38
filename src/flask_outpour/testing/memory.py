"""A limit enters; an error leaves, if the memory of a process grows beyond it."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigurationError

_PROC = Path("/proc")


@dataclass(slots=True)
class Memory:
    """What a block did to the resident memory of a process, in bytes."""

    #: The process that grew most: the one that was asked about, or one of its own.
    pid: int
    #: What was resident before the block.
    before: int = 0
    #: The most that was resident during the block.
    peak: int = 0
    #: Whether ``peak`` is of the block alone. Where the system cannot forget an
    #: earlier peak, growth below that is not seen.
    exact: bool = True

    @property
    def growth(self) -> int:
        """How far the peak of the block is above what was resident before it."""
        return max(0, self.peak - self.before)


@contextmanager
def assert_flat_memory(limit: int, *, pid: int | None = None) -> Iterator[Memory]:
    """Assert that the resident memory of a process does not rise during the block.

    It compares the peak with what was resident before, for the process and each of
    its children, since a server such as gunicorn works in those. Run the block once,
    small, before you measure: what the first request imports, compiles and caches
    is no growth of a stream. Leave the allocator some room: a limit below a few
    megabytes measures noise.

    Linux tells all this. Elsewhere only this process can be measured, by
    ``resource``, whose peak is that of the whole life of the process: growth below
    an earlier peak is not seen, and :attr:`Memory.exact` is false.

    :param limit: bytes that one process may grow by.
    :param pid: the id of the process; without it, this one.
    :raises AssertionError: with the figures, when it grew by more.
    :raises ConfigurationError: where the system does not tell.
    """
    __tracebackhide__ = True
    meters = [_meter_of(process) for process in _family(pid or os.getpid())]
    memory = Memory(pid or os.getpid())
    yield memory
    worst = max((meter() for meter in meters), key=lambda seen: seen.growth)
    memory.pid, memory.before, memory.peak = worst.pid, worst.before, worst.peak
    memory.exact = worst.exact
    if memory.growth > limit:
        raise AssertionError(
            f"The resident memory of process {memory.pid} grew by {memory.growth:,}"
            f" bytes, from {memory.before:,} to {memory.peak:,} at its peak; the"
            f" limit is {limit:,}."
        )


def _family(pid: int) -> list[int]:
    """Return a process and all that descend from it, where the system tells."""
    parents = {}
    for stat in _PROC.glob("[0-9]*/stat"):
        # Some end while this looks.
        with suppress(OSError):
            # The name stands in brackets, and may have any character in it.
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            parents[int(stat.parent.name)] = int(fields[1])
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _meter_of(pid: int) -> Callable[[], Memory]:
    """Begin to measure a process; return what reads how far its memory rose."""
    if (_PROC / "self" / "status").exists():
        return _linux_meter(pid)
    if pid != os.getpid():
        raise ConfigurationError(
            "The memory of another process can be measured on Linux only. Leave pid"
            " out, and serve the application in a thread of this process."
        )
    try:
        from resource import getrusage
        from resource import RUSAGE_SELF
    except ImportError:
        raise ConfigurationError(
            f"Python does not tell the memory of a process on {sys.platform}. Run"
            " this test on Linux or macOS."
        ) from None
    # Bytes on macOS, kibibytes elsewhere: getrusage(2).
    unit = 1 if sys.platform == "darwin" else 1024
    before = getrusage(RUSAGE_SELF).ru_maxrss * unit
    return lambda: Memory(
        pid, before, getrusage(RUSAGE_SELF).ru_maxrss * unit, exact=False
    )


def _linux_meter(pid: int) -> Callable[[], Memory]:
    try:
        # 5 sets the peak back to what is resident now: proc(5), clear_refs.
        (_PROC / str(pid) / "clear_refs").write_text("5")
        exact = True
    except OSError:
        exact = False
    before = _status(pid, "VmRSS" if exact else "VmHWM")
    return lambda: Memory(pid, before, _status(pid, "VmHWM"), exact)


def _status(pid: int, key: str) -> int:
    """Return one of the figures of a process, in bytes."""
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if key in line)
    except (OSError, StopIteration):
        raise AssertionError(
            f"Process {pid} is not there, so its memory cannot be measured."
        ) from None
