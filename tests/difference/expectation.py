"""Plain Flask's answer enters; what the answer with the line has to be leaves."""

from __future__ import annotations

from dataclasses import replace

from difference.answer import Answer
from difference.entry import Entry
from servers.expectations import Cut
from servers.expectations import EXPECTATIONS

#: On these a cut without a Content-Length looks whole, whatever the application does.
HIDE_CUTS = {known.name for known in EXPECTATIONS if known.cut is Cut.LOOKS_COMPLETE}


def expected(entry: Entry, plain: Answer | None, server: str) -> Answer:
    """Return what an entry's answer with the line has to be, to the letter.

    :param plain: plain Flask's answer, unless the entry harms its server.
    """
    if plain is None:
        answer = Answer(**entry.ours)
    else:
        answer = replace(plain, **entry.ours)
    has_length = any(name == "content-length" for name, _ in answer.fields)
    if not answer.whole and not has_length and server in HIDE_CUTS:
        return replace(answer, whole=True)
    return answer
