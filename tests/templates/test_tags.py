"""Tests of the tags ``flush`` and ``defer`` as they are compiled."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest
from jinja2 import DictLoader
from jinja2 import Environment
from jinja2 import nodes
from jinja2 import TemplateRuntimeError
from jinja2 import TemplateSyntaxError
from jinja2.ext import Extension
from jinja2.parser import Parser

from flask_outpour.templates.page import Page
from flask_outpour.templates.pool import Pool
from flask_outpour.templates.tags import Tags


class Shout(Extension):
    """A tag as other extensions have: what is inside comes as one text."""

    tags = {"shout"}  # noqa: RUF012

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endshout",), drop_needle=True)
        return nodes.CallBlock(self.call_method("_shout"), [], [], body).set_lineno(
            line
        )

    def _shout(self, caller: Any) -> str:
        return str(caller()).upper()


def environment(**templates: str) -> Environment:
    """Return an environment with these templates."""
    return Environment(
        autoescape=True, extensions=[Tags, Shout], loader=DictLoader(templates)
    )


def in_order(env: Environment, name: str, **context: Any) -> str:
    """Return the text of a page whose blocks are rendered in a pool."""
    page = Page(pool=Pool(4), in_order=True)
    return "".join(page.pieces(env.get_template(name), context))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% defer 1 %}{% enddefer %}", "timeout=2 %}, not 1"),
        ("{% defer a b %}{% enddefer %}", "timeout=2 %}, not 'b'"),
        ("{% defer 'a-b' %}{% enddefer %}", "but this one is 'a-b'"),
        ("{% defer 'é' %}{% enddefer %}", "but this one is 'é'"),
        ("{% defer timeout=0 %}{% enddefer %}", "takes seconds above 0, but it is 0"),
        ("{% defer timeout='1' %}{% enddefer %}", "above 0, but it is '1'"),
        ("{% defer timeout=true %}{% enddefer %}", "above 0, but it is True"),
        (
            "{% defer %}{% fallback %}{% fallback %}{% enddefer %}",
            "one {% fallback %} at most",
        ),
        (
            "{% for i in x %}{% defer %}{{ loop.index }}{% enddefer %}{% endfor %}",
            "{% set number = loop.index %}",
        ),
        (
            "{% for i in x %}{% defer %}{% for j in loop.y %}{% endfor %}{% enddefer %}"
            "{% endfor %}",
            "{% set number = loop.index %}",
        ),
    ],
)
def test_misuse_is_refused(source: str, message: str) -> None:
    """What a tag does not take is a syntax error that says what it takes."""
    with pytest.raises(TemplateSyntaxError) as error:
        environment().from_string(f"\n{source}")
    assert message in str(error.value)
    assert error.value.lineno == 2


def test_loop_inside_of_a_block_has_its_loop_variable() -> None:
    """A loop that stands in the block has its own ``loop``, which is not refused."""
    source = "{% defer %}{% for i in 'ab' %}{{ loop.index }}{{ i }}{% endfor %}"
    env = environment(page=source + "{% enddefer %}")
    assert in_order(env, "page") == "1a2b"


def test_environment_that_is_asynchronous_is_refused() -> None:
    """Jinja collects what it renders asynchronously, so the tags are an error there."""
    env = Environment(enable_async=True, extensions=[Tags])
    for source in ("{% flush %}", "{% defer %}{% enddefer %}"):
        with pytest.raises(TemplateSyntaxError, match="enable_async"):
            env.from_string(source)


@pytest.mark.parametrize("timeout", ["limits.slow", "2 * 3", "n|default(2)", "-n + 9"])
def test_timeout_may_be_any_expression(timeout: str) -> None:
    """A timeout is computed at the place of the block."""
    env = environment(page=f"{{% defer a timeout={timeout} %}}b{{% enddefer %}}")
    assert in_order(env, "page", limits={"slow": 5}, n=1) == "b"


def test_timeout_that_is_computed_is_checked() -> None:
    """A timeout that is no number of seconds names its block."""
    env = environment(page="\n{% defer timeout=limit %}{% enddefer %}")
    with pytest.raises(TemplateRuntimeError, match=r"page, line 2: .* above 0.*'no'"):
        in_order(env, "page", limit="no")


BUFFERING = {
    "filter": ("{% filter upper %}", "{% endfilter %}"),
    "macro": ("{% macro m() %}", "{% endmacro %}{{ m() }}"),
    "call": (
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}",
        "{% endcall %}",
    ),
    "set": ("{% set text %}", "{% endset %}{{ text }}"),
    "for": ("{% for i in [1] recursive %}", "{% endfor %}"),
    "shout": ("{% shout %}", "{% endshout %}"),
}


@pytest.mark.parametrize("tag", BUFFERING)
def test_tag_inside_what_jinja_buffers_is_warned_of(tag: str) -> None:
    """The warning names the file, the line and the tag around; the text is there."""
    before, after = BUFFERING[tag]
    tags = "{% flush %}{% defer %}a{{ b }}{% enddefer %}"
    env = environment(page=f"\n{before}\n{tags}{after}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        text = in_order(env, "page", b="<b>")
    assert text.strip().lower() == "a&lt;b&gt;"
    assert [(each.filename, each.lineno) for each in caught] == [("page", 3)] * 2
    flush, defer = (str(each.message) for each in caught)
    assert flush.startswith("{% flush %} sends nothing")
    assert defer.startswith("{% defer %} is rendered at its place")
    assert f"inside {{% {tag} %}}" in flush
    assert f"inside {{% {tag} %}}" in defer


def test_tags_elsewhere_are_not_warned_of() -> None:
    """Where Jinja streams, nothing is warned of, after what it buffers neither."""
    env = environment(
        base="{% filter upper %}x{% endfilter %}{% block b %}{% endblock %}",
        page="{% extends 'base' %}{% block b %}{% set a = 1 %}{% set recursive = [1] %}"
        "{% for i in recursive %}{% if i %}{% with %}{% defer %}{{ a }}{% enddefer %}"
        "{% flush %}{% endwith %}{% endif %}{% endfor %}{% endblock %}",
    )
    assert in_order(env, "page") == "X1"


@pytest.mark.parametrize("tag", BUFFERING)
def test_include_inside_what_jinja_buffers_is_whole(tag: str) -> None:
    """A block of an included template is rendered at its place there."""
    before, after = BUFFERING[tag]
    env = environment(
        page=f"{before}{{% include 'part' %}}{after}",
        part="{% defer %}a{% defer %}b{% enddefer %}{% enddefer %}c",
    )
    assert in_order(env, "page").lower() == "abc"


def test_super_with_a_block_is_whole() -> None:
    """``super()`` comes as one text, with what is deferred in it at its place."""
    env = environment(
        base="{% block b %}<{% defer %}{{ x }}{% enddefer %}>{% endblock %}",
        page="{% extends 'base' %}{% block b %}{{ super() }}{{ super()|upper }}"
        "{% defer %}{{ super() }}{% enddefer %}{% endblock %}",
    )
    assert in_order(env, "page", x="y") == "<y><Y><y>"


def test_text_of_a_child_outside_of_its_blocks_is_not_rendered() -> None:
    """Of a template that extends another, only blocks are in the page."""
    called: list[int] = []
    env = environment(
        base="base {% block b %}{% endblock %}",
        page="{% if true %}{% extends 'base' %}{% endif %}"
        "{% defer %}{{ call() }}{% enddefer %}"
        "{% block b %}{% defer %}in{% enddefer %}{% endblock %}",
    )
    assert in_order(env, "page", call=lambda: called.append(1)) == "base in"
    assert called == []


def test_render_has_each_block_at_its_place() -> None:
    """``render`` of a template with blocks gives the text of all of them."""
    env = environment(
        page="{% for i in [1, 2] %}{% defer %}{{ i }}{% fallback %}wait{% enddefer %},"
        "{% flush %}{% endfor %}"
    )
    assert env.get_template("page").render() == "1,2,"


def test_failing_block_of_a_rendered_template_shows_its_error_part(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Rendered whole, a failing block is logged and replaced as in a stream."""
    env = environment(
        page="\n{% defer %}{{ 1 // 0 }}{% onerror %}sorry {{ x }}{% enddefer %}!"
    )
    with caplog.at_level(logging.ERROR):
        assert env.get_template("page").render(x="<x>") == "\nsorry &lt;x&gt;!"
    assert "page, line 2 failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("source", "cure"),
    [
        (
            "{% for i in [1] %}{{ loop.index }}{% defer %}{% include 'part' %}"
            "{% enddefer %}{% endfor %}",
            "{% set number = loop.index %}",
        ),
        (
            "{% set ns = namespace(x=1) %}1{% defer %}{{ ns.x }}{% enddefer %}",
            "{% set kept = ns.something %}",
        ),
    ],
)
def test_objects_that_change_are_refused_where_they_are_used(
    source: str, cure: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A block that would read what changes meanwhile fails, and is told the cure."""
    env = environment(page=source, part="{{ loop.index }}")
    with caplog.at_level(logging.ERROR):
        assert in_order(env, "page") == "1"
    assert cure in caplog.text


def test_autoescape_is_that_of_the_place() -> None:
    """A block escapes as its surroundings do, and does not change how they do."""
    env = environment(
        page="{% autoescape false %}{% defer %}{{ x }}{% enddefer %}{% endautoescape %}"
        "{% defer %}{{ x }}{% autoescape false %}{{ x }}{% endautoescape %}{{ x }}"
        "{% enddefer %}{{ x }}"
    )
    assert in_order(env, "page", x="<") == "<&lt;<&lt;&lt;"
