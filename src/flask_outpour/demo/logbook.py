"""The log records of a request enter; they leave when its name is asked for."""

from __future__ import annotations

import logging
import threading
from traceback import format_exception_only
from typing import NamedTuple

#: Who tells of a stream that broke: Outpour, the application and the servers.
LOGGERS = ("flask_outpour", "flask_outpour.demo", "gunicorn.error", "waitress")
#: Werkzeug's logger has a line for each request, whatever became of it.
SERVERS = ("werkzeug",)
#: The most entries of a request, and the most requests.
ENTRIES = 10
REQUESTS = 100


class Entry(NamedTuple):
    """What a logger said, with the last words of its traceback."""

    level: str
    logger: str
    message: str
    error: str


class Logbook(logging.Filter):
    """Keep what is logged in the thread of a request, from its start to the next one's.

    A server logs a broken stream after the application has done its part, and does not
    always say of which request; but it does so in the thread that served it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._here = threading.local()
        self._requests: dict[str, list[Entry]] = {}

    def listen(self) -> None:
        """See what the loggers are given, without a part in where it goes."""
        for name in (*LOGGERS, *SERVERS):
            logging.getLogger(name).addFilter(self)

    def open(self, name: str | None) -> None:
        """Begin with a request in this thread.

        :param name: what to ask for it by; without one, nothing is kept of it.
        """
        self._here.entries = [] if name else None
        if name:
            self._requests[name] = self._here.entries
        for oldest in list(self._requests)[:-REQUESTS]:
            self._requests.pop(oldest, None)

    def filter(self, record: logging.LogRecord) -> bool:
        """Keep a record that belongs to a request, and let it pass."""
        entries = getattr(self._here, "entries", None)
        least = logging.WARNING if record.name in SERVERS else logging.INFO
        if entries is not None and record.levelno >= least and len(entries) < ENTRIES:
            entries.append(_entry(record))
        return True

    def take(self, name: str) -> list[Entry]:
        """Return what was kept of a request, and forget it."""
        return self._requests.pop(name, [])


def _entry(record: logging.LogRecord) -> Entry:
    error = record.exc_info[1] if record.exc_info else None
    said = "".join(format_exception_only(error)).strip() if error else ""
    # Werkzeug has the traceback in the message itself.
    message, _, _ = record.getMessage().partition("\n")
    return Entry(record.levelname, record.name, message, said)
