"""A stream without a probe enters; what can be judged of it all the same leaves."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import DoctorError
from ..findings import Finding
from ..findings import Moment
from ..findings import Report
from .items import decoded
from .items import READABLE
from .refusals import explain_no_stream
from .visits import Piece
from .visits import Visit
from .visits import Visitor

#: Seconds that a stream is watched.
_WATCHED = 10.0
#: What comes within this time came at once.
_AT_ONCE = 0.25
#: A silence that a reader notices, and the share of it within which a burst comes.
_SILENCE = 1.0
_BURST = 0.1
#: Responses that are announced to be longer may be streams all the same.
_SMALL = 1024 * 1024
_ROWS = 12

_ALLOW = (
    "Set OUTPOUR_PROBE_TOKEN in the application, and give it to the doctor, to know:"
    " when items leave, whether a failure is noticed, whether a client that leaves is,"
    " and whether open streams keep others waiting."
)


@dataclass(frozen=True, slots=True)
class Flow:
    """When the parts of a body came that a reader could see."""

    pieces: list[Piece]

    @property
    def first(self) -> float:
        """Seconds until the first bytes."""
        return self.pieces[0].seconds

    @property
    def spread(self) -> float:
        """Seconds from the first bytes to the last."""
        return self.pieces[-1].seconds - self.first

    @property
    def size(self) -> int:
        """The bytes of all."""
        return sum(len(piece.data) for piece in self.pieces)

    @property
    def bursts(self) -> bool:
        """Whether all came at once after a silence."""
        return self.first >= _SILENCE and self.spread <= _BURST * self.first


def examine_stream(visitor: Visitor, report: Report) -> None:
    """Judge what the address itself answers.

    :raises DoctorError: where it answers no stream.
    """
    visit = _read(visitor)
    flow = Flow(visit.pieces)
    _require_stream(visit, flow, visitor)
    report.moments = _moments(flow)
    _judge_flow(visit, flow, report)
    _judge_framing(visit, report)
    if not flow.bursts:
        _judge_coding(_read(visitor, coded=True), flow, report)
    if visit.ending is None:
        report.unknown.append(
            f"The stream went on when the doctor had read {flow.size} bytes; how it"
            " ends was not seen."
        )
    report.unknown.append(_ALLOW)


def _read(visitor: Visitor, *, coded: bool = False) -> Visit:
    headers = {"Accept-Encoding": READABLE} if coded else {}
    with visitor.visit(visitor.address.target, headers) as visit:
        visit.read(_WATCHED)
    return visit


def _require_stream(visit: Visit, flow: Flow, visitor: Visitor) -> None:
    shown = visitor.address.shown
    if visit.status != 200:
        raise DoctorError(explain_no_stream(visit, visitor.address))
    if not flow.pieces:
        raise DoctorError(f"{shown} sent no content within {_WATCHED:g} s.")
    announced = visit.framing == "Content-Length"
    if announced and flow.spread < _AT_ONCE and flow.size < _SMALL:
        raise DoctorError(explain_no_stream(visit, visitor.address))


def _judge_flow(visit: Visit, flow: Flow, report: Report) -> None:
    if flow.bursts:
        report.findings.append(
            Finding(
                kind="held-to-the-end",
                culprit="a proxy, a layer of the application, or the view itself",
                seen=f"Nothing came for {flow.first:.2f} s, and then all"
                f" {flow.size} bytes within {flow.spread:.2f} s.",
                why="Who waits for the stream sees nothing, and then a burst.",
                cure="If the view does not take that long for its first item, let the"
                " proxy pass on at once what it gets.",
                lines={
                    "nginx": "proxy_http_version 1.1;\nproxy_buffering off;",
                    "Flask": "return Response(generate(),"
                    ' headers={"X-Accel-Buffering": "no"})',
                },
            )
        )
    elif flow.spread < _AT_ONCE:
        report.unknown.append(
            f"All {flow.size} bytes came at once, after {flow.first:.2f} s: too fast to"
            " tell whether anything holds them back."
        )
    else:
        report.sound.append(
            f"the stream flows: headers after {visit.answered:.2f} s, the first bytes"
            f" after {flow.first:.2f} s, {flow.size} bytes in {len(flow.pieces)} pieces"
            f" over {flow.spread:.2f} s"
        )


def _judge_framing(visit: Visit, report: Report) -> None:
    if visit.framing == "until the connection closes":
        report.findings.append(
            Finding(
                kind="cut-unnoticed",
                culprit="the server, or a proxy",
                seen=f"The answer is {visit.version} with neither a Content-Length nor"
                " chunks: it ends where the connection does.",
                why="A response that breaks off looks whole.",
                cure="Serve it in HTTP/1.1 with chunks, or set Content-Length where the"
                " length is known.",
                lines={
                    "nginx": 'proxy_http_version 1.1;\nproxy_set_header Connection "";'
                },
            )
        )
    else:
        report.sound.append(
            f"it ends by {visit.framing} in {visit.version}, so that a cut can be"
            " noticed if the server makes one"
        )
        if visit.ending == "cut":
            report.unknown.append(
                f"The stream broke off after {len(visit.body)} bytes, and that was"
                " noticed; the log of the application says why."
            )


def _judge_coding(visit: Visit, plain: Flow, report: Report) -> None:
    coding = visit.coding
    if visit.status != 200 or not coding:
        report.sound.append("nothing on the way compresses it")
        return
    pieces = decoded(visit)
    if pieces is None:
        report.unknown.append(f"The coding {coding} cannot be read here.")
        return
    flow = Flow([piece for piece in pieces if piece.data])
    slow = plain.spread >= _SILENCE
    if slow and flow.pieces and flow.spread <= _BURST * plain.spread:
        report.moments = _moments(flow)
        report.findings.append(
            Finding(
                kind="held-to-the-end",
                culprit=f"what compresses with {coding}",
                seen=f"Uncompressed, the stream came over {plain.spread:.2f} s; with"
                f" {coding}, nothing came for {flow.first:.2f} s, and then all within"
                f" {flow.spread:.2f} s.",
                why="Who takes compressed responses, as every browser does, sees"
                " nothing, and then a burst.",
                cure="Let it flush what it compresses, leave streams uncompressed"
                " there, or let Outpour compress, which flushes.",
                lines={
                    "nginx": "proxy_buffering off;",
                    "Flask": 'app.config["OUTPOUR_COMPRESS"] = True',
                },
            )
        )
    elif slow:
        report.sound.append(f"it flows compressed with {coding}, too")


def _moments(flow: Flow) -> list[Moment]:
    """Return a time line of so many rows; pieces that came together are one."""
    times: list[float] = []
    for piece in flow.pieces:
        if not times or piece.seconds - times[-1] > flow.spread / _ROWS / 2:
            times.append(piece.seconds)
    step = -(-len(times) // _ROWS)
    return [
        Moment(number, None, round(seconds, 4))
        for number, seconds in enumerate(times[::step], 1)
    ]
