"""Run where some extras are not installed: what needs them names them.

``python without.py arrow compress`` checks that of these.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from flask_outpour import ConfigurationError
from flask_outpour import CSV
from flask_outpour import Outpour
from flask_outpour import stream_rows


def new_app(**settings: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(settings, TESTING=True)
    Outpour(app)
    return app


def ask(*, format: str | None = None, source: Any = ()) -> None:
    app = new_app()
    app.add_url_rule("/", "rows", lambda: stream_rows(source, format, columns=["id"]))
    print(app.test_client().get("/").data)


class Frame:
    """A data frame, as far as one can be told without its package."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        raise AssertionError


def named(needs: Callable[[], Any], extra: str) -> bool:
    """Whether something is refused, and the extra for it named."""
    try:
        needs()
    except ConfigurationError as error:
        return f"pip install Flask-Outpour[{extra}]" in str(error)
    return False


def without_arrow() -> None:
    for suffix in ("parquet", "arrows"):
        assert named(lambda suffix=suffix: ask(format=suffix, source=[(1,)]), "arrow")
    assert named(lambda: ask(source=Frame()), "arrow")


def without_compress() -> None:
    for coding in ("zstd", "br"):
        assert named(
            lambda coding=coding: new_app(OUTPOUR_COMPRESS=[coding]), "compress"
        )
    # Python itself has it.
    new_app(OUTPOUR_COMPRESS=["gzip"])


def without_demo() -> None:
    assert "'Flask-Outpour[demo]'" in refusal_of_demo()


def without_fast() -> None:
    import importlib.util

    assert importlib.util.find_spec("msgspec") is None


def without_locale() -> None:
    assert named(lambda: CSV.for_locale("de_DE"), "locale")


def without_sqlalchemy() -> None:
    # A library that is not there makes no statement; the demo takes its addresses.
    if "sqlalchemy" not in sys.modules and "gunicorn" in installed():
        text = refusal_of_demo("--database", "postgresql://127.0.0.1/orders")
        assert '"Flask-Outpour[sqlalchemy]"' in text, text


def refusal_of_demo(*options: str) -> str:
    command = Path(sys.executable).with_name("outpour")
    done = subprocess.run(
        [str(command), "demo", "--port", "0", *options], capture_output=True, text=True
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    return done.stderr


def installed() -> set[str]:
    from importlib.metadata import distributions

    return {each.name.lower() for each in distributions()}


for extra in sys.argv[1:]:
    globals()[f"without_{extra}"]()
