"""What a template may use gives the same text rendered, streamed and deferred."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import flask
import pytest
from flask import Flask
from flask import g
from flask import request
from flask import session
from jinja2 import DictLoader
from markupsafe import Markup

from flask_outpour import stream_template

#: Stand in sources and texts where a deferred block begins and ends.
BEGIN, END = "«", "»"


def without_blocks(text: str) -> str:
    return text.replace(BEGIN, "").replace(END, "")


def with_blocks(source: str) -> str:
    return source.replace(BEGIN, "{% defer %}").replace(END, "{% enddefer %}")


def applied(page: str) -> str:
    """Return a page of blocks in place as a reader sees it at last.

    It does what a browser does: the content of a template goes to its place.
    """
    page = re.sub("<script.*?</script>", "", page, flags=re.DOTALL)
    template = re.compile('<template for="([^"]*)">(.*?)</template>\n', re.DOTALL)
    while found := template.search(page):
        name, content = found.groups()
        page = page[: found.start()] + page[found.end() :]
        start = f'<?start name="{name}">'
        before, begun, rest = page.partition(start)
        assert begun, f"no place for {name!r} in {page!r}"
        # What stood there may have places of its own.
        depth, at = 1, 0
        for mark in re.finditer(r"<\?(start|end)\b[^>]*>", rest):
            depth += 1 if mark[1] == "start" else -1
            if not depth:
                at = mark.end()
                break
        assert not depth, f"the place of {name!r} does not end in {page!r}"
        page = before + content + rest[at:]
    return page


@dataclass(frozen=True, slots=True)
class Feature:
    """A template that uses something, and the text that it is to give."""

    source: str
    text: str
    others: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)


def check(app: Flask, feature: Feature, prepare: Callable[[], Any] = int) -> None:
    """Assert that the text is the same by each way that a page is sent.

    :param prepare: is called by the view before it renders.
    """
    sources: dict[str, str] = {}
    app.jinja_loader = DictLoader(sources)  # type: ignore[misc]

    @app.get("/rendered")
    def rendered() -> str:
        prepare()
        return flask.render_template("page.html", **feature.values)

    @app.get("/streamed")
    def streamed() -> Any:
        prepare()
        return stream_template("page.html", **feature.values)

    def text(path: str) -> str:
        # Each way with a session of its own.
        response = app.test_client().get(path)
        assert response.status_code == 200
        return response.text.replace(path.partition("?")[0], "/path")

    expected = without_blocks(feature.text)
    templates = {**feature.others, "page.html": feature.source}
    sources.update({name: without_blocks(each) for name, each in templates.items()})
    assert text("/rendered") == expected
    assert text("/streamed") == expected
    app.jinja_env.cache.clear()  # type: ignore[union-attr]
    sources.update({name: with_blocks(each) for name, each in templates.items()})
    assert text("/rendered") == expected
    assert text("/streamed?deferred=in-order") == expected
    in_place = text("/streamed")
    assert applied(in_place) == expected
    # The page's own text, and then the blocks.
    own = re.sub(f"{BEGIN}.*?{END}", "", feature.text.replace("\n", ""))
    assert in_place.count("<?start name=") >= feature.text.count(BEGIN) > 0
    del own


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
    "set before and after": Feature(
        "{% set a = 1 %}«{{ later() }}{{ a }}»{% set a = 2 %}{{ a }}{{ release() }}",
        "«1»2",
    ),
    "set in a loop": Feature(
        "{% for n in range(3) %}{% set a = n %}«{{ later() }}{{ a }}{{ n }}»"
        "{% set a = 'x' %}{{ a }}{% endfor %}{{ release() }}",
        "«00»x«11»x«22»x",
    ),
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
    released = threading.Event()
    app.config["SHOP"] = "Ada's"
    app.jinja_env.globals.update(
        # Where blocks render at their place nobody releases them.
        later=lambda: (released.wait(0.3), "")[1],
        release=lambda: released.set() or "",
    )

    def prepare() -> None:
        released.clear()
        session["user"] = "<b>"

    check(app, FEATURES[name], prepare)


def test_context_processors_reach_a_block(app: Flask) -> None:
    """A block sees what the application's processors and ``g`` give its page."""
    app.context_processor(lambda: {"unit": "km", "path": request.path})
    app.config["OUTPOUR_DEFER_G"] = ["user"]

    def prepare() -> None:
        g.user = "<Ada>"

    check(
        app,
        Feature(
            "{{ unit }}{{ g.user }}«{{ unit }} {{ path }} {{ g.user }}»",
            "km&lt;Ada&gt;«km /path &lt;Ada&gt;»",
        ),
        prepare,
    )


