"""Receivers of Outpour's own signals, which plain Flask does not send."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask import Response

from difference.better import Better
from difference.entry import site
from difference.entry import told
from flask_outpour import stream_finished
from flask_outpour import stream_first_byte
from flask_outpour import stream_started

LINES = ("one\n", "two\n", "three\n")
SIGNALS = {
    "started": stream_started,
    "first-byte": stream_first_byte,
    "finished": stream_finished,
}


def observed(signal: Any) -> Any:
    """Return an application with a receiver that fails."""

    def build(app: Flask) -> Any:
        def receive(sender: Flask, **facts: Any) -> None:
            raise ConnectionError("the mail server is down")

        signal.connect(receive, app, weak=False)
        return lambda: Response(told(LINES))

    return build


for name, signal in SIGNALS.items():
    site(
        observed(signal),
        name=f"observer-of-{name}-fails",
        better=Better.OBSERVER,
        ours={"logs": ("ConnectionError",)},
    )
