"""What is told of the streams of a test, as it happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask import got_request_exception

from flask_outpour import stream_finished


@pytest.fixture
def endings(app: Flask) -> Iterator[list[dict[str, Any]]]:
    """Return what ``stream_finished`` tells, as it happens."""
    told: list[dict[str, Any]] = []

    def finished(sender: Flask, **facts: Any) -> None:
        told.append(facts)

    with stream_finished.connected_to(finished, app):
        yield told


@pytest.fixture
def exceptions(app: Flask) -> Iterator[list[BaseException]]:
    """Return what ``got_request_exception`` tells, as it happens."""
    told: list[BaseException] = []

    def failed(sender: Flask, exception: BaseException, **_: Any) -> None:
        told.append(exception)

    with got_request_exception.connected_to(failed, app):
        yield told
