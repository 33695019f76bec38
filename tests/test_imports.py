"""Tests of the architecture: which module may import which, and the public names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import flask_outpour

PACKAGE = Path(flask_outpour.__file__).parent
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
#: Parts for users, which the rest must work without.
THIN = {"cli", "demo", "doctor", "testing", "__main__"}
#: What knows of bytes, settings and servers, but not of Flask.
FRAMEWORK_FREE = ["body", "coalesce", "configuration", "errors", "servers", "start"]
PUBLIC = [
    "ConfigurationError",
    "ItemError",
    "LengthError",
    "Outpour",
    "OutpourError",
    "Response",
    "StreamInterrupted",
    "StreamTimeout",
    "stream_finished",
    "stream_first_byte",
    "stream_started",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
]


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """Walk a module's nodes, but for what only a type checker reads."""
    if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from at_run_time(child)


def absolute(module: str, node: ast.ImportFrom) -> list[str]:
    """Return the dotted names that a ``from`` import reaches."""
    base: list[str] = []
    if node.level:
        is_package = MODULES[module].name == "__init__.py"
        here = ["flask_outpour", *([] if module == "__init__" else module.split("."))]
        base = here[: len(here) - node.level + (is_package and module != "__init__")]
        base = base or ["flask_outpour"]
    stem = ".".join([*base, *([node.module] if node.module else [])])
    # The name may be a module of the package that is named before it.
    return [stem, *(f"{stem}.{alias.name}" for alias in node.names)]


@cache
def imports_of(module: str) -> frozenset[str]:
    """Return the dotted names that a module of the package imports at run time."""
    names: set[str] = set()
    for node in at_run_time(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(absolute(module, node))
    return frozenset(names)


def own_imports_of(module: str) -> set[str]:
    """Return the package's own modules that a module imports."""
    prefix = "flask_outpour."
    names = {name.removeprefix(prefix) for name in imports_of(module)}
    return (names & set(MODULES)) - {module}


def reached_from(module: str) -> set[str]:
    """Return the module, and the own modules that its import loads, in the end."""
    reached, waiting = set(), [module]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            waiting += own_imports_of(current)
    return reached


def test_imports_are_read() -> None:
    """The reader of imports sees what is there, else the tests below say nothing."""
    assert "flask.Flask" in imports_of("extension")
    assert {"exchange", "configuration"} <= own_imports_of("extension")
    types = [name for name in imports_of("exchange") if name.startswith("_typeshed")]
    assert types == [], "an import for the type checker alone does not run"
    assert {"context", "errors"} <= reached_from("extension")


@pytest.mark.parametrize("module", FRAMEWORK_FREE)
def test_core_knows_no_flask(module: str) -> None:
    """What joins, counts and configures imports no Flask and no Werkzeug."""
    roots = {
        name.split(".")[0]
        for reached in reached_from(module)
        for name in imports_of(reached)
    }
    assert not roots & {"flask", "werkzeug", "jinja2", "click"}


def test_imports_make_no_cycle() -> None:
    """No module of the package imports itself through others."""
    circles = [
        module
        for module in MODULES
        if any(module in reached_from(own) for own in own_imports_of(module))
    ]
    assert circles == []


def test_core_works_without_the_thin_parts() -> None:
    """Commands, demo, doctor and test tools are imported by no other module."""
    importers = {
        module: own_imports_of(module)
        for module in MODULES
        if module.split(".")[0] not in THIN
    }
    guilty = {
        module: names
        for module, names in importers.items()
        if any(name.split(".")[0] in THIN for name in names)
    }
    assert guilty == {}


def test_only_context_touches_private_parts_of_flask() -> None:
    """Flask's private names are used in ``context.py`` alone."""
    users = {
        module
        for module, path in MODULES.items()
        if "_cv_" in path.read_text() or "flask_globals" in path.read_text()
    }
    assert users == {"context"}


def test_public_names_are_pinned() -> None:
    """The package offers these names, sorted, and at most 25 of them."""
    assert flask_outpour.__all__ == PUBLIC
    assert sorted(PUBLIC) == PUBLIC
    assert len(PUBLIC) <= 25
    assert all(hasattr(flask_outpour, name) for name in PUBLIC)
