"""What an application says during a request enters; a file for each request leaves."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: The variable of a server's environment that names the folder of its journals.
FOLDER = "DIFFERENCE_JOURNALS"
#: The field of a request that names its journal.
FIELD = "HTTP_X_JOURNAL"


class Journal(logging.Handler):
    """Write what one application says into the file of the request that it serves.

    An entry's application has one request at a time, and code of a stream runs where
    there is no request context: so the journal is the application's, not the request's.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._file: Path | None = None

    def open(self, environ: dict[str, Any]) -> None:
        """Begin with the journal that a request asks for."""
        name, folder = environ.get(FIELD), os.environ.get(FOLDER)
        self._file = Path(folder, name) if name and folder else None

    def __call__(self, note: str) -> None:
        """Note what a view, a hook or a receiver does."""
        self._write("note", note)

    def emit(self, record: logging.LogRecord) -> None:
        """Note the type of an error that is logged with its traceback, or the words."""
        error = record.exc_info[0] if record.exc_info else None
        self._write("log", error.__name__ if error else record.getMessage())

    def end(self) -> None:
        """Mark that the server has closed the response."""
        self._write("end", "")

    def _write(self, kind: str, text: str) -> None:
        if self._file is not None:
            # One write for a line, as two threads may be at work.
            with self._file.open("a", encoding="utf-8") as file:
                file.write(json.dumps([kind, text]) + "\n")


@dataclass(frozen=True, slots=True)
class Said:
    """What a journal holds."""

    notes: tuple[str, ...]
    logs: tuple[str, ...]
    ended: bool


def read_journal(path: Path) -> Said:
    """Return what an application said during one request."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries = [json.loads(line) for line in lines]

    def of_kind(wanted: str) -> tuple[str, ...]:
        return tuple(text for kind, text in entries if kind == wanted)

    return Said(of_kind("note"), of_kind("log"), bool(of_kind("end")))


class Ending:
    """Pass an iterable on, and mark in the journal that it was closed."""

    def __init__(self, iterable: Iterable[bytes], end: Callable[[], None]) -> None:
        self._marked = False
        self._end = end
        self._iterable = iterable
        self._iterator = iter(iterable)

    def __iter__(self) -> Ending:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._iterator)
        except StopIteration:
            raise
        except BaseException:
            # Some servers do not close what has failed.
            self._mark()
            raise

    def close(self) -> None:
        """Close the iterable, and mark it."""
        try:
            if hasattr(self._iterable, "close"):
                self._iterable.close()
        finally:
            self._mark()

    def __del__(self) -> None:
        """Mark what a server drops without closing it, after it is gone."""
        if not self._marked:
            del self._iterator, self._iterable
            self._mark()

    def _mark(self) -> None:
        self._marked = True
        self._end()
