"""A command enters; what it prints, and what a terminal gets of it, leave."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from subprocess import CompletedProcess
from subprocess import PIPE
from subprocess import Popen
from threading import Thread
from typing import Any

import pytest

HIDE, SHOW = "\033[?25l", "\033[?25h"


@dataclass
class Terminal:
    """A terminal's two ends, and what came to it."""

    file: int
    _got: bytearray = field(default_factory=bytearray)

    @property
    def got(self) -> str:
        """All that came, with its control codes."""
        return self._got.decode()

    def take(self, end: int, seen: Callable[[str], object]) -> None:
        """Read the other end until nobody holds this one any more."""
        # So Linux tells that the last one has closed it; others send nothing.
        with suppress(OSError):
            while data := os.read(end, 4096):
                self._got += data
                seen(self.got)


@contextmanager
def open_terminal(
    columns: int = 80, seen: Callable[[str], object] = lambda got: None
) -> Iterator[Terminal]:
    """Open a pseudo-terminal; when the block ends, all that came to it is there.

    :param seen: is called with all that came so far, whenever more does.
    """
    end, file = os.openpty()
    fcntl.ioctl(file, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
    terminal = Terminal(file)
    reader = Thread(target=terminal.take, args=(end, seen))
    reader.start()
    try:
        yield terminal
    finally:
        os.close(file)
        reader.join()
        os.close(end)


@contextmanager
def standard_error(
    monkeypatch: pytest.MonkeyPatch, columns: int = 80, **environment: str
) -> Iterator[Terminal]:
    """Make a terminal the standard error of this process, until the block ends."""
    with monkeypatch.context() as patch:
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
            patch.delenv(name, raising=False)
        # Without COLUMNS rich asks the terminals of this process, and not this one.
        environment = {"TERM": "xterm", "COLUMNS": str(columns), **environment}
        for name, value in environment.items():
            patch.setenv(name, value)
        with (
            open_terminal(columns) as terminal,
            open(os.dup(terminal.file), "w", encoding="utf-8") as file,
        ):
            patch.setattr("sys.stderr", file)
            yield terminal


def run_on_terminal(
    command: list[Any],
    *,
    until: str | None = None,
    stop: int = 0,
    **how: Any,
) -> CompletedProcess[str]:
    """Run a command whose standard error, alone, is a terminal.

    :param until: upon which the command is sent the signal ``stop``.
    """
    started: list[Popen[str]] = []

    def see(got: str) -> None:
        if until is not None and until in got and started:
            started.pop().send_signal(stop)

    with open_terminal(seen=see) as terminal:
        how["env"] = {"TERM": "xterm", **how.get("env", os.environ)}
        how |= {"stdout": PIPE, "stderr": terminal.file, "text": True}
        with Popen(command, **how) as process:
            started.append(process)
            output, _ = process.communicate(timeout=100)
    return CompletedProcess(command, process.returncode, output, terminal.got)
