"""Plain Flask's answer enters; what the answer with the line has to be leaves."""

from __future__ import annotations

from dataclasses import replace

from difference.answer import Answer
from difference.better import Better
from difference.entry import Entry
from servers.expectations import Cut
from servers.expectations import EXPECTATIONS

#: On these a cut without a Content-Length looks whole, whatever the application does.
HIDE_CUTS = {known.name for known in EXPECTATIONS if known.cut is Cut.LOOKS_COMPLETE}
# Asked to close the connection, it makes no chunks.
HIDE_CUTS.add("bjoern")

#: These never tell an application that its client has left.
NEVER_STOP = {known.name for known in EXPECTATIONS if not known.stops}
#: These lose the end of what was sent, or all of it, when a stream breaks off.
LOSSY = {known.name for known in EXPECTATIONS if not known.keeps_items}


def forgive_losses(
    entry: Entry, expected: Answer, answer: Answer, server: str
) -> Answer:
    """Return the answer with what a lossy server has lost of it, or has not lost."""
    hidden = entry.version == "1.0" and entry.better is Better.CAUSE_LOGGED
    if server not in LOSSY or not (hidden or not (answer.whole or expected.whole)):
        return answer
    if 0 not in (answer.status, expected.status) and not _agree(expected, answer):
        return answer
    arrived = {name: getattr(expected, name) for name in ("status", "fields", "body")}
    return replace(answer, **arrived)


def _agree(one: Answer, other: Answer) -> bool:
    shorter, longer = sorted([one.body, other.body], key=len)
    same_head = (one.status, one.fields) == (other.status, other.fields)
    return same_head and longer.startswith(shorter)


def expected(entry: Entry, plain: Answer | None, served: Answer, server: str) -> Answer:
    """Return what an entry's answer with the line has to be, to the letter.

    :param plain: plain Flask's answer, unless the entry harms its server.
    :param served: looked at only for what an entry leaves open.
    """
    if entry.opens and plain is not None and plain.status == served.status == 200:
        return replace(plain, logs=entry.ours["logs"])
    answer = Answer(**entry.ours) if plain is None else replace(plain, **entry.ours)
    if entry.leaves and server in NEVER_STOP:
        ran_on = (note for note in answer.notes if "GeneratorExit" not in note)
        answer = replace(answer, notes=tuple(ran_on))
    has_length = any(name == "content-length" for name, _ in answer.fields)
    cut = answer.status and not answer.whole
    if cut and not has_length and server in HIDE_CUTS:
        return replace(answer, whole=True)
    return answer
