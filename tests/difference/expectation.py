"""Plain Flask's answer enters; what the answer with the line has to be leaves."""

from __future__ import annotations

from dataclasses import replace

from difference import traits
from difference.answer import Answer
from difference.better import Better
from difference.entry import Entry


def forgive_losses(
    entry: Entry, expected: Answer, answer: Answer, server: str
) -> Answer:
    """Return the answer with what a lossy server has lost of it, or has not lost."""
    hidden = entry.version == "1.0" and entry.better is Better.CAUSE_LOGGED
    broken = hidden or not (answer.whole or expected.whole)
    if server not in traits.LOSSY or not broken:
        return answer
    if 0 not in (answer.status, expected.status) and not _agree(expected, answer):
        return answer
    arrived = {name: getattr(expected, name) for name in ("status", "fields", "body")}
    return replace(answer, **arrived)


def _agree(one: Answer, other: Answer) -> bool:
    shorter, longer = sorted([one.body, other.body], key=len)
    same_head = (one.status, one.fields) == (other.status, other.fields)
    return same_head and longer.startswith(shorter)


def expected(
    entry: Entry,
    plain: Answer | None,
    served: Answer,
    server: str,
    faithful: Answer | None = None,
) -> Answer:
    """Return what an entry's answer with the line has to be, to the letter.

    :param plain: plain Flask's answer, unless the entry harms its server.
    :param served: looked at only for what an entry leaves open.
    :param faithful: plain Flask's answer in process, for a server that is not.
    """
    if entry.opens and plain is not None and plain.status == served.status == 200:
        return replace(plain, logs=entry.ours["logs"])
    if plain is not None and faithful is not None:
        plain = _mended(entry, plain, faithful, server)
    answer = Answer(**entry.ours) if plain is None else replace(plain, **entry.ours)
    if entry.leaves and server in traits.NEVER_STOP:
        answer = replace(answer, notes=_run_on(answer.notes))
    if server in traits.COLLECT and answer.whole:
        return _with_length(answer)
    return _with_cut_hidden(entry, answer, server)


def _mended(entry: Entry, plain: Answer, faithful: Answer, server: str) -> Answer:
    """Return plain Flask's answer without what this server does to it."""
    if server in traits.HOLD_LITTLE and entry.better is Better.CAUSE_LOGGED:
        return replace(faithful, notes=plain.notes)
    if traits.loses_context(server, entry.name):
        return faithful
    if traits.closes_otherwise(server, entry.name):
        return replace(plain, notes=faithful.notes)
    return plain


def _run_on(notes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the notes of what a client leaves where the source runs to its end."""
    return tuple(
        note.replace("GeneratorExit", "NoneType")
        for note in notes
        if note != "source fails: GeneratorExit"
    )


def _has_length(answer: Answer) -> bool:
    return any(name == "content-length" for name, _ in answer.fields)


def _with_length(answer: Answer) -> Answer:
    if _has_length(answer) or answer.status == 304:
        return answer
    length = ("content-length", str(len(answer.body)))
    return replace(answer, fields=tuple(sorted([*answer.fields, length])))


def _with_cut_hidden(entry: Entry, answer: Answer, server: str) -> Answer:
    old = entry.version == "1.0" and server in traits.HIDE_OLD_CUTS
    cut = answer.status and not answer.whole
    if cut and not _has_length(answer) and (old or server in traits.HIDE_CUTS):
        return replace(answer, whole=True)
    return answer
