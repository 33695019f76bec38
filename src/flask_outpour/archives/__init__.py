"""Names with contents enter; the bytes of a ZIP archive leave while they are read.

::

    entries ──► names ──► contents ──► deflate ──► zip ──► bytes
                checked   looked at,   by entry   headers, sizes
                          then read               and directory

:mod:`entries` takes what a view gives, and :mod:`names` checks it; :mod:`opening` finds
out what a content is, and :mod:`contents` reads it; :mod:`plans` has what is known
before, :mod:`stream` takes one after another, and :mod:`zip` writes them.
"""

from __future__ import annotations

from .entries import ZipEntry
from .errors import EntryError
from .stream import ZipStream

__all__ = ["EntryError", "ZipEntry", "ZipStream"]
