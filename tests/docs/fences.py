"""The text of a page enters; its fenced examples, run in order, leave their effects."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from flask import Flask

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
#: The pages whose examples are run: README, and all of docs but what Sphinx has built.
PAGES = [
    ROOT / "README.md",
    *sorted(page for page in DOCS.rglob("*.md") if "_build" not in page.parts),
]

_FENCE = re.compile(
    r"^(?P<lead>[^\n]*)\n\n?```(?P<language>[\w+-]+)\n(?P<code>.*?)^```$", re.M | re.S
)
_ADDRESS = re.compile(r"http://127\.0\.0\.1:5000")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced example; ``lead`` is the line of text before it."""

    language: str
    code: str
    lead: str
    line: int


def name_of(page: Path) -> str:
    """Return the name of a page in those of tests: its path, without the suffix."""
    folder = DOCS if page.is_relative_to(DOCS) else ROOT
    return page.relative_to(folder).with_suffix("").as_posix()


def read_fences(page: Path) -> Iterator[Fence]:
    """Yield the examples of a page in their order."""
    text = page.read_text()
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start("code"))
        yield Fence(match["language"], match["code"], match["lead"], line)


class PageRun:
    """Run the examples of one page, which share their names, as its reader would.

    ``python`` is executed. ``pycon`` is too, and each ``$ curl`` of a ``console``
    that asks port 5000; they must print what the page shows. A ``jinja`` example is the
    template that the line before it names.

    :param serve: serves an application and returns its address.
    """

    def __init__(
        self, page: Path, folder: Path, serve: Callable[[Any], str], name: str
    ) -> None:
        self._page = page
        self._folder = folder
        self._serve = serve
        module = ModuleType(name)
        # Flask looks for its templates beside the module's file.
        module.__file__ = str(folder / f"{name}.py")
        sys.modules[name] = module
        self.names = module.__dict__
        self._served: tuple[Any, str] | None = None

    def run(self) -> int:
        """Run all examples, and return how many there were."""
        count = 0
        for fence in read_fences(self._page):
            run = getattr(self, f"_run_{fence.language}", None)
            if run is not None:
                run(fence)
                count += 1
        return count

    def _run_python(self, fence: Fence) -> None:
        where = f"{self._page.name}, line {fence.line}"
        # Its reader adds it to the file and runs that: no request has come yet.
        if isinstance(app := self.names.get("app"), Flask):
            app._got_first_request = False
        exec(compile(fence.code, where, "exec"), self.names)

    def _run_pycon(self, fence: Fence) -> None:
        test = doctest.DocTestParser().get_doctest(
            fence.code, self.names, self._page.name, str(self._page), fence.line
        )
        wrong: list[str] = []
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(test, out=wrong.append, clear_globs=False)
        self.names.update(test.globs)
        assert not wrong, "".join(wrong)

    def _run_jinja(self, fence: Fence) -> None:
        named = re.search(r"`(templates/[\w.-]+)`", fence.lead)
        assert named, f"line {fence.line}: say which template this is"
        path = self._folder / named[1]
        path.parent.mkdir(exist_ok=True)
        path.write_text(fence.code)

    def _run_console(self, fence: Fence) -> None:
        for part in re.split(r"^\$ ", fence.code, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            if command.startswith("curl") and _ADDRESS.search(command):
                address = self._address()
                done = subprocess.run(
                    ["bash", "-c", _ADDRESS.sub(address, command)],
                    capture_output=True,
                    text=True,
                    timeout=30,
                )
                printed = done.stdout + done.stderr
                assert printed.strip() == shown.strip(), f"line {fence.line}: {command}"

    def _address(self) -> str:
        app = self.names["app"]
        if self._served is None or self._served[0] is not app:
            self._served = (app, self._serve(app))
        return self._served[1]
