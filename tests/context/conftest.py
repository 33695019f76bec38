"""The fixture that counts teardowns."""

from __future__ import annotations

import pytest
from flask import Flask


@pytest.fixture
def teardowns(app: Flask) -> list[str]:
    """Return the teardowns of the application as they happen."""
    told: list[str] = []

    @app.teardown_request
    def torn_down_request(error: BaseException | None) -> None:
        told.append(f"request {type(error).__name__}")

    @app.teardown_appcontext
    def torn_down_app(error: BaseException | None) -> None:
        told.append(f"app {type(error).__name__}")

    return told
