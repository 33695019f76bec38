"""Record batches enter; they leave, with the next ones on their way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from collections.abc import Generator
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

#: Batches that are fetched, or being fetched, while one is written. With one of them
#: the thread waits for the writer each time, and half of the gain is lost.
AHEAD = 2
#: Bytes of a batch at most, for the next ones to be fetched ahead.
MOST = 4 << 20

_END = object()


def fetched_ahead(
    batches: Iterator[Any], *, cancel: Callable[[], object]
) -> Generator[Any, None, None]:
    """Yield record batches, and have a thread fetch the next ones if they are small.

    They are read in another thread, so what reads them is to need no contexts of a
    view, and to spend its time where Python lets other threads run.

    :param cancel: is called where no more are wanted. It ends what is read, and lets
        a fetch that is under way return soon.
    """
    coming: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(1, "outpour-fetch") as thread:

        def fetch() -> None:
            coming.append(thread.submit(next, batches, _END))

        try:
            fetch()
            while (batch := coming.popleft().result()) is not _END:
                while batch.nbytes <= MOST and len(coming) < AHEAD:
                    fetch()
                yield batch
                if not coming:
                    fetch()
        except GeneratorExit:
            thread.shutdown(wait=False, cancel_futures=True)
            # Not every driver can; then what is under way is waited for.
            with suppress(Exception):
                cancel()
            raise
