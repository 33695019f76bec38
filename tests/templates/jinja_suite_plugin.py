"""A pytest plugin: Jinja's tests enter; their outcomes by the page's driver leave."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from jinja2 import Environment
from jinja2 import Template
from jinja2.ext import Extension
from jinja2.lexer import Token
from jinja2.nativetypes import NativeEnvironment
from jinja2.runtime import Context

from flask_outpour.coalesce import FLUSH
from flask_outpour.templates import pool
from flask_outpour.templates.blocks import Block
from flask_outpour.templates.page import Page
from flask_outpour.templates.tags import Tags

#: How many ``renders`` there were by the driver, and ``blocks`` in another thread.
counts: Counter[str] = Counter()
#: How each test ended.
outcomes: dict[str, str] = {}
#: What blocks failed with: their page goes on, but Jinja's tests ask for the error.
failures: list[BaseException] = []

_render = Template.render
_init = Environment.__init__
_rendered_block = Block.rendered


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the way of rendering, and the file that tells how the tests ended."""
    parser.addoption("--rendering", choices=["jinja", "driver", *DEFERRALS])
    parser.addoption("--told", type=Path)


def pytest_configure(config: pytest.Config) -> None:
    """Put the driver in the place of ``Template.render``."""
    rendering = config.getoption("rendering")
    if rendering == "jinja":
        return
    extensions = [Tags, *DEFERRALS.get(rendering, ())]

    def with_tags(self: Environment, *args: Any, **kwargs: Any) -> None:
        _init(self, *args, **kwargs)
        for extension in extensions:
            self.add_extension(extension)

    Environment.__init__ = with_tags  # type: ignore[method-assign]
    Template.render = rendered  # type: ignore[method-assign]
    Block.rendered = counted  # type: ignore[method-assign]
    Block.instead = raised  # type: ignore[method-assign]
    # Each page has a pool, whose thread need not stay.
    pool.IDLE = 0.1


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Note the outcome; what failed in one phase has failed."""
    if outcomes.get(report.nodeid, "passed") == "passed":
        outcomes[report.nodeid] = report.outcome


def pytest_unconfigure(config: pytest.Config) -> None:
    """Tell how the tests ended and what was counted."""
    told = {"outcomes": outcomes, "counts": counts}
    config.getoption("told").write_text(json.dumps(told))


def rendered(self: Template, *args: Any, **kwargs: Any) -> str:
    """Render by the page's driver; an asynchronous template by its own way."""
    if self.environment.is_async:
        return _render(self, *args, **kwargs)
    counts["renders"] += 1
    failures.clear()
    late = LatePool()
    page = Page(pool=late, in_order=True)
    pieces = page.pieces(telling(self, late), dict(*args, **kwargs))
    text = self.environment.concat(piece for piece in pieces if piece is not FLUSH)
    if failures:
        raise failures[0]
    return text


class LatePool(pool.Pool):
    """Render blocks one by one, and none before its page has come to its end.

    So whatever a block uses has changed as much as it may.
    """

    def __init__(self) -> None:
        super().__init__(1)
        self.released = Event()

    def submit(self, task: Callable[[], None]) -> pool.Place | None:
        """Run the task when the page has come to its end."""

        def late() -> None:
            self.released.wait(20)
            task()

        return super().submit(late)


def telling(template: Template, late: LatePool) -> Template:
    """Return the template, with a pool told when all of its own text is rendered."""
    twin: Template = object.__new__(type(template))
    twin.__dict__.update(template.__dict__)

    def root(context: Context) -> Iterator[str]:
        try:
            yield from template.root_render_func(context)
        finally:
            late.released.set()

    twin.root_render_func = root
    return twin


def counted(self: Block) -> list[str | Block]:
    """Render a block in its thread, and count it."""
    counts["blocks"] += 1
    return _rendered_block(self)


def raised(self: Block, what: str, error: BaseException | None = None) -> str:
    """Keep what a block failed with for its page to raise."""
    failures.append(error or TimeoutError(what))
    return ""


class Deferral(Extension):
    """Put parts of each template into deferred blocks, before other extensions."""

    priority = 0

    def filter_stream(self, stream: Iterable[Token]) -> Iterable[Token]:
        """Return the tokens of a template with blocks, those of an expression as is."""
        tokens = [*stream]
        begins = ("block_begin", "data", "variable_begin")
        is_template = bool(tokens) and tokens[0].type in begins
        # Blocks are for text, which neither of these makes piece by piece.
        other = isinstance(self.environment, NativeEnvironment)
        if not is_template or other or self.environment.is_async:
            return iter(tokens)
        return self.deferred(tokens)

    def deferred(self, tokens: list[Token]) -> Iterator[Token]:
        """Yield the tokens of a template with blocks."""
        raise NotImplementedError


class DeferredTemplates(Deferral):
    """Make a block of each template that has no parent."""

    def deferred(self, tokens: list[Token]) -> Iterator[Token]:
        tags = {
            name.value
            for begin, name in pairwise(tokens)
            if begin.type == "block_begin"
        }
        return iter(tokens) if "extends" in tags else in_block(tokens)


class DeferredExpressions(Deferral):
    """Make a block of each printed expression that does not change with its loop."""

    def deferred(self, tokens: list[Token]) -> Iterator[Token]:
        begin, translated = 0, False
        for at, token in enumerate(tokens):
            if token.type == "block_begin":
                name = tokens[at + 1].value
                # What is translated has variables in it, not expressions.
                translated = name == "trans" or (translated and name != "endtrans")
            if translated:
                continue
            if token.type == "variable_begin":
                yield from tokens[begin:at]
                begin = at
            elif token.type == "variable_end":
                yield from in_block_without_loop(tokens[begin : at + 1])
                begin = at + 1
        yield from tokens[begin:]


def in_block_without_loop(expression: list[Token]) -> Iterator[Token]:
    if any(token.test("name:loop") for token in expression):
        return iter(expression)
    return in_block(expression)


def in_block(tokens: list[Token]) -> Iterator[Token]:
    """Yield tokens between those of the tags of a deferred block."""
    yield from tag("defer", tokens[0].lineno)
    yield from tokens
    yield from tag("enddefer", tokens[-1].lineno)


def tag(name: str, line: int) -> Iterator[Token]:
    """Yield the tokens of a tag without arguments."""
    yield Token(line, "block_begin", "{%")
    yield Token(line, "name", name)
    yield Token(line, "block_end", "%}")


DEFERRALS: dict[str, list[type[Extension]]] = {
    "deferred-templates": [DeferredTemplates],
    "deferred-expressions": [DeferredExpressions],
}
