"""What was seen of a running site enters; findings, with the lines to change, leave."""

from __future__ import annotations

from email.message import Message
from typing import Any

from ..findings import Finding
from .items import delay
from .items import Items
from .prober import Crowd
from .prober import Departure
from .visits import Visit

#: How programs that stand before an application name themselves.
_FRONTS = {
    "nginx": "nginx",
    "openresty": "nginx",
    "apache": "Apache",
    "cloudflare": "Cloudflare",
    "caddy": "Caddy",
    "varnish": "Varnish",
}
_HTTP_1_1 = 'proxy_http_version 1.1;\nproxy_set_header Connection "";'
_UNBUFFERED = 'return Response(generate(), headers={"X-Accel-Buffering": "no"})'
_GTHREAD = 'worker_class = "gthread"\nthreads = 8'
_ASK_THE_APPLICATION = (
    "`flask outpour doctor` tells whether it is a layer of the application"
)
#: The lines that give a server more threads.
_THREADS = {
    "gunicorn": "threads = {count}",
    "waitress": "waitress-serve --threads={count}",
    "cheroot": "cheroot --threads {count}",
    "uWSGI": "threads = {count}",
}


def front_of(headers: Message) -> str:
    """Return who stands before the application, as far as it says so."""
    names = f"{headers.get('Server', '')} {headers.get('Via', '')}".lower()
    return next((front for sign, front in _FRONTS.items() if sign in names), "a proxy")


def on_detour() -> Finding:
    """Say that the server runs something that leads around Outpour."""
    return Finding(
        kind="around-outpour",
        culprit="what the server runs",
        seen="The application has Outpour, and the doctor's request reached the probe"
        " without it.",
        why="Streams are sent as plain Flask sends them: item by item, and without what"
        " else Outpour does.",
        cure="Something took app.wsgi_app before Outpour(app). Call Outpour(app) first;"
        " what wraps app.wsgi_app, and what the server runs, is made afterwards. `flask"
        " outpour doctor` names it, given the server's callable by --wsgi.",
        lines={"Flask": "Outpour(app)  # above the line that takes app.wsgi_app"},
    )


def on_delay(items: Items, visit: Visit, coding: str = "") -> Finding:
    """Say that items came late, in a coding or in none."""
    line, worst = items.moments, items.worst
    held = items.held
    seen = (
        f"{len(line)} items left within {line[-1].left:.2f} s, and the first arrived"
        " when the last had left"
        if held
        else f"{len(items.late)} of {len(line)} items came late: item {worst.item} left"
        f" at {worst.left:.2f} s and arrived at {worst.arrived:.2f} s"
    )
    front = front_of(visit.headers)
    culprit = f"{front}, or a layer of the application"
    cure = (
        "Let the proxy pass on at once what it gets, for the whole site or for this"
        f" response alone. {_ASK_THE_APPLICATION}."
    )
    lines = {"nginx": f"{_HTTP_1_1}\nproxy_buffering off;", "Flask": _UNBUFFERED}
    if front == "Apache":
        lines = {"Apache": "ProxyPass / http://127.0.0.1:8000/ flushpackets=on"}
    if coding:
        culprit = f"what compresses with {coding}: {culprit}"
        seen += f" once the client took {coding}; uncompressed, they come as they leave"
        cure = (
            "Let it flush what it compresses, leave these responses uncompressed"
            " there, or let Outpour compress, which flushes."
            f" {_ASK_THE_APPLICATION}."
        )
        lines = {
            "nginx": "proxy_buffering off;",
            "Flask": 'app.config["OUTPOUR_COMPRESS"] = True',
        }
    return Finding(
        kind="held-to-the-end" if held else "delayed",
        culprit=culprit,
        seen=f"{seen}.",
        why=f"Who waits for the stream sees nothing for {delay(worst):.1f} s and then"
        " a burst: progress, events and first rows come when they are of no use.",
        cure=cure,
        lines=lines,
    )


def on_double_coding(visit: Visit, inner: str) -> Finding:
    """Say that two compressed, one what the other had made."""
    both = visit.coding if "," in visit.coding else f"{visit.coding}, {inner} within"
    return Finding(
        kind="double-compression",
        culprit=f"{front_of(visit.headers)}, or a layer of the application",
        seen=f"The body came in two codings: {both}.",
        why="Clients undo one and show the other as a file of noise.",
        cure=f"Compress in one place alone. {_ASK_THE_APPLICATION}.",
        lines={"nginx": "gzip off;", "Flask": 'app.config["OUTPOUR_COMPRESS"] = False'},
    )


def on_old_http(visit: Visit) -> Finding:
    """Say that a proxy asks the server in HTTP/1.0."""
    return Finding(
        kind="http-1.0",
        culprit=front_of(visit.headers),
        seen="The doctor asked in HTTP/1.1, and the server was asked in HTTP/1.0.",
        why="HTTP/1.0 has no chunks: the end of the connection is the end of the"
        " response, so a broken one cannot be told from a whole one, and no"
        " connection is used again.",
        cure="Let the proxy speak HTTP/1.1 to the server.",
        lines={"nginx": _HTTP_1_1},
    )


