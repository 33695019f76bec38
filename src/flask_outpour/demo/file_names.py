"""Names of tables enter; names under which every system can unpack them leave."""

from __future__ import annotations

import unicodedata

from ..formats import BUILT_IN
from ..formats import CSV
from ..negotiation import Choice
from ..negotiation import file_name


class FileNames:
    """The names of CSV files in one folder.

    Each is that under which a browser saves the table alone. Where two are the same to
    a file system that knows no case, the later one has a number.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, name: str) -> str:
        """Return the name of a table's file, such as ``orders.csv``."""
        found = file_name(name, Choice(CSV(), CSV.suffix), BUILT_IN)
        stem, number = found.removesuffix(".csv"), 1
        while _folded(found) in self._taken:
            number += 1
            found = f"{stem} ({number}).csv"
        self._taken.add(_folded(found))
        return found


def _folded(name: str) -> str:
    # macOS takes an accent that stands apart from its letter for the same name.
    return unicodedata.normalize("NFC", name.casefold())
