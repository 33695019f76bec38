"""Pages of templates, rendered and streamed."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask import render_template_string
from flask import Response
from flask import stream_template_string

from difference.better import Better
from difference.entry import site
from difference.entry import view
from difference.expected import fails_early

TEMPLATE = "{% for n in range(300) %}<p>{{ n }} {{ name }}</p>{% endfor %}"


@view
def template_rendered() -> str:
    """A page of a template."""
    return render_template_string(TEMPLATE, name="<&>")


@view
def template_streamed() -> Any:
    """A page of a template, as it renders."""
    return stream_template_string(TEMPLATE, name="<&>")


@site
def template_stream_of_jinja(app: Flask) -> Any:
    """Jinja's own stream, bare and buffered."""

    def root() -> Response:
        stream = app.jinja_env.from_string(TEMPLATE).stream(name="<&>")
        stream.enable_buffering(5)
        return Response(stream)

    return root


@site
def template_stream_unbuffered(app: Flask) -> Any:
    """Jinja's own stream, as it is."""
    return lambda: Response(app.jinja_env.from_string(TEMPLATE).stream(name="n"))


@view(**fails_early(500, "ZeroDivisionError"))
def template_that_fails() -> Any:
    """A template fails at its first piece."""
    return stream_template_string("{{ 1 // 0 }}")


@view(better=Better.CAUSE_LOGGED, ours={"logs": ("ZeroDivisionError",)})
def template_that_fails_late() -> Any:
    """A template fails after its first piece."""
    return stream_template_string("begin {{ 1 // zero }} end", zero=0)
