"""What a command is doing enters; a line that says so, on the terminal, leaves.

It is drawn when something is said, and not meanwhile: a thread that draws would disturb
what the doctor and the benchmarks measure, and the applications that they load.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import AbstractContextManager
from contextlib import contextmanager
from contextlib import nullcontext

import click

#: Says what is done now, and what share of the whole was done before, from 0 to 1.
Show = Callable[[str, float], object]

#: The characters of the bar.
_BAR = 24
#: Up a line, to its begin, and clear it.
_WIPE = "\033[A\r\033[K"


def show_nothing(text: str, share: float) -> None:
    """Say nothing of what is done."""


def progress_line() -> AbstractContextManager[Show]:
    """Show on the terminal what is done, until the block ends, and wipe it away.

    The terminal is that of the standard error; nothing is shown where there is none, or
    one that cannot go back in a line. The line is rich's where rich is installed, and
    click's elsewhere.
    """
    if not _can_be_drawn():
        return nullcontext(show_nothing)
    try:
        import rich.progress  # noqa: F401
    except ImportError:
        return _line_of_click()
    return _line_of_rich()


def _can_be_drawn() -> bool:
    if os.environ.get("TERM") in ("dumb", "unknown"):
        return False
    # Under pythonw of Windows there is no standard error.
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def _line_of_rich() -> Iterator[Show]:
    from rich.console import Console
    from rich.progress import BarColumn
    from rich.progress import Progress
    from rich.progress import TextColumn
    from rich.table import Column

    rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    with Progress(
        BarColumn(_BAR, complete_style="cyan", finished_style="cyan"),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.description}", markup=False, table_column=rest),
        console=Console(stderr=True),
        expand=True,
        auto_refresh=False,
        transient=True,
        # It would lead what is printed to the standard error, too.
        redirect_stdout=False,
    ) as line:
        task = line.add_task("", total=1.0)
        yield lambda text, share: line.update(
            task, description=text, completed=share, refresh=True
        )


@contextmanager
def _line_of_click() -> Iterator[Show]:
    room = os.get_terminal_size(sys.stderr.fileno()).columns - _BAR - len("[]  100%  ")
    line = click.progressbar(
        length=100,
        file=sys.stderr,
        width=_BAR,
        show_eta=False,
        bar_template="[%(bar)s]  %(info)s  %(label)s",
    )

    def show(text: str, share: float) -> None:
        line.label = text[: max(room, 0)]
        line.update(round(100 * share) - line.pos)
        # It is drawn by itself only where the share has grown.
        line.render_progress()

    try:
        with line:
            yield show
    finally:
        click.echo(_WIPE, nl=False, err=True)
