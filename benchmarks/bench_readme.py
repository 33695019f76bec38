"""The README's first example enters; how much faster its one line makes it leaves.

The example is run by gunicorn as the README has it, and without the line that says
``Outpour(app)``; curl asks both in turn, and its own clock counts.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from .client import fetch_body
from .measure import Report
from .servers import ROOT
from .servers import running

LINE = "Outpour(app)"
PATH = "/large.csv"
LEAST_GAIN = 10.0


def main() -> int:
    """Measure the example with its line and without, and return the exit code."""
    report = Report.from_command_line("readme", __doc__)
    rows = report.choose(tiny=2_000, small=200_000, full=200_000)
    example = read_example(rows)
    with TemporaryDirectory() as folder, ExitStack() as servers:

        def serve(module: str, code: str) -> int:
            Path(folder, f"{module}.py").write_text(code)
            return servers.enter_context(
                running(
                    "gunicorn",
                    outpour=False,
                    rows=rows,
                    app=f"{module}:app",
                    ready=PATH,
                    PYTHONPATH=folder,
                )
            ).port

        ours = serve("with_outpour", example)
        plain = serve("plain_flask", without_line(example))
        measure(report, plain, ours)
    return report.finish()


def read_example(rows: int) -> str:
    """Return the first Python example of the README, with another number of rows."""
    found = re.search(
        r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S
    )
    assert found, "The README has no example."
    example, replaced = re.subn(
        r"range\(1, [\d_]+\)", f"range(1, {rows + 1})", found[1]
    )
    assert replaced == 1, "The README's example does not say how many rows it has."
    return example


def without_line(example: str) -> str:
    """Return the example as an application on plain Flask."""
    lines = example.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(LINE)]
    assert len(kept) == len(lines) - 1, f"The README's example has no line {LINE}."
    return "".join(kept)


def measure(report: Report, plain: int, ours: int) -> None:
    """Alternate both, by curl."""
    if fetch_body(plain, PATH) != fetch_body(ours, PATH):
        raise RuntimeError(
            "The example gave different bodies with and without Outpour."
        )
    outpour = partial(curl, ours)
    times = report.alternate(
        "the README's example on gunicorn, by curl",
        {
            "plain Flask": partial(curl, plain),
            "Outpour": partial(median_of_five, outpour),
        },
        rounds=report.choose(tiny=1, small=5, full=15),
    )
    report.claim_ratio("plain Flask / Outpour", times, at_least=LEAST_GAIN)


def median_of_five(sample: Callable[[], float]) -> float:
    """Return what weighs less on milliseconds than another program's moment does."""
    return median(sample() for _ in range(5))


def curl(port: int) -> float:
    """Return the seconds that curl says a download took."""
    done = subprocess.run(
        [
            *("curl", "-sS", "--fail", "-o", "/dev/null", "-w", "%{time_total}"),
            f"http://127.0.0.1:{port}{PATH}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
