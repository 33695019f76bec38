"""Tests of dates under the libraries that stop the clock for a test.

freezegun puts classes of its own in the places of ``date`` and ``datetime``. What was
made of dates then, and what is made of them afterwards, must be what it always was.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec

import pytest

from conftest import lack

#: It prints, by format and by the time at which it was written, a digest of the bytes.
_PROGRAM = """
import copy, datetime, hashlib, importlib, json, sys
from contextlib import nullcontext

# While freezegun is at work, pandas cannot be loaded: it ends the process.
import pandas, pyarrow.parquet

library, loaded_before = sys.argv[1], sys.argv[2] == "before"


class Types:
    '''The types that rows have now; freezegun does not look into a class.'''

    date, datetime = datetime.date, datetime.datetime


def rows():
    at = Types.datetime(2024, 1, 31, 12, 30, 59, 999_999)
    day, utc = Types.date(2024, 2, 29), at.replace(tzinfo=datetime.UTC)
    plain = [at, day, utc, at.time(), datetime.timedelta(hours=30), 1, "a"]
    return [*([*plain, [day, at], {"at": at}] for _ in range(3)), [None] * 9]


def written():
    from flask_outpour.formats import BUILT_IN

    found = {}
    for format in map(copy.copy, BUILT_IN):
        name = type(format).__name__
        try:
            parts = [format.begin("abcdefghi"), format.feed(rows()), format.finish()]
            found[name] = hashlib.sha256(b"".join(parts)).hexdigest()
        except Exception as error:
            found[name] = repr(error)
    return found


def frozen():
    if library == "freezegun":
        return importlib.import_module(library).freeze_time("2024-05-05")
    if library == "time_machine":
        return importlib.import_module(library).travel("2024-05-05")
    return nullcontext()


found = {}
if loaded_before:
    found["before"] = written()
with frozen():
    found["during"] = written()
    Types.date, Types.datetime = datetime.date, datetime.datetime
    found["during, of its types"] = written()
found["after, of its types"] = written()
Types.date, Types.datetime = datetime.date, datetime.datetime
found["after"] = written()
print(json.dumps(found))
"""


def _written(*arguments: str) -> dict[str, dict[str, str]]:
    # freezegun looks into every module; here that are none of pytest's.
    command = [sys.executable, "-c", _PROGRAM, *arguments]
    run = subprocess.run(command, check=True, capture_output=True, timeout=100)
    found: dict[str, dict[str, str]] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("loaded", ["before", "meanwhile"])
@pytest.mark.parametrize("library", ["freezegun", "time_machine"])
def test_dates_while_the_clock_stands_still(library: str, loaded: str) -> None:
    """Every format writes the same bytes during and after it as without it."""
    if find_spec(library) is None:
        lack(library, "pip install --group tests")
    expected = _written("none", "before")["before"]
    assert {len(digest) for digest in expected.values()} == {64}
    for moment, found in _written(library, loaded).items():
        assert found == expected, moment
