"""Tests of the slow stream behind a middleware, and of the doctor's report on it."""

from __future__ import annotations

import subprocess
from urllib.error import HTTPError

import pytest

from flask_outpour.demo import finding
from flask_outpour.demo.finding import flowing_app
from flask_outpour.demo.finding import held_app
from flask_outpour.demo.finding import ITEMS
from flask_outpour.testing import assert_streams

from .test_views import get

LINES = "".join(f"{number}\n" for number in range(1, ITEMS + 1))


def test_the_slow_view_streams_by_itself() -> None:
    """Each line arrives when it was sent."""
    assert_streams(flowing_app(), "/slow.txt")


def test_the_middleware_holds_it_back() -> None:
    """Behind it, the same lines all arrive at the end."""
    with pytest.raises(AssertionError, match="held back"):
        assert_streams(held_app(), "/slow.txt", timeout=0.5)


@pytest.mark.parametrize("side", ["flowing", "held"])
def test_both_send_the_same_lines(orders_url: str, side: str) -> None:
    """The middleware changes when they arrive, and nothing else."""
    assert get(f"{orders_url}/{side}/slow.txt") == LINES


def test_the_doctor_names_the_middleware(orders_url: str) -> None:
    """The report is that of the command, which stands above it."""
    report = get(f"{orders_url}/doctor")
    assert report.startswith("$ flask --app flask_outpour.demo.finding:held_app ")
    assert "1. flask_outpour.demo.finding.AddLength: joins all items" in report
    assert "1 finding." in report
    assert max(map(len, report.splitlines())) <= 76


def test_the_doctor_examines_once_at_a_time(orders_url: str) -> None:
    """Who asks meanwhile is told to come back."""
    with finding._doctor, pytest.raises(HTTPError) as raised:
        get(f"{orders_url}/doctor")
    with raised.value as response:
        assert response.code == 503
        assert b"ask again" in response.read()


def test_a_doctor_that_does_not_answer_is_not_waited_for(
    orders_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute the reader is told so, and may ask again."""

    def never() -> str:
        raise subprocess.TimeoutExpired("flask", finding.PATIENCE)

    monkeypatch.setattr(finding, "examine", never)
    for _ in range(2):
        with pytest.raises(HTTPError) as raised:
            get(f"{orders_url}/doctor")
        with raised.value as response:
            assert response.code == 504
