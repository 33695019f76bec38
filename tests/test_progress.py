"""Tests of the line that says on a terminal what a command is doing."""

from __future__ import annotations

import io
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from flask_outpour.progress import progress_line
from terminals import HIDE
from terminals import run_on_terminal
from terminals import SHOW
from terminals import standard_error

LOOKS = pytest.mark.parametrize("look", ["rich", "click"], indirect=True)


@pytest.fixture
def look(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the line be rich's, or click's."""
    if request.param == "rich":
        pytest.importorskip("rich")
    else:
        monkeypatch.setitem(sys.modules, "rich.progress", None)


def draw(monkeypatch: pytest.MonkeyPatch, columns: int = 80, **environment: str) -> str:
    """Draw the line three times on a terminal, and return what that got."""
    with (
        standard_error(monkeypatch, columns, **environment) as terminal,
        progress_line() as show,
    ):
        show("boiling [the] water", 0)
        show("steeping the tea", 0.5)
        show("drinking it, which takes a while", 0.75)
    return terminal.got


def assert_left_as_it_was(got: str) -> None:
    """The line is wiped: the cursor, which is there, went up to it, and cleared it."""
    assert got.rindex(HIDE) < got.rindex(SHOW)
    assert got.count("\n") == 1
    end = got.rpartition("\n")[2]
    assert re.search("\033\\[1?A.*\033\\[2?K$", end), repr(end)


@LOOKS
def test_terminal_sees_what_is_done_and_how_far(
    monkeypatch: pytest.MonkeyPatch, look: None
) -> None:
    """Each text stands beside its share of the whole, whatever signs it has."""
    got = draw(monkeypatch)
    assert "boiling [the] water" in got
    assert " 50%" in got.partition("steeping the tea")[0]
    assert " 75%" in got.partition("drinking it")[0]
    assert_left_as_it_was(got)


@LOOKS
def test_line_fits_a_narrow_terminal(
    monkeypatch: pytest.MonkeyPatch, look: None
) -> None:
    """A text that has no room is cut, so that the line stays one."""
    got = draw(monkeypatch, 46)
    assert "steeping t" in got
    assert "takes a while" not in got
    assert_left_as_it_was(got)


def test_no_colour_is_shown_where_none_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With NO_COLOR the line is there, without a colour."""
    pytest.importorskip("rich")
    coloured = re.compile("\033\\[[0-9;]+m")
    assert coloured.search(draw(monkeypatch))
    got = draw(monkeypatch, NO_COLOR="1")
    assert "steeping the tea" in got
    assert not coloured.search(got)


@LOOKS
def test_dumb_terminal_gets_nothing(
    monkeypatch: pytest.MonkeyPatch, look: None
) -> None:
    """A terminal that cannot go back in a line is left alone."""
    assert draw(monkeypatch, TERM="dumb") == ""


@pytest.mark.parametrize("file", [io.StringIO(), None], ids=["pipe", "none"])
def test_nothing_is_shown_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, file: io.StringIO | None
) -> None:
    """A pipe gets nothing, even where rich would be made to colour it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("sys.stderr", file)
    with progress_line() as show:
        show("boiling water", 0.5)
    assert file is None or file.getvalue() == ""


@LOOKS
def test_interrupted_line_leaves_the_terminal_as_it_was(
    monkeypatch: pytest.MonkeyPatch, look: None
) -> None:
    """Ctrl-C wipes the line, and brings the cursor back."""
    with (
        standard_error(monkeypatch) as terminal,
        pytest.raises(KeyboardInterrupt),
        progress_line() as show,
    ):
        show("boiling water", 0.5)
        raise KeyboardInterrupt
    assert_left_as_it_was(terminal.got)


def test_demo_shows_how_many_orders_it_has(tmp_path: Path) -> None:
    """The line is not in the output, and Ctrl-C brings the cursor back."""
    code = "from flask_outpour.cli import main; main()"
    done = run_on_terminal(
        [sys.executable, "-c", code, "demo", "--rows=9000000", "--port=0"],
        until="20,000 of 9,000,000 orders",
        stop=signal.SIGINT,
        env={**os.environ, "TERM": "xterm", "XDG_CACHE_HOME": str(tmp_path)},
    )
    assert done.returncode == 130
    assert done.stdout.count("\n") == 1, "it says where the orders go"
    assert done.stderr.rindex(HIDE) < done.stderr.rindex(SHOW)
    assert done.stderr.endswith("Stopped.\r\n")
