"""What blocks may have in them, in Chromium: it comes out whole, and never gets out.

Each content stands in a block of its own on one page, with another block and an element
after it. What comes to stand at its place is compared with what the browser makes of
the content alone, by ``template.innerHTML``.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask

from flask_outpour.templates.patches import patch
from flask_outpour.templates.patches import placed
from flask_outpour.templates.patches import script

#: A script that runs it tells on itself.
_NO = "hits.push('no')"

#: Contents that come out as the browser makes them by themselves.
EXACT = [
    "",
    "text & <b class=\"a b\" title='it''s'>bold</b> &amp; &lt; &notit; &#0; &#x80;",
    "`${1}` \\u003c ' \" < > </ <",
    "a\r\nb\rc\fd\te",
    "<p>never <i>closed <a href=x>at all",
    "<a href='1'><a href='2'><b><p></b></p>",
    "</p></div></body></html><p>after",
    "<html><body class=x><head><p>in none of them",
    "<tr><td>1<td>2<tr><td>3",
    "<td>a<td>b",
    "<option>1<option>2<optgroup><option>3",
    "<li>1<li>2<dd>3<dt>4",
    "<col><col>",
    "<caption>c</caption><tr><td>x",
    "<table>misplaced<tr><td>x</table>",
    "<select><option>1<option>2</select><b>after</b>",
    "<svg viewBox='0 0 1 1'><circle r=1 /><title>t</title></svg>after",
    "<svg><style>a > b {}</style><foreignObject><p>x</p></foreignObject></svg>",
    "<svg><script href=x /></svg><b>after</b>",
    "<svg><style><![CDATA[ a > b {} ]]></style><g/><![CDATA[</template>]]></svg>x",
    "<svg><g><p>out of it<textarea></template></textarea>x",
    "<math><mi>x</mi><mo>&lt;</mo><annotation-xml encoding='text/html'><p>x</math>y",
    "</template>",
    "a</template >b</TEMPLATE\n>c</template/>d</template x='>'>e",
    "<template>in</template>out",
    "<template>in<template>deeper",
    "<template><b>x</b></template></template></template>out",
    "<table><template><tr><td>x</template></template></table>out",
    "<template for=nobody>x</template>y",
    "<!-- comment -->a<!-->b<!--->c<!-- d --!>e<!-- -- > --->f",
    "<!-- open",
    "<!-- open -",
    "<!-- open --",
    "<!-- open --!",
    "<!--",
    "<!-",
    "<!",
    "<!-- </template> -->x",
    "<!-- <!-- --> --> x",
    "<!x </template>y",
    "<!doctype html>x",
    "<![CDATA[ a > b ]]>c",
    "<![CDATA[ open",
    "</3 > </ x> </>a",
    "</3 open",
    "</",
    "<",
    "x <b",
    "x <b ",
    "x <b a='</template><b>",
    'x <b a="',
    "x <b a=y",
    "x <b/",
    "x </b",
    "x </template",
    "x </template a='",
    "<b a='</template>' b=\"</template>\" c=</template>x",
    "<b a=\"x\"b='y'/c = z / = =>d</b>",
    "<b a=`>b` a=2 \"='>c",
    "<b =a='>'>d",
    "<img src=x onerror=>x<br/><hr>y<input value='>'>",
    f"<textarea>\n</template><script>{_NO}</script></textarea>x",
    f"<title></template><script>{_NO}</script></title>x",
    f"<style></template><script>{_NO}</script>",
    f"<xmp></template><script>{_NO}</script></xmp\n>x",
    f"<iframe></template><script>{_NO}</script>",
    f"<noembed></template><script>{_NO}</script></noembed>x",
    f"<noframes></template><script>{_NO}</script>",
    "<textarea>open",
    "<textarea>open</textarea",
    "<textarea>open</textare",
    "<style>open</style ",
    "<title>a</titles></title/>b",
    f"<!--<script>{_NO}</script>",
    f"<b title='<script>{_NO}</script>'>x</b>",
    "<script>hits.push('yes')</script>x",
    "<script type=text/plain></template></script>x",
    "<script type=text/plain>'<!--<script>'</script>' --></script>x",
    "<script type=text/plain><!-- </script>x",
    "<script type=text/plain><!--> <script></script>x",
    "<script type=text/plain><!-- --> <script></script>x",
    "<script type=text/plain><!--<script ></script >--></script >x",
    "<script type=text/plain><!--<scripts></script>x",
    '<script type="application/json">{"a": "\\u003c/template>"}</script>x',
    "<frameset><frame></frameset>x",
    # A browser opens again behind a template what its <b> and <a> were open in, unless
    # what is marked in there (cells, objects) is closed.
    "<a href=x><object>",
    "<a href=x><marquee><applet>",
    "<b><table><tr><td>x",
    "<b><table><td><object></table>x",
    "<b><template><tr><td>x</template>y",
    "<b><template><td>x<td>y<caption>z</template>",
    "<form><input></form>x",
    "<button><button>x",
    "<ruby>a<rt>b<rp>c</ruby>d",
    "<a-b.c é=1>x</a-b.c><é>y",
    "a<b<c>d</b<c>e",
]

#: What stays inside, though not as it would by itself: a script without an end is left
#: out, so that it does not run; nothing can end ``<plaintext>``; in SVG and MathML
#: templates are left out, and what could be read in two ways is left out or escaped. A
#: parser nests forms in templates only, and Chromium loses some misplaced text.
CONTAINED = [
    "<tr><b>misplaced<td>y",
    "<td>x<caption>y<b>z<td>",
    "<tr><b>x<table><td>y",
    "<svg></x><b><object>y",
    "<svg><desc><b><object></desc>y",
    "<form><form><input></form>x",
    "<tr>misplaced",
    "<</template>!--",
    f"<</template>script>{_NO}</script>",
    f"<svg><<![CDATA[/svg>]]></svg><script>'</script>'<</template>script>{_NO}</script>",
    f"a<script>{_NO}",
    f"a<script>{_NO}</script",
    f"a<script>{_NO}//</scripts>",
    f"a<script>{_NO}//<!--<script></script>",
    f"a<script>{_NO}//<!--<script></template>",
    f"<plaintext></template><script>{_NO}</script>",
    f"<template><plaintext></template><script>{_NO}</script>",
    f"<svg><script>{_NO}",
    f"<svg><style></style><![CDATA[</svg><script>{_NO}</script>]]></svg>",
    f"<svg><![CDATA[</template><script>{_NO}</script>",
    "<svg><template></svg></template>x",
    "<svg></template></svg>x",
    "<svg><foreignObject><template>x</foreignObject></svg></template>y",
    "<svg><title><template>x</title></svg></template>y",
    f"<svg><style><!--</style></template><script>{_NO}</script>--></svg>",
    "<svg><desc><style><!--</style></template></desc></svg>x",
    "<math><mtext><textarea></mtext></math></template></textarea>x",
    f"<math><annotation-xml><style><!--</style></template><script>{_NO}</script>",
    "<svg><p><style><!--</style></template>",
    "<svg><font color=x><textarea></template></textarea>x",
    "<svg><font><textarea></template><!--</textarea>x",
    "<math><mi><mglyph><style><!--</style></template>",
    "<svg></p><style><!--</style></template>",
    "<select><textarea></template></textarea></select>x",
    "<select><template></select></template>x",
    "<select><textarea><!--</select></textarea></template>-->x",
    "<select><input><style><!--</style></template>",
    f"<svg><style><![CDATA[ > </style></template><script>{_NO}</script>]]></svg>",
    "<svg><style><![CDATA[ > </style></svg>",
    "<svg><desc><style><![CDATA[ > </style></svg>",
    "<div><svg></div><textarea>",
    "<div><svg></div><style><!--</style>",
    "<svg></p><textarea>",
    "<svg><g x=y/><style></g></svg><textarea>",
    "<svg><g/></g></svg><textarea>",
    f"<svg><g title='</svg>'><!--</g></template><script>{_NO}</script>--></svg>",
    "<col><style><!--</style>",
    "<col><textarea><!--</textarea></template>",
    "<template><col><title><!--</title></template>",
    "<col><svg><style></template><textarea>",
    "<noscript><svg><desc><svg></noscript><style><!--</style>",
    "<noscript><col></noscript><style><!--</style>",
    "<noscript></template></noscript>x",
    "<noscript><!-- </noscript></template> -->x",
    "<noscript><textarea></noscript></textarea></template>x",
    "<noscript><plaintext></noscript></template>x",
]

#: What random contents are made of.
PARTS = [
    *("<template>", "</template>", "<template for=nobody>", "<b>", "</b>", "<p>"),
    *("<!--", "-->", "--!>", "<!-->", "<!", "<?", "?>", "<?end>", "<![CDATA[", "]]>"),
    *("<script type=x>", "</script>", "<script", "</script", "<style>", "</style>"),
    *("<textarea>", "</textarea>", "<title>", "</title>", "<xmp>", "</xmp>"),
    *("<noscript>", "</noscript>", "<iframe>", "</iframe>", "<noembed>", "</noembed>"),
    *("<svg>", "</svg>", "<math>", "</math>", "<foreignObject>", "</foreignObject>"),
    *("<desc>", "<mi>", "<annotation-xml encoding=text/html>", "<select>", "</select>"),
    *("<option>", "<table>", "<tr>", "<td>", "</table>", "<plaintext>", "</", "<"),
    *("<object>", "</object>", "<caption>"),
    *(">", "/>", "/", "'", '"', "=", " ", "<a b='", '<a b="', "<a b=", "<a b", "\n"),
    *("&lt;", "&", "x", "\f", "\0", "<?start name=y>", "</p>", "</td>", "-", "!"),
]
#: What is in contents that may come out different: see ``CONTAINED``. An unfinished
#: marker becomes a comment, where Chromium with markers makes nothing of it.
_DIVERGENT = re.compile(
    r"<(?:svg|math|select|noscript|plaintext|object|tr|col\b|\?[^>]*\Z)", re.IGNORECASE
)

#: Returns what differs, of blocks ``p0``, ``p1`` ...: the number, what was expected,
#: and what is there.
_COMPARE = """contents => {
  const dump = node => [
    node.nodeType, node.namespaceURI, node.nodeName, node.data,
    [...node.attributes ?? []].map(a => [a.namespaceURI, a.name, a.value]),
    [...node.childNodes].map(dump),
    node.content ? [...node.content.childNodes].map(dump) : null,
  ];
  const seen = node => { node.normalize(); return JSON.stringify(dump(node).at(5)); };
  return contents.flatMap((content, number) => {
    const template = document.createElement("template");
    template.innerHTML = content;
    const expected = seen(template.content);
    const place = document.getElementById(`p${number}`);
    const actual = place ? seen(place) : "(no place)";
    return actual === expected ? [] : [[number, expected, actual]];
  });
}"""

#: Returns what got out: what is not as it was on the page that was sent.
_ESCAPED = """count => {
  const wanted = Array.from({length: count}, (_, n) => [`p${n}`, `t${n}`, `e${n}`]);
  const outer = [...document.body.childNodes].filter(
    node => node.nodeType !== 3 || node.data.trim());
  const escaped = outer.filter(
    node => !wanted.flat().includes(node.id) || node.parentNode !== document.body);
  const broken = wanted.flatMap(([place, block, element]) => [
    document.getElementById(block)?.innerHTML === `block ${block}` ? [] : block,
    document.getElementById(element)?.innerHTML === `element ${element}` ? [] : element,
  ].flat());
  const ids = outer.map(node => node.id).join();
  return {
    escaped: escaped.map(node => node.outerHTML ?? node.data), broken,
    order: ids === wanted.flat().join() ? "" : ids,
    head: [...document.head.childNodes].map(node => node.nodeName).join(),
  };
}"""

Tabs = Callable[..., Any]


@pytest.fixture
def load(
    app: Flask, serve: Callable[[Any], str], open_tab: Tabs
) -> Callable[[str, Sequence[str]], Any]:
    """Return a function that shows contents in a browser, each in a block."""
    pages: list[str] = []
    app.add_url_rule("/", "page", lambda: pages[-1])
    address = serve(app)

    def show(name: str, contents: Sequence[str], scripts: bool = True) -> Any:
        pages.append(page_of(contents, scripts))
        tab = open_tab(name, scripts)
        tab.add_init_script("window.hits = []")
        tab.goto(address)
        return tab

    return show


def page_of(contents: Sequence[str], scripts: bool) -> str:
    """Return a page that has each content in a block, and after it what is to stay."""
    numbers = range(len(contents))
    places = "".join(
        f"<div id=p{number}>{placed(f'p{number}', '')}</div>"
        f"<div id=t{number}>{placed(f't{number}', '')}</div>"
        f"<div id=e{number}>element e{number}</div>"
        for number in numbers
    )
    patches = "".join(
        patch(f"p{number}", contents[number]) + patch(f"t{number}", f"block t{number}")
        for number in numbers
    )
    head = "<!doctype html><html><head><title>t</title></head><body>"
    moving = script(None) if scripts else ""
    return f"{head}{places}{moving}{patches}</body></html>"


def assert_contained(tab: Any, contents: Sequence[str]) -> None:
    """Assert that nothing got out, and that what comes after is as it was sent."""
    found = tab.evaluate(_ESCAPED, len(contents))
    assert found == {"escaped": [], "broken": [], "order": "", "head": "TITLE"}
    assert "no" not in tab.evaluate("window.hits ?? []")


def differences(tab: Any, contents: Sequence[str]) -> list[tuple[str, str, str]]:
    """Return the contents that are not what they would be by themselves."""
    found = tab.evaluate(_COMPARE, list(contents))
    return [(contents[number], want, actual) for number, want, actual in found]


def random_contents(count: int) -> list[str]:
    """Return contents made of dangerous parts, always the same."""
    source = random.Random(6)
    return [
        "".join(source.choices(PARTS, k=source.randint(2, 9))) for _ in range(count)
    ]


@pytest.fixture(params=["native", "marking", "plain"])
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of each browser in turn."""
    return str(request.param)


