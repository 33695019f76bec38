"""A WSGI application enters; a server in a thread of this process leaves."""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import ExitStack
from importlib import import_module
from typing import Any
from typing import TYPE_CHECKING

from werkzeug.serving import make_server

from .server import HOST
from .server import listen
from .server import Server

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Seconds between two looks at whether a server should stop.
_POLL = 0.05
#: Seconds that waitress gives its threads to leave what they send.
_GRACE = 2


@contextmanager
def in_thread(name: str, application: WSGIApplication, port: int) -> Iterator[Server]:
    """Serve an application with one of :data:`THREADED` until the block ends."""
    with ExitStack() as stack:
        listener = stack.enter_context(listen(port))
        port = listener.getsockname()[1]
        # Before the server logs: Werkzeug writes to stderr where nobody listens.
        read_log = stack.enter_context(_recorded(name))
        run, stop = THREADED[name](application, listener)
        thread = threading.Thread(target=run, name=f"{name}-{port}", daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(stop)
        yield Server(name, port, os.getpid(), read_log)


def _werkzeug(
    application: WSGIApplication, listener: socket.socket
) -> tuple[Callable[[], None], Callable[[], None]]:
    port = listener.getsockname()[1]
    server = make_server(HOST, port, application, threaded=True, fd=listener.fileno())
    return lambda: server.serve_forever(_POLL), server.shutdown


def _waitress(
    application: WSGIApplication, listener: socket.socket
) -> tuple[Callable[[], None], Callable[[], None]]:
    create_server = import_module("waitress.server").create_server
    loop = import_module("waitress.wasyncore").loop
    # All that is open: the listening socket, connections, a pipe to wake the loop.
    opened: dict[int, Any] = {}
    server = create_server(application, map=opened, sockets=[listener])
    stopping = threading.Event()

    def run() -> None:
        while not stopping.is_set():
            loop(_POLL, use_poll=True, map=opened, count=1)
        for connection in list(opened.values()):
            connection.handle_close()
        server.task_dispatcher.shutdown(timeout=_GRACE)

    return run, stopping.set


#: The servers that run in a thread: what runs one, and what tells it to stop.
THREADED: dict[
    str,
    Callable[
        [WSGIApplication, socket.socket],
        tuple[Callable[[], None], Callable[[], None]],
    ],
] = {"werkzeug": _werkzeug, "waitress": _waitress}


@contextmanager
def _recorded(name: str) -> Iterator[Callable[[], str]]:
    """Collect what a logger gets, and give a function that returns it."""
    handler = _Lines()
    logger = logging.getLogger(name)
    logger.addHandler(handler)
    try:
        yield lambda: "".join(handler.lines)
    finally:
        logger.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(f"{self.format(record)}\n")
