"""Items enter each way to join them; its processor time leaves.

The record of why Outpour joins as it does. All ways but *by hand* take their items from
a generator of the view, and none holds a slow source back: they differ in how they
notice one.

- *Coalescer*: the present rule, which holds at most 1/128 of what the burst has sent.
- *doubling threshold*: the rule before it, which could hold half of a burst.
- *clock for every item*: a doubling threshold, too, the clock read each time.
- *runs of 64*: item by item until 64 in a row came fast, then full chunks, the clock
  read every 16 items; one slow step goes back to item by item.
- *joined by hand*: in the loop that makes the items; never looks at the clock.
- *by hand, within the rule*: so, but with no more held than the present rule lets be.
- *by hand, out of a generator*: joined by hand, but in a loop of its own.
- *by hand, and looked at*: so, and the type and the kind of each item asked for; no
  loop that is right for every type can be shorter.
- *no joining*: the items, encoded one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from functools import partial
from itertools import repeat
from time import monotonic
from time import thread_time

from flask_outpour.coalesce import Coalescer

from .doubling import DoublingCoalescer
from .measure import Report

CHUNK_SIZE = 64 * 1024
SLOW = 0.005
ENOUGH_FAST_ITEMS = 64
ITEMS_FOR_A_LOOK = 16

Way = Callable[[str, int], Iterable[bytes]]


def main() -> int:
    """Time the ways on long and on short items, and return the exit code."""
    report = Report.from_command_line("coalesce", __doc__)
    count = report.choose(tiny=1_000, small=50_000, full=200_000)
    for length in (60, 5):
        times = report.alternate(
            f"{count:,} items of {length} bytes",
            {
                name: partial(seconds, way, "x" * length, count)
                for name, way in WAYS.items()
            },
            rounds=report.choose(tiny=1, small=25, full=75),
        )
        for name in WAYS:
            if name != "joined by hand":
                report.claim_ratio(f"{name} / joined by hand", times)
        for name in ("doubling threshold", "by hand, within the rule"):
            report.claim_ratio(f"Coalescer / {name}", times)
    return report.finish()


def seconds(way: Way, item: str, count: int) -> float:
    """Return the processor time that it takes to read all chunks.

    :raises RuntimeError: when bytes are lost on the way.
    """
    begun = thread_time()
    length = sum(map(len, way(item, count)))
    taken = thread_time() - begun
    if length != len(item) * count:
        raise RuntimeError(f"{length} bytes came of {len(item) * count}")
    return taken


def generate(item: str, count: int) -> Iterator[str]:
    """Yield the items as a view does."""
    for each in repeat(item, count):  # noqa: UP028 - a view's generator has a loop
        yield each


def with_coalescer(item: str, count: int) -> Iterator[bytes]:
    """Join as Outpour does."""
    source = generate(item, count)
    return iter(Coalescer(source, chunk_size=CHUNK_SIZE, slow=SLOW))


def with_doubling(item: str, count: int) -> Iterator[bytes]:
    """Join as Outpour did before."""
    source = generate(item, count)
    return iter(DoublingCoalescer(source, chunk_size=CHUNK_SIZE, slow=SLOW))


def with_clock_for_every_item(item: str, count: int) -> Iterator[bytes]:
    """Double the threshold, and read the clock for every item."""
    held: list[str] = []
    threshold, size, due = 1, 0, monotonic() + SLOW
    for each in generate(item, count):
        held.append(each)
        size += len(each)
        late = monotonic() >= due
        if late or size >= threshold:
            yield "".join(held).encode()
            held.clear()
            threshold = 1 if late else min(threshold * 2, CHUNK_SIZE)
            size, due = 0, monotonic() + SLOW
    yield "".join(held).encode()


def with_runs(item: str, count: int) -> Iterator[bytes]:
    """Join once enough items in a row came fast, and look at the clock rarely."""
    held: list[str] = []
    fast = size = 0
    due = monotonic() + SLOW
    for each in generate(item, count):
        if fast < ENOUGH_FAST_ITEMS:
            yield each.encode()
            fast = 0 if monotonic() >= due else fast + 1
            due = monotonic() + SLOW
            continue
        held.append(each)
        size += len(each)
        late = len(held) % ITEMS_FOR_A_LOOK == 0 and monotonic() >= due
        if late or size >= CHUNK_SIZE:
            yield "".join(held).encode()
            held.clear()
            size, due = 0, monotonic() + SLOW
            fast = 0 if late else fast
    yield "".join(held).encode()


def by_hand(item: str, count: int) -> Iterator[bytes]:
    """Join in the loop that makes the items."""
    return joined(repeat(item, count))


def by_hand_out_of_a_generator(item: str, count: int) -> Iterator[bytes]:
    """Join in another loop than the one that makes the items."""
    return joined(generate(item, count))


def joined(items: Iterable[str]) -> Iterator[bytes]:
    """Join as a view does that knows its items, and looks at nothing."""
    held: list[str] = []
    size = 0
    for each in items:
        held.append(each)
        size += len(each)
        if size >= CHUNK_SIZE:
            yield "".join(held).encode()
            held.clear()
            size = 0
    yield "".join(held).encode()


def by_hand_and_looked_at(item: str, count: int) -> Iterator[bytes]:
    """Join in another loop, which asks of each item whether it is plain text."""
    held: list[str | bytes] = []
    size = 0
    is_plain = str.isascii
    for each in generate(item, count):
        try:
            made = each if is_plain(each) else each.encode()
        except TypeError:
            made = each
        held.append(made)
        size += len(made)
        if size >= CHUNK_SIZE:
            yield "".join(held).encode()  # type: ignore[arg-type]
            held.clear()
            size = 0
    yield "".join(held).encode()  # type: ignore[arg-type]


def by_hand_within_the_rule(item: str, count: int) -> Iterator[bytes]:
    """Join in the loop that makes the items, and hold 1/128 of what was sent."""
    held: list[str] = []
    size = sent = limit = 0
    for each in repeat(item, count):
        held.append(each)
        size += len(each)
        if size > limit:
            yield "".join(held).encode()
            held.clear()
            sent += size
            size, limit = 0, min(sent // 128, CHUNK_SIZE - 1)
    yield "".join(held).encode()


def without_joining(item: str, count: int) -> Iterator[bytes]:
    """Encode the items one by one, as Werkzeug does."""
    return map(str.encode, generate(item, count))


WAYS: dict[str, Way] = {
    "Coalescer": with_coalescer,
    "doubling threshold": with_doubling,
    "clock for every item": with_clock_for_every_item,
    "runs of 64": with_runs,
    "joined by hand": by_hand,
    "by hand, within the rule": by_hand_within_the_rule,
    "by hand, out of a generator": by_hand_out_of_a_generator,
    "by hand, and looked at": by_hand_and_looked_at,
    "no joining": without_joining,
}

if __name__ == "__main__":
    sys.exit(main())
