"""Tests of the workbook of the orders, as programs that read workbooks have it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.request import Request
from urllib.request import urlopen

import openpyxl

from flask_outpour.demo.orders import orders
from formats.workbooks import by_calamine
from servers.clients import curl

TITLES = [
    "Order",
    "Ordered",
    "Customer",
    "E-mail",
    "Amount",
    "Quantity",
    "Paid",
    "Note",
]


def cells_of(order: tuple[Any, ...]) -> list[Any]:
    """Return an order as a reader of workbooks has it."""
    number, created_at, *others, paid, note = order
    return [number, datetime.fromisoformat(created_at), *others, bool(paid), note or ""]


def test_the_workbook_has_every_order(run_demo: Callable[..., Any]) -> None:
    """All orders are on one sheet, under titles, their times and booleans real ones."""
    with run_demo("--rows", "2500") as demo:
        done = curl(f"{demo.url}/outpour/orders.xlsx")
    assert done.code == 0
    sheets = by_calamine(done.body)
    assert sheets == {"Orders": [TITLES, *map(cells_of, orders(2500))]}
    assert {type(row[6]) for row in sheets["Orders"][1:]} == {bool}


def test_amounts_are_shown_with_two_digits(orders_url: str) -> None:
    """The column of the amounts has its format, and the titles are bold and stay."""
    with urlopen(f"{orders_url}/outpour/orders.xlsx", timeout=30) as response:
        book = openpyxl.load_workbook(BytesIO(response.read()))
    sheet = book["Orders"]
    assert {cell.number_format for cell in sheet["E"][1:]} == {"#,##0.00"}
    assert all(cell.font.bold for cell in sheet[1])
    assert sheet.freeze_panes == "A2"


def test_the_download_is_named_after_the_orders(orders_url: str) -> None:
    """A browser saves the workbook as orders.xlsx."""
    with urlopen(f"{orders_url}/outpour/orders.xlsx", timeout=30) as response:
        disposition = response.headers["Content-Disposition"]
    assert disposition == 'attachment; filename="orders.xlsx"'


def test_the_workbook_has_one_connection(
    orders_url: str, connections: list[str]
) -> None:
    """It opens one connection and closes it; a HEAD request opens none."""
    url = f"{orders_url}/outpour/orders.xlsx"
    with urlopen(Request(url, method="HEAD"), timeout=30):
        pass
    assert connections == []
    with urlopen(url, timeout=30) as response:
        response.read()
    assert connections == ["opened", "closed"]
