"""Tests of the orders that are generated."""

from __future__ import annotations

import os
import sqlite3
import sys
import time
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from flask_outpour.demo import orders as module
from flask_outpour.demo.errors import DemoError
from flask_outpour.demo.orders import cache_directory
from flask_outpour.demo.orders import generate_orders
from flask_outpour.demo.orders import orders
from flask_outpour.demo.orders import orders_file


def ignore(done: int) -> None:
    """Show no progress."""


def test_orders_are_the_same_for_everybody() -> None:
    """Any number of orders begins with the same ones, each time."""
    assert list(orders(50)) == list(islice(orders(1000), 50))


def test_orders_are_as_hostile_as_real_ones() -> None:
    """One in a hundred names needs quotes in CSV, and three of ten notes are NULL."""
    rows = list(orders(20_000))
    customers = [row[2] for row in rows]
    hostile = [name for name in customers if set(name) & set(',"\n')]
    assert 0.005 < len(hostile) / len(rows) < 0.02
    assert {mark for name in hostile for mark in ',"\n' if mark in name} == set(',"\n')
    assert 0.25 < sum(row[7] is None for row in rows) / len(rows) < 0.35
    assert any(not name.isascii() for name in customers)


def test_orders_have_sound_values() -> None:
    """Dates ascend, amounts have cents, and quantities and payments are numbers."""
    rows = list(orders(2000))
    dates = [row[1] for row in rows]
    assert dates == sorted(set(dates))
    assert all(round(row[4], 2) == row[4] > 0 for row in rows)
    assert {row[5] for row in rows} == set(range(1, 13))
    assert {row[6] for row in rows} == {0, 1}


def test_the_file_holds_all_orders(tmp_path: Path) -> None:
    """The database has exactly the orders, and its name only when it is whole."""
    path, shown = tmp_path / "new" / "orders.sqlite3", []

    def show(done: int) -> None:
        assert not path.exists()
        shown.append(done)

    generate_orders(path, 25_000, show)
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT * FROM orders").fetchall()
    assert found == list(orders(25_000))
    assert len(shown) > 1
    assert sum(shown) == 25_000
    assert list(path.parent.iterdir()) == [path]


def test_an_interrupted_generation_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C in the middle leaves neither a database nor a part of one."""

    def interrupt(done: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / "orders.sqlite3"
    with pytest.raises(KeyboardInterrupt):
        generate_orders(path, 25_000, interrupt)
    assert list(tmp_path.iterdir()) == []


def test_the_remains_of_a_killed_generation_go_after_a_day(tmp_path: Path) -> None:
    """What a killed generation left is removed, and one that runs is left alone."""
    killed, running = tmp_path / "orders-1-9-a.part", tmp_path / "orders-1-9-b.part"
    killed.touch()
    running.touch()
    os.utime(killed, (0, time.time() - 2 * module.DAY))
    path = tmp_path / "orders.sqlite3"
    generate_orders(path, 1, ignore)
    assert sorted(tmp_path.iterdir()) == sorted([path, running])


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A cache folder that cannot be made is one sentence that says what to set."""
    (tmp_path / "file").touch()
    with pytest.raises(DemoError, match="XDG_CACHE_HOME"):
        generate_orders(tmp_path / "file" / "orders.sqlite3", 1, ignore)


def test_each_number_of_orders_has_its_own_file(tmp_path: Path) -> None:
    """A thousand orders never pass for a million."""
    assert orders_file(tmp_path, 1000) != orders_file(tmp_path, 1_000_000)


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "~/.cache/outpour"),
        ("linux", {"XDG_CACHE_HOME": "/caches"}, "/caches/outpour"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "~/.cache/outpour"),
        ("darwin", {}, "~/Library/Caches/outpour"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/outpour/Cache"),
        ("win32", {}, "~/AppData/Local/outpour/Cache"),
    ],
)
def test_orders_are_kept_where_the_system_keeps_caches(
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    variables: dict[str, str],
    expected: str,
) -> None:
    """The folder is the user's cache on each system, unless XDG_CACHE_HOME says."""
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache_directory() == Path(expected).expanduser()
