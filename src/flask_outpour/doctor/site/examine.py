"""The URL of a running site enters; a report of what stops its streams leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...progress import Show
from ...progress import show_nothing
from ..errors import DoctorError
from ..findings import Report
from .address import Address
from .advice import on_crowd
from .advice import on_cut
from .advice import on_delay
from .advice import on_departure
from .advice import on_detour
from .advice import on_double_coding
from .advice import on_old_http
from .advice import on_sync_worker
from .items import Items
from .prober import Prober
from .unprobed import examine_stream
from .visits import PATIENCE
from .visits import Silence
from .visits import Visit
from .visits import Visitor

#: Enough to tell any number of threads that a server is likely to have too few of.
MOST_STREAMS = 64
#: Seconds within which a server notices that its client has left, if it does.
_SOON = 3.0
#: Of an examination, the search for the probe too.
_STEPS = 6


def examine_site(
    url: str,
    *,
    token: str | None = None,
    streams: int = 4,
    show: Show = show_nothing,
) -> Report:
    """Examine a running site through its server and its proxies.

    It changes nothing there, and sends a bounded number of requests.

    :param url: of the site or, without a token, of a response that streams.
    :param token: the site's ``OUTPOUR_PROBE_TOKEN``.
    :param streams: how many streams are held open while another request is timed.
    :param show: is told what is tried.
    :raises DoctorError: when the site cannot be examined; says what to do.
    """
    address = Address.of(url)
    visitor = Visitor(address)
    report = Report(address.shown)
    try:
        if not token:
            show("reading some seconds of the stream", 0)
            examine_stream(visitor, report)
        else:
            prober = Prober(visitor, token.strip())
            show("finding the probe", 0)
            status = prober.find()
            if status >= 500:
                report.unknown.append(
                    f"{address.shown} itself answered {status}; the probe was met at"
                    " the root of the site, and all that is said is of that."
                )
            examination = _Examination(prober, report, show)
            examination.run(max(1, min(streams, MOST_STREAMS)))
    except Silence:
        raise DoctorError(
            f"{address.shown} did not answer within {PATIENCE:g} s. Is it overloaded,"
            " or are all its threads taken?"
        ) from None
    if address.secure:
        report.unknown.append(
            "The doctor speaks HTTP/1.1; what HTTP/2 and HTTP/3 make of a stream was"
            " not tried."
        )
    report.requests = visitor.requests
    return report


class _Examination:
    """One examination by the probe, its steps in order."""

    def __init__(self, prober: Prober, report: Report, show: Show) -> None:
        self._prober = prober
        self._report = report
        self._show = show
        self._facts: dict[str, Any] = {}

    def run(self, streams: int) -> None:
        self._show("when items arrive", 1 / _STEPS)
        self._flow()
        self._try(3, "what becomes of a stream that fails", self._cut)
        self._try(4, "whether a client that leaves is noticed", self._departure)
        crowd = f"whether {_count(streams)} would leave room"
        self._try(5, crowd, lambda: self._crowd(streams))

    def _flow(self) -> None:
        visit, items = self._seen_twice(coded=False)
        self._visit = visit
        if not items.moments:
            raise DoctorError(
                f"{self._report.subject} lets the probe answer, but its stream came"
                " without a line that is the probe's: something replaces the content."
            )
        self._facts = items.facts.get("server", {})
        self._report.moments = items.moments
        if items.facts.get("outpour") is False:
            self._report.findings.append(on_detour())
        if self._facts.get("protocol") == "HTTP/1.0" and visit.version == "HTTP/1.1":
            self._report.findings.append(on_old_http(visit))
        if visit.ending != "whole":
            self._report.unknown.append(
                f"The stream broke off after {len(items.moments)} items; the log of the"
                " application, or of a proxy, says why."
            )
        if items.delayed:
            self._report.findings.append(on_delay(items, visit))
        else:
            self._report.sound.append("items arrive as they leave")
            self._try(2, "what becomes of a stream in a content coding", self._coding)

    def _coding(self) -> None:
        visit, items = self._seen_twice(coded=True)
        coding = visit.coding
        report = self._report
        if items.inner_coding or "," in coding:
            inner = items.inner_coding or ""
            report.findings.append(on_double_coding(visit, inner))
        elif not items.readable:
            report.unknown.append(f"The coding {coding} cannot be read here.")
        elif items.delayed:
            report.moments = items.moments
            report.findings.append(on_delay(items, visit, coding))
        elif coding:
            report.sound.append(f"they do so compressed with {coding}, too")
        else:
            report.sound.append("nothing on the way compresses them")

    def _cut(self) -> None:
        visit = self._prober.failing()
        if visit.status < 500 and visit.ending != "cut":
            self._report.findings.append(on_cut(visit, self._facts))
        else:
            self._report.sound.append("the client notices a stream that fails")

    def _departure(self) -> None:
        departure = self._prober.departure()
        if departure.state in (None, "open"):
            self._report.unknown.append(
                "Whether a client that leaves is noticed could not be told: no process"
                " was met that knew of its stream, or the stream did not end in time."
            )
        elif departure.state == "closed" and departure.seconds <= _SOON:
            self._report.sound.append(
                "the source is closed when its client leaves, after"
                f" {departure.seconds:.1f} s"
            )
        else:
            finding = on_departure(departure, self._facts, self._visit)
            self._report.findings.append(finding)

    def _crowd(self, streams: int) -> None:
        crowd = self._prober.crowd(streams)
        if self._facts.get("worker_class") == "sync":
            finding = on_sync_worker(self._facts, crowd)
            self._report.findings.append(finding)
        elif crowd.waited:
            self._report.findings.append(on_crowd(crowd, self._facts))
        else:
            self._report.sound.append(
                f"{_count(streams)} leave room for another request"
            )

    def _seen_twice(self, *, coded: bool) -> tuple[Visit, Items]:
        """Return a visit whose items are late by no chance, or else are in time."""
        visits = [self._prober.steady(coded=coded)]
        if visits[0][1].delayed:
            visits.append(self._prober.steady(coded=coded))
        # The better of two: what is seen in both is seen in that one, too.
        return min(visits, key=lambda pair: (pair[1].delayed, pair[1].held))

    def _try(self, done: int, what: str, step: Callable[[], None]) -> None:
        self._show(what, done / _STEPS)
        try:
            step()
        except (DoctorError, Silence) as error:
            reason = str(error) if isinstance(error, Silence) else error.message
            self._report.unknown.append(f"It is not known {what}: {reason}")


def _count(streams: int) -> str:
    return f"{streams} open stream{'' if streams == 1 else 's'}"
