"""Texts enter; as they stand in the XML of a sheet, they leave."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from ..columns import narrowed
from ..values import Texts
from .choices import LongText

#: UTF-16 units that a cell takes, says Excel.
LONGEST = 32_767

#: What a sheet writes as ``_x000D_``: what XML lacks, carriage returns, which XML reads
#: as line feeds, and what would be read as one of these (ISO/IEC 29500-1, 22.9.2.19).
_UNSAFE = "\0-\x08\x0b-\x1f\ufffe\uffff"
#: What follows an underscore here may become one.
_SPECIAL = re.compile(f"[{_UNSAFE}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNSAFE}])")
#: Between the texts while they are looked at as one: what no rule here is about.
_SEAM = "|"
_BLANKS = frozenset(" \t\n")
_BLANK_ENDS = [
    end for blank in _BLANKS for end in (f"{blank}{_SEAM}", f"{_SEAM}{blank}")
]


def escaped(text: str) -> str:
    """Return text as it stands between two tags of a sheet."""
    # Single characters, and whether all can be printed, are looked for many times
    # faster than an expression is. Line ends stay.
    is_printable = text.replace("\n", " ").isprintable()
    if not is_printable or ("_" in text and "_x" in text):
        text = _SPECIAL.sub(lambda found: f"_x{ord(found[0]):04X}_", text)
    if "&" in text or "<" in text or ">" in text:
        text = escape(text)
    return text


def is_spaced(text: str) -> bool:
    """Whether a reader could drop white space at the ends of a text."""
    return text[:1] in _BLANKS or text[-1:] in _BLANKS


def fitting(texts: Texts, long_text: LongText) -> Texts:
    """Return the texts, with those cut that are too long for a cell.

    :raises ValueError: where they may not be cut.
    """
    # A text has at most two units for each sign.
    if not texts or max(map(len, texts)) <= LONGEST // 2:
        return texts
    return [_fitting(text, long_text) for text in texts]


def _fitting(text: str, long_text: LongText) -> str:
    units = text.encode("utf-16-le")
    length = len(units) // 2
    if length <= LONGEST:
        return text
    if long_text == "raise":
        raise ValueError(
            f"it has {length:,} characters, and a cell of Excel takes {LONGEST:,};"
            ' XLSX(long_text="cut") cuts it'
        )
    # Where a pair is cut in two, its first half goes, too.
    return units[: 2 * LONGEST].decode("utf-16-le", "ignore")


def as_elements(texts: Texts) -> tuple[Texts, bool]:
    """Return texts as they stand in a sheet, and whether white space may be at an end.

    Their characters are their bytes in UTF-8.

    :raises UnicodeEncodeError: where UTF-8 lacks a character.
    """
    joined = f"{_SEAM}{_SEAM.join(texts)}{_SEAM}"
    done = escaped(joined)
    is_some_spaced = any(blank in done for blank in _BLANKS) and any(
        end in done for end in _BLANK_ENDS
    )
    if done is joined and done.isascii():
        return texts, is_some_spaced
    parts: Texts = done.encode().decode("latin-1").split(_SEAM)[1:-1]
    if len(parts) != len(texts):
        # A text has the seam in it.
        parts = narrowed([escaped(text) for text in texts])
    return parts, is_some_spaced
