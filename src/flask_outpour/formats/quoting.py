"""The texts of a column enter; as CSV needs them quoted, they leave."""

from __future__ import annotations

import re

from .columns import SEAM
from .columns import Writer
from .values import Texts

#: What a spreadsheet takes for the beginning of a formula, says OWASP's page on CSV
#: injection; the last four are the full-width forms of the first. LibreOffice drops a
#: NUL before it.
_FORMULA = re.compile(r"\0*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)*|[.,]\d+)(?:[eE][+-]?\d+)?%?")
#: Alone on its line, psql takes it for the end of the data.
_END_OF_DATA = "\\."


class Quoting:
    """Quote the texts of a column that need it (RFC 4180, section 2)."""

    def __init__(
        self, delimiter: str, *, single: bool, escapes: bool, others: str
    ) -> None:
        # A spreadsheet may part a line at these, too, and run the second part.
        others += ",;\t" if escapes else ""
        self.special = sorted({*'"\n\r', delimiter, *others})
        self._has_special = re.compile(f"[{re.escape(''.join(self.special))}]").search
        self._single = single
        self._escapes = escapes
        #: Whether texts are quoted that are empty or have something special, no others.
        self.is_simple = not (single or escapes)

    def after(self, writer: Writer) -> Writer:
        """Return a writer that quotes what another one has written."""
        return lambda values: self(writer(values))

    def __call__(self, texts: Texts) -> Texts:
        """Return the texts, with quotes around those that need them."""
        if self._escapes:
            texts = list(map(_without_formula, texts))
        if not all(texts) or (self._single and _END_OF_DATA in texts):
            return self._quoted(texts)
        joined = SEAM.join(texts)
        hits = self._hits(joined)
        if not hits:
            return texts
        # Unless they are many, or a text has the seam in it.
        if len(hits) * 8 > len(texts) or joined.count(SEAM) >= len(texts):
            return self._quoted(texts)
        return self._with_quotes_at(hits, joined, texts)

    def _hits(self, joined: str) -> list[int]:
        """Return where joined texts have what must be quoted; some texts twice."""
        hits = []
        for special in self.special:
            place = joined.find(special)
            while place >= 0:
                hits.append(place)
                # The first one in the next text.
                seam = joined.find(SEAM, place)
                place = joined.find(special, seam) if seam >= 0 else -1
        return hits

    def _with_quotes_at(self, hits: list[int], joined: str, texts: Texts) -> Texts:
        quoted = list(texts)
        number = seen = 0
        for hit in sorted(hits):
            number += joined.count(SEAM, seen, hit)
            seen = hit
            quoted[number] = _in_quotes(texts[number])
        return quoted

    def _quoted(self, texts: Texts) -> Texts:
        special = self._has_special
        whole = ("", _END_OF_DATA) if self._single else ("",)
        return [
            _in_quotes(text) if special(text) or text in whole else text
            for text in texts
        ]


def _in_quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _without_formula(text: str) -> str:
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
