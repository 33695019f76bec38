"""Tests of the streams that break on purpose, and of what is told of them."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError

import pytest

from servers.clients import curl

from .conftest import SIDES
from .test_views import get
from .test_views import read_csv


@pytest.fixture
def streams_are_logged() -> Iterator[None]:
    """Let Outpour write its lines, as the command does."""
    logger = logging.getLogger("flask_outpour")
    before = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(before)


def answer(url: str) -> tuple[int, bool]:
    """Return the status of an error, and whether its page is the application's."""
    with pytest.raises(HTTPError) as raised:
        get(url)
    with raised.value as response:
        return response.code, b"URL was not found" in response.read()


def log_of(url: str, run: str) -> list[dict[str, str]]:
    """Return what the demo says was logged of a request."""
    entries: list[dict[str, str]] = json.loads(get(f"{url}/broken/log?run={run}"))
    return entries


def test_an_order_that_is_not_there_is_404_under_outpour(orders_url: str) -> None:
    """The application's own page says so; on plain Flask the server has an error."""
    assert answer(f"{orders_url}/outpour/broken/missing.csv") == (404, True)
    assert answer(f"{orders_url}/plain/broken/missing.csv") == (500, False)


@pytest.mark.parametrize("side", SIDES)
def test_half_of_a_stream_is_cut_on_both_sides(orders_url: str, side: str) -> None:
    """The rows before the error arrive, and then a client notices the cut."""
    done = curl(f"{orders_url}/{side}/broken/half.csv")
    assert done.code == 18
    assert done.body.decode().splitlines() == [f"{n},open" for n in range(1, 26)]


def test_the_tutorials_database_stays_open_under_outpour(orders_url: str) -> None:
    """All rows come from the connection in ``g``, which plain Flask has closed."""
    rows = read_csv(get(f"{orders_url}/outpour/broken/tutorial.csv"))
    assert [row[0] for row in rows] == [str(number) for number in range(1, 1001)]
    assert answer(f"{orders_url}/plain/broken/tutorial.csv") == (500, False)


def test_the_log_is_told(run_demo: Callable[..., Any]) -> None:
    """Plain Flask leaves a failure to the server; Outpour's application logs it."""
    with run_demo("--rows", "1000", server="waitress") as demo:
        for side in SIDES:
            curl(f"{demo.url}/{side}/broken/half.csv?run={side}")
        told = {side: log_of(demo.url, side) for side in SIDES}
    (plain,) = told["plain"]
    assert plain["logger"].startswith("waitress")
    assert plain["error"] == "ValueError: order 26 cannot be read"
    first, second, *_ = told["outpour"]
    assert first["logger"] == "flask_outpour.demo"
    assert first["message"] == "Exception on /broken/half.csv [GET]"
    assert first["error"] == "ValueError: order 26 cannot be read"
    assert second["message"].startswith("stream failed: GET /broken/half.csv 200")


@pytest.mark.usefixtures("streams_are_logged")
def test_a_log_is_that_of_its_request_alone(orders_url: str) -> None:
    """What is logged of other requests is not told, nor anything twice."""
    get(f"{orders_url}/outpour/broken/tutorial.csv?run=mine")
    get(f"{orders_url}/outpour/broken/tutorial.csv?run=yours")
    get(f"{orders_url}/outpour/orders.csv")
    (entry,) = log_of(orders_url, "mine")
    assert entry["message"].startswith("stream complete: GET /broken/tutorial.csv 200")
    assert log_of(orders_url, "mine") == []
    assert log_of(orders_url, "nobody") == []
