"""The page of the errors has every message that Outpour logs, and every note."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest
from fences import ROOT

PACKAGE = ROOT / "src" / "flask_outpour"
#: What runs as a command, or in tests, says its messages to who called it.
APART = {"cli.py", "demo", "doctor", "testing"}
CALLS = {
    *("debug", "info", "warning", "error", "exception", "critical"),
    *("add_note", "warn", "warn_explicit"),
}
#: Where the sentences are that a call has in a variable.
ELSEWHERE = {
    ("exchange.py", "warning"): "servers.py",
    ("extension.py", "_BYPASS"): "extension.py",
    ("row_stream.py", "caveat"): "rows/drivers.py",
}
PAGE = " ".join((ROOT / "docs" / "errors.md").read_text().split())


def messages_of(source: str, name: str) -> Iterator[str]:
    """Yield what a module logs, warns of and notes, with ``…`` for what differs."""
    for node in ast.walk(ast.parse(source)):
        # sys.exception() has no argument.
        if isinstance(node, ast.Call) and _name_of(node.func) in CALLS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Name):
                yield from constants_of(ELSEWHERE[name, first.id])
            else:
                yield _text_of(first)


def constants_of(name: str) -> list[str]:
    """Return the sentences that a module has in its constants."""
    tree = ast.parse((PACKAGE / name).read_text())
    found = [
        _text_of(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    ]
    assert found
    # What begins so goes on where another has ended.
    begun = [text for text in found if not text.startswith("Or ")]
    return [re.sub(r"\{\w+\}", "…", text) for text in begun]


def _name_of(function: ast.expr) -> str | None:
    return function.attr if isinstance(function, ast.Attribute) else None


def _text_of(node: ast.expr) -> str:
    """Return a string of the source; each value that is put into it is ``…``."""
    if isinstance(node, ast.JoinedStr):
        parts = [
            str(part.value) if isinstance(part, ast.Constant) else "…"
            for part in node.values
        ]
        return re.sub("…+", "…", "".join(parts))
    assert isinstance(node, ast.Constant), ast.dump(node)
    text = re.sub(r"%(\.\d)?[sdf]", "…", str(node.value))
    return text.replace("%%", "%")


def beginning(message: str) -> str:
    """Return the first sentence of a message, or what is before its first code."""
    return re.split(r"(?<=\.) (?=[A-Z…])| `", message)[0]


MODULES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in APART
]
MESSAGES = {
    (path.relative_to(PACKAGE).as_posix(), beginning(message))
    for path in MODULES
    for message in messages_of(path.read_text(), path.relative_to(PACKAGE).as_posix())
}


@pytest.mark.parametrize(("module", "message"), sorted(MESSAGES))
def test_each_message_is_on_the_page(module: str, message: str) -> None:
    """Who searches the docs for what the log says finds its cause and cure."""
    assert f"`{message}` : **" in PAGE, module


def test_the_page_has_no_other_message() -> None:
    """A message that is logged no more is not on the page either."""
    _, _, rest = PAGE.partition("## The log")
    shown = set(re.findall(r"`([^`]+)` : \*\*(?:When|Added to):\*\*", rest))
    assert shown == {message for _, message in MESSAGES}


def test_messages_are_read() -> None:
    """The reader of the source sees each kind of call, else the tests say nothing."""
    source = """
log().error("The block at %s %s.", where, what)
error.add_note(f"It was raised for {title}. Mend it.")
warnings.warn_explicit("a warning", UserWarning, file, line)
print("no message")
"""
    assert {*map(beginning, messages_of(source, "a.py"))} == {
        "The block at … ….",
        "It was raised for ….",
        "a warning",
    }
