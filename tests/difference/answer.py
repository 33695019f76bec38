"""What a client has of a response, and what the application said meanwhile."""

from __future__ import annotations

import re
from dataclasses import dataclass
from dataclasses import fields
from dataclasses import replace

#: Fields of a server's own, of time, and of framing.
_OF_THE_SERVER = {
    *("connection", "date", "keep-alive", "server", "transfer-encoding", "via"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request."""

    #: ``0`` where nothing came.
    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    #: Whether the client takes it for a whole response.
    whole: bool
    #: What views, hooks and receivers noted, in order.
    notes: tuple[str, ...] = ()
    #: The errors that the application's logger got: their types, or the words.
    logs: tuple[str, ...] = ()


def kept(pairs: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the fields that are the application's, those of one name in order."""
    lowered = [(name.lower(), value) for name, value in pairs]
    own = [pair for pair in lowered if pair[0] not in _OF_THE_SERVER]
    return tuple(sorted(own, key=lambda pair: pair[0]))


_TRACEBACK = b"Traceback (most recent call last):"
#: Of a traceback: a file, a line of code, or marks under it.
_FRAME = re.compile(rb"\n  [^\n]*")


def without_frames(answer: Answer) -> Answer:
    """Return a server's own page of an error with only what is below the frames."""
    _, found, traceback = answer.body.rpartition(_TRACEBACK)
    if answer.status != 500 or not found:
        return answer
    others = (pair for pair in answer.fields if pair[0] != "content-length")
    error = _FRAME.split(traceback)[-1]
    return replace(answer, fields=tuple(others), body=error)


def differences(expected: Answer, answer: Answer) -> str:
    """Return what differs between two answers, a line each; nothing if none does."""
    return "\n".join(
        f"{name}: {_short(getattr(answer, name))}"
        f"\n    in place of {_short(getattr(expected, name))}"
        for name in (field.name for field in fields(Answer))
        if getattr(expected, name) != getattr(answer, name)
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) < 400 else f"{text[:200]} ... {text[-100:]}, {len(text)}"
