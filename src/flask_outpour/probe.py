"""The doctor's requests enter; streams whose every item says when it left leave.

The view exists only where ``OUTPOUR_PROBE_TOKEN`` is set. It streams as any view of the
application does, so that what it meets on its way is what they meet.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import time
from collections import deque
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from typing import NamedTuple

from flask import abort
from flask import current_app
from flask import Flask
from flask import request
from flask import Response

from .errors import OutpourError
from .exchange import current_exchange
from .workers import server_facts

#: What a login wall in a ``before_request`` function lets pass.
ENDPOINT = "outpour_probe"
#: Hidden files are what many proxies refuse, and ``/.well-known/`` what they serve
#: from a folder of their own; this comes through as any page does.
PREFIX = "/outpour-probe/"
HEADER = "Outpour-Probe-Token"

#: Bounds on what can be asked for: items, seconds, and bytes.
MOST_ITEMS = 100
LONGEST = 15.0
LARGEST = 16 * 1024

#: How many states of visitors are remembered, two for each, and for how many seconds.
_NOTES = 64
_MEMORY = 600.0

_VISITOR = re.compile(r"[0-9a-f]{8,64}")


class ProbeFailure(OutpourError, RuntimeError):
    """What a probe fails with, so that the doctor sees what becomes of a failure."""

    def __init__(self) -> None:
        super().__init__(
            "outpour doctor asked its probe to fail here, on purpose. Nothing is wrong."
        )


def path_of(token: str) -> str:
    """Return the path of the view.

    Only who has the token knows it, so that routing tells nobody that it is there, be
    it by another method, by a redirect to it or by hiding a page of the application.
    """
    digest = hmac.new(token.encode(), b"the path of the probe", "sha256").hexdigest()
    return PREFIX + digest[:32]


def add_probe(app: Flask, token: str) -> None:
    """Add the view to an application."""
    hosts: dict[str, Any] = {"host": "<_>"} if app.url_map.host_matching else {}
    app.add_url_rule(
        path_of(token),
        ENDPOINT,
        _view(token.encode(), Visitors()),
        provide_automatic_options=False,
        **hosts,
    )


@dataclass(frozen=True, slots=True)
class Order:
    """A stream that was asked for, within the bounds."""

    items: int
    #: Seconds between the items.
    interval: float
    #: Bytes of each item; it has more where its facts take more.
    size: int

    @classmethod
    def from_request(cls) -> Order:
        """Read the query; what is not understood is as if it were left out."""
        interval = _number("interval", 0.2, LONGEST)
        most = min(MOST_ITEMS, LONGEST / interval + 1) if interval else MOST_ITEMS
        items = int(min(_number("items", 8, MOST_ITEMS), most))
        return cls(items, interval, int(_number("size", 0, LARGEST)))


class Visitors:
    """What became of the streams whose clients were to leave."""

    def __init__(self) -> None:
        # Each use of it is one step that no other thread can come into. A lock would
        # stay held in the child of a fork at the wrong moment, and would block all of
        # gevent's greenlets where it was made before gevent's patches.
        self._notes: deque[_Note] = deque(maxlen=_NOTES)

    def note(self, visitor: str, state: str, seconds: float) -> None:
        """Remember a state, and how many seconds after the first item it came."""
        self._notes.append(_Note(visitor, state, seconds, time.time()))

    def recall(self, visitor: str) -> dict[str, Any]:
        """Return the last state; ``None`` where this process knows of none."""
        for note in reversed(self._notes.copy()):
            if note.visitor == visitor and time.time() - note.at <= _MEMORY:
                return {"state": note.state, "after": note.seconds}
        return {"state": None}


class _Note(NamedTuple):
    visitor: str
    state: str
    seconds: float
    at: float


def _view(token: bytes, visitors: Visitors) -> Callable[..., Response]:
    def probe(**_: str) -> Response:
        sent = request.headers.get(HEADER, "").encode()
        if not hmac.compare_digest(sent, token):
            abort(404)
        response = _answer(visitors)
        response.headers["Cache-Control"] = "no-store"
        return response

    return probe


def _answer(visitors: Visitors) -> Response:
    visitor = request.args.get("visitor", "")
    if not _VISITOR.fullmatch(visitor):
        visitor = ""
    mode = request.args.get("mode", "steady")
    if mode in ("ping", "report"):
        known = visitors.recall(visitor) if mode == "report" else {}
        return current_app.response_class(
            json.dumps({"pid": os.getpid(), **known}), mimetype="application/json"
        )
    facts = {
        "pid": os.getpid(),
        "outpour": _is_served(),
        "server": server_facts(request.environ),
    }
    items = _items(Order.from_request(), facts)
    if mode == "fail":
        items = _failing(items)
    elif mode == "leave":
        items = _watched(items, visitors, visitor)
    html = request.args.get("type") == "html"
    return current_app.response_class(
        items, mimetype="text/html" if html else "text/plain"
    )


def _is_served() -> bool | None:
    """Whether Outpour serves this request; ``None`` where it is switched off."""
    if not current_app.config["OUTPOUR_ENABLED"]:
        return None
    return current_exchange() is not None


def _items(order: Order, facts: dict[str, Any]) -> Iterator[str]:
    """Yield lines of JSON; the first one has the facts."""
    first = time.monotonic()
    for number in range(1, order.items + 1):
        if number > 1:
            time.sleep(order.interval)
            facts = {}
        left = round(time.monotonic() - first, 4)
        line = json.dumps({"item": number, "left": left, **facts})
        yield line.ljust(order.size - 1) + "\n"


def _failing(items: Iterator[str]) -> Iterator[str]:
    yield from items
    raise ProbeFailure


def _watched(items: Iterator[str], visitors: Visitors, visitor: str) -> Iterator[str]:
    first = time.monotonic()
    visitors.note(visitor, "open", 0.0)
    state = "closed"
    try:
        yield from items
        state = "ran to its end"
    finally:
        visitors.note(visitor, state, round(time.monotonic() - first, 4))


def _number(name: str, default: float, most: float) -> float:
    value = request.args.get(name, default, float)
    # A NaN is neither.
    return min(value, most) if value >= 0 else default
