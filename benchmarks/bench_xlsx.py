"""A million orders enter; how fast each way makes a workbook of them leaves.

XlsxWriter's constant_memory mode and rustpy-xlsxwriter, whose core is in Rust, write a
row at a time, as ours does; PyExcelerate holds all of them. All write a file; ours also
goes to a client while it is made, which the others' cannot. Each is given the rows as
its documentation shows, and formats times. Ours is measured with zlib alone, too, as
without the extra ``compress``. Each way has a process of its own. Wall-clock time of
one thread; no server.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from time import perf_counter
from typing import Any

from . import memory
from .measure import doing
from .measure import Report

OURS = "Outpour"
PLAIN = "Outpour, zlib"
DICTS = "Outpour, dicts"
XLSXWRITER = "XlsxWriter, constant_memory"
PYEXCELERATE = "PyExcelerate"
RUST = "rustpy-xlsxwriter"
#: The modules that each needs, beside ours.
NEEDS = {XLSXWRITER: "xlsxwriter", PYEXCELERATE: "pyexcelerate", RUST: RUST}
#: What the way with zlib alone does not find.
FASTER = ("isal", "isal.isal_zlib", "zlib_ng", "zlib_ng.zlib_ng")

MOST_GROWTH = 16 << 20


def main() -> int:
    """Measure all ways that are installed, and return the exit code."""
    report = Report.from_command_line("xlsx", __doc__)
    rows = report.choose(tiny=500, small=50_000, full=1_000_000)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        ways: dict[str, Callable[[], float]] = {}
        children = {}
        for way in (OURS, PLAIN, DICTS, XLSXWRITER, PYEXCELERATE, RUST):
            module = NEEDS.get(way, OURS).replace("-", "_")
            if way in NEEDS and find_spec(module) is None:
                print(f"\nleft out: {way}, which is not installed")
                continue
            children[way] = stack.enter_context(_child(way))
            path = Path(folder, f"{len(ways)}.xlsx")
            _check(children[way], way, path)
            ways[way] = partial(_result, children[way], way, rows, path)
        times = report.alternate(
            f"{rows:,} orders as a workbook",
            ways,
            rounds=report.choose(tiny=1, small=5, full=3),
        )
        for pair, least in (
            (f"{XLSXWRITER} / {OURS}", 12),
            (f"{PYEXCELERATE} / {OURS}", 10),
            (f"{RUST} / {OURS}", 1),
            (f"{XLSXWRITER} / {PLAIN}", None),
            (f"{RUST} / {PLAIN}", None),
            (f"{RUST} / {DICTS}", None),
        ):
            if set(pair.split(" / ")) <= times.of.keys():
                report.claim_ratio(pair, times, at_least=least)
        # What another child held before would hide the growth.
        _measure_memory(report, stack.enter_context(_child(OURS)), rows, Path(folder))
    return report.finish()


def _measure_memory(
    report: Report, child: ProcessPoolExecutor, rows: int, folder: Path
) -> None:
    if not memory.AVAILABLE:
        print("\nleft out: memory, which only Linux tells")
        return
    path = folder / "memory.xlsx"
    with doing("memory of a workbook"):
        growth = child.submit(_growth, rows, path).result()
    report.claim(
        f"{rows:,} orders as a workbook",
        "resident memory rises by",
        "bytes",
        [growth],
        at_most=MOST_GROWTH,
    )


def _child(way: str) -> ProcessPoolExecutor:
    hidden = FASTER if way == PLAIN else ()
    context = get_context("spawn")
    return ProcessPoolExecutor(1, context, initializer=_hide, initargs=(hidden,))


def _check(child: ProcessPoolExecutor, way: str, path: Path) -> None:
    """Find out whether a way writes what it was given."""
    from python_calamine import CalamineWorkbook

    _result(child, way, 100, path)
    with CalamineWorkbook.from_path(path) as book:
        sheet = book.get_sheet_by_index(0).to_python()
    ids = [row[0] for row in sheet[-100:]]
    at = sheet[-1][1]
    # PyExcelerate gives times no format, so that they are read as numbers of days.
    at = int(at) if isinstance(at, float) else at
    if ids != list(range(1, 101)) or getattr(at, "year", at) not in (2024, 45292):
        raise RuntimeError(f"{way} wrote other rows than it was given: {sheet[-1]}")


def _result(child: ProcessPoolExecutor, way: str, rows: int, path: Path) -> float:
    return child.submit(_time, way, rows, path).result()


# What follows runs in the children, after their libraries are hidden.
def _hide(libraries: tuple[str, ...]) -> None:
    for library in libraries:
        sys.modules[library] = None  # type: ignore[assignment]


def _time(way: str, rows: int, path: Path) -> float:
    # Made before, so that the time is not that of the source.
    source = list(_orders(rows))
    if way in (DICTS, RUST):
        source = _dicts(source)
    begin = perf_counter()
    WAYS[way](iter(source), path)
    return perf_counter() - begin


def _growth(rows: int, path: Path) -> float:
    _outpour(_orders(1_000), path)
    return memory.growth_during(os.getpid(), lambda: _outpour(_orders(rows), path))


def _orders(rows: int) -> Iterator[Any]:
    from .orders import orders

    return orders(rows)


def _dicts(rows: list[Any]) -> list[Any]:
    from .orders import COLUMNS

    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def _outpour(rows: Iterator[Any], path: Path) -> None:
    from flask_outpour.formats import XLSX
    from flask_outpour.row_stream import RowStream
    from flask_outpour.row_stream import Table
    from flask_outpour.rows import open_rows

    from .orders import COLUMNS

    opened = partial(open_rows, columns=COLUMNS)
    with path.open("wb") as file:
        file.writelines(RowStream([Table(rows, opened)], XLSX()))


def _xlsxwriter(rows: Iterator[Any], path: Path) -> None:
    import xlsxwriter

    from .orders import COLUMNS

    options = {"constant_memory": True, "remove_timezone": True}
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet()
        time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.set_column(1, 1, 20, time)
        sheet.write_row(0, 0, COLUMNS)
        for number, row in enumerate(rows, 1):
            for place, value in enumerate(row):
                if place == 1:
                    sheet.write_datetime(number, place, value, time)
                else:
                    sheet.write(number, place, value)


def _pyexcelerate(rows: Iterator[Any], path: Path) -> None:
    from pyexcelerate import Workbook

    from .orders import COLUMNS

    # It compares times with one that has no zone, and knows no Decimal.
    plain = [
        [id, at.replace(tzinfo=None), customer, email, float(amount), *others]
        for id, at, customer, email, amount, *others in rows
    ]
    book = Workbook()
    book.new_sheet("Orders", data=[list(COLUMNS), *plain])
    book.save(str(path))


def _rust(rows: Iterator[Any], path: Path) -> None:
    from rustpy_xlsxwriter import FastExcel

    FastExcel(str(path)).sheet("Orders", rows).save()


WAYS: dict[str, Callable[[Iterator[Any], Path], None]] = {
    OURS: _outpour,
    PLAIN: _outpour,
    DICTS: _outpour,
    XLSXWRITER: _xlsxwriter,
    PYEXCELERATE: _pyexcelerate,
    RUST: _rust,
}


if __name__ == "__main__":
    sys.exit(main())
