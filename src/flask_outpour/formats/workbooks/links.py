"""A column of values enters; its cells leave, those with a URL as links."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set
from itertools import islice
from typing import Any
from typing import NamedTuple
from urllib.parse import urlsplit

from ..values import Column
from ..values import plain
from .cells import Cells
from .cells import Written
from .texts import escaped

#: Links of a sheet, says Excel.
MOST_LINKS = 65_530
#: Signs of a URL, and of what is behind its ``#``, that Excel takes.
_LONGEST = 2079
#: Others, such as those of files and scripts, do more than to show a page.
_URL = re.compile(r"(?i)(https?://[^\s/?#]\S*|mailto:[^\s@]+@[^\s@]+)")
#: What no URL has; Excel does not open a workbook with some of it.
_UNSAFE = re.compile(
    r'[\0-\x20"<>\[\\\]^`{|}\x7f-\x9f\ufffe\uffff]|%(?![0-9A-Fa-f]{2})'
)


class Link(NamedTuple):
    """A cell, and where it leads."""

    cell: str
    target: str
    #: Behind the ``#``, without quotes.
    location: str


class LinkCells(Cells):
    """Write the values of a column; texts that are URLs of the web or mail are links.

    They look like links. Where they lead, the end of the sheet says, by :attr:`found`.
    """

    #: The style of links.
    link = 0
    #: How many more may be links.
    room = 0
    #: The rows of the last values that are links, and where these lead.
    found: Sequence[tuple[int, str, str]] = ()

    def write(self, values: Column, kinds: Set[type]) -> Written:
        """Return the cells of a column."""
        written = super().write(values, kinds)
        links = (
            (row, *link) for row, value in enumerate(values) if (link := link_of(value))
        )
        self.found = list(islice(links, self.room))
        if not self.found:
            return written
        cells = list(written.whole())
        for row, *_ in self.found:
            cells[row] = cells[row].replace('"', f'" s="{self.link}"', 1)
        return Written("", cells, "")


def link_of(value: Any) -> tuple[str, str] | None:
    """Return where a value leads, and the place there, if it is a URL of such."""
    if not isinstance(value, str):
        return None
    value = plain(value)
    if not isinstance(value, str) or not _URL.fullmatch(value):
        return None
    try:
        parts = urlsplit(value)
        is_sound = parts.port != 0 and "[" not in parts.netloc
    except ValueError:
        return None
    target, _, location = _UNSAFE.sub(_escaped, value).partition("#")
    is_short = len(target) <= _LONGEST and len(location) <= _LONGEST
    return (target, location) if is_sound and is_short else None


def _escaped(sign: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in sign[0].encode())


def links_xml(links: Sequence[Link]) -> str:
    """Return the element of a sheet that lists its links."""
    if not links:
        return ""
    elements = "".join(
        f'<hyperlink ref="{link.cell}" r:id="rId{number}"'
        + (f' location="{escaped(link.location)}"/>' if link.location else "/>")
        for number, link in enumerate(links, 1)
    )
    return f"<hyperlinks>{elements}</hyperlinks>"
