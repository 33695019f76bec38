"""The command of a database server enters; that server, running, leaves."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import ClassVar


@dataclass
class DatabaseServer:
    """A database server of the tests, on the loopback address.

    A class of one kind of server says how to ask it something, what such a question
    raises while nobody answers, and the signal that ends the server at once.
    """

    directory: Path
    port: int
    command: list[str]
    account: dict[str, Any]
    process: subprocess.Popen[bytes] = field(init=False, repr=False)

    unreachable: ClassVar[type[Exception]]
    killing: ClassVar[signal.Signals]

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own, commit, and return its rows."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server, on its old port and files, and wait until it answers."""
        with (self.directory / "log").open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.directory,
                **self.account,
            )
        try:
            self._wait_until_answering()
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End the server at once, as a crash would: its connections break off."""
        self.process.send_signal(self.killing)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def restart(self) -> None:
        """Kill the server and start it again."""
        self.kill()
        self.start()

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Kill the server, and start it again when the block ends, however it ends."""
        self.kill()
        try:
            yield
        finally:
            self.start()

    def read_log(self) -> str:
        """Return what the server has written so far."""
        return (self.directory / "log").read_text(errors="replace")

    def _wait_until_answering(self) -> None:
        deadline = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < deadline:
            with suppress(self.unreachable):
                self.execute("SELECT 1")
                return
            time.sleep(0.02)
        raise RuntimeError(f"{self.command[0]} did not start:\n{self.read_log()}")


def hand_over(directory: Path, *names: str) -> dict[str, Any]:
    """Give a directory to the first of these users that there is, if we are root.

    Database servers refuse to be run by root. Return the arguments that make
    :mod:`subprocess` run a program as that user.
    """
    if os.geteuid() != 0:
        return {}
    for name in names:
        with suppress(KeyError):
            user = pwd.getpwnam(name)
            break
    else:
        raise LookupError(
            f"there is no user {' or '.join(names)}, and root will not do"
        )
    shutil.chown(directory, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def prepare(command: list[str], directory: Path, account: dict[str, Any]) -> None:
    """Run the command that writes the first files of a database server."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=directory,
        **account,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")
