"""A running COPY enters; the lines that the server sends leave, joined."""

from __future__ import annotations

import selectors
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

#: Bytes after which lines are no longer held; more are not in the cache any more.
FULL = 1 << 15
#: Seconds for which lines are held for more of them.
SOON = 0.002


def pieces(pgconn: Any, counted: Callable[[int], object]) -> Iterator[bytes]:
    """Yield whole lines of a COPY that psycopg has begun, many where they come fast.

    They are taken from libpq directly: psycopg's own reading takes as long again.

    :param pgconn: libpq's connection, as psycopg has it.
    :param counted: is told of how many rows the next lines are.
    :raises psycopg.Error: when the server tells of one, or the connection breaks off.
    """
    take = pgconn.get_copy_data
    held: list[Any] = []
    size = 0
    # Looked up here: it is gevent's, once that has patched the standard library.
    with selectors.DefaultSelector() as selector:
        selector.register(pgconn.socket, selectors.EVENT_READ)
        while True:
            length, line = take(1)
            if length > 0:
                held.append(line)
                size += length
                if size < FULL:
                    continue
            elif length == 0 and selector.select(SOON if held else None):
                pgconn.consume_input()
                continue
            if held:
                counted(len(held))
                yield b"".join(held)
                held.clear()
                size = 0
            if length < 0:
                break
        while pgconn.is_busy():
            selector.select()
            pgconn.consume_input()
        _require_success(pgconn)


def _require_success(pgconn: Any) -> None:
    """Read how the COPY has ended."""
    from psycopg.errors import error_from_result
    from psycopg.pq import ExecStatus

    results = []
    while (result := pgconn.get_result()) is not None:
        results.append(result)
    for result in results:
        if result.status != ExecStatus.COMMAND_OK:
            raise error_from_result(result)
