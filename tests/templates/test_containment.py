"""Tests of what keeps the markup of a block inside its template.

The expectations are worked out from the HTML standard's tokenization, by hand.
"""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import assume
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from flask_outpour.templates.containment import contain

PARTS = [
    *("<template>", "</template>", "<b>", "</b>", "<p", "<!--", "-->", "--!>", "<!-->"),
    *("<!", "<?", "<?end>", "<![CDATA[", "]]>", "<script>", "</script>", "<style>"),
    *("</style>", "<textarea>", "</textarea>", "<title>", "</title>", "<noscript>"),
    *("</noscript>", "<xmp>", "</xmp>", "<svg>", "</svg>", "<math>", "<mi>", "</mi>"),
    *("<desc>", "</desc>", "<foreignObject>", "<select>", "</select>", "<plaintext>"),
    *("<col>", "<table>", "<g/>", "<g x=y/>", "</", "<", ">", "/>", "/", "'", '"'),
    *("=", " ", "<a b='", '<a b="', "<a b=", "x", "\n", "\f", "\0", "-", "!", "</p>"),
]
MARKUP = st.lists(st.sampled_from(PARTS) | st.characters(), max_size=20).map("".join)

_NAMES = st.sampled_from(["b", "div", "td", "a-b", "template", "H1", "svg:x"])
_VALUES = st.text(st.characters(blacklist_categories=["Cs"]))
_WORDS = st.text(st.characters(categories=["L", "N", "Zs"]))