def test_contents_are_what_they_are_by_themselves(
    name: str, load: Callable[..., Any]
) -> None:
    """Mended or not, a content comes to be the nodes that it is alone."""
    tab = load(name, EXACT)
    assert_contained(tab, EXACT)
    assert differences(tab, EXACT) == []
    assert tab.evaluate("hits") == ["yes"]


def test_contents_that_could_get_out(name: str, load: Callable[..., Any]) -> None:
    """What cannot be kept as it is stays inside, and no script runs that has no end."""
    assert_contained(load(name, CONTAINED), CONTAINED)


def test_random_contents(name: str, load: Callable[..., Any]) -> None:
    """Of many contents made of dangerous parts none gets out, and most are exact."""
    found = []
    contents = random_contents(200)
    for start in range(0, len(contents), 100):
        batch = contents[start : start + 100]
        tab = load(name, batch)
        assert_contained(tab, batch)
        found += [
            difference
            for difference in differences(tab, batch)
            if not _DIVERGENT.search(difference[0])
            and not has_open_script(tab, difference[0])
        ]
    assert found == []


def has_open_script(tab: Any, content: str) -> bool:
    """Whether the last script of a content has no end, by what the browser makes of it.

    Then an element behind it is part of the script, or of its unfinished end tag.
    """
    return bool(
        tab.evaluate(
            """content => {
  const template = document.createElement("template");
  template.innerHTML = `${content}<hr>`;
  const scripts = "script, template";
  const last = root => [...root.querySelectorAll(scripts)].flatMap(
    node => node.content ? last(node.content) : [node]);
  const rulers = root => root.querySelectorAll("hr").length + [
    ...root.querySelectorAll("template")].reduce((n, t) => n + rulers(t.content), 0);
  return last(template.content).length > 0 && !rulers(template.content);
}""",
            content,
        )
    )


def test_contents_where_scripts_are_forbidden(load: Callable[..., Any]) -> None:
    """There ``<noscript>`` has markup in it, not text, and nothing gets out either."""
    contents = [*EXACT, *CONTAINED, *random_contents(100)]
    for start in range(0, len(contents), 100):
        batch = contents[start : start + 100]
        assert_contained(load("native", batch, scripts=False), batch)