def test_filters_tests_and_globals_of_the_application(app: Flask) -> None:
    """A block uses what an application adds to its templates."""
    app.add_template_filter(lambda text: text[::-1], "reverse")
    app.add_template_test(lambda number: number == 3, "three")
    app.add_template_global(lambda: request.args.get("q", "none"), "asked")
    check(
        app,
        Feature(
            "«{{ 'abc' | reverse }} {{ 3 is three }} {{ asked() }}»",
            "«cba True none»",
        ),
    )


def test_addresses_are_those_of_the_request(app: Flask) -> None:
    """``url_for`` works in a block, with the request's host and blueprint."""
    app.add_url_rule("/orders/<int:number>", "order")
    check(
        app,
        Feature(
            "«{{ url_for('order', number=7, q='a&b') }} "
            "{{ url_for('order', number=7, _external=True) }}»",
            "«/orders/7?q=a%26b http://localhost/orders/7»",
        ),
    )


def test_templates_of_a_blueprint(app: Flask, tmp_path: Path) -> None:
    """A blueprint's templates, and what stands relative to it, work in a block."""
    (tmp_path / "shop").mkdir()
    page = tmp_path / "shop" / "page.html"
    (tmp_path / "shop" / "row.html").write_text("<i>{{ user }}</i>")
    shop = Blueprint("shop", __name__, url_prefix="/shop", template_folder=tmp_path)
    shop.context_processor(lambda: {"user": f"Ada of {request.blueprint}"})

    @shop.get("/rendered")
    def rendered() -> str:
        return flask.render_template("shop/page.html")

    @shop.get("/streamed")
    def streamed() -> Any:
        return stream_template("shop/page.html")

    app.register_blueprint(shop)
    source = (
        f"{BEGIN}{{% include 'shop/row.html' %}}{{{{ url_for('.streamed') }}}}{END}"
    )
    text = "<i>Ada of shop</i>/shop/streamed"
    client = app.test_client()
    page.write_text(without_blocks(source))
    assert client.get("/shop/rendered").text == text
    assert client.get("/shop/streamed").text == text
    app.jinja_env.cache.clear()  # type: ignore[union-attr]
    page.write_text(with_blocks(source))
    assert client.get("/shop/rendered").text == text
    assert client.get("/shop/streamed?deferred=in-order").text == text
    assert applied(client.get("/shop/streamed").text) == text


def test_flashed_messages(app: Flask) -> None:
    """Messages that the view or an earlier one flashed are shown in a block."""
    check(
        app,
        Feature(
            "«{% for kind, text in get_flashed_messages(with_categories=true) %}"
            "<p class={{ kind }}>{{ text }}</p>{% endfor %}»",
            "«<p class=note>&lt;Saved&gt;</p>»",
        ),
        lambda: flask.flash("<Saved>", "note"),
    )


GERMAN = {
    "": "Content-Type: text/plain; charset=utf-8\nPlural-Forms: nplurals=2;plural=n!=1;",
    "Orders": "Bestellungen",
    "Hello %(user)s": "Hallo %(user)s",
    "%(num)s row\0%(num)s rows": "%(num)s Zeile\0%(num)s Zeilen",
}


