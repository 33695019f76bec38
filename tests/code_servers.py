"""Servers that have no command of their own: ``python -m code_servers KIND PORT APP``.

Each is started by the code that its own documentation gives; ``APP`` is
``module:application``.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

HOST = "127.0.0.1"
_SERVERS: dict[str, Callable[[Any, int], None]] = {}


def _server(function: Callable[[Any, int], None]) -> Callable[[Any, int], None]:
    _SERVERS[function.__name__] = function
    return function


@_server
def werkzeug(application: Any, port: int, debugs: bool = False) -> None:
    """Run Werkzeug's development server."""
    from werkzeug.serving import run_simple

    run_simple(HOST, port, application, threaded=True, use_debugger=debugs)


@_server
def werkzeug_debugger(application: Any, port: int) -> None:
    """Run what ``flask run --debug`` runs, but for the reloader."""
    werkzeug(application, port, debugs=True)


@_server
def wsgiref(application: Any, port: int) -> None:
    """Run the server of the standard library."""
    from wsgiref.simple_server import make_server

    make_server(HOST, port, application).serve_forever()


@_server
def eventlet(application: Any, port: int) -> None:
    """Run eventlet's own server, by its defaults."""
    import eventlet.wsgi

    eventlet.wsgi.server(eventlet.listen((HOST, port)), application)


@_server
def gevent(application: Any, port: int) -> None:
    """Run gevent's own server."""
    from gevent.pywsgi import WSGIServer

    WSGIServer((HOST, port), application).serve_forever()


@_server
def bjoern(application: Any, port: int) -> None:
    """Run bjoern, which has one thread."""
    import bjoern

    bjoern.run(application, HOST, port)


@_server
def paste(application: Any, port: int) -> None:
    """Run Paste's server."""
    from paste.httpserver import serve

    serve(application, HOST, port)


@_server
def flup(application: Any, port: int) -> None:
    """Run flup, which a web server speaks FastCGI to."""
    from flup.server.fcgi import WSGIServer

    WSGIServer(application, bindAddress=(HOST, port)).run()


@_server
def tornado(application: Any, port: int) -> None:
    """Run tornado around a WSGI application."""
    from tornado.httpserver import HTTPServer
    from tornado.wsgi import WSGIContainer

    async def serve() -> None:
        container = WSGIContainer(application, ThreadPoolExecutor(8))
        HTTPServer(container).listen(port, HOST)
        await asyncio.Event().wait()

    asyncio.run(serve())


@_server
def aiohttp(application: Any, port: int) -> None:
    """Run aiohttp around a WSGI application."""
    from aiohttp_wsgi import serve

    serve(application, host=HOST, port=port)


@_server
def uvicorn_a2wsgi(application: Any, port: int) -> None:
    """Run uvicorn, with a2wsgi in between."""
    from a2wsgi import WSGIMiddleware

    _uvicorn(WSGIMiddleware(application), port)


@_server
def uvicorn_asgiref(application: Any, port: int) -> None:
    """Run uvicorn, with asgiref in between."""
    from asgiref.wsgi import WsgiToAsgi

    _uvicorn(WsgiToAsgi(application), port, lifespan="off")


@_server
def uvicorn_wsgi(application: Any, port: int) -> None:
    """Run ``uvicorn --interface wsgi`` where a2wsgi is not installed."""
    sys.modules["a2wsgi"] = None  # type: ignore[assignment]
    _uvicorn(application, port, interface="wsgi")


@_server
def uvicorn_connexion(application: Any, port: int) -> None:
    """Run uvicorn, with all of Connexion in between, around this application."""
    from connexion import FlaskApp

    connexion_app = FlaskApp("connexion_app")
    connexion_app.add_wsgi_middleware(lambda flask_app: application)
    _uvicorn(connexion_app, port)


@_server
def hypercorn_a2wsgi(application: Any, port: int) -> None:
    """Run hypercorn, with a2wsgi in the place of its own adapter."""
    from a2wsgi import WSGIMiddleware
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    config = Config()
    config.bind = [f"{HOST}:{port}"]
    asyncio.run(serve(WSGIMiddleware(application), config))


def _uvicorn(application: Any, port: int, **options: Any) -> None:
    import uvicorn

    uvicorn.run(application, host=HOST, port=port, log_level="warning", **options)


def _patch(kind: str) -> None:
    """Patch the standard library for a server of greenlets, as its docs say: first."""
    if kind == "gevent":
        from gevent.monkey import patch_all

        patch_all()
    elif kind == "eventlet":
        from eventlet import monkey_patch

        monkey_patch()


if __name__ == "__main__":
    kind, port, target = sys.argv[1:]
    module, _, name = target.partition(":")
    _patch(kind)
    _SERVERS[kind](getattr(importlib.import_module(module), name), int(port))
