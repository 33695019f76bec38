"""Tests of the row below those of a sheet, with formulas and their values."""

from __future__ import annotations

import re
from datetime import date
from datetime import datetime
from datetime import time
from datetime import timedelta
from decimal import Decimal
from decimal import localcontext
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import patch
from xml.etree import ElementTree

import openpyxl
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies

from flask_outpour import ConfigurationError
from flask_outpour import XLSX
from flask_outpour.formats.workbooks import sheets
from formats import cells
from formats.recorded import cut
from formats.recorded import written
from formats.workbooks import by_calamine
from formats.workbooks import by_libreoffice
from formats.workbooks import by_openpyxl
from formats.workbooks import changed
from formats.workbooks import MAIN
from formats.workbooks import opened_by_libreoffice
from formats.workbooks import part
from formats.workbooks import tables_written

SHEET = "xl/worksheets/sheet1.xml"
FUNCTIONS: dict[Any, str] = {
    **{"sum": "SUM", "average": "AVERAGE", "mean": "AVERAGE", "count": "COUNTA"},
    **{"min": "MIN", "max": "MAX"},
}
ROWS = [
    ("a", 1, Decimal("0.10"), date(2026, 11, 2)),
    ("b", 2, Decimal("0.20"), None),
    (None, 4, Decimal("1E+2"), date(2026, 11, 3)),
]
NAMES = ["name", "pieces", "amount", "day"]


def total_of(values: list[Any], function: Any, **options: Any) -> str | None:
    """Return the text of the total of a column, as XML has it."""
    content = written(
        XLSX(totals={"a": function}, **options), ["a"], [(v,) for v in values]
    )
    last = list(ElementTree.fromstring(part(content)).iter(f"{MAIN}row"))[-1]
    assert last.get("r") == str(len(values) + 2)
    value = last.find(f"{MAIN}c/{MAIN}v")
    return None if value is None else value.text


def test_totals() -> None:
    """They are formulas in bold, with values for readers that do not calculate."""
    totals: Any = {"name": "count", "pieces": "mean", "amount": "sum", "day": "max"}
    content = written(XLSX(totals=totals), NAMES, ROWS)
    assert by_openpyxl(content)["Sheet1"][4] == [
        *("=COUNTA(A2:A4)", "=AVERAGE(B2:B4)", "=SUM(C2:C4)", "=MAX(D2:D4)"),
    ]
    values = [2, 7 / 3, 100.3, datetime(2026, 11, 3)]
    assert by_openpyxl(content, data_only=True)["Sheet1"][4] == values
    assert by_calamine(content)["Sheet1"][4] == [*values[:3], date(2026, 11, 3)]
    sheet: Any = openpyxl.load_workbook(BytesIO(content)).active
    assert [cell.font.b for cell in sheet[5]] == [True] * 4
    assert [cell.font.b for cell in sheet[4]] == [False] * 4
    # The filter hides and sorts rows, and none of them is the total.
    assert sheet.auto_filter.ref == "A1:D4"
    defined = part(content, "xl/workbook.xml").decode()
    assert "'Sheet1'!$A$1:$D$4<" in defined


_numbers = strategies.one_of(
    strategies.integers(-(10**15) + 1, 10**15 - 1),
    strategies.decimals(-(10**9), 10**9, places=4),
)


@given(strategies.lists(_numbers | cells.texts | strategies.none(), min_size=1))
@settings(deadline=None)
def test_totals_are_exact(values: list[Any]) -> None:
    """Integers and decimals are summed as such, and texts are passed over."""
    numbers = [Fraction(v) for v in values if isinstance(v, int | Decimal)]
    assert Fraction(total_of(values, "sum") or "") == sum(numbers)
    filled = [value for value in values if value is not None]
    assert total_of(values, "count") == str(len(filled))
    average = total_of(values, "average")
    assert average == total_of(values, "mean")
    least, most = total_of(values, "min"), total_of(values, "max")
    if numbers:
        assert Fraction(least or "") == min(numbers)
        assert Fraction(most or "") == max(numbers)
        assert float(average or "") == pytest.approx(float(sum(numbers) / len(numbers)))
    else:
        assert average is least is most is None


