"""A number of rows enters; a SQLite file of that many orders leaves."""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

from .errors import DemoError

#: Changes with every change to the rows, so that no older file passes for them.
EDITION = 1
BATCH = 10_000
DAY = 24 * 60 * 60

_SCHEMA = """
    CREATE TABLE orders (
        id INTEGER PRIMARY KEY,
        created_at TEXT NOT NULL,
        customer TEXT NOT NULL,
        email TEXT NOT NULL,
        amount REAL NOT NULL,
        quantity INTEGER NOT NULL,
        paid INTEGER NOT NULL,
        note TEXT
    )
"""
_PEOPLE = (
    ("Amara Chike Ngozi Zuri Kofi Abena", "Okafor Mensah Adeyemi Nkosi Diallo Owusu"),
    ("Renée Zoë François Inês João", "Dubois Lefèvre Gonçalves O'Neill Núñez"),
    ("Björn Günther Anneke Søren Åsa", "Müller Sørensen Lindqvist Weiß Jørgensen"),
    ("Борис Степан Максим", "Соколов Кравченко Морозов"),
    ("Ελένη Δάφνη Σοφία", "Παππά Αγγέλου Μακρή"),
    ("娜 芳 美玲", "李 王 陳"),
    ("さくら 陽翔 結衣", "小林 鈴木 山本"),
    ("지우 서연 민준", "김 박 이"),
    ("ليلى يوسف مريم", "حداد منصور الخطيب"),
    ("आरव लीला मीरा", "शर्मा पटेल मेहता"),
)
_NAMES = [(given.split(), family.split()) for given, family in _PEOPLE]
_NOTES = (
    "please ring twice",
    "a gift, so no price inside",
    "leave it with the neighbour",
    "call first",
    "for the café on the corner",
    "as last time 🌻",
    'mark it "fragile"',
)
_FIRST_ORDER = datetime(2024, 1, 1)
_SECONDS_APART = 31


def cache_directory() -> Path:
    """Return where the user's programs keep what can be made again."""
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    # A relative path there is to be ignored, says the XDG base directory standard.
    if os.path.isabs(chosen):
        return Path(chosen, "outpour")
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local, "outpour", "Cache")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "outpour"
    return Path.home() / ".cache" / "outpour"


def orders_file(directory: Path, rows: int) -> Path:
    """Return the file that holds, or will hold, this many orders."""
    return directory / f"orders-{EDITION}-{rows}.sqlite3"


def generate_orders(path: Path, rows: int, advance: Callable[[int], object]) -> None:
    """Write a file of orders, the same for everybody.

    It has its name only when it is whole: an interrupted generation leaves nothing.

    :param advance: is called with the number of rows written since its last call.
    :raises DemoError: when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_remains(path)
        handle, name = tempfile.mkstemp(".part", f"{path.stem}-", path.parent)
        os.close(handle)
        part = Path(name)
        try:
            _write(part, rows, advance)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    except (OSError, sqlite3.OperationalError) as error:
        raise DemoError(
            f"Cannot write the orders to {path.parent}: {error}. Point"
            " XDG_CACHE_HOME to a directory with room for them."
        ) from error


def orders(rows: int) -> Iterator[tuple[Any, ...]]:
    """Yield orders; any number of them begins with the same ones."""
    # Only this method of it is promised to give the same numbers everywhere.
    random = Random(2024).random
    created = _FIRST_ORDER
    for number in range(1, rows + 1):
        created += timedelta(seconds=1 + int(random() * 2 * _SECONDS_APART))
        quantity = 1 + int(random() ** 3 * 12)
        yield (
            number,
            str(created),
            _customer(random),
            f"customer{int(random() * 250_000)}@example.org",
            quantity * int(100 + random() * 20_000) / 100,
            quantity,
            int(random() < 0.9),
            None if random() < 0.3 else _NOTES[int(random() * len(_NOTES))],
        )


def _customer(random: Callable[[], float]) -> str:
    givens, families = _NAMES[int(random() * len(_NAMES))]
    given = givens[int(random() * len(givens))]
    family = families[int(random() * len(families))]
    kind = random() * 300
    if kind >= 3:
        return f"{given} {family}"
    # One in a hundred has what a CSV must quote.
    return (f"{family}, {given}", f'{given} "Dot" {family}', f"{given}\n{family}")[
        int(kind)
    ]


def _write(path: Path, rows: int, advance: Callable[[int], object]) -> None:
    with closing(sqlite3.connect(path)) as connection:
        # Nobody reads the file before it is whole, so nothing need be undone.
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_SCHEMA)
        source = orders(rows)
        while batch := list(islice(source, BATCH)):
            connection.executemany(
                "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)", batch
            )
            advance(len(batch))
        connection.commit()


def _remove_remains(path: Path) -> None:
    """Remove what generations left that were killed, a day ago or longer."""
    for part in path.parent.glob("orders-*.part"):
        if part.stat().st_mtime < time.time() - DAY:
            part.unlink(missing_ok=True)
