"""Single rows, or a cursor, enter; batches of rows leave, small where they are slow."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from itertools import islice
from time import monotonic
from typing import Any

#: Rows of a full batch. The encoders are fastest from 250 to 500, whose values stay in
#: a processor's cache.
FULL = 500
#: Rows of a full fetch, since the way to a database and back takes its time.
FULL_FETCH = 1000
#: Of the rows that a burst has sent, one in so many may wait for more, as with items.
SHARE = 128
#: A pause ends a burst if it is longer than this part of the time that the burst has
#: lasted: other threads make some, too.
LULL = 32
#: The clock is read once for this part of a batch.
STRIDES = 64
#: Seconds after which rows that came are no longer held for more.
SLOW = 0.005
#: Seconds that one fetch should take at most, where the network takes some of it.
LONGEST_FETCH = 0.05


def batches_of(
    source: Iterable[Any],
    *,
    full: int = FULL,
    slow: float = SLOW,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Sequence[Any]]:
    """Yield rows in batches that grow to ``full`` while the source is fast.

    A row that took ``slow`` seconds or more to come leaves at once, with those that
    came before it. Of rows that came faster, at most 1/128 of what the same burst has
    sent is held. Where the source fails, what it gave comes first, then its error.

    :param slow: seconds.
    """
    if isinstance(source, list | tuple):
        for begin in range(0, len(source), full):
            yield source[begin : begin + full]
        return
    rows = iter(source)

    def taker(batch: list[Any], size: int) -> Callable[[int], object]:
        return lambda count: batch.extend(islice(rows, count))

    yield from grown(
        taker, lambda batch, error: error, full=full, slow=slow, clock=clock
    )


def grown(
    taker: Callable[[list[Any], int], Callable[[int], object]],
    ended: Callable[[list[Any], BaseException | None], BaseException | None],
    *,
    full: int = FULL,
    slow: float = SLOW,
    clock: Callable[[], float] = monotonic,
) -> Iterator[list[Any]]:
    """Yield rows in batches as :func:`batches_of` does.

    :param taker: is given a new batch and its size, and returns what takes into it as
        many rows as are asked for. What came before an error stays in the batch.
    :param ended: is told that there was no more to take, or of an error; of this, it
        returns what is to be raised. If that is ``None``, there may be more.
    """
    sent, size = 0, 1
    since = clock()
    while True:
        batch: list[Any] = []
        error: BaseException | None = None
        is_over = False
        stride = max(1, size // STRIDES)
        size -= size % stride
        take = taker(batch, size)
        begun = before = seen = clock()
        try:
            while len(batch) < size:
                held = len(batch)
                take(stride)
                before, seen = seen, clock()
                is_over = len(batch) == held
                if is_over or seen - begun >= slow:
                    break
        except BaseException as caught:
            error = caught
        if is_over or error is not None:
            error = ended(batch, error)
        # Who gets a batch may empty it.
        count = len(batch)
        if batch:
            yield batch
        if error is not None:
            raise error
        if is_over:
            return
        sent += count
        if seen - before >= max(slow, (before - since) / LULL):
            sent, since = 0, seen
        size = min(sent // SHARE + 1, full)


def fetched(
    fetch: Callable[[int], Sequence[Any]],
    *,
    full: int = FULL_FETCH,
    longest: float = LONGEST_FETCH,
    clock: Callable[[], float] = monotonic,
) -> Iterator[Sequence[Any]]:
    """Yield what a cursor's ``fetchmany`` gives, more at a time while that is fast.

    :param longest: seconds that a fetch of more than one row should take at most.
    """
    size = 1
    # The first row may have been there already, and says nothing of the next.
    grows = False
    while True:
        begun = clock()
        batch = fetch(size)
        if not batch:
            return
        took = clock() - begun
        for first in range(0, len(batch), FULL):
            yield batch[first : first + FULL]
        if took > longest:
            size = max(size // 2, 1)
        elif grows and took * 4 <= longest:
            size = min(size * 4, full)
        grows = True
