"""Tests that nothing is kept from before a fork, or from before gevent's patches."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import flask_outpour
from flask_outpour.templates.deferral import ForkedPool
from processes import TESTS

PACKAGE = Path(flask_outpour.__file__).parent
#: What gevent and eventlet put others in the place of, by the module that has it.
PATCHED = {
    "_thread": (),
    "_queue": (),
    "queue": ("Empty", "Full"),
    "select": ("error",),
    "selectors": ("EVENT_READ", "EVENT_WRITE"),
    "signal": (),
    "socket": (),
    "subprocess": ("CompletedProcess",),
    "threading": ("TIMEOUT_MAX",),
    "time": ("monotonic", "perf_counter", "time", "time_ns"),
}
#: Locks that nobody waits for: where one is held, the caller goes another way.
EXCEPTIONS = {("outlet.py", "threading.Lock"), ("demo/finding.py", "threading.Lock")}
#: Runs as a command, in a process of its own.
APART = "doctor"


def modules() -> list[Path]:
    """Return the modules that a server may import before it forks."""
    found = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")]
    return sorted(path for path in found if path.parts[0] != APART)


def bound(tree: ast.AST) -> Iterator[str]:
    """Yield what a module imports by name, and it is not the same after a patch."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                if alias.name not in PATCHED.get(node.module or "", (alias.name,)):
                    yield f"{node.module}.{alias.name}"


def made(tree: ast.AST) -> Iterator[str]:
    """Yield what a module makes of such classes when it is imported."""
    for node in _at_import(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = node.func.value
            if isinstance(module, ast.Name) and module.id in PATCHED:
                yield f"{module.id}.{node.func.attr}"


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            defaults = [*child.args.defaults, *filter(None, child.args.kw_defaults)]
            for default in defaults:
                yield from _at_import(default)
        else:
            yield from _at_import(child)


@pytest.mark.parametrize("path", modules(), ids=str)
def test_nothing_is_bound_before_gevent_patches_it(path: Path) -> None:
    """A lock or queue is looked up when it is made, and made when it is needed.

    ``gunicorn -k gevent --preload`` imports the application first.
    """
    tree = ast.parse((PACKAGE / path).read_text())
    found = {(path.as_posix(), name) for name in (*bound(tree), *made(tree))}
    assert found <= EXCEPTIONS


def test_what_is_bound_is_seen() -> None:
    """The reader of the source sees each way, else the test above says nothing."""
    tree = ast.parse("""
from queue import Empty
from queue import SimpleQueue
from threading import Lock
from time import monotonic
from time import sleep
lock = threading.Lock()
class Pool:
    queue = queue.Queue()
    def get(self, lock=threading.RLock()):
        return threading.Event()
""")
    assert [*bound(tree)] == ["queue.SimpleQueue", "threading.Lock", "time.sleep"]
    assert [*made(tree)] == ["threading.Lock", "queue.Queue", "threading.RLock"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork()")
def test_child_works_whose_parent_held_each_lock() -> None:
    """Pages, rows, compressed streams and the probe answer in the forked process."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "apps.forking"],
        capture_output=True,
        text=True,
        cwd=TESTS,
        timeout=100,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    locks, _, end = done.stdout.partition(" locks, ")
    assert int(locks) > 0
    assert end == "the child ended with 0\n"


def test_threads_that_ask_at_once_get_one_pool() -> None:
    """Nobody locks, and still all tasks of a process share its threads."""
    pool = ForkedPool()
    meeting = threading.Barrier(8)
    found = []

    def ask() -> None:
        meeting.wait(30)
        found.append(pool.get(4))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 8
    assert len({*map(id, found)}) == 1
