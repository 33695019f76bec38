"""The id of a process enters; how far its resident memory rises leaves. Linux only."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

#: Whether the kernel tells.
AVAILABLE = Path("/proc/self/clear_refs").exists()


def growth_during(process: int, action: Callable[[], object]) -> float:
    """Return the bytes that its resident memory rose by, at its highest."""
    # 5 sets the highest mark back to what is resident now: proc(5), clear_refs.
    Path(f"/proc/{process}/clear_refs").write_text("5")
    before = _status(process, "VmRSS")
    action()
    return highest(process) - before


def highest(process: int) -> float:
    """Return the highest mark of its resident memory, in bytes."""
    return _status(process, "VmHWM")


def _status(process: int, key: str) -> float:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return float(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/{process}/status has no {key}")
