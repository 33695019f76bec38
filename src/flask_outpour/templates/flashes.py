"""A template enters; the messages that it will flash are taken while there is time."""

from __future__ import annotations

from collections.abc import Iterator

from flask import get_flashed_messages
from flask import has_request_context
from flask import session
from jinja2 import Environment
from jinja2 import meta
from jinja2 import nodes
from jinja2 import Template
from jinja2 import TemplateError

_FUNCTION = "get_flashed_messages"


def take_flashes(template: Template, source: str | None) -> None:
    """Take the flashed messages out of the session, if the page is to show them.

    A page takes them where it shows them. When it is streamed, its cookie has gone by
    then, so that the next page would show them again.

    :param source: of a template that no loader has.
    """
    if not has_request_context() or "_flashes" not in session:
        return
    if any(_uses_flashes(template.environment, template.name, source)):
        # Flask keeps them for the template, which asks by the same function.
        get_flashed_messages()


def _uses_flashes(
    environment: Environment, name: str | None, source: str | None
) -> Iterator[bool]:
    """Yield, for a template and those that it refers to, whether it asks for them."""
    waiting, seen = [name], {name}
    while waiting:
        name = waiting.pop()
        try:
            if name is not None:
                assert environment.loader is not None
                source, _, _ = environment.loader.get_source(environment, name)
            if source is None:
                # One that a view made of a text is known by its code alone.
                yield True
                return
            tree = environment.parse(source)
        except TemplateError:
            # A template that is left out if it is missing, or fails when it is reached.
            continue
        yield any(node.name == _FUNCTION for node in tree.find_all(nodes.Name))
        referred = {*meta.find_referenced_templates(tree)} - seen
        # What a variable names, nobody knows before.
        yield None in referred
        seen |= referred
        waiting += referred - {None}
