"""The catalogue without a server: an entry enters, an answer leaves."""

from __future__ import annotations

from pathlib import Path

from werkzeug.test import EnvironBuilder

from difference.answer import Answer
from difference.answer import kept
from difference.application import make_site
from difference.driver import Driver
from difference.entry import Entry
from difference.journal import Ending
from difference.journal import FIELD
from difference.recording import with_journal

#: What a server answers by itself when an application raises before it has begun.
SERVER_ERROR = "500 by the server"


def answer_of(entry: Entry, outpour: bool, journal: Path) -> Answer:
    """Return what a faithful server sends for an entry.

    :param journal: a file that is not there yet, in the folder of the journals.
    """
    app = make_site(entry, outpour)
    builder = EnvironBuilder(
        method=entry.method,
        query_string=entry.query,
        headers=dict(entry.fields),
        data=entry.body or None,
    )
    environ = {**builder.get_environ(), FIELD: journal.name}
    said = app.extensions["journal"]
    said.open(environ)
    driver = Driver(2 if entry.leaves else None)
    sent = driver.serve(lambda *call: Ending(app(*call), said.end), environ)
    builder.close()
    if entry.leaves:
        return with_journal(Answer(0, (), b"", whole=False), journal)
    whole = sent.error is None
    status = int((sent.status or SERVER_ERROR).split()[0])
    length = dict(kept(sent.headers)).get("content-length")
    if length is not None and entry.method != "HEAD" and status not in (204, 304):
        whole = whole and len(sent.body) == int(length)
    answer = Answer(status, kept(sent.headers), sent.body, whole)
    return with_journal(answer, journal)
