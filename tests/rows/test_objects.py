r"""Tests of JSON objects from the text of COPY, which has a quote behind each cell.

NULL is a tab there; tabs, quotes and backslashes of the data have a backslash.
"""

from __future__ import annotations

import json

import pytest

from flask_outpour.rows import casts
from flask_outpour.rows.objects import Objects

#: What COPY writes of a text, and the text.
ESCAPES = [
    (rb"a\tb\nc\rd\be\ff", "a\tb\nc\rd\be\ff"),
    (rb"\v\\v\\\v\\\\v", "\v\\v\\\v\\\\v"),
    (rb"\"\\\"\\", '"\\"\\'),
    (b"\x01\x1f\x7f", "\x01\x1f\x7f"),
    (rb"\\N", "\\N"),
    (rb"\t", "\t"),
    (b"", ""),
    ("é😀\u2028".encode(), "é😀\u2028"),
]


@pytest.mark.parametrize("behind", [0, 1000])
def test_escapes(behind: int) -> None:
    """Texts are read back as they were, whether their escapes are many or few."""
    tail = "x" * behind
    objects = Objects(["a", "b"], [casts.TEXT, casts.VARCHAR])
    lines = [b'%b"%b%b\n' % (cell, cell, tail.encode()) for cell, _ in ESCAPES]
    expected = [{"a": text, "b": text + tail} for _, text in ESCAPES]
    made = objects(b"".join(lines))
    assert [json.loads(line) for line in made.splitlines()] == expected
    assert made == b"".join(map(objects, lines)), "pieces may end after any line"


def test_nulls() -> None:
    """A tab is null in a column of any kind, and an empty cell is an empty text."""
    objects = Objects(
        ["t", "n", "i", "l"], [casts.TEXT, casts.NUMERIC, casts.INT4, casts.TEXTS]
    )
    made = objects(b'"1.50"7"[\\"a\\",\\"\\\\\\\\\\"]\n\t"\t"\t"\t\n')
    assert made == (
        b'{"t":"","n":"1.50","i":7,"l":["a","\\\\"]}\n'
        b'{"t":null,"n":null,"i":null,"l":null}\n'
    )
    assert objects(b'a"1"2"[]\n') == b'{"t":"a","n":"1","i":2,"l":[]}\n'


def test_names() -> None:
    """Names are escaped as JSON asks, also what UTF-8 lacks, and stay otherwise."""
    objects = Objects(['"\\\n\t', "é", "\ud800"], [casts.INT8, casts.BOOL, casts.UUID])
    assert objects(b'1"true"\t\n') == (
        b'{"\\"\\\\\\n\\t":1,"\xc3\xa9":true,"\\ud800":null}\n'
    )
