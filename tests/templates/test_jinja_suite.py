"""Jinja's own tests, rendered by the driver of streamed pages, end as by Jinja."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from sources import unpacked_source

FOLDER = Path(__file__).parent

#: Modules of asynchronous templates alone, which need trio to be imported.
ASYNCHRONOUS = ("test_async.py", "test_async_filters.py")


#: Tests that a template with blocks cannot pass, by what it does that a page without
#: them does not.
DIFFERENT = {
    "exports no names: what a block sets and defines is its own": """
        test_compile.py::test_top_level_set_vars_unpacking_deterministic
        test_core_tags.py::TestMacros::test_include
        test_core_tags.py::TestMacros::test_macro_api
        test_core_tags.py::TestMacros::test_macro_defaults_self_ref
        test_core_tags.py::TestSet::test_block
        test_core_tags.py::TestSet::test_block_filtered
        test_core_tags.py::TestSet::test_block_filtered_set
        test_core_tags.py::TestSet::test_normal
        test_imports.py::TestImports::test_context_imports
        test_imports.py::TestImports::test_exports
        test_imports.py::TestImports::test_from_import_with_globals
        test_imports.py::TestImports::test_import_with_globals
        test_imports.py::TestImports::test_import_with_globals_override
        test_imports.py::TestIncludes::test_import_from_with_context
        test_inheritance.py::TestInheritance::test_scoped_block_after_inheritance
        test_regression.py::TestBug::test_caller_scoping
        test_regression.py::TestBug::test_double_caller_no_default
        test_security.py::TestSandbox::test_template_data
    """,
    "gives variables to no block of Jinja, and to no function that asks for those of"
    " the whole template": """
        test_ext.py::TestExtensions::test_contextreference_node_passes_context
        test_regression.py::TestBug::test_pass_context_block_and_loop
        test_regression.py::TestBug::test_scopes_and_blocks
    """,
    "has functions as Jinja's blocks are, which a test counts, names or looks into": """
        test_api.py::TestMeta::test_find_undeclared_variables
        test_debug.py::TestDebug::test_runtime_error
        test_ext.py::TestAutoEscape::test_volatile_scoping
        test_ext.py::TestExtensions::test_contextreference_node_can_pass_locals
        test_ext.py::TestExtensions::test_extension_nodes
        test_ext.py::TestExtensions::test_extension_ordering
        test_lexnparse.py::TestParser::test_error_messages
        test_lexnparse.py::TestSyntax::test_neg_filter_priority
    """,
    "is refused a loop and a namespace around a block, which change while it waits": """
        test_core_tags.py::TestForLoop::test_loop_errors
        test_core_tags.py::TestForLoop::test_looploop
        test_core_tags.py::TestSet::test_init_namespace
        test_core_tags.py::TestSet::test_namespace
        test_core_tags.py::TestSet::test_namespace_block
        test_core_tags.py::TestSet::test_namespace_loop
        test_core_tags.py::TestSet::test_namespace_macro
        test_core_tags.py::TestSet::test_namespace_set_tuple
        test_security.py::TestStringFormatMap::test_indirect_call
    """,
    "is refused an unknown filter when it is compiled, as in Jinja's own blocks": """
        test_filters.py::TestFilter::test_filter_undefined_in_elif
        test_filters.py::TestFilter::test_filter_undefined_in_else
        test_filters.py::TestFilter::test_filter_undefined_in_if
        test_filters.py::TestFilter::test_filter_undefined_in_nested_if
        test_tests.py::test_name_undefined_in_if
    """,
    "is streamed by Jinja itself, which renders each block at its place, whole": """
        test_api.py::TestStreaming::test_basic_streaming
        test_api.py::TestStreaming::test_buffered_streaming
    """,
    "reads an iterator after its loop has gone on": """
        test_runtime.py::test_iterator_not_advanced_early
    """,
    "finds its page by a name, where a context of a test has a text for every name": """
        test_api.py::TestLowLevel::test_custom_context
    """,
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a run of Jinja's tests told."""

    #: How each test ended, by its name.
    outcomes: dict[str, str]
    #: How many ``renders`` there were by the driver, and ``blocks`` in a thread.
    counts: dict[str, int]

    @property
    def failed(self) -> set[str]:
        """The tests that did not pass."""
        return {test for test, end in self.outcomes.items() if end != "passed"}


@pytest.fixture(scope="module")
def source(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return the folder of Jinja's source package, with its tests."""
    return unpacked_source("jinja2", request.config, tmp_path_factory)


@pytest.fixture(scope="module")
def run_suite(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Told]:
    """Return a function that runs Jinja's tests with a rendering of the plugin."""

    def run(rendering: str) -> Told:
        told = tmp_path_factory.mktemp("told") / "told.json"
        result = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "tests", "--quiet", "--tb=short"),
                *("-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="),
                # Jinja's settings make errors of warnings that newer versions of
                # Python give.
                *("-o", "filterwarnings="),
                *(f"--ignore=tests/{name}" for name in ASYNCHRONOUS),
                *("-p", "jinja_suite_plugin", f"--rendering={rendering}"),
                f"--told={told}",
            ],
            cwd=source,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
                "PYTHONPATH": str(FOLDER),
            },
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        print(result.stdout[-20_000:], result.stderr[-2_000:])
        return Told(**json.loads(told.read_text()))

    return run


@pytest.fixture(scope="module")
def by_jinja(run_suite: Callable[[str], Told]) -> Told:
    """Return what the tests tell when Jinja renders by itself."""
    return run_suite("jinja")


@pytest.mark.timeout(400)
def test_driver_renders_what_jinja_renders(
    run_suite: Callable[[str], Told], by_jinja: Told
) -> None:
    """Each template of Jinja's tests has the same text when it is streamed."""
    told = run_suite("driver")
    assert told.failed == by_jinja.failed
    assert told.outcomes.keys() == by_jinja.outcomes.keys()
    assert Counter(told.outcomes.values())["passed"] >= 700
    assert told.counts["renders"] >= 700


@pytest.mark.timeout(400)
@pytest.mark.parametrize("deferred", ["templates", "expressions"])
def test_blocks_have_the_text_that_jinja_renders(
    run_suite: Callable[[str], Told], by_jinja: Told, deferred: str
) -> None:
    """Jinja's templates, deferred whole or by each expression, have their text.

    Each block is rendered after the rest of its page, and sent in order.
    """
    told = run_suite(f"deferred-{deferred}")
    different = {
        f"tests/{test}" for tests in DIFFERENT.values() for test in tests.split()
    }
    assert told.failed - by_jinja.failed - different == set()
    assert told.outcomes.keys() == by_jinja.outcomes.keys()
    assert told.counts["renders"] >= 700
    assert told.counts["blocks"] >= 700
