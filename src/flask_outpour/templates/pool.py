"""Tasks enter; they run in threads, of which there is a bounded number."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

#: Seconds after which a thread without a task ends.
IDLE = 5.0


class Place:
    """The place of one task in a pool, from its submission to its end."""

    __slots__ = ("_pool", "abandoned", "task")

    def __init__(self, pool: Pool, task: Callable[[], None]) -> None:
        self._pool = pool
        #: ``None`` once it has ended.
        self.task: Callable[[], None] | None = task
        self.abandoned = False

    def abandon(self) -> None:
        """Say that nobody waits for the task: it is not begun, if it has not."""
        self._pool._abandon(self)


class Pool:
    """Run tasks in at most ``size`` threads, in the order of their submission.

    The pool of the standard library keeps the interpreter alive until its last task
    has ended, so that one hung query would keep a server from stopping. These threads
    are daemons. Nothing can end a thread from outside: a task that nobody waits for
    any more keeps its place, and no more than half of the places may be lost so.

    :param size: threads, 1 or more. They start as they are needed.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._changed = threading.Condition()
        self._waiting: deque[Place] = deque()
        self._threads = 0
        self._idle = 0
        self._running = 0
        self._abandoned = 0

    @property
    def threads(self) -> int:
        """How many threads there are."""
        return self._threads

    @property
    def busy(self) -> int:
        """How many tasks are running or waiting for a thread."""
        with self._changed:
            return self._running + len(self._waiting)

    def submit(self, task: Callable[[], None]) -> Place | None:
        """Run the task in a thread, as soon as one is free.

        Return its place, or ``None`` where it has none, because half of the threads
        are held by abandoned tasks or no thread can be started.

        :param task: what it raises is told to ``threading.excepthook``.
        """
        place = Place(self, task)
        with self._changed:
            if 2 * self._abandoned >= self.size:
                return None
            self._waiting.append(place)
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._threads < self.size and not self._start() and not self._threads:
                self._waiting.remove(place)
                return None
        return place

    def _start(self) -> bool:
        name = "outpour-defer"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads += 1
        try:
            thread.start()
        except RuntimeError:
            self._threads -= 1
            return False
        return True

    def _work(self) -> None:
        while self._work_once():
            pass

    def _work_once(self) -> bool:
        place = self._next()
        if place is None:
            return False
        assert place.task is not None
        try:
            place.task()
        except BaseException as error:
            # The pool would have lost a thread for ever.
            details = (
                type(error),
                error,
                error.__traceback__,
                threading.current_thread(),
            )
            threading.excepthook(threading.ExceptHookArgs(details))
        finally:
            with self._changed:
                place.task = None
                self._running -= 1
                self._abandoned -= place.abandoned
        return True

    def _next(self) -> Place | None:
        with self._changed:
            self._idle += 1
            found = self._changed.wait_for(lambda: self._waiting, IDLE)
            self._idle -= 1
            if not found:
                self._threads -= 1
                return None
            self._running += 1
            return self._waiting.popleft()

    def _abandon(self, place: Place) -> None:
        with self._changed:
            if place in self._waiting:
                self._waiting.remove(place)
            elif place.task is not None and not place.abandoned:
                place.abandoned = True
                self._abandoned += 1
