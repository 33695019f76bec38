"""Tests of the architecture: which module may import which, and the public names."""

from __future__ import annotations

import ast
import subprocess
import sys
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
THIN = {"cli", "demo", "doctor", "progress", "testing", "__main__"}
ROWS = [name for name in MODULES if name.split(".")[0] == "rows"]
FORMATS = [name for name in MODULES if name.split(".")[0] == "formats"]
ARCHIVES = [name for name in MODULES if name.split(".")[0] == "archives"]
#: What knows of rows, bytes, settings and servers, but not of Flask.
FRAMEWORK_FREE = [
    *("arrow_values", "body", "coalesce", "column_types", "compress", "configuration"),
    *("decode", "departure", "drain", "duckdb_values", "errors", "extras", "lines"),
    *("negotiation", "servers"),
    *("short_floats", "start", "workers"),
    *("templates.containment", "templates.html_tokens", "templates.patches"),
    "templates.pool",
    *ARCHIVES,
    *ROWS,
    *FORMATS,
]
#: What the package works without: each is an extra, or of use where it is installed.
OPTIONAL = [
    *(
        "attr",
        "attrs",
        "babel",
        "backports",
        "brotli",
        "duckdb",
        "flask_sqlalchemy",
        "isal",
    ),
    *("msgspec", "numpy", "orjson", "pytest"),
    *("pandas", "polars", "psycopg", "psycopg2", "pyarrow", "pydantic", "pymysql"),
    *("sqlalchemy", "sqlite3", "zlib_ng"),
]
PUBLIC = [
    "CSV",
    "JSON",
    "NDJSON",
    "XLSX",
    "ConfigurationError",
    "Format",
    "ItemError",
    "LengthError",
    "Outpour",
    "OutpourError",
    "Response",
    "RowError",
    "Rows",
    "SourceError",
    "StreamInterrupted",
    "StreamTimeout",
    "WorkerLeaving",
    "ZipEntry",
    "stream_finished",
    "stream_first_byte",
    "stream_rows",
    "stream_started",
    "stream_template",
    "stream_template_string",
    "stream_with_context",
    "stream_zip",
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


def test_rows_and_formats_are_read() -> None:
    """The tests below look at all modules of both packages, and follow imports."""
    assert {"rows", "rows.records", "rows.statements"} <= set(ROWS)
    assert {"formats", "formats.csv", "formats.registry"} <= set(FORMATS)
    assert "rows.statements" in reached_from("exports")
    assert "sqlalchemy.orm.Session" in imports_of("rows.statements")


@pytest.mark.parametrize(
    ("side", "other"),
    [
        *((FORMATS, "rows"), (ROWS, "formats")),
        *((ARCHIVES, "rows"), (ARCHIVES, "formats")),
    ],
)
def test_formats_know_no_source(side: list[str], other: str) -> None:
    """A format knows nothing of where rows come from, and rows of no format."""
    reached = {name for module in side for name in reached_from(module)}
    assert [name for name in reached if name.split(".")[0] == other] == []


def test_only_some_modules_need_sqlalchemy() -> None:
    """What reads statements and their results has SQLAlchemy; thin parts may."""
    users = {
        module
        for module in MODULES
        for name in imports_of(module)
        if name.split(".")[0] in ("sqlalchemy", "flask_sqlalchemy")
        and module.split(".")[0] not in THIN
    }
    parts = ["copying", "descriptions", "fitness", "loading", "results", "sql_types"]
    assert users == {f"rows.{part}" for part in [*parts, "statements", "verbs"]}


def run_python(code: str) -> str:
    """Run some code in a Python of its own, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_import_loads_no_optional_package() -> None:
    """``import flask_outpour`` loads nothing that it can do without."""
    code = "import sys, flask_outpour; print(*sys.modules)"
    assert not set(run_python(code).split()) & set(OPTIONAL)


WITHOUT_OPTIONAL = f"""
import sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name in {OPTIONAL}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Missing())
from flask import Flask
from flask_outpour import Outpour, stream_rows
app = Flask("tests")
Outpour(app)
rows = [(1, 0.5, "a"), (2, None, "b,c")]
app.add_url_rule("/rows.<suffix>", "rows", lambda suffix: stream_rows(
    iter(rows), columns=["id", "share", "text"]))
for suffix in ("csv", "ndjson"):
    print(app.test_client().get(f"/rows.{{suffix}}").text)
"""


def test_rows_stream_without_any_optional_package() -> None:
    """Where only Flask is installed, rows stream, msgspec or not."""
    assert run_python(WITHOUT_OPTIONAL).split() == [
        *("id,share,text", "1,0.5,a", '2,,"b,c"'),
        '{"id":1,"share":0.5,"text":"a"}',
        '{"id":2,"share":null,"text":"b,c"}',
    ]


WITHOUT_PYARROW = (
    WITHOUT_OPTIONAL
    + """
client = app.test_client()
wanted = "application/vnd.apache.parquet"
for accept in (wanted, f"{wanted}, text/csv;q=0.1"):
    answer = client.get("/rows", headers={"Accept": accept})
    print(answer.status_code, answer.mimetype, "parquet" in answer.text)
print(client.get("/named/parquet").status_code)
app.testing = True
for name in ("parquet", "arrows"):
    try:
        client.get(f"/written/{name[0]}")
    except Exception as error:
        print(type(error).__name__, "Flask-Outpour[arrow]" in str(error))
"""
).replace(
    "for suffix in",
    """columns = ["a", "b", "c"]
app.add_url_rule("/rows", "any", lambda: stream_rows(rows, columns=columns))
app.add_url_rule("/named/<name>", "named", lambda name: stream_rows(
    rows, name, columns=columns))
app.add_url_rule("/written/<name>", "written", lambda name: stream_rows(
    rows, {"p": "parquet", "a": "arrows"}[name], columns=columns))
for suffix in""",
)


def test_formats_of_arrow_name_the_extra_that_they_need() -> None:
    """Without pyarrow no client is offered them, and a view that names one fails."""
    assert run_python(WITHOUT_PYARROW).splitlines()[-5:] == [
        "406 text/html False",
        "200 text/csv False",
        "406",
        "ConfigurationError True",
        "ConfigurationError True",
    ]


def test_public_names_are_pinned() -> None:
    """The package offers these names, sorted, and at most 25 of them."""
    assert flask_outpour.__all__ == PUBLIC
    # As ruff sorts them: constants, classes, functions.
    assert sorted(PUBLIC, key=lambda name: (not name.isupper(), name)) == PUBLIC
    assert len(PUBLIC) <= 26
    assert all(hasattr(flask_outpour, name) for name in PUBLIC)
