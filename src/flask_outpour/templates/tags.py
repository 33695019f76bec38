"""Templates with ``flush`` and ``defer`` enter; what Jinja compiles of them leaves."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from jinja2 import nodes
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.lexer import Token
from jinja2.lexer import TokenStream
from jinja2.parser import Parser
from jinja2.runtime import BlockReference
from jinja2.runtime import Context
from jinja2.runtime import LoopContext
from jinja2.runtime import Macro

from ..coalesce import FLUSH
from .blocks import Block
from .blocks import is_timeout
from .blocks import Tag
from .blocks import timeout_refusal
from .buffers import ESCAPING
from .buffers import mark_buffers
from .buffers import PAGE
from .detached import detach
from .detached import LOOP_REFUSAL
from .page import Page

_AUTOESCAPE = "_outpour_autoescape"
#: What Jinja declares only where it sees it used, and it does not look into the
#: functions of blocks. ``super`` there would be that of the function.
_DECLARED = {
    "caller": "caller",
    "kwargs": "kwargs",
    "super": "_outpour_super",
    "varargs": "varargs",
}
#: What puts the pieces of a template into one string.
_COLLECTORS = {
    function.__code__
    for function in (
        BlockReference.__call__,
        LoopContext.__call__,
        Macro.__call__,
        TemplateModule.__init__,
    )
}
#: What pulls the pieces one by one.
_DRIVERS = {Page.pieces.__code__, Block.part.__code__}


class Tags(Extension):
    """The tags ``{% flush %}`` and ``{% defer %}``.

    The parts of a block become functions of the compiled template, as Jinja's own
    blocks do, and take the values at their place as a context of their own: so they
    can be run later, in another thread, when the loop around them has gone on.
    """

    tags = {"flush", "defer"}  # noqa: RUF012

    def filter_stream(self, stream: TokenStream) -> Iterable[Token]:
        """Find the tags that stand where nothing can be sent."""
        others = {
            tag
            for extension in self.environment.iter_extensions()
            if extension is not self
            for tag in extension.tags
        }
        return mark_buffers(stream, others)

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """Compile one of the tags.

        :raises jinja2.TemplateSyntaxError: names what does not fit.
        """
        tag = next(parser.stream)
        if self.environment.is_async:
            parser.fail(
                f"{{% {tag.value} %}} streams, which Jinja does not do with"
                " enable_async. Render in an environment without it.",
                tag.lineno,
            )
        if tag.value == "flush":
            return [self._call(self.call_method("_flush"), tag.lineno)]
        return self._parse_defer(parser, tag.lineno)

    def _call(self, call: nodes.Call, line: int) -> nodes.Node:
        # A call block gives out what was returned as it is, where an expression
        # would be escaped and finalized, which makes other text of it.
        return nodes.CallBlock(call, [], [], []).set_lineno(line)

    def _flush(self, caller: object) -> str:
        return FLUSH

    def _parse_defer(self, parser: Parser, line: int) -> list[nodes.Node]:
        escaping = _parse_escaping(parser)
        name, timeout = _parse_options(parser)
        parts = _parse_parts(parser)
        for body in parts.values():
            _refuse_loop(parser, body)
        functions = {part: f"outpour_{uuid4().hex}" for part in parts}
        tag = (
            *(line, name, functions["body"]),
            *(functions.get("fallback"), functions.get("onerror")),
        )
        used = _take_declared(parts.values())
        call = self.call_method(
            "_defer",
            [
                nodes.DerivedContextReference(),
                nodes.Const(tag),
                timeout,
                nodes.Dict([nodes.Pair(nodes.Const(k), v) for k, v in used.items()]),
            ],
        )
        blocks = [
            nodes.Block(functions[part], _escaped(body, escaping), False, False)
            for part, body in parts.items()
        ]
        # Jinja makes functions of blocks, wherever they stand; here it runs none.
        never = nodes.If(nodes.Const(False), blocks, [], [])
        return [never.set_lineno(line), self._call(call, line)]

    def _defer(
        self,
        values: Context,
        tag: tuple[Any, ...],
        timeout: float | None,
        used: Mapping[str, Any],
        caller: object,
    ) -> Block | str:
        """Hand the block over to the page that is streamed, or render it here."""
        standing = _standing()
        if standing == "unrendered":
            return ""
        values.vars.update(used)
        values.vars[_AUTOESCAPE] = values.eval_ctx.autoescape
        detach(values)
        block = Block(Tag(*tag), values, timeout)
        page = values.get(PAGE)
        if page is None or standing == "collected":
            return block.at_place()
        return page.take(block)  # type: ignore[no-any-return]


def _parse_options(parser: Parser) -> tuple[str | None, nodes.Expr]:
    name: str | None = None
    timeout: nodes.Expr = nodes.Const(None)
    stream = parser.stream
    while stream.current.type != "block_end":
        token = next(stream)
        if token.test("name:timeout") and stream.skip_if("assign"):
            timeout = parser.parse_expression()
            _check_constant(parser, timeout)
        elif name is None and token.type in ("name", "string"):
            name = _checked_name(parser, token)
        else:
            parser.fail(
                f"{{% defer %}} takes a name and timeout=seconds, as in {{% defer chart"
                f" timeout=2 %}}, not {token.value!r}.",
                token.lineno,
            )
    return name, timeout


def _checked_name(parser: Parser, token: Token) -> str:
    name = str(token.value)
    if not (name.isidentifier() and name.isascii()):
        parser.fail(
            "The name of a {% defer %} has letters, digits and underscores, and begins"
            f" with no digit, but this one is {name!r}.",
            token.lineno,
        )
    return name


def _check_constant(parser: Parser, timeout: nodes.Expr) -> None:
    try:
        context = nodes.EvalContext(parser.environment, parser.name)
        seconds = timeout.as_const(context)
    except nodes.Impossible:
        return
    if not is_timeout(seconds):
        parser.fail(timeout_refusal(seconds), timeout.lineno)


def _parse_parts(parser: Parser) -> dict[str, list[nodes.Node]]:
    """Return the bodies of the parts, by name."""
    parts: dict[str, list[nodes.Node]] = {}
    part = "body"
    while part != "enddefer":
        if part in parts:
            parser.fail(f"A {{% defer %}} has one {{% {part} %}} at most.")
        parts[part] = parser.parse_statements(
            ("name:fallback", "name:onerror", "name:enddefer")
        )
        part = next(parser.stream).value
    return parts


def _refuse_loop(parser: Parser, body: list[nodes.Node]) -> None:
    for node in body:
        if isinstance(node, nodes.Name) and (node.name, node.ctx) == ("loop", "load"):
            parser.fail(LOOP_REFUSAL, node.lineno)
        inside = ("body",) if isinstance(node, nodes.For) else ()
        _refuse_loop(parser, [*node.iter_child_nodes(exclude=inside)])


def _take_declared(parts: Iterable[list[nodes.Node]]) -> dict[str, nodes.Expr]:
    """Return the names that the parts must be given, renamed where they are used."""
    used: dict[str, nodes.Expr] = {}
    for node in _names(parts):
        if node.name in _DECLARED:
            alias = _DECLARED[node.name]
            used[alias] = nodes.Name(node.name, "load")
            node.name = alias
    return used


def _names(parts: Iterable[list[nodes.Node]]) -> Iterator[nodes.Name]:
    for body in parts:
        for node in body:
            if isinstance(node, nodes.Name):
                yield node
            yield from node.find_all(nodes.Name)


def _parse_escaping(parser: Parser) -> nodes.Expr | None:
    """Return whether the place of a block escapes, where a tag around it says so."""
    if not str(parser.stream.current.value).startswith(ESCAPING):
        return None
    said = next(parser.stream).value.removeprefix(ESCAPING)
    if said == "computed":
        return nodes.Name(_AUTOESCAPE, "load")
    return nodes.Const(said == "true")


def _escaped(body: list[nodes.Node], escaping: nodes.Expr | None) -> list[nodes.Node]:
    """Return the body of a function that escapes as the place of its block does."""
    if escaping is None:
        return body
    modifier = nodes.ScopedEvalContextModifier()
    modifier.options = [nodes.Keyword("autoescape", escaping)]
    modifier.body = body
    return [modifier]


def _standing() -> str:
    """Return what becomes of a piece that the calling template gives out here.

    ``"sent"``; or ``"collected"``, in one string with others; or ``"unrendered"``,
    since the text of a template that extends another stands in its blocks alone.
    """
    template = sys._getframe(3)
    if template.f_code.co_name == "root" and template.f_locals.get("parent_template"):
        return "unrendered"
    frame: Any = template
    while frame is not None and frame.f_code not in _DRIVERS:
        if frame.f_code in _COLLECTORS:
            return "collected"
        frame = frame.f_back
    return "sent"