def compiled(catalog: dict[str, str]) -> bytes:
    """Return a catalog as a file of GNU gettext.

    Its header, then tables of lengths and offsets, of the originals and of the
    translations; the originals are sorted
    (https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html).
    """
    originals = sorted(catalog)
    texts = [each.encode() for each in originals]
    texts += [catalog[each].encode() for each in originals]
    offset = 28 + 8 * len(texts)
    table = b""
    for text in texts:
        table += struct.pack("<2I", len(text), offset)
        offset += len(text) + 1
    count = len(originals)
    header = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, offset)
    return header + table + b"".join(text + b"\0" for text in texts)


@pytest.mark.parametrize("newstyle", [False, True])
def test_translations_by_the_request(
    app: Flask, tmp_path: Path, newstyle: bool
) -> None:
    """Jinja's i18n extension translates in a block as the request asks for it."""
    folder = tmp_path / "de" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "shop.mo").write_bytes(compiled(GERMAN))

    def catalog() -> gettext.NullTranslations:
        language = request.args.get("language", "de")
        return gettext.translation("shop", tmp_path, [language], fallback=True)

    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: catalog().gettext(text),
        lambda one, many, n: catalog().ngettext(one, many, n),
        newstyle=newstyle,
    )
    source = (
        "«{{ _('Orders') }}: {% trans user=name %}Hello {{ user }}{% endtrans %}, "
        "{% trans num=rows | length %}{{ num }} row{% pluralize %}{{ num }} rows"
        "{% endtrans %}»"
    )
    text = "«Bestellungen: Hallo &lt;Ada&gt;, 2 Zeilen»"
    check(app, Feature(source, text, {}, {"name": "<Ada>", "rows": [1, 2]}))
    for path in ("/streamed?deferred=in-order&language=en", "/streamed?language=en"):
        page = app.test_client().get(path).text
        assert applied(page) == "Orders: Hello &lt;Ada&gt;, 2 rows"


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


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% set a = 1 %}«{% set a = 2 %}{{ a }}»{{ a }}", "21"),
        ("{% for n in [1] %}«{% set n = 2 %}{{ n }}»{{ n }}{% endfor %}", "21"),
        ("«{% macro f() %}x{% endmacro %}»{{ f is defined }}", "False"),
    ],
)
def test_what_a_block_sets_stays_in_it(app: Flask, source: str, text: str) -> None:
    """A variable that a block sets is its own, rendered as streamed."""
    source = with_blocks(source)
    app.add_url_rule("/whole", "whole", lambda: flask.render_template_string(source))
    app.add_url_rule("/", "view", lambda: stream_template_string(source))
    client = app.test_client()
    assert client.get("/whole").text == text
    assert client.get("/?deferred=in-order").text == text
    assert applied(client.get("/").text) == text


COLLECTED = {
    "macro": ("{% macro f(a) %}<«{{ a }}»>{% endmacro %}{{ f('&') }}", "<&amp;>"),
    "call": (
        "{% macro f() %}({{ caller() }}){% endmacro %}"
        "{% call f() %}«{{ a }}»{% endcall %}",
        "(&lt;a)",
    ),
    "filter": ("{% filter upper %}x«{{ a }}»{% endfilter %}", "X&LT;A"),
    "set": ("{% set b %}«{{ a }}»{% endset %}{{ b }}{{ b }}", "&lt;a&lt;a"),
    "recursive": (
        "{% for n in [[1]] recursive %}[«{{ a }}»{{ loop(n) if n is iterable }}]"
        "{% endfor %}",
        "[&lt;a[&lt;a]]",
    ),
}


@pytest.mark.parametrize("name", COLLECTED)
def test_block_in_what_jinja_collects(app: Flask, name: str) -> None:
    """Inside a macro and its like a block is at its place; a warning tells the line."""
    source, text = COLLECTED[name]
    app.jinja_loader = DictLoader(  # type: ignore[misc]
        {
            "whole.html": "\n" + with_blocks(source),
            "page.html": "\n" + with_blocks(source),
        }
    )

    @app.get("/whole")
    def whole() -> str:
        with pytest.warns(UserWarning, match="stands inside") as warned:
            page = flask.render_template("whole.html", a="<a")
        assert [(each.filename, each.lineno) for each in warned] == [("whole.html", 2)]
        return page

    @app.get("/")
    def view() -> Any:
        return stream_template("page.html", a="<a")

    client = app.test_client()
    assert client.get("/whole").text == "\n" + text
    with pytest.warns(UserWarning, match="stands inside"):
        assert client.get("/").text == "\n" + text
    assert client.get("/?deferred=in-order").text == "\n" + text


