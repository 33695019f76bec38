"""Every example in README and docs runs, and prints what its page shows."""

from __future__ import annotations

import logging
import re
import shutil
import sys
from collections.abc import Callable
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fences import DOCS
from fences import name_of
from fences import PageRun
from fences import PAGES
from fences import read_fences
from sqlalchemy import event
from sqlalchemy.pool import Pool

from conftest import lack

RUN = ("python", "pycon", "console", "jinja")
#: Languages of text that a reader looks at and nobody runs.
SHOWN = ("text", "apache", "nginx", "ini", "toml")
#: What the log has of a stream, but for its time.
told = re.compile(r"(stream (?:complete|failed): .+) in [\d.]+ s").findall


@pytest.fixture
def pools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keep a page's databases in a folder, and close what its engines leave open."""
    monkeypatch.chdir(tmp_path)
    opened: list[Any] = []

    def remember(connection: Any, record: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", remember)
    yield
    event.remove(Pool, "connect", remember)
    for connection in opened:
        connection.close()


@pytest.mark.usefixtures("pools")
@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_examples_of_a_page_run_as_they_are_shown(
    page: Path,
    tmp_path: Path,
    serve: Callable[[Any], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A reader who types in a page from top to bottom sees what the page shows."""
    if "$ curl" in page.read_text() and not shutil.which("curl"):
        lack("curl", "apt-get install curl")
    caplog.set_level(logging.INFO, "flask_outpour")
    name = "page_" + re.sub(r"\W", "_", name_of(page)).lower()
    examples = [fence for fence in read_fences(page) if fence.language in RUN]
    try:
        assert PageRun(page, tmp_path, serve, name).run() == len(examples)
    finally:
        sys.modules.pop(name, None)
    logged = [line for record in caplog.records for line in told(record.getMessage())]
    assert set(told(page.read_text())) <= set(logged)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_each_example_says_its_language(page: Path) -> None:
    """No example escapes the tests by a language that they do not know."""
    fences = list(read_fences(page))
    opened = [line for line in page.read_text().splitlines() if line.startswith("```")]
    directives = [line for line in opened if line.startswith("```{")]
    assert len(opened) - 2 * len(directives) == 2 * len(fences)
    assert {fence.language for fence in fences} <= {*RUN, *SHOWN}


def test_the_russian_quickstart_has_the_same_examples() -> None:
    """The two editions of the quickstart differ in prose and comments alone."""
    english, russian = (
        [
            (fence.language, re.sub(r" +# .*", "", fence.code))
            for fence in read_fences(DOCS / name)
        ]
        for name in ("quickstart.md", "quickstart.ru.md")
    )
    assert russian == english
