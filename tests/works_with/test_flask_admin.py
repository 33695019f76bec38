"""Tests beside Flask-Admin: its export button, of any size and in any format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any
from typing import ClassVar

import pytest
from flask import Flask
from flask_admin import Admin
from flask_admin import expose
from flask_admin.contrib.sqla import ModelView
from flask_admin.model.typefmt import enum_formatter
from flask_admin.model.typefmt import list_formatter
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.model import Model
from python_calamine import CalamineWorkbook
from sqlalchemy import Column
from sqlalchemy import event
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped
from sqlalchemy.orm import mapped_column
from sqlalchemy.orm import relationship
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.collections import InstrumentedList

from flask_outpour import CSV
from flask_outpour import stream_finished
from flask_outpour import stream_rows
from flask_outpour.testing import assert_streams

COUNT = 600
FORMATS = ["csv", "json", "xlsx"]


class Streamed:
    """Export what the list shows by ``stream_rows``: a mix-in for a model's view."""

    can_export = True
    export_types = FORMATS
    #: The options of a format.
    formats: ClassVar[dict[str, Any]] = {}
    #: Other values stay what they are, and what is missing is no empty text.
    column_type_formatters_export: ClassVar[dict[type, Any]] = {
        Model: lambda view, value, name: str(value),
        InstrumentedList: list_formatter,
        Enum: enum_formatter,
    }

    def scaffold_auto_joins(self) -> list[Any]:
        joins = super().scaffold_auto_joins()  # type: ignore[misc]
        return [each for each in joins if not each.property.uselist]

    @expose("/export/<export_type>/")
    def export(self: Any, export_type: str) -> Any:
        if not self.can_export or export_type not in self.export_types:
            return super().export(export_type)  # type: ignore[misc]
        shown = self._get_list_extra_args()
        column = self._get_column_by_idx(shown.sort)
        _, query = self.get_list(
            None,
            column and column[0],
            shown.sort_desc,
            shown.search,
            shown.filters,
            execute=False,
            page_size=self.export_max_rows,
        )
        names, titles = zip(*self.get_export_columns(), strict=True)
        for relation in self.model.__mapper__.relationships:
            if relation.key in names and relation.uselist:
                query = query.options(selectinload(relation.class_attribute))

        def rows() -> Iterator[tuple[Any, ...]]:
            for model in query.yield_per(500):
                yield tuple(self.get_export_value(model, name) for name in names)

        return stream_rows(
            rows,
            self.formats.get(export_type, export_type),
            columns=titles,
            filename=self.get_export_name(export_type),
        )


class State(Enum):
    """How far an order is."""

    OPEN = 1
    PAID = 2


@pytest.fixture
def app(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """Return an application with orders, and an admin with views of them."""
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'shop.sqlite'}"
    db = SQLAlchemy(app)

    class Customer(db.Model):  # type: ignore[name-defined, misc]
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

        def __str__(self) -> str:
            return self.name

    class Tag(db.Model):  # type: ignore[name-defined, misc]
        name: Mapped[str] = mapped_column(primary_key=True)

        def __str__(self) -> str:
            return self.name

    tagged = db.Table(
        "tagged",
        Column("order_id", ForeignKey("order.id"), primary_key=True),
        Column("tag", ForeignKey("tag.name"), primary_key=True),
    )

    class Order(db.Model):  # type: ignore[name-defined, misc]
        id: Mapped[int] = mapped_column(primary_key=True)
        amount: Mapped[float]
        note: Mapped[str | None]
        customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id))
        state: Mapped[State]
        customer: Mapped[Customer] = relationship()
        tags: Mapped[list[Tag]] = relationship(secondary=tagged, order_by=Tag.name)

    class Orders(ModelView):
        can_export = True
        column_list = ("id", "amount", "note", "customer.name")
        column_searchable_list = ("customer.name",)
        column_select_related_list = (Order.customer,)
        column_labels: ClassVar[Any] = {"customer.name": "Customer"}
        column_default_sort = ("id", True)
        column_formatters_export: ClassVar[Any] = {
            "amount": lambda view, context, model, name: round(model.amount, 1)
        }

    class StreamedOrders(Streamed, Orders):
        pass

    class Everything(Streamed, ModelView):
        column_default_sort = "id"

    class Tagged(Streamed, ModelView):
        column_list = ("id", "state", "tags")
        column_default_sort = "id"
        formats: ClassVar[Any] = {"csv": CSV(delimiter=";")}

    class Closed(StreamedOrders):
        def is_accessible(self) -> bool:
            return False

    admin = Admin(app)
    admin.add_view(Orders(Order, db, endpoint="own"))
    admin.add_view(StreamedOrders(Order, db, endpoint="orders"))
    admin.add_view(Everything(Order, db, endpoint="everything"))
    admin.add_view(Tagged(Order, db, endpoint="tagged"))
    admin.add_view(Closed(Order, db, endpoint="closed"))
    with app.app_context():
        db.create_all()
        people = [Customer(name=name) for name in ("Ada", "Bo")]
        tags = [Tag(name="new"), Tag(name="red")]
        db.session.add_all(
            Order(
                id=n,
                amount=n + 0.25,
                customer=people[n % 2],
                state=State(n % 2 + 1),
                tags=tags[: n % 3],
            )
            for n in range(1, COUNT + 1)
        )
        db.session.commit()
        engine = db.engine
    app.extensions["engine"] = engine
    yield app
    engine.dispose()


