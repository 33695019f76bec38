"""What a client has of a response, and what the application said meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import fields

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
