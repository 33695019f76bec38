"""Databases enter; all who send their orders, each in a process of its own, leave.

Who is not installed is left out, and that is said.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from contextlib import ExitStack
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from typing import Literal

from . import memory
from .client import fetch
from .client import save
from .client import Times
from .measure import doing
from .orders import load_sqlite
from .postgresql import postgresql_with_orders
from .programs import run
from .servers import running
from .servers import Server

Kind = Literal["csv", "ndjson", "arrow", "parquet"]

#: What a row takes at least.
LEAST_BYTES: dict[Kind, int] = {"csv": 90, "ndjson": 150, "arrow": 80, "parquet": 10}


@dataclass(frozen=True, slots=True)
class Databases:
    """The same orders twice; the file may have fewer."""

    postgresql: str
    sqlite: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """Who sends the orders.

    :param needs: packages, or programs.
    :param slow: whether it may be asked for fewer rows.
    :param from_sqlite: whether its rows have SQLite's types.
    """

    name: str
    needs: tuple[str, ...] = ()
    kind: Kind = "csv"
    slow: bool = False
    from_sqlite: bool = False

    @property
    def is_ours(self) -> bool:
        """Whether Outpour is measured, and not a peer."""
        return self.name.startswith("Outpour")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way(Contestant):
    """A server, and the path of its orders."""

    path: str
    server: str = "gunicorn"
    app: str = "benchmarks.rows_apps:from_environment()"
    ready: str = "/text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Contestant):
    """A command that prints the orders; ``{postgresql}`` and so on are filled in."""

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Serving:
    """A way whose server runs."""

    way: Way
    server: Server

    def fetch(self, rows: int) -> Times:
        """Read the orders, and forget them."""
        times = fetch(self.server.port, self.way.path.format(rows=rows))
        # Some end with the message of an error as if it were the last of the rows.
        if times.length < LEAST_BYTES[self.way.kind] * rows:
            raise RuntimeError(f"{self.way.name} sent only {times.length} bytes")
        return times

    def keep(self, rows: int, file: BinaryIO) -> float | None:
        """Write the orders to a file; return by how many bytes the server grew."""
        path = self.way.path.format(rows=rows)
        action = partial(save, self.server.port, path, file)
        if memory.AVAILABLE:
            return memory.growth_during(self.server.worker, action)
        return action()


@dataclass(frozen=True, slots=True)
class Printing:
    """A program that is started anew each time."""

    program: Program
    databases: Databases

    def fetch(self, rows: int) -> Times:
        """Read the orders, and forget them."""
        return run(self._command(rows))

    def keep(self, rows: int, file: BinaryIO) -> float | None:
        """Write the orders to a file; return how the program grew since its first."""
        marks: list[float] = []

        def take(piece: bytes, process: int) -> None:
            file.write(piece)
            # Its memory may be gone before its last output is read.
            with suppress(OSError, RuntimeError):
                marks.append(memory.highest(process))

        run(self._command(rows), take=take)
        return marks[-1] - marks[0] if marks else None

    def _command(self, rows: int) -> list[str]:
        facts = {"postgresql": self.databases.postgresql, "rows": rows}
        return [
            part.format(**facts, sqlite=self.databases.sqlite)
            for part in self.program.command
        ]


@contextmanager
def databases_with_orders(rows: int, in_sqlite: int) -> Iterator[Databases]:
    """Make both databases, and remove them when the block ends."""
    with (
        tempfile.TemporaryDirectory(prefix="outpour-sqlite-") as directory,
        postgresql_with_orders(rows) as postgresql,
    ):
        databases = Databases(postgresql, Path(directory, "orders.db"))
        load_sqlite(databases.sqlite, in_sqlite)
        yield databases


@contextmanager
def started(
    contestants: Iterable[Contestant], databases: Databases, rows: int
) -> Iterator[dict[Contestant, Serving | Printing]]:
    """Start all who are installed, until the block ends; say who is not.

    :param rows: as many as they will be asked for at most.
    """
    ready: dict[Contestant, Serving | Printing] = {}
    able = [contestant for contestant in contestants if _is_able(contestant)]
    with ExitStack() as stack:
        for number, contestant in enumerate(able):
            if isinstance(contestant, Way):
                with doing(f"starting {contestant.name}", number / len(able)):
                    server = stack.enter_context(_serve(contestant, databases, rows))
                ready[contestant] = Serving(contestant, server)
            elif isinstance(contestant, Program):
                ready[contestant] = Printing(contestant, databases)
        yield ready


def read(contestant: Serving | Printing, rows: int) -> bytes:
    """Return what is sent."""
    file = BytesIO()
    contestant.keep(rows, file)
    return file.getvalue()


def _is_able(contestant: Contestant) -> bool:
    is_there = shutil.which if isinstance(contestant, Program) else find_spec
    missing = [name for name in contestant.needs if not is_there(name)]
    if missing:
        named = ", ".join(missing)
        print(f"\nleft out: {contestant.name}; not installed: {named}")
    return not missing


def _serve(way: Way, databases: Databases, rows: int) -> AbstractContextManager[Server]:
    return running(
        way.server,
        outpour=False,
        rows=rows,
        app=way.app.format(sqlite=databases.sqlite),
        ready=way.ready,
        BENCHMARK_POSTGRESQL=databases.postgresql,
        BENCHMARK_SQLITE=str(databases.sqlite),
    )