def _element(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(
        lambda name, quote, value, content: (
            f"<{name} title={quote}{value.replace(quote, '')}{quote}>"
            f"{''.join(content)}</{name}>"
        ),
        _NAMES,
        st.sampled_from(["'", '"']),
        _VALUES,
        st.lists(inner, max_size=4),
    )


def _raw(name: str) -> st.SearchStrategy[str]:
    # Letters and signs in which no end tag and no comment can be.
    text = st.text(st.sampled_from("ab <>/&;='\"{}()"))
    safe = text.map(lambda t: t.replace("</", "< /"))
    return safe.map(lambda t: f"<{name}>{t}</{name}>")


SOUND = st.recursive(
    st.one_of(
        _WORDS,
        _VALUES.map(lambda text: str(escape(text))),
        _WORDS.map(lambda text: f"<!-- {text} -->"),
        st.sampled_from(["<br>", "<hr/>", "<input checked value=1>", "<?end>"]),
        st.sampled_from(["script", "style", "textarea", "title"]).flatmap(_raw),
    ),
    _element,
    max_leaves=20,
)


@given(MARKUP)
def test_is_idempotent(markup: str) -> None:
    """What is contained needs nothing more."""
    contained = contain(markup)
    assert contain(contained) == contained


@given(MARKUP, SOUND)
def test_leaves_what_follows_alone(markup: str, following: str) -> None:
    """Contained, a content has no effect on sound markup behind it."""
    # Open in a template, these end with it, which contain() does not follow.
    assume(not re.search("<(?:svg|math|select)", markup))
    contained = f"<template>{contain(markup)}</template>{following}"
    assert contain(contained).endswith(f"</template>{following}")


@given(SOUND)
def test_sound_markup_is_kept(markup: str) -> None:
    """Balanced elements, quoted attributes, comments and raw texts are as they were."""
    assert contain(markup) is markup


@given(st.text())
def test_escaped_text_is_kept(text: str) -> None:
    """What a template escapes is as it was, in elements and in attributes."""
    safe = str(escape(text))
    for markup in (
        safe,
        f"<p>{safe}</p>",
        f'<p title="{safe}">',
        f"<p title='{safe}'>",
    ):
        assert contain(markup) is markup


@pytest.mark.parametrize(
    "markup",
    [
        '<?start name="x">meanwhile<?end>',
        '<template for="x"><b>late</b></template>',
        "<script>if (a<b && '</b>') x()</script>",
        "<script><!-- <script></script> --></script>",
        "<textarea>\n</template></textarea>",
        "<title><b></title>",
        "<svg><style><b></b></style><circle r=1/></svg>",
        "<svg><title>t</title><path d='M0'/></svg><textarea><!--</textarea>",
        "<svg></svg><template></template>",
        "<svg><style><![CDATA[a > b]]></style></svg>",
        "<svg><desc><style><!--</style></desc></svg>",
        "<template><tr><td>a</td></tr></template>",
        "<table><tr><td><object><b>a</b></object></td></tr></table>",
        "<noscript><iframe src=a></iframe><style>b {}</style></noscript>",
        "<select><option>1</select><template></template>",
        "<table><col><col></table><textarea><!--</textarea>",
        "<!-- </template> -->",
        "<b title='</template>' lang=</template>>",
        "a < b &lt;/template>",
    ],
)
def test_sound_examples_are_kept(markup: str) -> None:
    """What looks like the end of a template, and is none, is as it was."""
    assert contain(markup) is markup


@pytest.mark.parametrize(
    ("markup", "contained"),
    [
        ("a</template>b", "a</head>b"),
        ("a</TEMPLATE\n x='>'>b", "a</head>b"),
        ("<template>a</template></template>b", "<template>a</template></head>b"),
        ("<template>a<template>b", "<template>a<template>b</template></template>"),
        ("a<!-- b", "a<!-- b-->"),
        ("a<!-- b --", "a<!-- b -->"),
        ("a<!-- b --!", "a<!-- b -->"),
        ("a<!--", "a<!---->"),
        ("a<!b", "a<!b>"),
        ("a<?b", "a"),
        ("a</3", "a</3>"),
        ("a</", "a&lt;/"),
        ("a<b title='", "a"),
        ("a<<b", "a<"),
        ("<</template>!--", "<</head>!--"),
        ("<</template>b>", "<</head>b>"),
        ("a<b c=d", "a"),
        ("a</template", "a"),
        ("<textarea>a", "<textarea>a</textarea>"),
        ("<style>a</styles>", "<style>a</styles></style>"),
        ("a<script>b()", "a"),
        ("a<script>b()</script x", "a"),
        ("a<script><!--<script></script>", "a"),
        ("a<plaintext></template>", "a<pre>&lt;/template>"),
        ("a<plaintext>\nb", "a<pre>\n\nb"),
        ("<svg><![CDATA[a", "<svg><![CDATA[a]]>"),
        ("<svg></p><![CDATA[a", "<svg></p><![CDATA[a>"),
        ("<svg><template></svg></template>", "<svg></head></svg></head>"),
        ("<div><svg></div><textarea>", "<div><svg></div><textarea></textarea>"),
        ("<div><svg></div><style><!--</style>b",
         "<div><svg></div>&lt;style>&lt;!--&lt;/style>b"),
        ("<div><svg></div><<![CDATA[b>]]>", "<div><svg></div><</head>b>"),
        ("<div><svg></div><template>",
         "<div><svg></div><head><template></template>"),
        ("<svg><p><textarea>", "<svg><p><textarea></textarea>"),
        ("<col><style><!--</style>b", "<col></head>b"),
        ("<select><style><!--</style></select>", "<select></head></select>"),
        ("<noscript><!--</noscript>a", "</head>a"),
        ("<noscript>a", "<noscript>a</noscript>"),
        ("<b><object>a", "<b><object>a</object>"),
        ("<b><table><td><object></table>a",
         "<b><table><td><object></object></table>a</td>"),
        ("<tr><b>a<td>b", "<tr><b>a<td>b</td>"),
        ("<b><template><td>a</template>", "<b><template><td>a</td></template>"),
    ],
)  # fmt: skip
def test_unsound_examples(markup: str, contained: str) -> None:
    """What is open is closed as at the end of a document, and stray ends are gone."""
    assert contain(markup) == contained


def test_deep_raw_text() -> None:
    """Raw text in raw text in raw text, as many could read it, comes to an end."""
    markup = "<noscript>" * 500 + "</template><!--"
    assert "</template>" not in contain(markup)


@pytest.mark.parametrize(
    "part",
    ["<", "<!--", "<a ", "<a b='", "<script>", "<!--<script>", "<svg>", "</", "<style>",
     "<noscript>", "<svg><style>", "<![CDATA[", "<svg><![CDATA[", "<svg><desc>", "<a/",
     "</script", "<script><!--", "</style", "a=", "<template>", "<select><textarea>",
     "<svg></x>", "<svg><g>", "<select><svg></x>", "<p><b ", "<script></script>"],
)  # fmt: skip
def test_takes_no_longer_than_markup_is_long(part: str) -> None:
    """Four times the markup takes about four times as long, whatever is in it."""

    def seconds(length: int) -> float:
        """Return the processor's time, to which a busy machine adds least."""
        times = []
        for _ in range(3):
            began = time.thread_time()
            contain(part * (length // len(part)))
            times.append(time.thread_time() - began)
        return min(times)

    assert seconds(80_000) < 10 * seconds(20_000) + 0.1
