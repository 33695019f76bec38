"""A server and a variant enter; its answers to the whole catalogue leave."""

from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from difference.answer import Answer
from difference.catalogue import ENTRIES
from difference.client import fetch
from difference.entry import Entry
from difference.expectation import LOSSY
from difference.journal import FOLDER
from difference.journal import read_journal
from processes import running

#: Seconds to wait for a server to close the last responses.
PATIENCE = 20.0
#: Under plain Flask, too, these close now and then only as they stop what a client
#: left that did not read: there is nothing steady to compare.
HOLDS_WHAT_IS_LEFT = {"granian"}
#: How often lossy servers are asked for what breaks off; the fullest answer counts.
TRIES = 4

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
            return fetch(process.port, entry, journal)

        tries = TRIES if server in LOSSY else 1
        answers = {
            entry.name: _best(ask, entry, [f"{entry.name}.{n}" for n in range(tries)])
            for entry in entries_for(server, variant)
        }
        _wait_for_ends(folder / journal for journal, _ in answers.values())
    # Whatever was said after the end is in by now.
    return {
        name: with_journal(answer, folder / journal)
        for name, (journal, answer) in answers.items()
    }


def entries_for(server: str, variant: str) -> list[Entry]:
    """Return what is asked of a server; last, what could end it if it is wrong."""
    entries = sorted(ENTRIES.values(), key=lambda entry: entry.harms)
    if server in HOLDS_WHAT_IS_LEFT:
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
