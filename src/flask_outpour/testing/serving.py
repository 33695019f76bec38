"""An application, or its name, enters; a real server on a free port leaves."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..errors import ConfigurationError
from .processes import COMMANDS
from .processes import in_process
from .server import Server
from .threads import in_thread
from .threads import THREADED

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def serve(
    application: WSGIApplication | str,
    server: str = "werkzeug",
    *,
    arguments: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    port: int = 0,
    timeout: float = 30.0,
) -> AbstractContextManager[Server]:
    """Serve an application over a real socket until the ``with`` block ends.

    An application is served by a thread of this process, where the test shares its
    objects: ``server`` is then ``"werkzeug"``, threaded, or ``"waitress"``. A name,
    ``"module:application"``, is served by a process, which imports what this one
    can: ``server`` is then one of these two, ``"gunicorn"``, ``"cheroot"`` or
    ``"granian"``, with the defaults of its own command.

    :param application: a WSGI application, or where to import it from.
    :param server: the name of the server.
    :param arguments: more arguments of the command, for a server in a process.
    :param env: more environment variables, for a server in a process.
    :param port: of 127.0.0.1; 0 takes any free one.
    :param timeout: seconds that a process has to start in; an application may be
        slow to import.
    :raises ConfigurationError: when this server is not known, not installed, or
        cannot serve the application so.
    :raises ServerError: from the ``with`` statement, when the server does not start.
    """
    if isinstance(application, str):
        _check_known(server, COMMANDS)
        if ":" not in application:
            raise ConfigurationError(
                f"{application!r} names no application. Write 'module:application'."
            )
        return in_process(
            server,
            application,
            port,
            arguments=arguments,
            env=env or {},
            timeout=timeout,
        )
    if server in COMMANDS and server not in THREADED:
        raise ConfigurationError(
            f"{server} imports the application itself, in a process of its own. Give"
            " serve() 'module:application' instead of the object."
        )
    _check_known(server, THREADED)
    if arguments or env:
        raise ConfigurationError(
            "Arguments and environment variables are for a server in a process of"
            " its own. Give serve() 'module:application' instead of the object."
        )
    return in_thread(server, application, port)


def _check_known(server: str, servers: Mapping[str, object]) -> None:
    if server not in servers:
        raise ConfigurationError(
            f"serve() knows no server {server!r}, but {', '.join(servers)}."
        )
    if find_spec(server) is None:
        raise ConfigurationError(
            f"The server {server} is not installed: pip install {server}"
        )
