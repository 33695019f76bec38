"""Tests of the line in the log that each stream has."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

from delivery.streams import rows


@pytest.mark.parametrize("outcome", ["complete", "failed", "disconnected"])
def test_each_stream_has_one_line_in_the_log(
    app: Flask, caplog: pytest.LogCaptureFixture, outcome: str
) -> None:
    """One line, and its fields, say what was streamed and how it ended."""
    caplog.set_level(logging.INFO, "flask_outpour")
    error = ValueError() if outcome == "failed" else None
    app.add_url_rule("/rows", "view", lambda: (rows(error), 203), methods=["POST"])
    body, _, _ = run_wsgi_app(app, create_environ("/rows", method="POST"))
    chunks = iter(body)
    next(chunks)
    if outcome == "failed":
        with pytest.raises(ValueError):
            list(chunks)
    elif outcome == "complete":
        list(chunks)
    body.close()  # type: ignore[attr-defined]
    (record,) = (r for r in caplog.records if r.name == "flask_outpour")
    assert record.levelno == logging.INFO
    assert record.getMessage().startswith(f"stream {outcome}: POST /rows 203, ")
    fields: dict[str, Any] = record.stream  # type: ignore[attr-defined]
    assert (fields["method"], fields["path"]) == ("POST", "/rows")
    assert fields["outcome"] == outcome
    assert fields["error"] is error
    assert fields["seconds"] >= 0
    sent = 6 if outcome == "disconnected" else 13
    assert fields["bytes"] == sent
    assert f" {sent} bytes " in record.getMessage()
