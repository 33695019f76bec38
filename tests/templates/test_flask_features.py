"""What Flask gives to templates is theirs in a block, too."""

from __future__ import annotations

import gettext
import struct
from pathlib import Path
from typing import Any

import flask
import pytest
from flask import Blueprint
from flask import Flask
from flask import g
from flask import request
from ways_of_sending import applied
from ways_of_sending import BEGIN
from ways_of_sending import check
from ways_of_sending import END
from ways_of_sending import Feature
from ways_of_sending import with_blocks
from ways_of_sending import without_blocks

from flask_outpour import stream_template
from flask_outpour import stream_template_string


def test_context_processors_reach_a_block(app: Flask) -> None:
    """A block sees what the application's processors and ``g`` give its page."""
    app.context_processor(lambda: {"unit": "km", "path": request.path})
    app.add_template_global(lambda: g.user, "who")
    app.config["OUTPOUR_DEFER_G"] = ["user"]

    def prepare() -> None:
        g.user = "<Ada>"

    check(
        app,
        Feature(
            "{{ unit }}{{ g.user }}«{{ unit }} {{ path }} {{ who() }}»",
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


@pytest.mark.parametrize(
    "source", ["{%s}", "<head>{{ 1 }}</head>{%s}", "{% defer %}1{% enddefer %}{%s}"]
)
def test_flashed_message_is_shown_once(app: Flask, source: str) -> None:
    """A message that a page has shown, wherever, is not there for the next page."""
    messages = "{% for text in get_flashed_messages() %}[{{ text }}]{% endfor %}"
    source = source.replace("{%s}", messages)

    @app.get("/save")
    def save() -> str:
        flask.flash("saved")
        return ""

    app.add_url_rule("/", "view", lambda: stream_template_string(source))
    app.add_url_rule(
        "/made",
        "made",
        lambda: stream_template(app.jinja_env.from_string(source)),
    )
    client = app.test_client()
    for path in ("/", "/made"):
        client.get("/save")
        assert client.get(path).text.count("[saved]") == 1
        assert client.get(path).text.count("[saved]") == 0


GERMAN = {
    "": "Content-Type: text/plain; charset=utf-8\n"
    "Plural-Forms: nplurals=2; plural=n != 1;\n",
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
