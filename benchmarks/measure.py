"""Contenders enter; their alternating times, and what these say of a claim, leave."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from contextlib import contextmanager
from contextlib import suppress
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import field
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version
from itertools import product
from operator import truediv
from pathlib import Path
from statistics import median
from typing import Any
from typing import Literal
from typing import TypeVar

from flask_outpour.progress import progress_line

T = TypeVar("T")

Size = Literal["tiny", "small", "full"]
PACKAGES = (
    *("flask", "werkzeug", "jinja2", "gunicorn", "waitress"),
    *("msgspec", "psycopg", "sqlalchemy"),
    *("pyarrow", "polars", "pandas", "adbc-driver-postgresql"),
    *("django", "starlette", "fastapi", "uvicorn", "datasette"),
)


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of contenders that took turns."""

    group: str
    unit: str
    of: dict[str, list[float]]

    def compare(
        self, pair: str, how: Callable[[float, float], float] = truediv
    ) -> list[float]:
        """Compare the two contenders of ``"first / second"``, round by round."""
        first, second = (self.of[contender] for contender in pair.split(" / "))
        return list(map(how, first, second))


@dataclass(frozen=True, slots=True)
class Measurement:
    """One contender's samples."""

    group: str
    contender: str
    unit: str
    median: float
    lowest: float
    highest: float
    samples: list[float]


@dataclass(frozen=True, slots=True)
class Claim:
    """What the samples say, and what they should say.

    ``value`` is the median over pairs of the same round; ``lowest`` and ``highest``
    are of single pairs. Without a ``target`` it is shown for comparison only.
    """

    group: str
    text: str
    unit: str
    value: float
    lowest: float
    highest: float
    target: str | None = None
    met: bool | None = None


@dataclass(slots=True)
class Report:
    """Collect what one benchmark measures, print it, and keep it as JSON.

    :param name: of the benchmark.
    :param size: how much is measured.
    """

    name: str
    size: Size
    json_path: str | None = None
    fails_on_miss: bool = False
    measurements: list[Measurement] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)

    @classmethod
    def from_command_line(cls, name: str, description: str | None) -> Report:
        """Read the options that all benchmarks have."""
        parser = argparse.ArgumentParser(
            prog=f"python -m benchmarks.bench_{name}",
            description=description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sizes = parser.add_mutually_exclusive_group()
        for size, meaning in (
            ("full", "the sizes that the documentation quotes; takes minutes"),
            ("tiny", "only show that it runs; the figures mean nothing"),
        ):
            sizes.add_argument(
                f"--{size}",
                dest="size",
                action="store_const",
                const=size,
                default="small",
                help=meaning,
            )
        parser.add_argument("--json", metavar="FILE", help="write all samples there")
        parser.add_argument(
            "--check", action="store_true", help="exit with 1 if a target is missed"
        )
        options = parser.parse_args()
        return cls(name, options.size, options.json, options.check)

    def choose(self, *, tiny: T, small: T, full: T) -> T:
        """Return the value for the size of this run."""
        return {"tiny": tiny, "small": small, "full": full}[self.size]

    def alternate(
        self,
        group: str,
        contenders: Mapping[str, Callable[[], float]],
        *,
        rounds: int,
        unit: str = "s",
    ) -> Samples:
        """Take one sample of each contender in turn, again and again.

        Pairs of one round meet the same load of the machine. A first round warms
        up and is not counted.
        """
        samples: dict[str, list[float]] = {contender: [] for contender in contenders}
        turns = list(product(range(rounds + 1), contenders.items()))
        with progress_line() as show:
            for turn, (number, (contender, sample)) in enumerate(turns):
                what = f"round {number} of {rounds}: {contender}, {group}"
                show(what, turn / len(turns))
                value = sample()
                if number:
                    samples[contender].append(value)
        return self.add(Samples(group, unit, samples))

    def add(self, samples: Samples) -> Samples:
        """Keep and print the samples of contenders."""
        group, unit = samples.group, samples.unit
        print(f"\n{group}")
        for contender, values in samples.of.items():
            facts = median(values), min(values), max(values)
            self.measurements.append(
                Measurement(group, contender, unit, *facts, values)
            )
            print(f"  {contender:<40}{_spread(*facts, unit)}")
        return samples

    def claim_ratio(
        self,
        pair: str,
        samples: Samples,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """State how many times the first of a pair takes what the second takes.

        :param pair: ``"first / second"``, two contenders.
        """
        ratios = samples.compare(pair)
        self.claim(
            samples.group, pair, "times", ratios, at_least=at_least, at_most=at_most
        )

    def claim(
        self,
        group: str,
        text: str,
        unit: str,
        values: list[float],
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """State the median of values against a target, if there is one."""
        middle = median(values)
        target = met = None
        if at_least is not None:
            target = f"at least {_number(at_least, unit)}"
            met = middle >= at_least
        elif at_most is not None:
            target = f"at most {_number(at_most, unit)}"
            met = middle <= at_most
        claim = Claim(group, text, unit, middle, min(values), max(values), target, met)
        self.claims.append(claim)
        print(_sentence(claim))

    def finish(self) -> int:
        """Write the JSON file, and return the exit code."""
        if self.json_path is not None:
            facts = {
                "benchmark": self.name,
                "size": self.size,
                "machine": describe_machine(),
                "measurements": [asdict(taken) for taken in self.measurements],
                "claims": [asdict(claim) for claim in self.claims],
            }
            with open(self.json_path, "w") as file:
                json.dump(facts, file, indent=1)
        missed = any(claim.met is False for claim in self.claims)
        return 1 if missed and self.fails_on_miss else 0


@contextmanager
def doing(what: str, share: float = 0) -> Iterator[None]:
    """Show on a terminal what is done, until the block ends.

    :param share: of all that is to be done, what was done before.
    """
    with progress_line() as show:
        show(what, share)
        yield


def describe_machine() -> dict[str, Any]:
    """Return what a reader needs to compare runs."""
    versions = {}
    for name in PACKAGES:
        with suppress(PackageNotFoundError):
            versions[name] = version(name)
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        **versions,
    }


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _sentence(claim: Claim) -> str:
    values = _spread(claim.value, claim.lowest, claim.highest, claim.unit)
    sentence = f"  {claim.text:<40}{values}"
    if claim.target is None:
        return sentence
    return f"{sentence}  {claim.target}: {'met' if claim.met else 'MISSED'}"


def _spread(middle: float, lowest: float, highest: float, unit: str) -> str:
    first, last = _number(lowest, unit), _number(highest, unit)
    return f"{_number(middle, unit):>12}  ({first} to {last})"


def _number(value: float, unit: str) -> str:
    if unit == "s":
        if abs(value) < 0.001:
            return f"{value * 1e6:.1f} µs"
        return f"{value:.2f} s" if abs(value) >= 1 else f"{value * 1000:.3f} ms"
    if unit == "bytes":
        return f"{value / 2**20:.2f} MiB"
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"
