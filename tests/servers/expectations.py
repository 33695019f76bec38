"""What each server does with a stream: the facts that tests hold and the docs show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Framing(Enum):
    """How a response without Content-Length says where it ends."""

    CHUNKED = "chunked"
    #: By a server that has collected all of it.
    LENGTH = "Content-Length"
    UNTIL_CLOSE = "until the connection closes"


class Cut(Enum):
    """What a client makes of a response that broke off."""

    NOTICED = "noticed"
    LOOKS_COMPLETE = "**looks complete**"
    HANGS = "**client hangs**"


#: The exit codes of curl for a whole transfer, a partial one, the end of its own
#: patience, a connection that closed without an answer, and one that was reset.
EXIT_CODES = {
    0: Cut.LOOKS_COMPLETE,
    18: Cut.NOTICED,
    28: Cut.HANGS,
    52: Cut.NOTICED,
    56: Cut.NOTICED,
}


class Head(Enum):
    """What comes back for HEAD on a stream."""

    SOUND = "yes"
    STRAY_TERMINATOR = "with a stray `0` line"
    ERROR = "**500**"


@dataclass(frozen=True, slots=True)
class Expectation:
    """The facts of one server; the defaults are what a good one does."""

    #: The key in ``processes.COMMANDS``.
    name: str
    #: What the docs call it.
    title: str
    #: For a client of HTTP/1.1.
    framing: Framing = Framing.CHUNKED
    #: For a client of HTTP/1.0, which knows no chunks.
    old_framing: Framing = Framing.UNTIL_CLOSE
    #: Whether a second request goes over the connection that carried a stream.
    keeps_connection: bool = True
    #: A stream that fails after three items.
    cut: Cut = Cut.NOTICED
    old_cut: Cut = Cut.LOOKS_COMPLETE
    #: Whether all that was produced before a failure arrives.
    keeps_items: bool = True
    #: A stream that falls short of its Content-Length.
    short: Cut = Cut.NOTICED
    old_short: Cut = Cut.NOTICED
    #: Whether the source is closed when the client leaves.
    stops: bool = True
    #: Whether an item is sent when it is there, and not with the last one.
    flows: bool = True
    #: Whether it calls ``close()`` of what it iterates.
    closes: bool = True
    head: Head = Head.SOUND
    #: The status of a stream that has no item.
    empty: int = 200
    #: Words of the warning that Outpour logs once, if it logs one.
    warning: str | None = None
    #: Names in the environ whose values PEP 3333 wants to be text, and are not.
    odd_names: tuple[str, ...] = ()


EXPECTATIONS = [
    Expectation("gunicorn-gthread", "gunicorn, `gthread` workers"),
    Expectation("gunicorn-gevent", "gunicorn, `gevent` workers"),
    Expectation(
        "gunicorn-sync",
        "gunicorn, `sync` workers",
        keeps_connection=False,
        warning="sync worker",
    ),
    Expectation(
        "waitress",
        "waitress",
        keeps_connection=False,
        head=Head.STRAY_TERMINATOR,
    ),
    Expectation("cheroot", "cheroot"),
    Expectation(
        "gevent",
        "gevent's own server, `gevent.pywsgi`",
        head=Head.STRAY_TERMINATOR,
    ),
    Expectation(
        "eventlet",
        "eventlet's own server, `eventlet.wsgi`",
        odd_names=("headers_raw",),
    ),
    Expectation("bjoern", "bjoern", head=Head.STRAY_TERMINATOR),
    Expectation("granian", "granian 2.8.9 or later", keeps_items=False),
    Expectation(
        "uvicorn-a2wsgi",
        "uvicorn, through a2wsgi",
        old_framing=Framing.CHUNKED,
        old_cut=Cut.NOTICED,
    ),
    Expectation(
        "uvicorn-connexion",
        "uvicorn, through Connexion 3",
        old_framing=Framing.CHUNKED,
        old_cut=Cut.NOTICED,
    ),
    Expectation("hypercorn-a2wsgi", "hypercorn, through a2wsgi"),
    Expectation(
        "hypercorn",
        "hypercorn, its own `wsgi:`",
        stops=False,
        head=Head.ERROR,
        odd_names=("SERVER_PORT",),
    ),
    Expectation(
        "uvicorn-asgiref",
        "uvicorn, through asgiref's `WsgiToAsgi`",
        old_framing=Framing.CHUNKED,
        old_cut=Cut.NOTICED,
        stops=False,
        closes=False,
    ),
    Expectation(
        "uvicorn-wsgi",
        "uvicorn, `--interface wsgi` where a2wsgi is not installed",
        old_framing=Framing.CHUNKED,
        old_cut=Cut.NOTICED,
        stops=False,
        closes=False,
        odd_names=("SERVER_PORT",),
    ),
    Expectation(
        "uwsgi-http",
        "uWSGI, `--http`",
        framing=Framing.UNTIL_CLOSE,
        keeps_connection=False,
        cut=Cut.LOOKS_COMPLETE,
        warning="looks complete",
    ),
    Expectation(
        "uwsgi-auto-chunked",
        "uWSGI, `--http --http-auto-chunked --http-keepalive`",
        cut=Cut.LOOKS_COMPLETE,
        short=Cut.HANGS,
        head=Head.STRAY_TERMINATOR,
        warning="looks complete",
    ),
    Expectation(
        "wsgiref",
        "wsgiref, the standard library's",
        framing=Framing.UNTIL_CLOSE,
        keeps_connection=False,
        cut=Cut.LOOKS_COMPLETE,
        warning="looks complete",
    ),
    Expectation(
        "tornado",
        "tornado's `WSGIContainer`",
        framing=Framing.LENGTH,
        old_framing=Framing.LENGTH,
        cut=Cut.HANGS,
        old_cut=Cut.HANGS,
        keeps_items=False,
        short=Cut.HANGS,
        old_short=Cut.HANGS,
        stops=False,
        flows=False,
    ),
    Expectation(
        "werkzeug",
        "Werkzeug's development server",
        old_framing=Framing.CHUNKED,
        keeps_connection=False,
        old_cut=Cut.NOTICED,
        odd_names=("REMOTE_PORT",),
    ),
    Expectation(
        "werkzeug-debugger",
        "the same with its debugger, `flask run --debug`",
        old_framing=Framing.CHUNKED,
        keeps_connection=False,
        cut=Cut.LOOKS_COMPLETE,
        odd_names=("REMOTE_PORT",),
    ),
]

#: A stream of gunicorn's ``gthread`` that fails after three items, as a client sees
#: it through nginx: by the HTTP version of nginx's upstream, and of the client.
NGINX_CUTS = {
    ("1.0", "1.1"): Cut.LOOKS_COMPLETE,
    ("1.0", "1.0"): Cut.LOOKS_COMPLETE,
    ("1.1", "1.1"): Cut.NOTICED,
    ("1.1", "1.0"): Cut.LOOKS_COMPLETE,
}

#: The same under OUTPOUR_HARD_ABORT.
NGINX_HARD_CUTS = {**NGINX_CUTS, ("1.0", "1.1"): Cut.NOTICED}


def server_table() -> str:
    """Return the facts of the servers that matter to a user, as a table of the docs."""
    header = (
        "Server",
        "Items arrive at once",
        "Broken stream, HTTP/1.1",
        "Broken stream, HTTP/1.0",
        "Short of its Content-Length",
        "Stops when the client leaves",
        "Next request on the same connection",
        "HEAD",
        "Empty stream",
    )
    return _table(header, map(_row, EXPECTATIONS))


def nginx_table() -> str:
    """Return the facts of nginx as a table of the docs."""
    header = (
        "nginx to server",
        "Client to nginx",
        "Broken stream",
        "With `OUTPOUR_HARD_ABORT`",
    )
    rows = (
        (f"HTTP/{up}", f"HTTP/{down}", cut.value, NGINX_HARD_CUTS[up, down].value)
        for (up, down), cut in NGINX_CUTS.items()
    )
    return _table(header, rows)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _row(server: Expectation) -> tuple[str, ...]:
    return (
        server.title,
        "yes" if server.flows else "**no, at the end**",
        server.cut.value,
        server.old_cut.value,
        server.short.value,
        "yes" if server.stops else "**never**",
        "yes" if server.keeps_connection else "no",
        server.head.value,
        "yes" if server.empty == 200 else f"**{server.empty}**",
    )
