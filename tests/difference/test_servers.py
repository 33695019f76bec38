"""The catalogue over sockets of each server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import lack
from difference.answer import Answer
from difference.answer import differences
from difference.catalogue import ENTRIES
from difference.entry import Entry
from difference.expectation import expected
from difference.expectation import forgive_losses
from difference.in_process import answer_of
from difference.journal import FOLDER
from difference.recording import record
from processes import COMMANDS
from processes import missing_program
from servers.expectations import EXPECTATIONS

#: These send a response when they have all of it, so that nothing of it is a stream:
#: what waits for its client to read, or to leave, would wait for ever.
COLLECT = {known.name for known in EXPECTATIONS if not known.flows}
SERVERS = [name for name in COMMANDS if name not in COLLECT]


@pytest.fixture(params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    """Return the name of each server in turn."""
    if program := missing_program(request.param):
        lack(program, "pip install --group tests")
    return request.param


def record_both(
    server: str, variants: tuple[str, str], folder: Path
) -> list[dict[str, Answer]]:
    """Record two variants at a time, each in a server of its own."""
    jobs = [(variant, folder / f"{n} {variant}") for n, variant in enumerate(variants)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda job: record(server, *job), jobs))


@pytest.mark.timeout(900)
def test_the_line_keeps_what_is_right(
    server: str,
    tmp_path: Path,
    subtests: pytest.Subtests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each answer with the line is plain Flask's, or what its entry says is better.

    Some servers do less than PEP 3333 asks of them: they never close a response, write
    tracebacks into it, or refuse types of items. With the line an answer may there be
    what plain Flask's is on a faithful server.
    """
    monkeypatch.setenv(FOLDER, str(tmp_path))
    plain, served = record_both(server, ("plain", "served"), tmp_path)
    for name, answer in served.items():
        with subtests.test(f"{name} on {server}"):
            entry = ENTRIES[name]
            wanted = expected(entry, plain.get(name), answer, server)
            found = _differences(entry, wanted, answer, server)
            if found and not entry.harms:
                right = faithful(entry, tmp_path / name, answer, server)
                found = _differences(
                    entry, nearest(answer, wanted, right), answer, server
                )
            assert not found, f"{name} on {server}\n{found}"


def faithful(entry: Entry, journal: Path, served: Answer, server: str) -> Answer:
    """Return what the answer would have to be if the server did what it should."""
    plain = answer_of(entry, False, journal)
    if entry.version == "1.0":
        # There the end of the connection is the end of the response.
        plain = replace(plain, whole=True)
    return expected(entry, plain, served, server)


def nearest(answer: Answer, *others: Answer) -> Answer:
    """Return one of the others in each part, that which the answer has, if any does."""
    parts = {
        part.name: getattr(answer, part.name)
        for part in fields(Answer)
        if any(getattr(answer, part.name) == getattr(o, part.name) for o in others)
    }
    return replace(others[0], **parts)


def _differences(entry: Entry, wanted: Answer, served: Answer, server: str) -> str:
    served = forgive_losses(entry, wanted, served, server)
    if all(map(_shows_a_traceback, (wanted, served))):
        # Its lines are those of the code that has run.
        served = replace(served, body=wanted.body, fields=wanted.fields)
    return differences(wanted, served)


def _shows_a_traceback(answer: Answer) -> bool:
    return any(mark in answer.body for mark in (b"Traceback (most", b"// Werkzeug Deb"))


@pytest.mark.timeout(900)
def test_plain_flask_agrees_with_itself(
    server: str, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """What the catalogue compares is steady: no view of it depends on the moment.

    But for what an entry says itself, as plain Flask is not looked at for that.
    """
    once, again = record_both(server, ("plain", "plain"), tmp_path)
    for name, first in once.items():
        with subtests.test(f"{name} on {server}"):
            entry = ENTRIES[name]
            second = forgive_losses(entry, first, again[name], server)
            found = differences(
                replace(first, **entry.ours), replace(second, **entry.ours)
            )
            assert not found, f"{name} on {server}\n{found}"
