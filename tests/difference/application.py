"""Every entry's application is made twice: as plain Flask, and with the line."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from pathlib import Path
from threading import Lock
from typing import Any

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner
from werkzeug.wsgi import FileWrapper

from difference.catalogue import ENTRIES
from difference.entry import Entry
from difference.journal import Ending
from difference.journal import Journal
from flask_outpour import Outpour

#: Of the templates and files of the views.
ROOT = str(Path(__file__).parent)


class OneMoment(TimestampSigner):
    """Signs a session as if it were always the same moment."""

    def get_timestamp(self) -> int:
        """Return that moment."""
        return 1_600_000_000


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions, whose cookies do not depend on the clock."""

    def get_signing_serializer(self, app: Flask) -> Any:
        """Return Flask's own serializer with another clock."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = OneMoment
        return serializer


def make_site(entry: Entry, outpour: bool) -> Flask:
    """Return an entry's application, plain or with the line."""
    app = Flask(f"difference.{entry.name}", root_path=ROOT)
    app.secret_key = "difference"
    app.session_interface = Sessions()
    journal = app.extensions["journal"] = Journal()
    app.logger.addHandler(journal)
    if outpour and not entry.line_last:
        Outpour(app)
    root = entry.build(app)
    if root is not None:
        app.add_url_rule("/", "root", root)
    if outpour and entry.line_last:
        Outpour(app)
    return app


class Catalogue:
    """One WSGI application with each entry's at ``/name/``, made when it is asked."""

    def __init__(self, outpour: bool) -> None:
        self._outpour = outpour
        self._sites: dict[str, Flask] = {}
        self._making = Lock()

    def __call__(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        name, _, path = environ["PATH_INFO"].lstrip("/").partition("/")
        app = self._site(name)
        environ["SCRIPT_NAME"] += f"/{name}"
        environ["PATH_INFO"] = f"/{path}"
        journal = app.extensions["journal"]
        journal.open(environ)
        try:
            iterable = app(environ, start_response)
        except BaseException:
            journal.end()
            raise
        # Servers know their own wrappers of files.
        files = (FileWrapper, environ.get("wsgi.file_wrapper", FileWrapper))
        if hasattr(iterable, "close") and type(iterable) not in files:
            return Ending(iterable, journal.end)
        journal.end()
        return iterable

    def _site(self, name: str) -> Flask:
        with self._making:
            if name not in self._sites:
                self._sites[name] = make_site(ENTRIES[name], self._outpour)
            return self._sites[name]


def create_app(outpour: bool) -> Catalogue:
    """Return the applications of all entries as one, plain or with the line."""
    return Catalogue(outpour)


#: What servers import.
plain, served = create_app(outpour=False), create_app(outpour=True)
