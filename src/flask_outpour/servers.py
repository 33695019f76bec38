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
_COLLECTS = (
    "{server} collects a whole response before it sends any of it: a stream reaches"
    " its client at its end, and all of it is held in memory. Serve streams with"
    " gunicorn or waitress."
)
_SYNC_WORKER = (
    "gunicorn's sync worker is killed at --timeout even while it sends a stream, and"
    " serves nobody else meanwhile. Use --worker-class gthread (or gevent)."
)

#: Servers that send their headers with an empty first item, by what they put into the
#: environ, and by the package of their ``start_response``.
_OPENING_KEYS = frozenset(
    ("asgi.scope", "gunicorn.socket", "uwsgi.version", "werkzeug.socket")
)
_OPENING = frozenset(("asgiref", "granian", "hypercorn", "paste", "uvicorn", "wsgiref"))

#: Adapters that collect what they send, by a name that they alone put into the environ.
_COLLECTORS = {
    "aiohttp.request": "aiohttp-wsgi",
    "apig_wsgi.context": "apig-wsgi",
    "serverless.event": "serverless-wsgi",
}


def server_warning(
    environ: WSGIEnvironment, start_response: object = None
) -> str | None:
    """Return what the operator should know of this server, if anything.

    :param start_response: the server's, which tells what its environ does not.
    """
    server = server_that_collects(environ, start_response)
    if server is not None:
        return _COLLECTS.format(server=server)
    server = server_that_hides_cuts(environ, start_response)
    # Whoever debugs has the error before their eyes, and clients of their own only.
    if server is not None and not _is_debugged(environ):
        return _CUT_LOOKS_COMPLETE.format(server=server)
    # "wsgi.multithread" is true under gthread, gevent and eventlet.
    if "gunicorn.socket" in environ and not environ.get("wsgi.multithread"):
        return _SYNC_WORKER
    return None


def server_that_hides_cuts(
    environ: WSGIEnvironment, start_response: object = None
) -> str | None:
    """Return the server's name, if it makes a broken response look whole."""
    if "uwsgi.version" in environ:
        return "uWSGI"
    if environ.get("mod_wsgi.process_group"):
        return "mod_wsgi in daemon mode"
    # PEP 3333 has this name for CGI, where the end of a process ends the response.
    if environ.get("wsgi.run_once"):
        return "CGI"
    if _module_of(start_response).startswith("flup.server."):
        return "flup"
    if "paste.httpserver.thread_pool" in environ:
        return "Paste's server"
    if _is_debugged(environ):
        return "Werkzeug's debugger"
    return _by_software(str(environ.get("SERVER_SOFTWARE", "")))


def _is_debugged(environ: WSGIEnvironment) -> bool:
    return "werkzeug.debug.preserve_context" in environ


def _by_software(software: str) -> str | None:
    # It speaks HTTP/1.0, where a response ends as the connection does.
    if software.startswith("WSGIServer/"):
        return "wsgiref's server"
    if software.lower().startswith("granian") and _is_old_granian():
        return "granian before 2.8.9"
    return None


def server_that_collects(
    environ: WSGIEnvironment, start_response: object = None
) -> str | None:
    """Return the server's name, if it sends a response when it has all of it."""
    # Nothing in the environ of tornado's is tornado's.
    if _module_of(start_response) == "tornado.wsgi":
        return "tornado's WSGIContainer"
    return next((_COLLECTORS[name] for name in _COLLECTORS if name in environ), None)


def _module_of(start_response: object) -> str:
    """Return where a server's ``start_response`` was written, unless it is wrapped."""
    return str(getattr(start_response, "__module__", ""))


def let_items_pass(environ: WSGIEnvironment) -> None:
    """Have the server send what it is given when it is given it, where it waits.

    eventlet's holds a response, headers and all, until 512 bytes of it are there. If
    the stream fails before, it answers with the traceback in the place of the items.
    """
    if "eventlet.input" in environ:
        environ["eventlet.minimum_write_chunk_size"] = 1


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


def opens_by_an_empty_item(environ: WSGIEnvironment, start_response: object) -> bool:
    """Whether the server sends the headers when an empty item comes before all others.

    PEP 3333 wants them to wait for an item that is not empty, and others do wait.

    :param start_response: the server's, which tells what its environ does not.
    """
    package = _module_of(start_response).partition(".")[0]
    return package in _OPENING or not _OPENING_KEYS.isdisjoint(environ)