@given(strategies.lists(strategies.floats(allow_nan=False), min_size=1))
@settings(deadline=None)
def test_totals_of_floats(values: list[float]) -> None:
    """Their sum is right to a double, or Excel's error if it is too large for one."""
    # Infinities, and what is nearest to zero, are text.
    numbers = [Fraction(v) for v in values if 2.3e-308 < abs(v) < 1.8e308]
    text = total_of(values, "sum") or ""
    try:
        float(sum(numbers))
    except OverflowError:
        assert text == "#NUM!"
    else:
        # Sums of what floats are written as: 0.1 is a tenth.
        size = sum(map(abs, numbers))
        assert abs(Fraction(text) - sum(numbers)) <= size / 2**52


@given(cells.batches())
@settings(max_examples=60, deadline=None)
def test_batches_do_not_matter(table: Any) -> None:
    """Columns of all types have the same totals, whatever rows come together."""
    names, batches = table
    rows = [row for batch in batches for row in batch]
    for function in FUNCTIONS:
        format = XLSX(totals=dict.fromkeys(names, function))
        whole = written(format, names, rows)
        assert written(format, names, *batches) == whole
        assert written(format, names, *([row] for row in rows)) == whole


def test_decimals_in_any_context() -> None:
    """The precision that an application computes with changes no total."""
    values = [Decimal("99999999999.9999"), Decimal("0.0001"), Decimal("-7.5")]
    with localcontext() as context:
        context.prec = 3
        assert total_of(values, "sum") == "99999999992.5000"


def test_numbers_that_are_text() -> None:
    """Where a cell cannot hold a number, the total is no formula, and still exact."""
    values = [10**20, Decimal("0.12345678901234567"), 1]
    whole = str(sum(map(Fraction, values)))
    for function, expected in [
        ("sum", "100000000000000000001.12345678901234567"),
        ("max", "100000000000000000000"),
        ("min", "0.12345678901234567"),
        ("average", "33333333333333300000"),
    ]:
        format = XLSX(totals={"a": function})  # type: ignore[dict-item]
        content = written(format, ["a"], [(value,) for value in values])
        assert by_openpyxl(content)["Sheet1"][-1] == [expected], whole
    values = [10**20, -(10**20), 1]
    content = written(XLSX(totals={"a": "sum"}), ["a"], [(value,) for value in values])
    assert by_openpyxl(content)["Sheet1"][-1] == [1]
    # In full it would be longer than a cell.
    huge = 9 * 10**32_766
    content = written(XLSX(totals={"a": "sum"}), ["a"], [(huge,), (huge,)])
    assert by_openpyxl(content)["Sheet1"][-1] == ["1.80000000000000E+32767"]
    # These count like any text.
    content = written(XLSX(totals={"a": "count"}), ["a"], [(10**20,), (None,)])
    assert by_openpyxl(content)["Sheet1"][-1] == ["=COUNTA(A2:A3)"]
    assert by_openpyxl(content, data_only=True)["Sheet1"][-1] == [1]


def test_formats_of_totals() -> None:
    """A total is shown as the numbers above it; a count is a plain number."""
    rows = [
        (1.5, time(20), datetime(2026, 1, 1, 12), timedelta(1), 1),
        (2.5, time(20, 0, 0, 5000), datetime(2026, 1, 1, 12), None, 1),
    ]
    names = ["amount", "clock", "at", "long", "n"]
    format = XLSX(
        totals={
            "amount": "sum",
            "clock": "sum",
            "at": "min",
            "long": "max",
            "n": "count",
        },
        number_formats={"amount": "0.00 €", "n": "0.000"},
    )
    content = written(format, names, rows)
    sheet: Any = openpyxl.load_workbook(BytesIO(content), data_only=True).active
    assert [(cell.value, cell.number_format) for cell in sheet[4]] == [
        (4, "0.00 €"),
        (timedelta(hours=40, milliseconds=5), "[h]:mm:ss.000"),
        (datetime(2026, 1, 1, 12), "yyyy-mm-dd hh:mm:ss"),
        (timedelta(1), "[h]:mm:ss"),
        (2, "General"),
    ]


def test_booleans_and_texts_are_no_numbers() -> None:
    """As with Excel's functions; they count."""
    values = [True, "12", "", [1], float("nan"), 7]
    assert total_of(values, "sum") == total_of(values, "min") == "7"
    assert total_of(values, "count") == "6"


def test_totals_of_no_rows() -> None:
    """A sum and a count are 0, and what there is not is empty; no formula is there."""
    content = written(XLSX(totals=dict(zip("abcde", FUNCTIONS, strict=False))), "abcde")
    _, total = by_openpyxl(content)["Sheet1"]
    assert total == [0, None, None, 0, None]


