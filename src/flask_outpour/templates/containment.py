"""The markup of a block enters; the same leaves, so that nothing of it gets out.

The rules are those of the HTML standard's tokenizer
(https://html.spec.whatwg.org/multipage/parsing.html#tokenization).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import escape

_SPACE = r"\t\n\f\r "
_VALUE = rf"\"[^\"]*+\"|'[^']*+'|[^{_SPACE}\"'>][^{_SPACE}>]*+|(?=>)"
_ATTRIBUTE = (
    rf"[^{_SPACE}/>][^{_SPACE}/>=]*+"
    rf"(?:[{_SPACE}]*+=[{_SPACE}]*+(?:{_VALUE})|(?![{_SPACE}]*+=))"
)
_TAG = rf"</?+([a-z][^{_SPACE}/>]*+)(?:[{_SPACE}/]++|{_ATTRIBUTE})*+>"

#: Elements whose content is text up to their end tags, whatever it looks like.
_RAW = (
    *("iframe", "noembed", "noframes", "noscript", "style", "textarea", "title"),
    "xmp",
)
#: Elements inside which other rules hold: there the elements above may be like others,
#: and ``<![CDATA[`` begins a text.
_FOREIGN = ("math", "select", "svg")
#: Elements of these inside which the usual rules may hold again.
_INTEGRATING = {
    *("annotation-xml", "desc", "foreignobject", "mi", "mn", "mo", "ms", "mtext"),
    *("template", "title"),
}
_SPECIAL = "|".join((*_RAW, *_FOREIGN, "plaintext", "script", "template"))

_FLAGS = re.IGNORECASE | re.ASCII
#: What is most blocks: text and whole tags, of which none is special.
_HARMLESS = re.compile(
    rf"(?:[^<]++|<(?=[^a-z/!?])|(?!</?+(?:{_SPECIAL})[{_SPACE}/>]){_TAG})*+", _FLAGS
)
_WHOLE_TAG = re.compile(_TAG, _FLAGS)
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_ENDED_SOON = re.compile("-?>")
_BOGUS = re.compile("<(?:[!?]|/[^a-z>])[^>]*>|</>", _FLAGS)
_CDATA = "<![CDATA["
_PARTS_OF_SCRIPTS = re.compile(rf"<!--|-->|</?script(?=[{_SPACE}/>])", _FLAGS)
_ENDS = {name: re.compile(rf"</{name}(?=[{_SPACE}/>])", _FLAGS) for name in _RAW}
_TEXT_ONLY = re.compile("[^<]*</([a-z]+)>", _FLAGS)
#: Raw text that is read as markup may have raw text again. So deep, it is escaped.
_DEEPEST = 3


def contain(markup: str) -> str:
    """Return markup that stays inside a ``<template>`` that it is written into.

    Sound markup is returned as it is. Of the other,

    - an end tag ``</template>`` without a start is left out, as a parser does in a
      document without templates;
    - what is open at the end is closed: comments, templates, elements with raw text;
      an unfinished tag, and a script without an end, which must not run, are left out;
    - ``<plaintext>``, which nothing ends, becomes ``<pre>``;
    - inside SVG, MathML and ``<select>``, where a parser's rules depend on the elements
      around, a CDATA section becomes text, templates are left out, and raw text that
      could be read in two ways is escaped.

    :param markup: as a template has rendered it.
    """
    return _contained(markup, 0)


def _contained(markup: str, depth: int) -> str:
    if _HARMLESS.fullmatch(markup):
        return markup
    if depth > _DEEPEST:
        return str(escape(markup))
    contained = "".join(_Container(markup, depth).parts())
    return markup if contained == markup else contained


class _Container:
    """Go through markup, one token after the other.

    :param depth: of how many raw texts it is part.
    """

    def __init__(self, markup: str, depth: int) -> None:
        self._markup = markup
        self._depth = depth
        self._at = 0
        self._templates = 0
        #: The elements with other rules that are open, and whether it is certain that
        #: their end tags end them.
        self._foreign: list[str] = []
        self._certain = True

    def parts(self) -> Iterator[str]:
        """Yield the markup, mended."""
        markup = self._markup
        while (start := markup.find("<", self._at)) >= 0:
            yield markup[self._at : start]
            self._at = start
            yield self._token()
        yield markup[self._at :]
        yield "</template>" * self._templates

    def _token(self) -> str:
        """Return what becomes of the token that begins here, and go past it."""
        following = self._markup[self._at + 1 : self._at + 3]
        letter = following.removeprefix("/")[:1]
        if letter.isascii() and letter.isalpha():
            return self._tag()
        if following[:1] in ("!", "?") or (letter and following[0] == "/"):
            return self._comment()
        if following == "/":
            return self._take(2, "&lt;/")
        return self._take(1) if following else self._take(1, "&lt;")

    def _take(self, length: int, instead: str | None = None) -> str:
        start, self._at = self._at, self._at + length
        return self._markup[start : self._at] if instead is None else instead

    def _take_rest(self, instead: str) -> str:
        return self._take(len(self._markup) - self._at, instead)

    def _comment(self) -> str:
        markup, start = self._markup, self._at
        if self._foreign and markup.startswith(_CDATA, start):
            end = markup.find("]]>", start)
            text = markup[start + len(_CDATA) : end if end >= 0 else None]
            after = end + 3 if end >= 0 else len(markup)
            return self._take(after - start, str(escape(text)))
        is_comment = markup.startswith("<!--", start)
        comment = (_COMMENT if is_comment else _BOGUS).match(markup, start)
        if comment is not None:
            return self._take(comment.end() - start)
        rest = markup[start:]
        return self._take_rest(f"{rest}-->" if is_comment else f"{rest}>")

    def _tag(self) -> str:
        tag = _WHOLE_TAG.match(self._markup, self._at)
        if tag is None:
            # It ends with the markup: a parser leaves it out.
            return self._take_rest("")
        name = tag[1].lower()
        text = self._take(len(tag[0]))
        if text.startswith("</"):
            return self._end_tag(name, text)
        if name == "template":
            return self._start_of_template(text)
        if name == "script":
            return self._raw(text, name, _end_of_script(self._markup, self._at))
        if name == "plaintext":
            rest = self._markup[self._at :]
            return self._take_rest(f"<pre>{escape(rest)}</pre>")
        self._note(name)
        if name in _RAW:
            return self._raw(text, name, _end_of_raw(self._markup, name, self._at))
        return text

    def _note(self, name: str) -> None:
        if self._foreign and name in _INTEGRATING:
            following = _TEXT_ONLY.match(self._markup, self._at)
            if following is None or following[1].lower() != name:
                self._certain = False
        if name in _FOREIGN:
            self._foreign.append(name)

    def _start_of_template(self, text: str) -> str:
        if self._foreign:
            self._certain = False
            return ""
        self._templates += 1
        return text

    def _end_tag(self, name: str, text: str) -> str:
        if name == "template":
            if not self._templates or self._foreign:
                return ""
            self._templates -= 1
        elif name in self._foreign and self._certain:
            while self._foreign.pop() != name:
                pass
        return text

    def _raw(self, text: str, name: str, end: int | None) -> str:
        """Return an element with its raw text, but for an end tag that it has."""
        if end is not None:
            return text + self._both_ways(name, self._take(end - self._at))
        if name == "script":
            return self._take_rest("")
        content = self._both_ways(name, self._markup[self._at :])
        return self._take_rest(f"{text}{content}</{name}>")

    def _both_ways(self, name: str, content: str) -> str:
        """Return raw text that is sound for those, too, who read it as markup.

        The text of ``<noscript>`` is markup where scripts are forbidden.
        """
        if not (self._foreign or name == "noscript"):
            return content
        contained = _contained(content, self._depth + 1)
        if contained == content or (name == "noscript" and not self._foreign):
            return contained
        return str(escape(content))


def _end_of_raw(markup: str, name: str, at: int) -> int | None:
    """Return where the end tag is that ends a raw text, if it has one."""
    end = _ENDS[name].search(markup, at)
    whole = end and _WHOLE_TAG.match(markup, end.start())
    return whole.start() if whole else None


def _end_of_script(markup: str, at: int) -> int | None:
    """Return where the end tag of a script is, if it has one.

    A script may have a comment that has a script with its end tag: the states "script
    data escaped" and "script data double escaped".
    """
    escaped = doubly = False
    for part in _PARTS_OF_SCRIPTS.finditer(markup, at):
        match part[0].lower():
            case "<!--":
                escaped = escaped or not _ENDED_SOON.match(markup, part.end())
            case "-->":
                escaped = doubly = False
            case "<script":
                doubly = doubly or escaped
            case "</script" if doubly:
                doubly = False
            case _:
                whole = _WHOLE_TAG.match(markup, part.start())
                return part.start() if whole else None
    return None
