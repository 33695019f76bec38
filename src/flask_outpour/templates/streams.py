"""A template and its values enter; its text as it renders leaves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import current_app
from flask import Flask
from flask import has_request_context
from flask.globals import app_ctx
from flask.signals import before_render_template
from flask.signals import template_rendered
from jinja2 import Template
from jinja2 import TemplateSyntaxError
from jinja2.environment import TemplateStream as _TemplateStream

from ..coalesce import FLUSH
from ..stream import ContextStream
from ..stream import stream_with_context
from .deferral import new_page
from .flashes import take_flashes
from .values import called_late

# Flask 3.2 takes the context as the first argument.
_TAKES_CONTEXT = "ctx" in inspect.signature(Flask.update_template_context).parameters


class TemplateStream(_TemplateStream):
    """Jinja's stream of a template; a response closes it, started or not.

    ``enable_buffering`` is not needed for speed: under Outpour the pieces are
    joined into chunks in any case.
    """

    def __init__(self, pieces: Iterator[str]) -> None:
        super().__init__(pieces)
        self._pieces = pieces

    def __iter__(self) -> Iterator[str]:  # type: ignore[override]
        return self if self.buffered else iter(self._pieces)

    def close(self) -> None:
        """End the rendering."""
        self._pieces.close()  # type: ignore[attr-defined]


def stream_template(
    template_name_or_list: str | Template | list[str | Template],
    *,
    deferred: str | None = None,
    **context: Any,
) -> TemplateStream:
    """Render a template by name, piece by piece, as a response to return.

    Takes what :func:`flask.stream_template` takes and sends the same signals. The
    request's contexts stay open until the last piece; an error in the first piece
    is the view's own (see :func:`stream_with_context`).

    In the template, ``{% flush %}`` sends what is rendered so far, and ``{% defer %}``
    has what takes long: the rest of the page does not wait for it.

    :param template_name_or_list: a name, a template, or a list of which the first
        that exists is rendered.
    :param deferred: ``"in-order"`` sends deferred blocks in the order of the document,
        ``"in-place"`` when they are ready; without it the setting
        ``OUTPOUR_DEFER_IN_ORDER`` decides. A reader who asks by ``?deferred=in-order``
        has them in order in any case.
    :param context: the values of the template. A function that needs no argument is
        called where the template uses it.
    :raises jinja2.TemplateNotFound: when there is no such template.
    :raises ConfigurationError: when ``deferred`` is something else.
    """
    with _explained():
        template = current_app.jinja_env.get_or_select_template(template_name_or_list)
    return _stream(template, deferred, context)


def stream_template_string(
    source: str, *, deferred: str | None = None, **context: Any
) -> TemplateStream:
    """Render a template from its source, as :func:`stream_template` does by name.

    :param source: the text of the template.
    :param deferred: as for :func:`stream_template`.
    :param context: the values of the template.
    """
    with _explained():
        template = current_app.jinja_env.from_string(source)
    return _stream(template, deferred, context, source)


@contextmanager
def _explained() -> Iterator[None]:
    """Add to an error of our tags that the application does not know them."""
    try:
        yield
    except TemplateSyntaxError as error:
        if "unknown tag" in str(error) and "outpour" not in current_app.extensions:
            error.add_note("The tags defer and flush come with Outpour(app).")
        raise


def _stream(
    template: Template,
    deferred: str | None,
    context: dict[str, Any],
    source: str | None = None,
) -> TemplateStream:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    take_flashes(template, source)
    context = called_late(context)
    if _TAKES_CONTEXT:
        app.update_template_context(app_ctx._get_current_object(), context)  # type: ignore[attr-defined, call-arg]
    else:
        app.update_template_context(context)
    facts = {"template": template, "context": context}
    before_render_template.send(app, _async_wrapper=app.ensure_sync, **facts)

    def rendered() -> None:
        template_rendered.send(app, _async_wrapper=app.ensure_sync, **facts)

    pieces = new_page(app, deferred).pieces(template, context, rendered)
    if has_request_context():
        pieces = stream_with_context(pieces)
    if isinstance(pieces, ContextStream):
        pieces.is_finite = True
    else:
        pieces = _without_flushes(pieces)
    return TemplateStream(pieces)


def _without_flushes(pieces: Any) -> Iterator[str]:
    """Leave out what only a body of Outpour understands."""
    try:
        for piece in pieces:
            if piece is not FLUSH:
                yield piece
    finally:
        pieces.close()
