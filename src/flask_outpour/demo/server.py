"""An address and an application enter; a server that runs until it is told leaves."""

from __future__ import annotations

import errno
import logging
import os
import signal
import socket
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any
from typing import TYPE_CHECKING

from .errors import DemoError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Streams at once; a few for each of the two that are compared.
THREADS = 8
_NO_SERVER = (
    "The demo needs a server: pip install gunicorn, or waitress, or"
    " 'Flask-Outpour[demo]', which has both."
)
#: Seconds that streams have to end in, once the server is told to stop.
GRACE = 1


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    :param port: 0 takes any free one.
    :raises DemoError: when the address is taken, forbidden or not of this machine.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, _, _, _, address = found[0]
        return socket.create_server(address, family=family)
    except (OSError, UnicodeError) as error:
        raise DemoError(_refusal(host, port, error)) from error


def require_server() -> None:
    """Check that there is a server, before anything takes time.

    :raises DemoError: when neither gunicorn nor waitress is installed.
    """
    if not any(map(find_spec, ("gunicorn", "waitress"))):
        raise DemoError(_NO_SERVER)


def url_of(listener: socket.socket) -> str:
    """Return the address of a socket that listens, as a browser takes it."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(
    application: WSGIApplication, listener: socket.socket, ready: Callable[[], object]
) -> None:
    """Serve until SIGINT or SIGTERM: with gunicorn, or waitress where it is not.

    :param ready: is called when requests are answered.
    :raises DemoError: when neither server is installed.
    """
    # gunicorn cannot be imported on Windows, installed or not.
    try:
        from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]
    except ImportError:
        _serve_with_waitress(application, listener, ready)
    else:
        _serve_with_gunicorn(BaseApplication, application, listener, ready)


def _serve_with_gunicorn(
    base: Any,
    application: WSGIApplication,
    listener: socket.socket,
    ready: Callable[[], object],
) -> None:
    settings = {
        # gunicorn closes this descriptor itself.
        "bind": f"fd://{listener.detach()}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": THREADS,
        "graceful_timeout": 5 * GRACE,
        "loglevel": "warning",
        "when_ready": lambda arbiter: ready(),
        "post_worker_init": _leave_in_time,
        # It does not wait for the threads of streams.
        "worker_exit": lambda arbiter, worker: os._exit(0),
        # Since gunicorn 24; it would leave a file in the user's home.
        "control_socket_disable": True,
    }

    class Application(base):  # type: ignore[misc]
        def load_config(self) -> None:
            for name in settings.keys() & self.cfg.settings.keys():
                self.cfg.set(name, settings[name])

        def load(self) -> WSGIApplication:
            return application

    Application().run()


def _leave_in_time(worker: Any) -> None:
    """Make a worker be done before its master loses patience and complains."""
    worker.cfg.set("graceful_timeout", GRACE)
    # Ctrl-C reaches the worker both by itself and through its master. gunicorn's own
    # handler, if the second signal interrupts it, waits for a lock that it holds.
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda *_: os._exit(0))


def _serve_with_waitress(
    application: WSGIApplication, listener: socket.socket, ready: Callable[[], object]
) -> None:
    try:
        import waitress  # type: ignore[import-untyped]
    except ImportError as error:
        raise DemoError(_NO_SERVER) from error
    server: Any = waitress.create_server(
        application, sockets=[listener], threads=THREADS
    )
    dispatcher = server.task_dispatcher
    dispatcher.shutdown = partial(dispatcher.shutdown, timeout=GRACE)
    # It warns of the streams that are cut when it is stopped.
    logging.getLogger("waitress").setLevel(logging.ERROR)
    ready()
    server.run()
    server.close()


def _refusal(host: str, port: int, error: Exception) -> str:
    code: int = getattr(error, "errno", 0)
    if code == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is taken; choose another one with --port, or"
            " --port 0 for any that is free."
        )
    # The text of create_server() repeats the address as Python writes it.
    if code in errno.errorcode:
        reason = os.strerror(code)
    else:
        reason = getattr(error, "strerror", None) or "it is no name of a machine"
    return f"Cannot listen on port {port} of {host}: {reason}."
