"""What a table of values is made of: one line for each type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from typing import NamedTuple

#: What no format can write.
REFUSED: Any = type("Refused", (), {})()


class Case(NamedTuple):
    """A value, and one of Python's plain types that says what it means."""

    make: Callable[[], Any]
    meant: Any


class Cases(dict[str, Case]):
    """The cases of one table, by their names in a test's report."""

    def same(self, *values: Any) -> None:
        """Add values that mean themselves."""
        for value in values:
            self.means(f"{type(value).__name__} {len(self)}", value, value)

    def means(self, name: str, value: Any, meant: Any) -> None:
        """Add a value that means another."""
        self.makes(name, lambda: value, meant)

    def makes(self, name: str, make: Callable[[], Any], meant: Any = REFUSED) -> None:
        """Add a value that is made anew each time."""
        assert name not in self, name
        self[name] = Case(make, meant)

    def refused(self, name: str, value: Any) -> None:
        """Add a value that no format can write."""
        self.makes(name, lambda: value)
