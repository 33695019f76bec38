"""Import statements enter; what Outpour adds to the import of Flask leaves.

Each sample is a new interpreter. It imports Flask first, and what both need is Flask's;
then it tells how long the statement took, by its processor's time or by the clock. The
statements take turns. All bytecode is read from a folder that the first round fills.

``import flask_outpour`` is what the claim is about. The others are what applications
write, and the most that there can be: names that few need are loaded when they are
imported.
"""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from tempfile import TemporaryDirectory

from .measure import Report

FLASK = "flask"
OUTPOUR = "flask_outpour"
STATEMENTS = {
    OUTPOUR: "import flask_outpour",
    "Outpour, stream_rows": "from flask_outpour import Outpour, stream_rows",
    "every name": "from flask_outpour import *",
}
CLOCKS = {"processor's time": "process_time", "by the clock": "perf_counter"}
#: Seconds.
MOST = 0.030

_CODE = """
from time import {clock} as clock
{before}
begun = clock()
{statement}
print(clock() - begun)
"""


def main() -> int:
    """Measure the statements in turns, by each clock; return the exit code."""
    report = Report.from_command_line("import", __doc__)
    rounds = report.choose(tiny=1, small=20, full=100)
    with TemporaryDirectory() as bytecode:
        for group, clock in CLOCKS.items():
            seconds = partial(time_import, clock=clock, bytecode=bytecode)
            contenders = {
                FLASK: partial(seconds, "import flask"),
                **{
                    name: partial(seconds, statement, before="import flask")
                    for name, statement in STATEMENTS.items()
                },
            }
            times = report.alternate(group, contenders, rounds=rounds)
            report.claim(group, OUTPOUR, "s", times.of[OUTPOUR], at_most=MOST)
            for name in STATEMENTS:
                report.claim_ratio(f"{name} / {FLASK}", times)
    return report.finish()


def time_import(
    statement: str, *, before: str = "", clock: str, bytecode: str
) -> float:
    """Return how long a new interpreter takes to run an import statement."""
    code = _CODE.format(statement=statement, before=before, clock=clock)
    options = ("-I", "-X", f"pycache_prefix={bytecode}", "-c")
    done = subprocess.run(
        [sys.executable, *options, code], capture_output=True, check=True, text=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    sys.exit(main())
