"""A table of orders enters; the view of their workbook leaves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any

from flask import Blueprint
from flask import Response

from flask_outpour import stream_rows
from flask_outpour import XLSX

from .sqlite import SQLiteTable

#: What stands above each column of the orders.
TITLES = {
    "id": "Order",
    "created_at": "Ordered",
    "customer": "Customer",
    "email": "E-mail",
    "amount": "Amount",
    "quantity": "Quantity",
    "paid": "Paid",
    "note": "Note",
}


def add_workbook(views: Blueprint, orders: SQLiteTable) -> None:
    """Add the orders as a workbook, under titles, and with a format of the amounts."""

    @views.route("/orders.xlsx")
    def export_workbook() -> Response:
        def rows() -> Iterator[tuple[Any, ...]]:
            with closing(orders.source()) as cursor:
                for number, created_at, *others, paid, note in cursor:
                    # SQLite has no dates and no booleans.
                    time = datetime.fromisoformat(created_at)
                    yield number, time, *others, paid == 1, note

        workbook = XLSX(
            sheet="Orders",
            titles=TITLES,
            number_formats={"amount": "#,##0.00"},
        )
        return stream_rows(rows, workbook, columns=[*TITLES], filename="orders")
