"""A pytest plugin: Jinja's tests enter; their outcomes by the page's driver leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from jinja2 import Template

from flask_outpour.coalesce import FLUSH
from flask_outpour.templates.page import Page
from flask_outpour.templates.tags import Tags

#: The names of the templates that the driver rendered.
renders: list[str | None] = []
#: How each test ended.
outcomes: dict[str, str] = {}

_render = Template.render
_init = Environment.__init__


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the way of rendering, and the file that tells how the tests ended."""
    parser.addoption("--rendering", choices=["jinja", "driver"])
    parser.addoption("--told", type=Path)


def pytest_configure(config: pytest.Config) -> None:
    """Put the driver in the place of ``Template.render``."""
    if config.getoption("rendering") == "jinja":
        return

    def with_tags(self: Environment, *args: Any, **kwargs: Any) -> None:
        _init(self, *args, **kwargs)
        self.add_extension(Tags)

    Environment.__init__ = with_tags  # type: ignore[method-assign]
    Template.render = rendered  # type: ignore[method-assign]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome; what failed in one phase has failed."""
    if outcomes.get(report.nodeid, "passed") == "passed":
        outcomes[report.nodeid] = report.outcome


def pytest_unconfigure(config: pytest.Config) -> None:
    """Tell how the tests ended and what was counted."""
    told = {"outcomes": outcomes, "renders": len(renders)}
    config.getoption("told").write_text(json.dumps(told))


def rendered(self: Template, *args: Any, **kwargs: Any) -> str:
    """Render by the page's driver; an asynchronous template by its own way."""
    if self.environment.is_async:
        return _render(self, *args, **kwargs)
    renders.append(self.name)
    pieces = Page().pieces(self, dict(*args, **kwargs))
    return self.environment.concat(piece for piece in pieces if piece is not FLUSH)
