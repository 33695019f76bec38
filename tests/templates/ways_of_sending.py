"""A template with marks for blocks enters; its text by each way is judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field
from typing import Any

import flask
from flask import Flask
from jinja2 import DictLoader

from flask_outpour import stream_template
from flask_outpour import stream_template_string

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
    # Line ends follow what is added, and come while the page waits.
    page = re.sub("<script.*?</script>\n*", "", page, flags=re.DOTALL)
    template = re.compile('<template for="([^"]*)">(.*?)</template>\n+', re.DOTALL)
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
    app.jinja_loader = DictLoader(sources)

    @app.get("/rendered")
    def rendered() -> str:
        prepare()
        return flask.render_template("page.html", **feature.values)

    @app.get("/streamed")
    def streamed() -> Any:
        prepare()
        return stream_template("page.html", **feature.values)

    def got(path: str) -> str:
        # Each way with a session of its own.
        response = app.test_client().get(path)
        text = response.text.replace(path.partition("?")[0], "/path")
        assert response.status_code == 200, f"{path}: {text}"
        return text

    def judge(path: str, text: str) -> None:
        assert text == expected, f"{path}: {text!r} is not {expected!r}"

    expected = without_blocks(feature.text)
    templates = {**feature.others, "page.html": feature.source}
    sources.update({name: without_blocks(each) for name, each in templates.items()})
    judge("/rendered", got("/rendered"))
    judge("/streamed", got("/streamed"))
    app.jinja_env.cache.clear()  # type: ignore[union-attr]
    sources.update({name: with_blocks(each) for name, each in templates.items()})
    for path in ("/rendered", "/streamed?deferred=in-order"):
        judge(f"{path}, with blocks", got(path))
    in_place = got("/streamed")
    judge("/streamed, with blocks", applied(in_place))
    # A block inside another that is ready with it needs no place of its own; and the
    # link to the page in order has one.
    places = in_place.count("<?start name=")
    assert 2 <= places <= feature.text.count(BEGIN) + 1, in_place
    assert in_place.count("<template for=") == places, in_place


def in_order(app: Flask, source: str, **values: Any) -> str:
    """Return the text of a template, its blocks in the order of the document."""
    endpoint = "in_order"
    if endpoint not in app.view_functions:
        app.add_url_rule("/in-order", endpoint, lambda: "")
    app.view_functions[endpoint] = lambda: stream_template_string(
        source, deferred="in-order", **values
    )
    return app.test_client().get("/in-order").text
