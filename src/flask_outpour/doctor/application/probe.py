"""A trial enters; the view that the doctor sends through an application leaves."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from typing import Any
from typing import Literal

from ...errors import OutpourError

#: Where a request's log is found in its environ.
KEY = "outpour.doctor"
LENGTH = "Content-Length"

#: The order of what happened is what is judged, so that a slow machine is not taken
#: for a layer that holds items back.
What = Literal["left", "ended", "failed", "answered", "arrived", "asked", "response"]


class ProbeError(OutpourError):
    """What the probe fails with, to see who swallows it.

    No ``RuntimeError``, as which Werkzeug takes it for a response that cannot be read.
    """

    def __init__(self) -> None:
        super().__init__("Outpour's doctor raised this on purpose.")


@dataclass(frozen=True, slots=True)
class Trial:
    """One way to send the probe through an application."""

    #: What is tried, as the end of "trying ..." and of "With ...".
    name: str
    mimetype: str = "text/plain"
    #: The request's Accept-Encoding.
    accepts: str = ""
    items: int = 6
    #: Seconds before each item but the first, and after the last.
    pause: float = 0.02
    #: The items before the probe fails, or the client leaves.
    fails_after: int | None = None
    leaves_after: int | None = None
    #: Whether the view sets a Content-Length.
    declares: bool = False
    #: Whether to look if the response is closed; a layer gets time for that.
    judges_close: bool = False

    def content(self) -> list[bytes]:
        """Return the items; each ends with its own :meth:`mark`."""
        body = [f"Outpour's doctor, {self.mark(n)}" for n in range(1, self.items + 1)]
        if self.mimetype == "text/html":
            body = [f"<p>{text}</p>\n" for text in body]
            body[0] = f"<!doctype html>\n<html><head></head><body>{body[0]}"
            body[-1] += "</body></html>\n"
        else:
            body = [text + "\n" for text in body]
        return [text.encode() for text in body]

    def mark(self, item: int) -> str:
        """Return what tells that an item has arrived, whatever was put around it."""
        return f"item {item} of {self.items}."


@dataclass(slots=True)
class Log:
    """What happened to a probe, in its order: what, its number, and when."""

    trial: Trial
    events: list[tuple[What, int, float]] = field(default_factory=list)
    #: Whether the view was reached.
    reached: bool = False
    #: Whether it was reached through Outpour.
    served: bool = False
    #: Whether the client is done, and nothing counts any more.
    sealed: bool = False
    #: Called in the view, which is where the stack shows who is around it.
    on_reached: Callable[[], None] | None = None

    def note(self, what: What, number: int = 0) -> None:
        """Write down that something happened now."""
        if not self.sealed:
            self.events.append((what, number, time.monotonic()))

    def has(self, what: What) -> bool:
        """Whether it happened."""
        return any(event[0] == what for event in self.events)

    def index(self, what: What, number: int = 0) -> int | None:
        """Return the place of an event in the order, if it happened."""
        for place, event in enumerate(self.events):
            if event[:2] == (what, number):
                return place
        return None

    def when(self, what: What, number: int = 0) -> float | None:
        """Return the time of an event, if it happened."""
        place = self.index(what, number)
        return None if place is None else self.events[place][2]


def answer(log: Log, response_class: Callable[..., Any]) -> Any:
    """Return the probe's response, as a view of the application would make it."""
    log.reached = True
    if log.on_reached is not None:
        log.on_reached()
    trial = log.trial
    response = response_class(_items(log), mimetype=trial.mimetype)
    if trial.declares:
        response.headers[LENGTH] = str(sum(map(len, trial.content())))
    response.call_on_close(lambda: log.note("response"))
    return response


def _items(log: Log) -> Iterator[bytes]:
    trial = log.trial
    try:
        for number, item in enumerate(trial.content(), 1):
            if number > 1:
                time.sleep(trial.pause)
            if trial.fails_after == number - 1:
                log.note("failed")
                raise ProbeError
            log.note("left", number)
            yield item
        time.sleep(trial.pause)
    finally:
        log.note("ended")
