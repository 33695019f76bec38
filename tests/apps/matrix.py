"""Requests of the server matrix enter; streams leave, linted around Outpour."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from wsgiref.validate import InputWrapper
from wsgiref.validate import validator

from flask import abort
from flask import Flask
from flask import redirect
from flask import request
from flask import Response
from werkzeug.middleware.lint import HTTPWarning
from werkzeug.middleware.lint import InputStream
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.lint import WSGIWarning

from flask_outpour import Outpour
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context

#: The longest that a stream waits at a gate.
PATIENCE = 30.0

# Each complaint counts, not only the first of its kind.
warnings.simplefilter("always", HTTPWarning)
warnings.simplefilter("always", WSGIWarning)
# The validator wants a method that the other linter's stream leaves out.
InputStream.readlines = lambda self, *hint: self._stream.readlines(*hint)
# a2wsgi's stream has more than others, which both linters would hide.
InputStream.__getattr__ = lambda self, name: getattr(vars(self)["_stream"], name)
InputWrapper.__getattr__ = lambda self, name: getattr(vars(self)["input"], name)


class SoldOut(Exception):
    """An error that the application has a page of its own for."""


def linted(wsgi_app: Callable[..., Iterable[bytes]]) -> Callable[..., Any]:
    """Put an application inside both linters."""
    return validator(LintMiddleware(wsgi_app))


def repaired(wsgi_app: Callable[..., Any]) -> Callable[..., Any]:
    """Make text of the values of the environ that PEP 3333 wants to be text.

    Some servers give a port as a number, over which a linter would stumble, as it does
    where there is no query and the server leaves QUERY_STRING out, which it may.
    """

    def repair(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        odd = [n for n, v in environ.items() if "." not in n and type(v) is not str]
        environ.update({name: str(environ[name]) for name in odd})
        environ["matrix.repaired"] = odd
        environ.setdefault("QUERY_STRING", "")
        return wsgi_app(environ, start_response)

    return repair


app = Flask("matrix")
app.wsgi_app = linted(app.wsgi_app)
app.config["OUTPOUR_HARD_ABORT"] = "MATRIX_HARD_ABORT" in os.environ
app.config["OUTPOUR_COMPRESS"] = True
Outpour(app)
application = repaired(linted(app))


def pass_gate(gate: Path) -> None:
    """Wait until the test has made this file."""
    deadline = time.monotonic() + PATIENCE
    while not gate.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"Nobody opened {gate}.")
        time.sleep(0.01)


def streamed(items: Iterator[str], **facts: Any) -> Response:
    """Stream the items, with the request's contexts if the URL asks for them."""
    if "context" in request.args:
        items = stream_with_context(items)
    return Response(items, **{"mimetype": "text/csv", **facts})


def fail(how: str, elsewhere: str = "") -> None:
    """Do what a view does when it has no answer."""
    match how:
        case "abort":
            abort(403)
        case "redirect":
            abort(redirect(elsewhere))
        case "handled":
            raise SoldOut
        case _:
            raise ZeroDivisionError(how)


@app.errorhandler(SoldOut)
def sold_out(error: SoldOut) -> tuple[str, int]:
    """Answer with the application's own page."""
    return "<h1>Sold out</h1>", 409


@app.get("/odd")
def odd() -> list[str]:
    """Answer which names of the environ had values that were no text."""
    return request.environ["matrix.repaired"]


@app.get("/rows")
def rows() -> Response:
    """Stream three rows."""
    return streamed(f"row {number}\n" for number in (1, 2, 3))


@app.get("/empty")
def empty() -> Response:
    """Stream nothing."""
    return streamed(iter(()))


@app.get("/gated")
def gated() -> Response:
    """Stream two items, the second of which is made once a gate is open."""

    def generate() -> Iterator[str]:
        yield "first\n"
        pass_gate(gate)
        yield "second\n"

    gate = Path(request.args["gate"])
    headers = {"X-Accel-Buffering": "no"} if "unbuffered" in request.args else {}
    kind = request.args.get("type", "text/csv")
    return streamed(generate(), mimetype=kind, headers=headers)


@app.get("/late")
def late() -> Response:
    """Stream a page whose first block is ready when a gate is open."""
    return Response(
        stream_template_string(
            "own\n{% defer %}{{ pass_gate() or 'first' }}{% enddefer %}"
            "{% defer %}second{% enddefer %}\n</body></html>",
            pass_gate=partial(pass_gate, Path(request.args["gate"])),
        )
    )


@app.get("/fails-before/<how>")
def fails_before(how: str) -> Response:
    """Fail before the first item."""

    def generate() -> Iterator[str]:
        fail(how, elsewhere)
        yield "never\n"

    elsewhere = request.host_url + "rows"
    headers = {"Content-Disposition": "attachment; filename=rows.csv"}
    return streamed(generate(), headers=headers)


@app.get("/fails-after")
def fails_after() -> Response:
    """Fail after three items."""

    def generate() -> Iterator[str]:
        yield from ("row 1\n", "row 2\n", "row 3\n")
        fail("after three rows")

    return streamed(generate())


@app.get("/short")
def short() -> Response:
    """Promise more bytes than the stream has."""
    items = (f"row {number}\n" for number in (1, 2, 3))
    return streamed(items, headers={"Content-Length": "100"})


@app.get("/long-lived")
def long_lived() -> Response:
    """Stream an item each 10 ms; record whether the server ended that early."""

    def generate() -> Iterator[str]:
        try:
            for number in range(items):
                yield f"{number:>4095}\n"
                time.sleep(0.01)
        except GeneratorExit:
            record.write_text("closed")
            raise
        record.write_text("ran to its end")

    record = Path(request.args["record"])
    items = request.args.get("items", 300, int)
    return streamed(generate())


class Held:
    """A source that never starts by itself, and records that it was closed."""

    def __init__(self, record: Path) -> None:
        self._record = record

    def __iter__(self) -> Iterator[str]:
        yield "held\n"

    def close(self) -> None:
        """Record the call."""
        self._record.write_text("closed")


@app.get("/held")
def held() -> Response:
    """Stream a source that must be closed even if it is never iterated."""
    return Response(Held(Path(request.args["record"])), mimetype="text/csv")
