"""A number of steps enters; a bar on the terminal that follows them leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress_bar(steps: int) -> Iterator[Callable[[int], object]]:
    """Show a bar until the block ends; its value moves the bar on by some steps.

    It is rich's where rich is installed, and click's elsewhere.
    """
    try:
        from rich.progress import Progress
    except ImportError:
        with click.progressbar(length=steps, label="Orders") as bar:
            yield bar.update
    else:
        with Progress() as progress:
            task = progress.add_task("Orders", total=steps)
            yield lambda done: progress.advance(task, done)
