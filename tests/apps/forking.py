"""Fork while other threads hold the package's locks, and use the child: a program.

It prints what the child answered, and how many locks were held.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Any
from weakref import WeakSet

from flask import Flask

from flask_outpour import Outpour
from flask_outpour import stream_rows
from flask_outpour import stream_template_string
from flask_outpour import stream_with_context
from flask_outpour.probe import ENDPOINT
from flask_outpour.probe import HEADER
from flask_outpour.probe import path_of

TOKEN = "0123456789abcdef" * 2
LOCKS = (type(threading.Lock()), type(threading.RLock()))
#: What is looked into for locks, beside the package's own objects.
CONTAINERS = (
    *(dict, list, tuple, set, frozenset, deque, WeakSet, partial),
    *(types.CellType, types.FunctionType, types.MethodType),
    *(threading.Condition, threading.Event, threading.local),
)
VISIT = f"{path_of(TOKEN)}?visitor=0123456789&items=1&interval=0"
#: The coding says which pages go through a compressor, too.
PATHS = {
    "/page": "",
    "/rows?format=json": "gzip",
    "/lines": "gzip",
    f"{VISIT}&mode=leave": "",
    f"{VISIT}&mode=report": "",
}


def application() -> Flask:
    """Return an application with the rooms that may keep locks."""
    app = Flask(__name__)
    app.config.update(OUTPOUR_PROBE_TOKEN=TOKEN, OUTPOUR_COMPRESS=True)
    Outpour(app)

    @app.get("/page")
    def page() -> Any:
        return stream_template_string("{% defer %}block{% enddefer %}")

    @app.get("/rows")
    def rows() -> Any:
        return stream_rows([{"id": 1}], format="json")

    @app.get("/lines")
    def lines() -> Any:
        return stream_with_context(iter(["a\n", "b\n"]))

    return app


def locks_of(roots: list[Any]) -> Iterator[Any]:
    """Yield the locks that the package's objects lead to."""
    seen: set[int] = set()
    waiting = [*roots]
    while waiting:
        found = waiting.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, LOCKS):
            yield found
        elif isinstance(found, CONTAINERS) or _is_ours(found):
            waiting += gc.get_referents(found)


def _is_ours(found: Any) -> bool:
    kind = found if isinstance(found, type) else type(found)
    return str(kind.__module__).startswith("flask_outpour")


def held(locks: list[Any]) -> None:
    """Hold the locks in another thread, for as long as the program runs."""
    holding = threading.Event()

    def hold() -> None:
        for lock in locks:
            # Idle threads of a pool wait for one that is held already.
            lock.acquire(blocking=False)
        holding.set()
        threading.Event().wait()

    threading.Thread(target=hold, daemon=True).start()
    assert holding.wait(30)


def answers(app: Flask) -> list[tuple[int, bool]]:
    """Return the status of each path, and whether there was a body."""
    client = app.test_client()
    found = []
    for path, coding in PATHS.items():
        headers = {HEADER: TOKEN, "Accept-Encoding": coding}
        with client.get(path, headers=headers) as response:
            found.append((response.status_code, len(response.data) > 0))
    return found


def main() -> int:
    """Fork, and return the exit code of the child."""
    app = application()
    before = answers(app)
    modules = [
        vars(module)
        for name, module in [*sys.modules.items()]
        if name.startswith("flask_outpour")
    ]
    state = app.extensions["outpour"]
    locks = [*locks_of([*modules, state, app.wsgi_app, app.view_functions[ENDPOINT]])]
    held(locks)
    child = os.fork()
    if not child:
        # What hangs is ended from outside.
        signal.alarm(30)
        os._exit(answers(app) != before)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(f"{len(locks)} locks, the child ended with {code}", flush=True)
    return code


if __name__ == "__main__":
    # The interpreter's own way out would wait for what is held.
    os._exit(main() != 0)
