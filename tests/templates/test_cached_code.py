"""Templates whose code is cached on disk keep their tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flask
import jinja2
import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from ways_of_sending import applied

from flask_outpour import Outpour
from flask_outpour import stream_template


def cached_app(folder: Path, templates: Path, *, outpour: bool = True) -> Flask:
    """Return an application with templates whose code is cached in a folder."""
    app = Flask("tests.cached", template_folder=templates)
    app.jinja_options = {"bytecode_cache": FileSystemBytecodeCache(str(folder))}
    if outpour:
        Outpour(app)
    app.add_url_rule("/whole", "whole", lambda: flask.render_template("page.html"))
    app.add_url_rule(
        "/", "view", lambda: stream_template("page.html", late=lambda: "late")
    )
    return app


CACHED = {
    "base.html": "<body>{% block body %}{% endblock %}</body>",
    "page.html": "{% extends 'base.html' %}{% block body %}a{% flush %}"
    "{% defer name %}b{{ late }}{% fallback %}-{% onerror %}!{% enddefer %}"
    "{% endblock %}",
}


def test_code_of_templates_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second environment takes the compiled templates, tags and all, from disk."""
    cache, templates = tmp_path / "cache", tmp_path / "templates"
    cache.mkdir()
    templates.mkdir()
    for name, source in CACHED.items():
        (templates / name).write_text(source)
    first = cached_app(cache, templates).test_client().get("/").text

    def parse(*args: Any) -> None:
        raise AssertionError("a template was compiled again")

    monkeypatch.setattr(jinja2.Environment, "_parse", parse)
    client = cached_app(cache, templates).test_client()
    assert client.get("/").text == first
    assert applied(first) == "<body>ablate</body>"
    assert '<?start name="name">-<?end>' in first
    assert client.get("/?deferred=in-order").text == "<body>ablate</body>"