def test_total_of_each_sheet() -> None:
    """Where rows go on in another sheet, each has the total of its own."""
    rows = [(n, "x" * n) for n in range(20)]
    for sizes in ([20], [1] * 20, [3, 17]):
        with patch.object(sheets, "MOST_ROWS", 10):
            format = XLSX(totals={"n": "sum"})
            content = written(format, ["n", "x"], *cut(rows, sizes))
        formulas = [sheet[-1] for sheet in by_openpyxl(content).values()]
        assert formulas == [[f"=SUM(A2:A{last})", None] for last in (9, 9, 5)]
        read = by_openpyxl(content, data_only=True).values()
        assert [len(sheet) for sheet in read] == [10, 10, 6]
        assert [sheet[-1][0] for sheet in read] == [28, 92, 70]


def test_totals_of_tables() -> None:
    """What is said of a column is said of all tables that have it, or of one alone."""
    tables: Any = {
        "Orders": (["id", "amount"], [[(1, 2.5), (2, 3)]]),
        "Items": (["id", "pieces"], [[(7, 1), (8, 1)]]),
    }
    format = XLSX(totals={"amount": "sum", "Items": {"id": "max"}})
    read = by_openpyxl(tables_written(format, tables), data_only=True)
    assert read["Orders"][-1] == [None, 5.5]
    assert read["Items"][-1] == [8, None]


def test_no_formula_comes_from_data() -> None:
    """Names and values have no part in one, whatever is in them."""
    name = "=1+1)</f><f>"
    rows = [("=1+1",), (")+1",)]
    format = XLSX(totals={name: "count"}, sheet="'!A1")
    xml = part(written(format, [name], rows))
    assert re.findall(b"<f>.*?</f>", xml) == [b"<f>COUNTA(A2:A3)</f>"]


@pytest.mark.parametrize(
    ("totals", "message"),
    [
        ({"a": "median"}, "totals=.*'sum', 'average'.*median"),
        ({"a": "=SUM(A1)"}, "totals="),
        ({"a": 1}, "totals="),
        ({"a": None}, "totals="),
        ({1: "sum"}, "totals="),
        (["a"], "totals="),
        ("sum", "totals="),
        ({"Orders": {"a": "median"}}, "totals="),
    ],
)
def test_functions_are_checked(totals: Any, message: str) -> None:
    """Another is an error where the option is written."""
    with pytest.raises(ConfigurationError, match=message):
        XLSX(totals=totals)


def test_columns_are_checked() -> None:
    """A name that is no column's is an error that names it, and the columns."""
    format = XLSX(totals={"amuont": "sum"})
    with pytest.raises(
        ConfigurationError, match=r"totals= names 'amuont'.* id, amount"
    ):
        format.begin(["id", "amount"])


def test_libreoffice_calculates_the_same(tmp_path: Path) -> None:
    """Without their values, formulas become these values."""
    columns: dict[str, list[Any]] = {
        "integers": [1, 2, -7, 10**14, None],
        "decimals": [Decimal("0.10"), Decimal("0.20"), Decimal("-3.5"), None, 7],
        "floats": [0.1, 0.2, 1e-5, -1e10, 2.5],
        "mixed": ["text", 3, "12", None, 0.5],
        "texts": ["a", "b", None, "=1", "x"],
        "moments": [datetime(2026, 1, day, 12) for day in range(1, 6)],
        "days": [date(2026, 1, day) for day in range(1, 6)],
        "durations": [timedelta(hours=n) for n in range(20, 25)],
        "clocks": [time(hour) for hour in range(15, 20)],
    }
    rows = list(zip(*columns.values(), strict=True))
    files = {}
    for function in FUNCTIONS:
        content = written(XLSX(totals=dict.fromkeys(columns, function)), columns, rows)  # type: ignore[arg-type]
        files[function] = content
        files[f"{function}, calculated"] = changed(
            content, SHEET, b"</f><v>[^<]*</v>", b"</f>"
        )
    assert opened_by_libreoffice(tmp_path, files) == {*files}
    for function, name in FUNCTIONS.items():
        kept, calculated = (
            by_libreoffice(tmp_path / f"{file}.fods")["Sheet1"][-1]
            for file in (function, f"{function}, calculated")
        )
        assert [cell.text for cell in calculated] == [cell.text for cell in kept]
        formulas = [cell.formula for cell in kept if cell.formula]
        # Texts have a sum and a number.
        assert len(formulas) == len(columns) - (name not in ("SUM", "COUNTA"))
        assert all(formula.startswith(f"of:={name}([.") for formula in formulas)
