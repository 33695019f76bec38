"""A request's environ enters; what its server says of itself leaves.

Servers put little of their settings into the environ, but the objects that hold them
are on the stack of every view.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from collections.abc import Iterator
from itertools import islice
from operator import attrgetter
from types import FrameType
from typing import Any
from typing import TYPE_CHECKING

from .servers import server_that_hides_cuts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: A view is some twenty calls away from its server, and further behind middleware.
_DEEPEST = 300

#: Where the object that serves a request has its server's settings, by the package
#: that the object is of.
_SETTINGS = {
    "gunicorn": {
        "worker_class": "cfg.worker_class_str",
        "timeout": "cfg.timeout",
        "threads": "cfg.threads",
        "workers": "cfg.workers",
    },
    "waitress": {"threads": "channel.server.adj.threads"},
    "cheroot": {"threads": "req.server.requests.min"},
    "hypercorn": {},
    "a2wsgi": {},
    # Its environ says HTTP/1.0, whatever the client speaks.
    "eventlet": {"protocol": "request_version"},
}

#: Whether the worker is to go, by process: a forked one has a worker of its own.
_checks: dict[int, Callable[[], bool]] = {}


def leaving_check(environ: WSGIEnvironment) -> Callable[[], bool] | None:
    """Return a function that says whether this worker is to go, where one can know.

    That is so on gunicorn: a worker stops (SIGTERM), reloads, or has had its
    ``--max-requests``. No other server tells its application.
    """
    if "gunicorn" not in str(environ.get("SERVER_SOFTWARE", "")):
        return None
    process = os.getpid()
    if process not in _checks:
        worker = _gunicorn_worker(sys._getframe(1))
        if worker is None:
            return None
        _checks[process] = lambda: not worker.alive
    return _checks[process]


def _gunicorn_worker(frame: FrameType) -> Any:
    # A worker owns the handler of its signals, unless the application has one of its
    # own. Under gevent's own server it is on no stack.
    owner = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    for candidate in (owner, *islice(_callers(frame), _DEEPEST)):
        packages = {
            kind.__module__.partition(".")[0] for kind in type(candidate).__mro__
        }
        if "gunicorn" in packages and isinstance(
            getattr(candidate, "alive", None), bool
        ):
            return candidate
    return None


def server_facts(environ: WSGIEnvironment) -> dict[str, Any]:
    """Return what can be known of the server: no path, no secret, and no guess.

    ``protocol`` is what the server was asked in; behind a proxy that is the proxy's
    choice. ``ends_cleanly`` is whether the server makes a broken response look whole.
    ``worker_class``, ``timeout`` (in seconds), ``threads`` and ``workers`` are there
    where they were found.
    """
    software = str(environ.get("SERVER_SOFTWARE", ""))
    facts: dict[str, Any] = {
        "software": "uWSGI" if "uwsgi.version" in environ else software,
        "protocol": str(environ.get("SERVER_PROTOCOL", "")),
        "multithread": bool(environ.get("wsgi.multithread")),
        "multiprocess": bool(environ.get("wsgi.multiprocess")),
        "ends_cleanly": server_that_hides_cuts(environ) is not None,
    }
    return facts | (_of_uwsgi() or _of_stack(sys._getframe(1)))


def _of_uwsgi() -> dict[str, Any]:
    # The module exists inside uWSGI alone.
    uwsgi: Any = sys.modules.get("uwsgi")
    if uwsgi is None or not hasattr(uwsgi, "numproc"):
        return {}
    threads = uwsgi.opt.get("threads", b"1")
    # It is True where the option is there without a value.
    count = int(threads) if isinstance(threads, bytes) and threads.isdigit() else 1
    return {"server": "uWSGI", "threads": count, "workers": uwsgi.numproc}


def _of_stack(frame: FrameType) -> dict[str, Any]:
    for candidate in islice(_callers(frame), _DEEPEST):
        for kind in type(candidate).__mro__:
            server = kind.__module__.partition(".")[0]
            settings = _read(candidate, _SETTINGS.get(server))
            if settings is not None:
                return {"server": server, **settings}
    return {}


def _callers(frame: FrameType | None) -> Iterator[Any]:
    """Yield the objects whose methods are being run, the innermost first."""
    while frame is not None:
        if frame.f_code.co_varnames[:1] == ("self",):
            yield frame.f_locals.get("self")
        frame = frame.f_back


def _read(candidate: Any, places: dict[str, str] | None) -> dict[str, Any] | None:
    if places is None:
        return None
    try:
        found = {name: attrgetter(place)(candidate) for name, place in places.items()}
    except AttributeError:
        return None
    sound = all(isinstance(value, int | str) for value in found.values())
    return found if sound else None
