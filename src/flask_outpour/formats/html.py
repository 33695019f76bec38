"""Rows enter; a table of an HTML page leaves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from html import escape
from typing import ClassVar

from .columns import Batch
from .columns import Grid
from .columns import Writer
from .csv import FREE_WRITERS
from .csv import WRITERS
from .values import Texts

_SPECIAL = re.compile("[&<>\"'\0\r]")
_HEAD = (
    '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    "<title>{title}</title>\n</head>\n<body>\n"
)


@dataclass(kw_only=True)
class HTMLTable:
    """An HTML page with one table, or only the table.

    The texts are those of CSV; ``None`` is an empty cell.

    :param title: of the page, shown as the table's caption, too.
    :param fragment: whether only the element ``table`` is written, without a page.
    """

    title: str | None = None
    fragment: bool = False

    media_type = "text/html"
    suffix = "html"
    aliases: ClassVar[tuple[str, ...]] = ("htm",)
    _grid: Grid = field(init=False, repr=False, compare=False)

    def begin(self, columns: Sequence[str]) -> bytes:
        """Return the page down to the table's body."""
        free = {kind: _escaping(writer) for kind, writer in FREE_WRITERS.items()}
        between = ["</td><td>"] * (len(columns) - 1)
        self._grid = Grid(
            columns,
            between=["<tr><td>", *between, "</td></tr>\n"],
            writers={**WRITERS, **free},
            null="",
        )
        head = "" if self.fragment else _HEAD.format(title=escape(self.title or "Rows"))
        caption = f"<caption>{escape(self.title)}</caption>\n" if self.title else ""
        names = "".join(f'<th scope="col">{name}</th>' for name in _escaped(columns))
        heads = f"<thead>\n<tr>{names}</tr>\n</thead>\n" if columns else ""
        return self._grid.header(f"{head}<table>\n{caption}{heads}<tbody>\n")

    def feed(self, batch: Batch) -> bytes:
        """Return a row of the table for each row."""
        return self._grid.write(batch)

    def finish(self) -> bytes:
        """Return the end of the table, and of the page."""
        end = b"" if self.fragment else b"</body>\n</html>\n"
        return b"</tbody>\n</table>\n" + end


def _escaping(writer: Writer) -> Writer:
    return lambda values: _escaped(writer(values))


def _escaped(texts: Texts) -> Texts:
    if not _SPECIAL.search("".join(texts)):
        return texts
    # A parser reads a carriage return as a line feed, and NUL as no character.
    return [escape(t).replace("\r", "&#13;").replace("\0", "\ufffd") for t in texts]
