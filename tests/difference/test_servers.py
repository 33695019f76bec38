"""The catalogue over sockets of each server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from conftest import lack
from difference import traits
from difference.answer import Answer
from difference.answer import differences
from difference.catalogue import ENTRIES
from difference.expectation import expected
from difference.expectation import forgive_losses
from difference.in_process import answer_of
from difference.journal import FOLDER
from difference.recording import record
from processes import COMMANDS
from processes import missing_program


@pytest.fixture(params=COMMANDS)
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


def record_in_process(
    names: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Answer]:
    """Return plain Flask's answers by a driver that does what PEP 3333 says."""
    monkeypatch.setenv(FOLDER, str(folder))
    return {name: answer_of(ENTRIES[name], False, folder / name) for name in names}


@pytest.mark.timeout(300)
def test_the_line_keeps_what_is_right(
    server: str,
    tmp_path: Path,
    subtests: pytest.Subtests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each answer with the line is plain Flask's, or what its entry says is better."""
    plain, served = record_both(server, ("plain", "served"), tmp_path)
    faithful = (
        record_in_process(list(plain), tmp_path, monkeypatch)
        if server in traits.UNFAITHFUL
        else {}
    )
    for name in served:
        with subtests.test(f"{name} on {server}"):
            entry = ENTRIES[name]
            wanted = expected(
                entry, plain.get(name), served[name], server, faithful.get(name)
            )
            answer = forgive_losses(entry, wanted, served[name], server)
            found = differences(wanted, answer)
            assert not found, f"{name} on {server}\n{found}"


@pytest.mark.timeout(300)
def test_plain_flask_agrees_with_itself(
    server: str, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    """What the catalogue compares is steady: no view of it depends on the moment.

    But for what an entry says itself, as plain Flask is not looked at for that.
    """
    once, again = record_both(server, ("plain", "plain"), tmp_path)
    for name, first in once.items():
        if traits.loses_context(server, name):
            continue
        with subtests.test(f"{name} on {server}"):
            entry = ENTRIES[name]
            second = forgive_losses(entry, first, again[name], server)
            found = differences(
                replace(first, **entry.ours), replace(second, **entry.ours)
            )
            assert not found, f"{name} on {server}\n{found}"
