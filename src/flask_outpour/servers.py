"""A request's environ enters; what its server makes of a broken stream leaves."""

from __future__ import annotations

import socket
import struct
from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_CUT_LOOKS_COMPLETE = (
    "{server} ends a response cleanly when the application raises in the middle of"
    " it, so a broken download looks complete to its client. Set Content-Length"
    " where the length is known, or serve streams with gunicorn or waitress."
)
_SYNC_WORKER = (
    "gunicorn's sync worker is killed at --timeout even while it sends a stream, and"
    " serves nobody else meanwhile. Use --worker-class gthread (or gevent)."
)


#: Servers that send their headers with an empty first item: by a key of their environ,
#: and by how they call themselves.
_OPENING_KEYS = frozenset(("gunicorn.socket", "uwsgi.version", "werkzeug.socket"))
_OPENING = ("WSGIServer/", "Granian", "granian", "hypercorn", "PasteWSGIServer/")


def server_warning(environ: WSGIEnvironment) -> str | None:
    """Return what the operator should know of this server, if anything."""
    server = server_that_hides_cuts(environ)
    if server is not None:
        return _CUT_LOOKS_COMPLETE.format(server=server)
    # "wsgi.multithread" is true under gthread, gevent and eventlet.
    if "gunicorn.socket" in environ and not environ.get("wsgi.multithread"):
        return _SYNC_WORKER
    return None


def server_that_hides_cuts(environ: WSGIEnvironment) -> str | None:
    """Return the server's name, if it makes a broken response look whole."""
    if "uwsgi.version" in environ:
        return "uWSGI"
    if environ.get("mod_wsgi.process_group"):
        return "mod_wsgi in daemon mode"
    software = str(environ.get("SERVER_SOFTWARE", "")).lower()
    if software.startswith("granian") and _is_old_granian():
        return "granian before 2.8.9"
    return None


@cache
def _is_old_granian() -> bool:
    """Whether granian ends a broken response cleanly, as it did until 2.8.7.

    The environ does not tell the version.
    """
    try:
        numbers = version("granian").split(".")[:3]
    except PackageNotFoundError:
        return False
    return [int(number) for number in numbers if number.isdigit()] < [2, 8, 9]


def hard_abort(environ: WSGIEnvironment) -> None:
    """Reset the connection of an HTTP/1.0 client, where the server lets us.

    HTTP/1.0 has no chunks: the end of the connection is the end of the body, and
    only a reset tells a cut from an end. Bytes on the way may be lost.
    """
    if environ.get("SERVER_PROTOCOL") != "HTTP/1.0":
        return
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is None:
        return
    linger_for_no_time = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_no_time)
    connection.close()


def opens_by_an_empty_item(environ: WSGIEnvironment) -> bool:
    """Whether the server sends the headers when an empty item comes before all others.

    PEP 3333 wants them to wait for an item that is not empty, and others do wait.
    """
    return not _OPENING_KEYS.isdisjoint(environ) or any(
        str(environ.get("SERVER_SOFTWARE", "")).startswith(name) for name in _OPENING
    )
