"""Tests of the bar that is shown while the orders are generated."""

from __future__ import annotations

import sys

import pytest

from flask_outpour.demo.progress import progress_bar


def test_rich_shows_the_bar(capsys: pytest.CaptureFixture[str]) -> None:
    """With rich installed, the bar says how far it has come."""
    pytest.importorskip("rich")
    with progress_bar(200) as advance:
        advance(100)
    assert "50%" in capsys.readouterr().out


def test_click_shows_the_bar_without_rich(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without rich, there is a bar all the same."""
    monkeypatch.setitem(sys.modules, "rich.progress", None)
    with progress_bar(200) as advance:
        advance(100)
    assert "Orders" in capsys.readouterr().out