def test_its_own_export_streams(app: Flask) -> None:
    """Its generator of CSV lines flows, and its session is there to the last one."""
    told: list[dict[str, Any]] = []
    assert_streams(app, "/admin/own/export/csv/")
    with stream_finished.connected_to(lambda _, **facts: told.append(facts), app):
        lines = app.test_client().get("/admin/own/export/csv/").text.splitlines()
    assert lines[:2] == ["Id,Amount,Note,Customer", f"{COUNT},{COUNT}.2,,Ada"]
    assert len(lines) == COUNT + 1
    assert (told[0]["outcome"], told[0]["items"]) == ("complete", COUNT + 1)


def read_table(format: str, data: bytes) -> list[list[Any]]:
    """Return the header and the rows of a file."""
    if format == "csv":
        return [line.split(",") for line in data.decode().splitlines()]
    if format == "json":
        objects = json.loads(data)
        return [[*objects[0]], *([*each.values()] for each in objects)]
    book = CalamineWorkbook.from_filelike(BytesIO(data))
    return book.get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("format", FORMATS)
def test_export_streams_in_every_format(app: Flask, format: str) -> None:
    """Each has the list's columns, titles, order and the export's formatters."""
    response = app.test_client().get(f"/admin/orders/export/{format}/")
    header, first, *rest = read_table(format, response.data)
    assert header == ["Id", "Amount", "Note", "Customer"]
    number, amount, note, customer = first
    assert (float(number), float(amount), customer) == (COUNT, COUNT + 0.2, "Ada")
    assert note == (None if format == "json" else "")
    assert len(rest) == COUNT - 1
    named = response.headers["Content-Disposition"]
    assert re.search(rf'"Order_\d{{4}}-\d\d-\d\d_[\d-]+\.{format}"', named)
    assert app.extensions["engine"].pool.checkedout() == 0


def test_rows_are_read_while_they_are_sent(app: Flask) -> None:
    """The first rows are with the client before the last ones are read."""
    assert_streams(app, "/admin/orders/export/csv/")
    assert app.extensions["engine"].pool.checkedout() == 0


def test_search_and_sort_of_the_list_are_kept(app: Flask) -> None:
    """The button hands over what the list was asked for."""
    page = app.test_client().get("/admin/orders/?search=bo&sort=0").text
    link = "/admin/orders/export/csv/?search=bo&amp;sort=0"
    assert link in page
    lines = app.test_client().get(link.replace("&amp;", "&")).text.splitlines()
    assert lines[1:3] == ["1,1.2,,Bo", "3,3.2,,Bo"]
    assert len(lines) == COUNT / 2 + 1


def test_a_view_without_a_list_has_the_texts_of_its_relations(app: Flask) -> None:
    """Such a view shows the customer itself, which the export writes by ``str()``."""
    data = app.test_client().get("/admin/everything/export/csv/").data
    header, first, second, *_ = read_table("csv", data)
    assert "Customer" in header
    place = header.index("Customer")
    assert (first[place], second[place]) == ("Bo", "Ada")


def test_collections_and_enums_are_text(app: Flask) -> None:
    """A list has commas, an enum its name; the view has options for a format."""
    text = app.test_client().get("/admin/tagged/export/csv/").text
    lines = ["Id;State;Tags", "1;PAID;new", "2;OPEN;new, red", "3;PAID;"]
    assert text.replace('"', "").splitlines()[:4] == lines
    assert text.count("\n") == COUNT + 1


@pytest.mark.parametrize(("view", "most"), [("orders", 2), ("tagged", 4)])
def test_relations_cost_no_query_for_each_row(app: Flask, view: str, most: int) -> None:
    """One statement counts, one reads the rows, and one the tags of 500 of them."""
    statements = []

    def remember(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(app.extensions["engine"], "before_cursor_execute", remember)
    app.test_client().get(f"/admin/{view}/export/csv/").get_data()
    assert len(statements) == most


@pytest.mark.parametrize("path", ["closed/export/csv/", "orders/export/exe/"])
def test_what_may_not_be_exported_is_refused(app: Flask, path: str) -> None:
    """A view that is not accessible, and a format that is not offered."""
    response = app.test_client().get(f"/admin/{path}")
    assert response.status_code in (302, 403)
    assert response.mimetype == "text/html"
