"""Formats of an application's own."""

from __future__ import annotations

from typing import Any

from flask import Flask

from flask_outpour import Outpour


class Lines:
    """A format as users write one: it joins cells, and counts its rows."""

    media_type = "text/x-lines"
    suffix = "lines"

    def begin(self, columns: Any) -> bytes:
        self.count = 0
        return f"{'|'.join(columns)}\n".encode()

    def feed(self, batch: Any) -> bytes:
        self.count += len(batch)
        return "".join(f"{'|'.join(map(str, row))}\n" for row in batch).encode()

    def finish(self) -> bytes:
        return b"%d\n" % self.count


class UpperCSV(Lines):
    media_type = "text/csv"
    suffix = "csv"


def set_up(how: str, formats: list[Any]) -> Flask:
    """Return an application that has formats of its own."""
    app = Flask("own")
    if how == "direct":
        Outpour(app, formats=formats)
    else:
        outpour = Outpour(formats=formats)
        outpour.init_app(app)
    return app
