"""Chromium, with and without what it does natively, and the tabs of a test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from browsers.orders import ORDERS
from conftest import lack
from flask_outpour.demo.application import orders_application
from flask_outpour.demo.orders import generate_orders

#: Chromium stays alone: no updates, no account, nothing on the network but the test.
_ALONE = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)
#: What is taken from each of the browsers: ``native`` applies ``<template for>``,
#: ``marking`` only knows the markers, and to ``plain`` the markers are comments, as to
#: all that know neither.
_TAKEN = {
    "native": (),
    "marking": ("DocumentPatching",),
    "plain": ("DocumentPatching", "HTMLProcessingInstruction"),
}
_HAS_FEATURE = "'htmlFor' in HTMLTemplateElement.prototype"
_MARKER = "new DOMParser().parseFromString('<p><?end>', 'text/html').body.innerHTML"
#: The first version of Chromium with the feature.
_FIRST = 150


# Not for the session: while playwright runs there is a running event loop in this
# thread, and tests of other files could have none of their own.
@pytest.fixture(scope="module")
def browsers() -> Iterator[Callable[[str], Any]]:
    """Return a function that gives one of the browsers."""
    playwright = _playwright()
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        lack("chromium", "apt-get install chromium")
    running: dict[str, Any] = {}
    with playwright() as driver, ExitStack() as stack:

        def get(name: str) -> Any:
            if name not in running:
                taken = f"--disable-blink-features={','.join(_TAKEN[name])}"
                running[name] = driver.chromium.launch(
                    executable_path=program, args=[*_ALONE, taken]
                )
                stack.callback(running[name].close)
                _check(running[name], name)
            return running[name]

        yield get


def _playwright() -> Callable[[], Any]:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lack("playwright", "pip install --group tests")
    return sync_playwright


def _check(browser: Any, name: str) -> None:
    if name == "native" and int(browser.version.partition(".")[0]) < _FIRST:
        lack(f"Chromium {_FIRST}", f"this is {browser.version}")
    page = browser.new_page()
    assert page.evaluate(_HAS_FEATURE) is (name == "native")
    assert ("<!--" in page.evaluate(_MARKER)) is (name == "plain")
    page.close()


@pytest.fixture
def open_tab(browsers: Callable[[str], Any]) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a tab of a browser, until the end of the test.

    Its option ``scripts`` says whether pages may run theirs.
    """
    with ExitStack() as stack:

        def start(name: str, scripts: bool = True) -> Any:
            context = browsers(name).new_context(java_script_enabled=scripts)
            stack.callback(context.close)
            context.set_default_timeout(20_000)
            return context.new_page()

        yield start


@pytest.fixture(scope="session")
def orders_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file of more orders than a page shows, some with a line end."""
    path = tmp_path_factory.mktemp("orders") / "orders.sqlite3"
    generate_orders(path, ORDERS, lambda done: None)
    return path


@pytest.fixture
def url(orders_path: Path, serve: Callable[[Any], str]) -> str:
    """Return the address of the demo over these orders."""
    return serve(orders_application(orders_path, ORDERS))
