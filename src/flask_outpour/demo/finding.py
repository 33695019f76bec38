"""A slow stream, with and without a middleware that holds it back, and the doctor."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from collections.abc import Iterator
from threading import Lock
from typing import TYPE_CHECKING

from flask import Flask
from flask import Response

from flask_outpour import Outpour

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

ITEMS = 8
#: Seconds between items.
PAUSE = 0.15
#: Seconds after which the doctor is no longer waited for.
PATIENCE = 60
#: As wide as a page shows it.
_COLUMNS = "76"

_doctor = Lock()


class AddLength:
    """Say how long each response is."""

    def __init__(self, wsgi_app: WSGIApplication) -> None:
        self.wsgi_app = wsgi_app

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        response = Response.from_app(self.wsgi_app, environ)
        response.content_length = len(response.get_data())
        return response(environ, start_response)


def flowing_app() -> Flask:
    app = Flask("flask_outpour.demo.finding", static_folder=None)
    Outpour(app)

    @app.route("/slow.txt")
    def generate_slowly() -> Response:
        def generate() -> Iterator[str]:
            for number in range(1, ITEMS + 1):
                time.sleep(PAUSE)
                yield f"{number}\n"

        return Response(generate(), mimetype="text/plain")

    return app


def held_app() -> Flask:
    app = flowing_app()
    app.wsgi_app = AddLength(app.wsgi_app)  # type: ignore[method-assign]
    return app


#: What the doctor is asked; the name of its factory is that of an application.
COMMAND = ("flask", "--app", f"{__name__}:held_app", "outpour", "doctor")


def add_doctor(home: Flask) -> None:
    """Add the address that gives the doctor's report on ``held_app``.

    It examines in a process of its own, since it switches the log off meanwhile.
    """

    @home.route("/doctor")
    def doctor() -> Response:
        if not _doctor.acquire(blocking=False):
            return _told("The doctor examines for somebody else; ask again.", 503)
        try:
            return _told(examine())
        except subprocess.TimeoutExpired:
            return _told(f"The doctor found no answer in {PATIENCE} seconds.", 504)
        finally:
            _doctor.release()


def examine() -> str:
    """Return the command and what it prints: its report, or why there is none.

    :raises subprocess.TimeoutExpired: when that takes too long.
    """
    done = subprocess.run(
        [sys.executable, "-m", *COMMAND],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        env={
            **os.environ,
            "COLUMNS": _COLUMNS,
            "FLASK_SKIP_DOTENV": "1",
            "PYTHONUTF8": "1",
        },
    )
    return f"$ {' '.join(COMMAND)}\n\n{done.stdout or done.stderr}"


def _told(text: str, status: int = 200) -> Response:
    return Response(text, status, mimetype="text/plain")
