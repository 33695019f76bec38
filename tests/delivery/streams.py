"""Items enter; streams of each kind, and what a server would send of them, leave."""

from __future__ import annotations

from collections.abc import Iterator

import flask
import pytest
from flask import Flask
from werkzeug.test import create_environ
from werkzeug.test import run_wsgi_app

import flask_outpour

ANY_SOURCE = pytest.mark.parametrize(
    "wrap",
    [
        pytest.param(flask_outpour.stream_with_context, id="ours"),
        pytest.param(flask.stream_with_context, id="flask"),
        pytest.param(iter, id="bare"),
    ],
)


def rows(error: BaseException | None = None) -> Iterator[str]:
    """Yield two items, and then an error if there is one."""
    yield "first,"
    yield "second,"
    if error is not None:
        raise error


def taken(app: Flask, path: str = "/") -> tuple[bytes, BaseException | None]:
    """Return what a server would send, and the error that it meets."""
    body, _, _ = run_wsgi_app(app, create_environ(path))
    data, error = b"", None
    try:
        for chunk in body:
            data += chunk
    except BaseException as caught:
        error = caught
    finally:
        body.close()  # type: ignore[attr-defined]
    return data, error
