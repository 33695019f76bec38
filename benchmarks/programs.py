"""A command enters; the seconds that its output took leave."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from collections.abc import Sequence
from time import perf_counter

from .client import Times


def run(
    command: Sequence[str],
    output: int = subprocess.PIPE,
    take: Callable[[bytes, int], object] | None = None,
) -> Times:
    """Run a program to its end, its start included; read what it prints, and forget.

    :param output: may be ``subprocess.DEVNULL``, so that nobody reads.
    :param take: gets each piece that was read, and the id of the process.
    :raises RuntimeError: when it fails.
    """
    begun = perf_counter()
    first_byte, length = 0.0, 0
    with subprocess.Popen(command, stdout=output) as process:
        while process.stdout and (piece := os.read(process.stdout.fileno(), 1 << 20)):
            first_byte = first_byte or perf_counter() - begun
            length += len(piece)
            if take is not None:
                take(piece, process.pid)
    total = perf_counter() - begun
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Times(first_byte, total, length)
