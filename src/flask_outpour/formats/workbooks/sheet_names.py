"""Names of tables enter; names that Excel takes for sheets leave."""

from __future__ import annotations

import re

#: UTF-16 units, says Excel.
_LONGEST = 31
_FORBIDDEN = re.compile(r"[\[\]:*?/\\\0-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


class SheetNames:
    """Mend the names of one workbook's sheets, so that each is valid and there once.

    Excel forbids some signs, an apostrophe at either end, more than 31 characters, the
    name ``History``, and two names that differ in the case of letters alone.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, name: str) -> str:
        """Return a name, mended where that is necessary."""
        name = _FORBIDDEN.sub("_", name).strip() or "Sheet"
        name = re.sub("^'|'$", "_", _cut(name, _LONGEST))
        if name.casefold() == "history":
            name = f"{name}_"
        found, number = name, 1
        while found.casefold() in self._taken:
            number += 1
            end = f" ({number})"
            found = _cut(name, _LONGEST - len(end)).rstrip() + end
        self._taken.add(found.casefold())
        return found


def _cut(name: str, units: int) -> str:
    return name.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
