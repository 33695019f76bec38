"""Tests of what ``import flask_outpour`` loads.

A name costs what it needs when it is imported, which is when an application starts.
``benchmarks/bench_import.py`` has the times.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

import flask_outpour

#: Of the standard library, none of them needed by Flask.
HEAVY = {
    *("asyncio", "concurrent.futures", "multiprocessing", "sqlite3", "unittest"),
    *("sysconfig", "urllib.request", "xml", "zipfile", "zoneinfo"),
}
#: Whole packages and modules of Outpour's own, for what some applications need.
OWN = {
    *("archives", "formats", "rows", "exports", "zip_exports", "probe"),
    *("cli", "demo", "doctor", "testing"),
    *("templates.page", "templates.tags", "templates.containment"),
}
PACKAGES = {"backports", "brotli", "isal", "msgspec", "pyarrow", "sqlalchemy"}


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a statement loads, once Flask is there."""
    code = (
        "import sys, flask; before = {*sys.modules}; "
        f"{statement}; print(*sys.modules.keys() - before)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    return {*done.stdout.split()}


def own(names: set[str]) -> set[str]:
    """Return the modules of Outpour's own by their names in full."""
    return {f"flask_outpour.{name}" for name in names}


def test_the_import_loads_what_every_application_needs() -> None:
    """The core is there, and what rows, archives and pages need is not."""
    loaded = loaded_by("import flask_outpour")
    assert own({"exchange", "coalesce", "extension"}) <= loaded
    assert loaded & (HEAVY | PACKAGES | own(OWN)) == set()


def test_an_application_that_streams_loads_no_more() -> None:
    """Neither setting Outpour up nor a stream of a generator needs the rest."""
    code = """exec('''
from flask_outpour import Outpour
app = flask.Flask("tests")
Outpour(app)
app.add_url_rule("/", "stream", lambda: flask.Response(iter(["text"])))
assert app.test_client().get("/").text == "text"
''')"""
    assert loaded_by(code) & (PACKAGES | own(OWN)) == set()


def test_rows_load_no_optional_package() -> None:
    """Nor do they load what workbooks and archives are made with."""
    loaded = loaded_by("from flask_outpour import *")
    assert own({"formats.csv", "rows", "archives.zip", "templates.streams"}) <= loaded
    assert loaded & (HEAVY | PACKAGES) == set()
    assert own({"formats.workbooks.book", "templates.containment"}) & loaded == set()


def test_each_public_name_can_be_imported_first() -> None:
    """No name depends on another one having been imported before."""
    loaded_by(f"""exec('''
from importlib import import_module
for name in {flask_outpour.__all__}:
    for module in [each for each in sys.modules if each.startswith("flask_outpour")]:
        del sys.modules[module]
    assert getattr(import_module("flask_outpour"), name).__module__
''')""")


def test_names_are_listed_before_they_are_loaded() -> None:
    """``dir()`` and a star know every public name; another is an error as usual."""
    code = "import flask_outpour as module; print(*dir(module)); sys.exit()"
    listed = loaded_by(code)
    assert {*flask_outpour.__all__} <= listed
    with pytest.raises(AttributeError, match="'flask_outpour' has no attribute 'CVS'"):
        flask_outpour.CVS  # noqa: B018
