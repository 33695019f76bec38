"""What a template may use gives the same text rendered, streamed and deferred."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask import session
from jinja2 import meta
from jinja2 import TemplateSyntaxError
from markupsafe import Markup
from ways_of_sending import applied
from ways_of_sending import check
from ways_of_sending import Feature

from flask_outpour import stream_template_string

BASE = (
    "<html><head><title>{% block title %}Shop{% endblock %}</title></head>\n"
    "<body>{% block body %}<p>Welcome</p>{% endblock %}</body></html>"
)
PEOPLE = ["Ada", "<Bob>", "Cy"]

FEATURES = {
    "extends": Feature(
        "{% extends 'base.html' %}{% block body %}<h1>«Orders»</h1>{% endblock %}",
        "<html><head><title>Shop</title></head>\n<body><h1>«Orders»</h1></body></html>",
        {"base.html": BASE},
    ),
    "block of a parent": Feature(
        "{% extends 'base.html' %}{% block body %}Orders{% endblock %}",
        "[«<b>Orders</b>»]",
        {"base.html": "[«<b>{% block body %}{% endblock %}</b>»]"},
    ),
    "block in a deferred block": Feature(
        "[«<b>{% block body %}Orders of {{ user }}{% endblock %}</b>»]",
        "[«<b>Orders of Ada</b>»]",
        values={"user": "Ada"},
    ),
    "grandparent": Feature(
        "{% extends 'section.html' %}{% block title %}«New»{% endblock %}"
        "{% block inner %}«two»{% endblock %}",
        "<html><head><title>«New»</title></head>\n<body>one «two» three</body></html>",
        {
            "base.html": BASE,
            "section.html": "{% extends 'base.html' %}"
            "{% block body %}one {% block inner %}{% endblock %} three{% endblock %}",
        },
    ),
    "super": Feature(
        "{% extends 'base.html' %}{% block title %}Plus {{ super() }}{% endblock %}"
        "{% block body %}[«{{ super() }}<p>Orders</p>»]{% endblock %}",
        "<html><head><title>Plus Shop</title></head>\n"
        "<body>[«<p>Welcome</p><p>Orders</p>»]</body></html>",
        {"base.html": BASE},
    ),
    "self": Feature(
        "<title>{% block title %}<b>Orders</b>{% endblock %}</title>"
        "<h1>«{{ self.title() }}»</h1>",
        "<title><b>Orders</b></title><h1>«<b>Orders</b>»</h1>",
    ),
    "scoped block": Feature(
        "{% for name in people %}"
        "{% block row scoped %}<i>«{{ name }}»</i>{% endblock %}{% endfor %}",
        "<i>«Ada»</i><i>«&lt;Bob&gt;»</i><i>«Cy»</i>",
        values={"people": PEOPLE},
    ),
    "include": Feature(
        "«{% include 'part.html' %}» of {% include 'part.html' %}",
        "«Ada» of Ada",
        {"part.html": "{{ user }}"},
        {"user": "Ada"},
    ),
    "include of what is missing": Feature(
        "[«{% include 'none.html' ignore missing %}»]", "[«»]"
    ),
    "include without context": Feature(
        "[«{% include 'part.html' without context %}»]",
        "[«none»]",
        {"part.html": "{{ user | default('none') }}"},
        {"user": "Ada"},
    ),
    "block in an include in a loop": Feature(
        "{% for name in people %}{% set n = loop.index %}{% include 'row.html' %}"
        "{% endfor %}",
        "<i>1 «Ada»</i><i>2 «&lt;Bob&gt;»</i><i>3 «Cy»</i>",
        {"row.html": "<i>{{ n }} «{{ name }}»</i>"},
        {"people": PEOPLE},
    ),
    "import": Feature(
        "{% import 'tools.html' as tools %}«{{ tools.shout('a<') }}{{ tools.unit }}»",
        "«A&lt;!km»",
        {
            "tools.html": "{% macro shout(word) %}{{ word | upper }}!{% endmacro %}"
            "{% set unit = 'km' %}"
        },
    ),
    "import in a block": Feature(
        "«{% import 'tools.html' as tools %}{{ tools.shout('a') }}»",
        "«A!»",
        {"tools.html": "{% macro shout(word) %}{{ word | upper }}!{% endmacro %}"},
    ),
    "import with context": Feature(
        "{% from 'tools.html' import greet with context %}«{{ greet() }}»",
        "«Hello &lt;Bob&gt; of request /path»",
        {
            "tools.html": "{% macro greet() %}"
            "Hello {{ user }} of request {{ request.path }}{% endmacro %}"
        },
        {"user": "<Bob>"},
    ),
    "macro": Feature(
        "{% macro field(name, value='') %}"
        '<input name="{{ name }}" value="{{ value }}">{% endmacro %}'
        "{{ field('a') }}«{{ field('b', '\"') }}»",
        '<input name="a" value="">«<input name="b" value="&#34;">»',
    ),
    "macro of a block": Feature(
        "«{% macro twice(word) %}{{ word }}{{ word }}{% endmacro %}{{ twice('<') }}»",
        "«&lt;&lt;»",
    ),
    "call": Feature(
        "{% macro box(title) %}<div>{{ title }}: {{ caller('<') }}</div>{% endmacro %}"
        "«{% call(sign) box('Box') %}{{ sign }}{{ user }}{% endcall %}»",
        "«<div>Box: &lt;Ada</div>»",
        values={"user": "Ada"},
    ),
    "filter section": Feature(
        "«{% filter upper %}a{{ user }}{% endfilter %}»",
        "«AADA»",
        values={"user": "Ada"},
    ),
    "autoescaping": Feature(
        "«{{ text }} {{ markup }} {{ text | safe }} {{ '<' ~ markup }}»",
        "«&lt;b&gt; <i> <b> &lt;<i>»",
        values={"text": "<b>", "markup": Markup("<i>")},
    ),
    "autoescaping off around a block": Feature(
        "{% autoescape false %}[«{{ text }}»]{% endautoescape %}{{ text }}",
        "[«<b>»]&lt;b&gt;",
        values={"text": "<b>"},
    ),
    "autoescaping off in a block": Feature(
        "[«{{ text }}{% autoescape false %}{{ text }}{% endautoescape %}»]",
        "[«&lt;b&gt;<b>»]",
        values={"text": "<b>"},
    ),
    "constants, autoescaping off around a block": Feature(
        "{% autoescape false %}[«{{ '<b>' }}{{ '<' ~ 1 }}»]{% endautoescape %}",
        "[«<b><1»]",
    ),
    "autoescaping of a macro's text": Feature(
        "{% macro bold(word) %}<b>{{ word }}</b>{% endmacro %}"
        "{% autoescape false %}[«{{ bold('<') }}{{ ['<', bold('&')] | join }}»]"
        "{% endautoescape %}",
        "[«<b>&lt;</b><<b>&amp;</b>»]",
    ),
    "loop around a block": Feature(
        "{% for name in people %}{% set number, before = loop.index, loop.previtem %}"
        "<i>«{{ number }} {{ name }} {{ before }}»</i>{{ loop.cycle('a', 'b') }}"
        "{% endfor %}",
        "<i>«1 Ada »</i>a<i>«2 &lt;Bob&gt; Ada»</i>b<i>«3 Cy &lt;Bob&gt;»</i>a",
        values={"people": PEOPLE},
    ),
    "loop in a block": Feature(
        "«{% for n in [1, 2, 3] if n != 2 %}{{ loop.index }}:{{ n }} {% endfor %}"
        "{% for n in [] %}{% else %}none{% endfor %}»",
        "«1:1 2:3 none»",
    ),
    "recursive loop in a block": Feature(
        "«{% for n, inner in tree recursive %}"
        "<li>{{ n }} at {{ loop.depth }}{{ loop(inner) }}</li>{% endfor %}»",
        "«<li>a at 1<li>b at 2</li></li><li>c at 1</li>»",
        values={"tree": [("a", [("b", [])]), ("c", [])]},
    ),
    "loops in loops": Feature(
        "{% for a in 'ab' %}{% for b in 'xy' %}«{{ a }}{{ b }}»{% endfor %}"
        "«{{ a }}{{ b }}»{% endfor %}",
        "«ax»«ay»«a»«bx»«by»«b»",
    ),
    "with": Feature(
        "{% with a = 1, b = n %}«{{ a }}{{ b }}»{% endwith %}{{ a }}",
        "«12»",
        values={"n": 2},
    ),
    "set": Feature("{% set a %}<{{ n }}>{% endset %}«{{ a }}»", "«<2>»", {}, {"n": 2}),
    "nested blocks": Feature(
        "<p>«outer {% set a = 'x' %}<b>«inner {{ a }}»</b> «<i>«innermost»</i>»»</p>",
        "<p>«outer <b>«inner x»</b> «<i>«innermost»</i>»»</p>",
    ),
    "condition": Feature(
        "{% if user %}«{{ user }}»{% else %}«nobody»{% endif %}",
        "«Ada»",
        values={"user": "Ada"},
    ),
    "raw": Feature("«{% raw %}{{ a }}{% endraw %}»", "«{{ a }}»"),
    "comment": Feature("«a{# {% enddefer %} #}b»", "«ab»"),
    "undefined": Feature("[«{{ nothing }}{{ nothing | default('-') }}»]", "[«-»]"),
    "globals of Flask": Feature(
        "«{{ request.path }} {{ config.SHOP }} {{ session.user }}»",
        "«/path Ada's &lt;b&gt;»".replace("Ada's", "Ada&#39;s"),
    ),
}


@pytest.mark.parametrize("name", FEATURES)
def test_text_is_the_same_by_each_way(app: Flask, name: str) -> None:
    """What a template uses works rendered, streamed, deferred in order and in place."""
    app.config["SHOP"] = "Ada's"
    check(app, FEATURES[name], lambda: session.update(user="<b>"))


@pytest.mark.parametrize("extension", ["do", "loopcontrols", "debug"])
def test_other_extensions_of_jinja(app: Flask, extension: str) -> None:
    """The tags of Jinja's other extensions work in a block, and around one."""
    app.jinja_env.add_extension(f"jinja2.ext.{extension}")
    feature = {
        "do": Feature(
            "«{% set a = [1] %}{% do a.append(2) %}{{ a | sum }}»{% do [].clear() %}",
            "«3»",
        ),
        "loopcontrols": Feature(
            "«{% for n in [1, 2, 3] %}{% if n == 2 %}{% continue %}{% endif %}{{ n }}"
            "{% endfor %}»{% for n in [1, 2] %}«{{ n }}»{% break %}{% endfor %}",
            "«13»«1»",
        ),
        "debug": Feature(
            "«{% set text %}{% debug %}{% endset %}{{ 'filters' in text }}»", "«True»"
        ),
    }[extension]
    check(app, feature)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>\n  {%- defer -%}\n  a\n  {%- enddefer -%}\n</p>", "<p>a</p>"),
        ("<p>\n  {% defer %}\n  a\n  {% enddefer %}\n</p>", "<p>\n  a\n</p>"),
        ("<p>\n  {%+ defer +%}\na{%+ enddefer +%}\n</p>", "<p>\n  \na\n</p>"),
    ],
)
def test_whitespace_is_controlled_around_blocks(
    app: Flask, source: str, text: str
) -> None:
    """``trim_blocks``, ``lstrip_blocks`` and ``-`` treat the tags as any other."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.add_url_rule("/", "view", lambda: stream_template_string(source))
    assert app.test_client().get("/?deferred=in-order").text == text
    assert applied(app.test_client().get("/").text) == text


def test_statements_in_lines(app: Flask) -> None:
    """A tag may be a line of its own, where the application has them."""
    app.jinja_env.line_statement_prefix = "%%"
    source = "<p>\n%% defer chart\na{{ 1 }}\n%% fallback\n-\n%% enddefer\n</p>"
    app.add_url_rule("/", "view", lambda: stream_template_string(source))
    page = app.test_client().get("/").text
    assert '<?start name="chart">-' in page
    assert applied(page) == "<p>\na1\n</p>"


def test_values_alone_are_finalized(app: Flask) -> None:
    """The application's ``finalize`` is asked for values, not for a block's text."""
    app.jinja_env.finalize = lambda value: "-" if value is None else f"({value})"
    values = {"a": None, "b": 2}
    check(app, Feature("«text {{ a }} {{ b }}»", "«text - (2)»", {}, values))


def test_undeclared_variables_are_those_of_the_page(app: Flask) -> None:
    """Who asks Jinja for a template's variables is told of none of Outpour's."""
    source = "{% defer %}{{ a }}{% include b %}{% fallback %}{{ c }}{% enddefer %}"
    tree = app.jinja_env.parse(source)
    assert meta.find_undeclared_variables(tree) == {"a", "b", "c"}


@pytest.mark.parametrize("part", ["fallback", "onerror"])
def test_loop_around_the_other_parts(app: Flask, part: str) -> None:
    """A part that needs the loop has it, or the template is refused, as for a block."""
    source = (
        "{% for n in 'ab' %}[{% defer %}{{ fail() }}"
        f"{{% {part} %}}{{{{ loop.index }}}}{{% enddefer %}}]{{% endfor %}}"
    )
    try:
        app.jinja_env.from_string(source)
    except TemplateSyntaxError as error:
        assert "loop" in str(error)
        return

    def fail() -> str:
        raise ValueError

    app.add_url_rule("/", "view", lambda: stream_template_string(source, fail=fail))
    page = app.test_client().get("/").text
    if part == "fallback":
        assert re.findall(r">(\d)<\?end>", page) == ["1", "2"]
    else:
        assert applied(page) == "[1][2]"
