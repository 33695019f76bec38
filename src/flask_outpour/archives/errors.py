"""What an archive cannot take as an entry enters; a sentence that names it leaves."""

from __future__ import annotations

from ..errors import OutpourError


class EntryError(OutpourError, ValueError):
    """An entry has a name that no archive should have, or not the bytes it announced.

    :param name: as it was given.
    :param number: of the entry, counted from 1; ``None`` where only its name is known.
    """

    def __init__(self, message: str, *, name: str, number: int | None = None) -> None:
        super().__init__(message)
        self.name = name
        self.number = number

    @classmethod
    def of_name(cls, number: int, name: str, problem: str, cure: str) -> EntryError:
        """Tell what is wrong with a name, and what to do."""
        return cls(
            f"{entry_title(number, name)}: the name {problem}. {cure}",
            name=name,
            number=number,
        )

    @classmethod
    def of_size(cls, name: str, announced: int, found: int) -> EntryError:
        """Tell that a content has fewer bytes, or more, than it had when looked at."""
        relation = "only" if found < announced else "at least"
        return cls(
            f"Entry {_shown(name)} had {announced} bytes when it was looked at, but"
            f" {relation} {found} when it was read. Leave it alone while it is sent, or"
            " send a copy.",
            name=name,
        )

    @classmethod
    def of_checksum(cls, name: str) -> EntryError:
        """Tell that bytes changed between a look at them and their sending."""
        return cls(
            f"The bytes of entry {_shown(name)} changed while it was sent. Give a"
            " copy: bytes(content).",
            name=name,
        )


def entry_title(number: int, name: object) -> str:
    """Return how messages call an entry."""
    return f"Entry {number}, {_shown(name)}"


def _shown(name: object) -> str:
    text = repr(name)
    return text if len(text) <= 200 else f"{text[:200]}…"
