"""A site that allows its probe enters; what became of each kind of stream leaves."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from ...configuration import SHORTEST_TOKEN
from ...probe import HEADER
from ...probe import path_of
from ..errors import DoctorError
from .items import Items
from .items import read_items
from .items import READABLE
from .refusals import explain_refusal
from .visits import PATIENCE
from .visits import Silence
from .visits import Visit
from .visits import Visitor

_ITEMS, _INTERVAL = 8, 0.2
_FAILING_ITEMS = 3
#: Seconds after which a client leaves that has seen nothing yet.
_IMPATIENCE = 1.0
#: The stream that is left goes on for so many seconds if nobody stops it.
_LEFT_ITEMS, _LEFT_INTERVAL = 41, 0.1
#: How often the site is asked what became of it: each of several processes knows its
#: own visitors alone.
_MOST_REPORTS = 24
_BETWEEN_REPORTS = 0.3
#: Seconds that streams stay open beside a ping, that they have to begin, and that a
#: ping may take until it is given up.
_CROWDED, _CROWDED_INTERVAL = 6.0, 0.25
_BEGINNING = 1.0
_PING = 2.0


@dataclass(frozen=True, slots=True)
class Departure:
    """What became of the stream of a client that left."""

    #: ``None`` where no process was met that knew of it.
    state: str | None
    #: Seconds from when the client left until the source was closed.
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """How another request fared beside open streams."""

    streams: int
    #: Seconds that the quicker of two pings took; ``None`` where none was answered.
    seconds: float | None

    @property
    def waited(self) -> bool:
        """Whether the streams kept it waiting, rather than chance."""
        return self.seconds is None or self.seconds > _PING / 2


class Prober:
    """Send the probe's streams through a site.

    :param token: goes to the address of the visitor, and nowhere else.
    :raises DoctorError: for a token that no site can have.
    """

    def __init__(self, visitor: Visitor, token: str) -> None:
        if not (token.isascii() and token.isprintable()):
            raise DoctorError(
                "The token has characters that no OUTPOUR_PROBE_TOKEN has: ASCII"
                " letters, digits and signs are its like."
            )
        if len(token) < SHORTEST_TOKEN:
            raise DoctorError(
                f"The token is too short: {len(token)} characters, where an"
                f" OUTPOUR_PROBE_TOKEN has {SHORTEST_TOKEN} or more. Give the"
                " application and the doctor what secrets.token_hex() makes."
            )
        self._visitor = visitor
        self._path = path_of(token)
        self._headers = {HEADER: token}

    def find(self) -> int:
        """Find the probe under the address's path, or else at the site's root.

        Return the status of what the path answered.

        :raises DoctorError: where it is not, or something before it answers.
        """
        prefix = self._visitor.address.path.rstrip("/")
        refusals: list[Visit] = []
        for candidate in dict.fromkeys([prefix, ""]):
            target = f"{candidate}{self._path}"
            with self._visit({"mode": "ping"}, target=target) as visit:
                visit.read(PATIENCE)
            if visit.status == 200 and "pid" in _answer(visit):
                self._path = target
                return [*refusals, visit][0].status
            refusals.append(visit)
        # A wall says more than a path that does not exist.
        told = min(refusals, key=lambda visit: visit.status == 404)
        raise DoctorError(explain_refusal(told, self._visitor.address))

    def steady(self, *, coded: bool = False) -> tuple[Visit, Items]:
        """Read a stream to its end.

        :param coded: whether a content coding is taken, and the stream of a type that
            is compressed wherever anything is.
        """
        query: dict[str, Any] = {"items": _ITEMS, "interval": _INTERVAL}
        headers = {}
        if coded:
            query["type"] = "html"
            headers["Accept-Encoding"] = READABLE
        with self._visit(query, headers) as visit:
            visit.read(PATIENCE)
        return visit, read_items(visit)

    def failing(self) -> Visit:
        """Read a stream that fails after some items."""
        query = {"mode": "fail", "items": _FAILING_ITEMS, "interval": _INTERVAL / 2}
        with self._visit(query) as visit:
            visit.read(PATIENCE / 2)
        return visit

    def departure(self) -> Departure:
        """Leave a stream in the middle, and ask what became of it."""
        visitor = secrets.token_hex(16)
        try:
            seen = self._leave(visitor)
        except Silence:
            seen = _IMPATIENCE
        deadline = monotonic() + _LEFT_ITEMS * _LEFT_INTERVAL + 2
        known: dict[str, Any] = {}
        for _ in range(_MOST_REPORTS):
            with self._visit({"mode": "report", "visitor": visitor}) as visit:
                visit.read(PATIENCE)
                answer = _answer(visit)
            known = answer if answer.get("state") else known
            over = known.get("state") not in (None, "open")
            if over or monotonic() > deadline:
                break
            time.sleep(_BETWEEN_REPORTS)
        after = float(known.get("after", 0.0))
        return Departure(known.get("state"), max(after - seen, 0.0))

    def crowd(self, streams: int) -> Crowd:
        """Hold some streams open, and see how long another request takes."""
        done = Event()
        begun = [Event() for _ in range(streams)]
        sockets: list[socket.socket] = []
        with ThreadPoolExecutor(streams) as pool:
            for event in begun:
                pool.submit(self._stay, event, done, sockets.append)
            try:
                deadline = monotonic() + _BEGINNING
                for event in begun:
                    event.wait(max(deadline - monotonic(), 0))
                pings = [self._ping()]
                if pings[0] is None or pings[0] > _PING / 2:
                    pings.append(self._ping())
            finally:
                done.set()
                _hang_up(sockets)
        answered = [seconds for seconds in pings if seconds is not None]
        return Crowd(streams, min(answered, default=None))

    def _leave(self, visitor: str) -> float:
        query: dict[str, Any] = {"mode": "leave", "visitor": visitor}
        query |= {"items": _LEFT_ITEMS, "interval": _LEFT_INTERVAL}
        with self._visit(query, patience=_IMPATIENCE) as visit:
            visit.read(_IMPATIENCE, lambda: visit.body.count(b"\n") >= 2)
        moments = read_items(visit).moments
        return (moments[-1].left or 0.0) if moments else _IMPATIENCE

    def _stay(
        self, begun: Event, done: Event, on_connect: Callable[[socket.socket], None]
    ) -> None:
        items = int(_CROWDED / _CROWDED_INTERVAL)
        query = {"items": items, "interval": _CROWDED_INTERVAL}
        try:
            with self._visit(query, patience=_CROWDED, on_connect=on_connect) as visit:
                visit.read(_CROWDED, lambda: bool(visit.pieces))
                begun.set()
                done.wait(_CROWDED)
        except (DoctorError, Silence):
            # A proxy that holds it back, or no thread for it.
            return

    def _ping(self) -> float | None:
        try:
            with self._visit({"mode": "ping"}, patience=_PING) as visit:
                visit.read(_PING)
                return visit.answered
        except Silence:
            return None

    def _visit(
        self,
        query: dict[str, Any],
        headers: dict[str, str] | None = None,
        *,
        target: str | None = None,
        **how: Any,
    ) -> Visit:
        target = f"{target or self._path}?{urlencode(query)}"
        return self._visitor.visit(target, {**self._headers, **(headers or {})}, **how)


def _hang_up(sockets: list[socket.socket]) -> None:
    """Wake the threads that wait for a stream to begin."""
    for sock in sockets:
        # It may be closed already.
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _answer(visit: Visit) -> dict[str, Any]:
    try:
        found = json.loads(visit.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