def on_cut(visit: Visit, facts: dict[str, Any]) -> Finding:
    """Say that a failure looked like a sound end, and why that is so."""
    count = visit.body.count(b"\n")
    end = {
        "chunks": "with its last chunk",
        "Content-Length": "at its Content-Length",
        "until the connection closes": "as the connection was closed",
    }[visit.framing]
    seen = f"The stream failed after {count} items, and the response ended {end}."
    if visit.ending is None:
        seen = f"The stream failed after {count} items, and the response never ended."
    culprit, reason, cure, lines = _cause_of_cut(visit, facts)
    return Finding(
        kind="cut-unnoticed",
        culprit=culprit,
        seen=f"{seen} {reason}",
        why="A download that breaks off looks whole: nobody notices the missing rows.",
        cure=cure,
        lines=lines,
    )


def _cause_of_cut(
    visit: Visit, facts: dict[str, Any]
) -> tuple[str, str, str, dict[str, str]]:
    """Return the culprit, how it comes to that, the cure, and its lines."""
    software = facts.get("software") or "the server"
    if facts.get("ends_cleanly"):
        return (
            software,
            f"{software} ends a response cleanly when the application raises.",
            "Set Content-Length where the length is known, or serve streams with"
            " gunicorn or waitress.",
            {"shell": "gunicorn --worker-class gthread --threads 8 app:app"},
        )
    if facts.get("protocol") == "HTTP/1.0":
        return (
            front_of(visit.headers),
            "The server was asked in HTTP/1.0, in which a cut and an end look the"
            " same, and the proxy made a whole response of it.",
            "Let the proxy speak HTTP/1.1 to the server; where it cannot, let the"
            " server reset the connection.",
            {"nginx": _HTTP_1_1, "Flask": 'app.config["OUTPOUR_HARD_ABORT"] = True'},
        )
    if visit.framing == "until the connection closes":
        return (
            front_of(visit.headers),
            f"The answer is {visit.version} without chunks, in which a cut and an end"
            " look the same.",
            "Let each proxy, and the server, answer in HTTP/1.1 with chunks, or set"
            " Content-Length where the length is known.",
            {},
        )
    return (
        f"{front_of(visit.headers)}, or a layer of the application",
        "The server ends broken responses soundly for none of the causes that the"
        " doctor knows.",
        f"Look for what catches errors around the application; {_ASK_THE_APPLICATION}.",
        {},
    )


def on_departure(departure: Departure, facts: dict[str, Any], visit: Visit) -> Finding:
    """Say that the source of a client that left was not closed."""
    what = (
        f"was closed {departure.seconds:.1f} s after that"
        if departure.state == "closed"
        else "ran on to its end"
    )
    server = facts.get("server") or facts.get("software") or "the server"
    front = front_of(visit.headers)
    known = server == "hypercorn"
    return Finding(
        kind="disconnect-unnoticed",
        culprit=server if known else f"{front}, or {server}",
        seen=f"The client left in the middle, and the source {what}.",
        why="Queries and threads stay busy for clients that have gone.",
        cure="Bound the time of a stream, and serve streams with gunicorn, waitress or"
        " cheroot, which close the source."
        if known
        else "Let the proxy end its request when its client leaves, and bound the time"
        " of a stream.",
        lines={
            "Flask": 'app.config["OUTPOUR_MAX_DURATION"] = 300',
            **({} if known else {"nginx": "proxy_ignore_client_abort off;"}),
        },
    )


def on_sync_worker(facts: dict[str, Any], crowd: Crowd) -> Finding:
    """Say that gunicorn's sync workers serve the streams."""
    workers, timeout = facts["workers"], facts["timeout"]
    waited = f" {_wait(crowd)}." if crowd.waited else ""
    killed = (
        f" A stream that takes longer than {timeout} s is killed in the middle."
        if timeout
        else ""
    )
    return Finding(
        kind="sync-worker",
        culprit="gunicorn's sync worker",
        seen=f"gunicorn runs {_count(workers, 'sync worker')} with --timeout"
        f" {timeout}.{waited}",
        why=f"Each worker serves one client at a time.{killed}",
        cure="Take workers with threads, or gevent.",
        lines={"gunicorn": _GTHREAD},
    )


def on_crowd(crowd: Crowd, facts: dict[str, Any]) -> Finding:
    """Say that open streams keep other requests waiting."""
    server, threads = facts.get("server", ""), facts.get("threads")
    workers = facts.get("workers", 1)
    has = ""
    if threads and facts.get("worker_class", "gthread") == "gthread":
        has = f" {server} has {_count(threads, 'thread')}"
        has += f" in each of {workers} workers." if workers > 1 else "."
    lines = {}
    if server in _THREADS:
        lines[server] = _THREADS[server].format(count=4 * crowd.streams)
    return Finding(
        kind="few-threads",
        culprit=server or "the server",
        seen=f"{_wait(crowd)}.{has}",
        why="A stream holds its thread until it ends: who reads slowly keeps everybody"
        " else out.",
        cure="Give the server more threads than there are streams at a time, or serve"
        " with gevent.",
        lines=lines,
    )


def _wait(crowd: Crowd) -> str:
    fared = (
        "was not answered within 2 s"
        if crowd.seconds is None
        else f"waited {crowd.seconds:.1f} s"
    )
    return f"Beside {_count(crowd.streams, 'open stream')}, another request {fared}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
