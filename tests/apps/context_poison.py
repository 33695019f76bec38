"""Streams whose lost bodies another thread collects; ``OUTPOUR`` sets Outpour up."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

import flask
from flask import Flask
from flask import g
from flask import Response

import flask_outpour
from flask_outpour import Outpour

plain = Flask(__name__)
if os.environ.get("OUTPOUR"):
    Outpour(plain)
stream_with_context: Any = (
    flask_outpour.stream_with_context
    if os.environ.get("OUTPOUR") == "ours"
    else flask.stream_with_context
)
lost: list[Any] = []


@plain.get("/endless")
def endless() -> Response:
    g.user = "the first client"

    def generate() -> Iterator[bytes]:
        while True:
            yield g.user.encode() * 4096

    return Response(stream_with_context(generate()))


@plain.get("/user")
def user() -> dict[str, str | None]:
    return {"user": g.get("user")}


@plain.get("/collect")
def collect() -> dict[str, str]:
    """End the lost bodies in another thread, as a garbage collector may."""
    collector = threading.Thread(target=lost.clear)
    collector.start()
    collector.join()
    return {}


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """Pass a body on without its ``close()``, as careless middleware does."""
    body = plain(environ, start_response)
    lost.append(body)
    return map(bytes, body)
