"""An application enters; the chunks of a view, and whether rows are joined, leave."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask import Response
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

ROWS = [f"{number},row\n" for number in range(1_000)]


def chunks_of(app: Any, path: str = "/", **environ: Any) -> list[bytes]:
    """Return the chunks that a server would send."""
    body, _, _ = run_wsgi_app(app, {**create_environ(path), **environ})
    chunks = list(body)
    body.close()  # type: ignore[attr-defined]
    return chunks


def is_joined(app: Flask, path: str = "/") -> bool:
    """Whether Outpour serves the rows of a view, in fewer chunks than rows."""
    chunks = chunks_of(app, path)
    assert b"".join(chunks) == "".join(ROWS).encode()
    return len(chunks) < len(ROWS)


def add_rows(app: Any, rule: str = "/") -> None:
    """Add a view that streams the rows."""
    app.add_url_rule(rule, "rows", lambda: Response(iter(ROWS), mimetype="text/csv"))