def test_block_in_an_include_that_is_collected(app: Flask) -> None:
    """What a filter is to change is not taken from it by the block of an include."""
    app.jinja_loader = DictLoader(  # type: ignore[misc]
        {
            "part.html": with_blocks("a«b»c"),
            "page.html": "{% filter upper %}{% include 'part.html' %}{% endfilter %}",
        }
    )
    app.add_url_rule("/", "view", lambda: stream_template("page.html"))
    assert app.test_client().get("/").text == "ABC"


def test_block_of_a_block_that_is_called(app: Flask) -> None:
    """``self.title()`` and ``super()`` have the text of a block at its place."""
    app.jinja_loader = DictLoader(  # type: ignore[misc]
        {
            "base.html": with_blocks("{% block a %}1«2»3{% endblock %}"),
            "page.html": "{% extends 'base.html' %}"
            "{% block a %}{{ super() | upper | replace('2', 'two') }}{% endblock %}",
        }
    )
    app.add_url_rule("/", "view", lambda: stream_template("page.html"))
    assert app.test_client().get("/").text == "1two3"


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


def test_code_that_was_cached_before_outpour(tmp_path: Path) -> None:
    """Code from before Outpour was set up is of use, also to include a late block."""
    cache, templates = tmp_path / "cache", tmp_path / "templates"
    cache.mkdir()
    templates.mkdir()
    page = templates / "page.html"
    page.write_text(
        "<h1>{{ late }}</h1>{% filter upper %}{% include 'part.html' %}{% endfilter %}"
    )
    (templates / "part.html").write_text("part")
    before = cached_app(cache, templates, outpour=False).test_client()
    assert before.get("/whole").text == "<h1></h1>PART"
    (templates / "part.html").write_text("{% defer %}part{% enddefer %}")
    after = cached_app(cache, templates).test_client()
    assert after.get("/").text == "<h1>late</h1>PART"


HEADS = {
    "itself": {
        "page.html": "<html><head>{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}</head>'
        "<body>{{ wait() }}</body></html>"
    },
    "parent": {
        "base.html": "<html><head>{% block head %}{% endblock %}</head>\n"
        "<body>{% block body %}{% endblock %}</body></html>",
        "page.html": "{% extends 'base.html' %}{% block head %}"
        "{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}{% endblock %}'
        "{% block body %}{{ wait() }}{% endblock %}",
    },
    "include": {
        "head.html": "<head>{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}</head>',
        "page.html": "<html>{% include 'head.html' %}{{ wait() }}</html>",
    },
    "macro": {
        "page.html": "{% macro head() %}<head>{% for n in range(pieces) %}"
        '<link rel="stylesheet" href="{{ n }}.css">{% endfor %}</head>{% endmacro %}'
        "<html>{{ head() }}{{ wait() }}</html>",
    },
}


@pytest.mark.parametrize("pieces", [1, 17, 40, 200])
@pytest.mark.parametrize("place", HEADS)
def test_head_is_sent_at_once(
    app: Flask, serve: Callable[[Any], str], place: str, pieces: int
) -> None:
    """A reader has the head, with its stylesheets, while the body is not begun."""
    app.jinja_loader = DictLoader(HEADS[place])  # type: ignore[misc]
    begin = threading.Event()

    @app.get("/")
    def view() -> Any:
        return stream_template(
            "page.html", pieces=pieces, wait=lambda: begin.wait(20) and "body"
        )

    got = b""
    try:
        with urlopen(serve(app), timeout=10) as response:
            while b"</head>" not in got:
                got += response.read1()
            begin.set()
            rest = response.read()
    finally:
        begin.set()
    assert got.count(b"<link") == pieces
    assert b"body</" in rest
