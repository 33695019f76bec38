"""Items of a test enter; a source that waits, fails and keeps a record leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from collections.abc import Iterator
from itertools import count
from itertools import islice
from typing import Generic
from typing import TypeVar

T = TypeVar("T")


class Source(Iterator[T], Generic[T]):
    """Yield items to a view under test, and record what became of them.

    It takes the place of a generator, a cursor or a list of rows. It may be stepped
    in the thread of a server and looked at in that of the test.

    :param items: what is yielded; may be endless, as ``itertools.count()`` is.
    :param error: is raised after the last item, or before it by ``fail_at``.
    :param fail_at: the number, from 1, of the item in whose place the error is
        raised. Without an ``error`` that is a :exc:`RuntimeError`.
    :param gated: wait before each item, and before the error, until the test calls
        :meth:`release`. The end of the items is not waited for.
    :param timeout: seconds after which a gated source no longer waits, but raises
        :exc:`TimeoutError`, so that a forgotten gate holds no server for ever.
    """

    def __init__(
        self,
        items: Iterable[T],
        *,
        error: BaseException | None = None,
        fail_at: int | None = None,
        gated: bool = False,
        timeout: float = 30.0,
    ) -> None:
        self._items = iter(items)
        if fail_at is not None and error is None:
            error = RuntimeError(f"The source fails at item {fail_at}, as it was told.")
        self._error = error
        self._fail_at = fail_at
        self._changed = threading.Condition()
        #: How many items may go; ``None`` is all of them.
        self._released = 0 if gated else None
        self._timeout = timeout
        self._steps: Iterator[T] | None = None
        #: Whether the first item was asked for.
        self.started: bool = False
        #: How many items were yielded.
        self.yielded: int = 0
        #: Whether it was read to its end, or to its error.
        self.exhausted: bool = False
        #: Whether it ended, was closed, or what iterated it was let go.
        self.closed: bool = False

    def __iter__(self) -> Iterator[T]:
        # A generator of its own, since a loop that is left does not close what it
        # iterates: it lets go of it, and that closes a generator.
        return self._generate()

    def __next__(self) -> T:
        if self._steps is None:
            self._steps = self._generate()
        return next(self._steps)

    def close(self) -> None:
        """Let go of the items; a gated source that waits ends."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()

    def release(self, items: int | None = 1) -> None:
        """Let a gated source yield so many items more; ``None`` opens it for good."""
        with self._changed:
            if items is None or self._released is None:
                self._released = None
            else:
                self._released += items
            self._changed.notify_all()

    def _generate(self) -> Iterator[T]:
        try:
            self.started = True
            for number in count(self.yielded + 1):
                items = [] if number == self._fail_at else [*islice(self._items, 1)]
                if items or self._error is not None:
                    self._wait_for_release(number)
                if self.closed:
                    return
                if not items:
                    break
                self.yielded = number
                yield items.pop()
            self.exhausted = True
            if self._error is not None:
                raise self._error
        finally:
            self.close()

    def _wait_for_release(self, number: int) -> None:
        def may_go() -> bool:
            return self.closed or self._released is None or number <= self._released

        with self._changed:
            if not self._changed.wait_for(may_go, self._timeout):
                raise TimeoutError(
                    f"The gated source waited {self._timeout:g} s for the test to"
                    f" release item {number}."
                )

    def _wait_until_closed(self, timeout: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.closed, timeout)

    def __repr__(self) -> str:
        facts = [
            "started" if self.started else "not started",
            f"{self.yielded} yielded",
            *(["exhausted"] if self.exhausted else []),
            "closed" if self.closed else "not closed",
        ]
        return f"<Source: {', '.join(facts)}>"


def assert_closed(*sources: Source[object], timeout: float = 5.0) -> None:
    """Assert that sources are closed, or will be very soon.

    The thread of a server may notice only when it sends that its client has left.

    :param timeout: seconds to wait, for all of them together.
    :raises AssertionError: says what became of those that are not closed.
    """
    deadline = time.monotonic() + timeout
    left = [
        f"{number}. {source!r}"
        for number, source in enumerate(sources, 1)
        if not source._wait_until_closed(max(0.0, deadline - time.monotonic()))
    ]
    if left:
        raise AssertionError(
            f"{len(left)} of {len(sources)} sources not closed within {timeout:g} s:"
            f" {'; '.join(left)}"
        )
