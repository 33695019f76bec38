"""Names of entries enter; those that are safe to unpack, and not there yet, stay."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .errors import EntryError

#: Bytes; the field of a name's length has 16 bits.
_LONGEST = 0xFFFF
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DRIVE = re.compile(r"[A-Za-z]:")
_RELATIVE = (
    "Give a path below the folder that the archive is unpacked to, as 'a/b.csv'."
)
_APART = "Give each entry a place of its own."


class Names:
    """The names of an archive's entries so far."""

    def __init__(self) -> None:
        # Both grow with the archive, as its directory does.
        self._names: set[str] = set()
        self._folders: set[str] = set()

    def add(self, number: int, name: str) -> None:
        """Take one more name.

        :param number: of the entry, counted from 1.
        :raises EntryError: for a name that could be unpacked to a wrong place, or over
            another entry, or that the archive cannot hold.
        """
        folders = tuple(_folders(name))
        problem = _problem(name) or self._clash(name, folders)
        if problem is not None:
            raise EntryError.of_name(number, name, *problem)
        self._names.add(name)
        self._folders.update(folders)

    def _clash(self, name: str, folders: tuple[str, ...]) -> tuple[str, str] | None:
        if name in self._names:
            return "is there already", _APART
        if name in self._folders:
            return "is that of a folder with other entries in it", _APART
        if file := next((each for each in folders if each in self._names), None):
            return f"wants a folder {file!r}, which is a file here", _APART
        return None


def _folders(name: str) -> Iterator[str]:
    """Yield the folders that a name is in, and the one that it is."""
    end = name.find("/")
    while end >= 0:
        yield name[:end]
        end = name.find("/", end + 1)


def _problem(name: str) -> tuple[str, str] | None:
    """Return what is wrong with a name by itself, and the cure."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError as error:
        sign = error.object[error.start : error.end]
        return (
            f"has {sign!r}, which UTF-8 cannot encode",
            "A name that the file system gave can be shown with"
            " os.fsencode(name).decode(errors='replace').",
        )
    if size > _LONGEST:
        return f"has {size} bytes, and ZIP takes {_LONGEST}", "Shorten it."
    if control := _CONTROL.search(name):
        return f"has the control character {control[0]!r}", "Leave it out."
    if "\\" in name:
        return "has a backslash, which some programs take for a folder", "Write '/'."
    if name.startswith("/"):
        return "is absolute", _RELATIVE
    if _DRIVE.match(name):
        return f"begins with the drive {name[:2]!r}", _RELATIVE
    return _problem_of_parts(name.removesuffix("/").split("/"))


def _problem_of_parts(parts: list[str]) -> tuple[str, str] | None:
    if parts == [""]:
        return "is empty", _RELATIVE
    if ".." in parts:
        return "climbs out of the archive with '..'", _RELATIVE
    if "." in parts:
        return "has the part '.', which means nothing", "Leave it out."
    if "" in parts:
        return "has nothing between two slashes", "Write one slash."
    return None
