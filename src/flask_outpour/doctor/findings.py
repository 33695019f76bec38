"""What an examination has found: facts enter, and an exit code leaves."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field
from typing import Literal

#: What is wrong, as one word for programs that read the report.
Kind = Literal[
    # Of an application, and of a running site.
    "around-outpour",
    # Of a layer of the application.
    "holds-back",
    "joins",
    "changes-length",
    "loses-close",
    "swallows-error",
    "double-compression",
    "caches",
    # Of a running site.
    "delayed",
    "held-to-the-end",
    "cut-unnoticed",
    "disconnect-unnoticed",
    "http-1.0",
    "sync-worker",
    "few-threads",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that stops or spoils a stream, with its cure."""

    kind: Kind
    #: What does it: a layer's name, or a part of the way such as "a proxy".
    culprit: str
    #: What was seen, with its figures; one sentence or two.
    seen: str
    #: Why it hurts those who wait for the stream.
    why: str
    #: What to do, in one sentence.
    cure: str
    #: The lines of configuration or code that do it, if there are any, by the name of
    #: the program that reads them: ``{"nginx": "proxy_buffering off;"}``.
    lines: dict[str, str] = field(default_factory=dict)
    #: ``file:line`` of the culprit, where that is known.
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A layer of an application: its name, and where it is defined."""

    #: ``module.name``.
    name: str
    #: ``file:line``, where that is known.
    where: str | None = None
    #: What it is to the application: "middleware", or "after_request".
    role: str = "middleware"


@dataclass(frozen=True, slots=True)
class Moment:
    """One item of a probe's stream: when it left, and when it arrived.

    In seconds since the probe's first item left.
    """

    item: int
    #: ``None`` where the stream is not a probe's.
    left: float | None
    #: ``None`` for what never arrived.
    arrived: float | None


@dataclass(slots=True)
class Report:
    """What was examined, and what was found."""

    #: What was examined: the application's name, or an address without secrets.
    subject: str
    findings: list[Finding] = field(default_factory=list)
    #: The time line of the stream that was looked at most closely.
    moments: list[Moment] = field(default_factory=list)
    #: What was tried and found sound, a phrase each: "items arrive as they leave".
    sound: list[str] = field(default_factory=list)
    #: What could not be told, and why; a sentence each.
    unknown: list[str] = field(default_factory=list)
    #: The layers, from the inside out, where an application was examined.
    layers: list[Place] = field(default_factory=list)
    #: Requests that were sent.
    requests: int = 0

    @property
    def exit_code(self) -> int:
        """0 for healthy, 1 for findings. What cannot be examined is a DoctorError."""
        return 1 if self.findings else 0
