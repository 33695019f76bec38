"""A server and a variant enter; its answers to the whole catalogue leave."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from difference import traits
from difference.answer import Answer
from difference.answer import without_frames
from difference.catalogue import ENTRIES
from difference.client import fetch
from difference.entry import Entry
from difference.journal import FOLDER
from difference.journal import read_journal
from processes import running

#: Seconds to wait for a server to close the last responses.
PATIENCE = 20.0
#: How often lossy servers are asked for what breaks off; the fullest answer counts.
TRIES = 4
#: Requests at a time where many clients wait for what never comes.
CLIENTS = 16

Ask = Callable[[Entry, str], Answer]


def record(server: str, variant: str, folder: Path) -> dict[str, Answer]:
    """Run a server, ask it for all entries, stop it, and read what was said.

    :param variant: ``plain`` or ``served``; plain Flask is not asked for what harms
        its server.
    :param folder: is made, for the log and the journals.
    """
    folder.mkdir()
    target = f"difference.application:{variant}"
    # The order of a set, as in the field Allow, is one of its hashes.
    variables = {FOLDER: str(folder), "PYTHONHASHSEED": "0"}
    with running(server, target, folder, **variables) as process:

        def ask(entry: Entry, journal: str) -> Answer:
            if server not in traits.HANG:
                return fetch(process.port, entry, journal)
            return fetch(
                process.port,
                entry,
                journal,
                lambda: read_journal(folder / journal).ended,
            )

        answers = _ask_for_all(server, ask, entries_for(server, variant))
        _wait_for_ends(folder / journal for journal, _ in answers.values())
    # Whatever was said after the end is in by now.
    return {
        name: with_journal(_own(server, answer), folder / journal)
        for name, (journal, answer) in answers.items()
    }


def _ask_for_all(
    server: str, ask: Ask, entries: list[Entry]
) -> dict[str, tuple[str, Answer]]:
    """Return the journal and the answer of each entry."""
    # What collects loses the same each time.
    lossy = server in traits.LOSSY - traits.COLLECT
    numbers = range(TRIES if lossy else 1)

    def ask_for(entry: Entry) -> tuple[str, Answer]:
        return _best(ask, entry, [f"{entry.name}.{number}" for number in numbers])

    with ThreadPoolExecutor(CLIENTS if server in traits.HANG else 1) as clients:
        answers = clients.map(ask_for, entries)
        return {entry.name: pair for entry, pair in zip(entries, answers, strict=True)}


def _own(server: str, answer: Answer) -> Answer:
    return without_frames(answer) if server in traits.SHOW_FRAMES else answer


def entries_for(server: str, variant: str) -> list[Entry]:
    """Return what is asked of a server; last, what could end it if it is wrong."""
    entries = sorted(ENTRIES.values(), key=lambda entry: entry.harms)
    if server in traits.HOLD_WHAT_IS_LEFT | traits.COLLECT:
        entries = [entry for entry in entries if not entry.leaves]
    return [entry for entry in entries if not entry.harms or variant != "plain"]


def with_journal(answer: Answer, journal: Path) -> Answer:
    """Return the answer with what the application said."""
    said = read_journal(journal)
    return replace(answer, notes=said.notes, logs=said.logs)


def _best(ask: Ask, entry: Entry, journals: list[str]) -> tuple[str, Answer]:
    """Return a whole answer, or the fullest one of several."""
    answers: list[tuple[str, Answer]] = []
    for journal in journals:
        answers.append((journal, ask(entry, journal)))
        if answers[-1][1].whole:
            break
    return max(answers, key=lambda pair: _fullness(pair[1]))


def _fullness(answer: Answer) -> tuple[bool, int, int]:
    return answer.whole, len(answer.fields), len(answer.body)


def _wait_for_ends(journals: Iterator[Path]) -> None:
    deadline = time.monotonic() + PATIENCE
    for journal in journals:
        while not read_journal(journal).ended and time.monotonic() < deadline:
            time.sleep(0.01)
