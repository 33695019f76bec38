"""The catalogue in process, by a driver that does what PEP 3333 says."""

from __future__ import annotations

from pathlib import Path

import pytest

from difference.answer import differences
from difference.better import Better
from difference.catalogue import ENTRIES
from difference.entry import Entry
from difference.expectation import expected
from difference.in_process import answer_of
from difference.journal import FOLDER


@pytest.fixture(autouse=True)
def journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let applications write their journals where this test reads them."""
    monkeypatch.setenv(FOLDER, str(tmp_path))


every_entry = pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)


@every_entry
def test_the_line_keeps_what_is_right(entry: Entry, tmp_path: Path) -> None:
    """An answer with the line is plain Flask's, or what the entry says is better."""
    plain = None if entry.harms else answer_of(entry, False, tmp_path / "plain")
    served = answer_of(entry, True, tmp_path / "served")
    assert differences(expected(entry, plain, served, "in process"), served) == ""


#: The driver copies each item as it is yielded, as only some servers do, and closes.
_OF_SERVERS = {
    *(Better.BUFFERS, Better.DEPARTURE, Better.NO_ITEMS, Better.WIDE_ITEMS),
}
better_entries = [e for e in ENTRIES.values() if e.better and not e.harms]


@pytest.mark.parametrize("entry", better_entries, ids=lambda entry: entry.name)
def test_what_is_better_is_other_than_on_plain_flask(
    entry: Entry, tmp_path: Path
) -> None:
    """The catalogue claims no difference that is none; plain Flask's may be right.

    What servers make of buffers is theirs: this driver's answer is the reference.
    """
    plain = answer_of(entry, False, tmp_path / "plain")
    found = differences(expected(entry, plain, plain, "in process"), plain)
    assert (found == "") == (entry.better in _OF_SERVERS), found
