"""Tests of values that no format knows, and of what an application says of them."""

from __future__ import annotations

import json
from collections import deque
from collections import OrderedDict
from collections import UserList
from collections.abc import Callable
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from pathlib import PurePosixPath
from typing import Any

import attrs
import msgspec
import pydantic
import pytest
from flask import Flask
from flask import jsonify
from flask.json.provider import DefaultJSONProvider
from flask.testing import FlaskClient
from pydantic.dataclasses import dataclass as pydantic_dataclass

from flask_outpour import RowError
from flask_outpour import stream_rows

NESTED = ["csv", "tsv", "html", "json", "ndjson", "json-seq", "xlsx", "arrows"]


class Lazy:
    """Text that is looked up late, as Flask-Babel's is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __html__(self) -> str:
        return self.text


class Item(pydantic.BaseModel):
    sku: str = "A-1"
    cost: float = pydantic.Field(default=0.5, exclude=True)


@dataclass
class Address:
    town: str = "Paris"
    lines: list[str] = field(default_factory=lambda: ["1", "2"])


@pydantic_dataclass
class Account:
    id: int = 1
    token: str = pydantic.Field(default="secret", exclude=True)


@dataclass
class Owner:
    """Has no way to leave something out, but what it holds has."""

    account: Account = field(default_factory=Account)


@attrs.define
class Point:
    x: int = 1


class Tag(msgspec.Struct):
    name: str = "new"


class Sets(DefaultJSONProvider):
    """A provider as applications write it."""

    @staticmethod
    def default(value: Any) -> Any:
        """Know sets, paths, and a class that would have fields otherwise."""
        if isinstance(value, set | frozenset):
            return sorted(value)
        if isinstance(value, PurePosixPath):
            return str(value)
        if isinstance(value, Point):
            return f"{value.x} m"
        return DefaultJSONProvider.default(value)


@pytest.fixture
def lines(app: Flask, client: FlaskClient) -> Callable[..., list[Any]]:
    """Return a function that streams rows of one column, and returns what came."""
    views: list[Callable[[], Any]] = []
    app.add_url_rule("/", "view", lambda: views[-1]())

    def got(*values: Any, hold: Any = list, **options: Any) -> list[Any]:
        def view() -> Any:
            rows = hold([(value,) for value in values])
            return stream_rows(rows, "ndjson", columns=["v"], **options)

        views.append(view)
        response = client.get("/")
        assert response.status_code == 200, response.text
        return [json.loads(line)["v"] for line in response.text.splitlines()]

    return got


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Item(), {"sku": "A-1"}),
        ([Item(), Item()], [{"sku": "A-1"}, {"sku": "A-1"}]),
        ({"item": Item()}, {"item": {"sku": "A-1"}}),
        (Address(), {"town": "Paris", "lines": ["1", "2"]}),
        (Point(), {"x": 1}),
        (Tag(), {"name": "new"}),
        (Lazy("Bonjour"), "Bonjour"),
        (deque([1, 2]), [1, 2]),
        (UserList([1, 2]), [1, 2]),
        (OrderedDict(a=1), {"a": 1}),
        (type("Mine", (list,), {})([1, 2]), [1, 2]),
    ],
)
@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
def test_stock_provider(lines: Any, value: Any, expected: Any, hold: Any) -> None:
    """With the provider that all have at first, models and lazy text are written."""
    assert lines(value, hold=hold) == [expected]


def test_own_provider_comes_first(app: Flask, lines: Any) -> None:
    """What the application's provider says of a type is what is written."""
    app.json = Sets(app)
    values = [{1, 2}, PurePosixPath("/a/b"), Point(3), Address()]
    expected = json.loads(app.json.dumps(values))
    assert lines(*values) == expected
    assert lines(*values, hold=iter) == expected
    with app.app_context():
        assert lines(values) == [jsonify(values).json]


def test_provider_that_passes_on_shows_no_more(app: Flask, lines: Any) -> None:
    """What it does not know itself, Flask's would show with what a model leaves out."""
    app.json = Sets(app)
    for hold in (list, iter):
        assert lines(Account(), hold=hold) == [{"id": 1}]
        assert lines(Owner(), hold=hold) == [{"account": {"id": 1}}]
        assert lines([Account(2)], hold=hold) == [[{"id": 2}]]

    def encode(value: Any) -> Any:
        return {"id": value.id, "token": "***"}

    assert lines(Account(), encode=encode) == [{"id": 1, "token": "***"}]


def test_provider_that_writes_anything_as_text_shows_no_more(
    app: Flask, lines: Any
) -> None:
    """The text of a model has what it leaves out; one of its own class is kept."""

    class Texts(DefaultJSONProvider):
        def default(self, value: Any) -> Any:  # type: ignore[override]
            return str(value)

    class Named(Item):
        def __str__(self) -> str:
            return self.sku

    app.json = Texts(app)
    for hold in (list, iter):
        assert lines(Item(), [Item()], hold=hold) == [{"sku": "A-1"}, [{"sku": "A-1"}]]
        assert lines(Account(), hold=hold) == [{"id": 1}]
        assert lines(Named(), 1 + 2j, hold=hold) == ["A-1", "(1+2j)"]


def test_encode_is_for_one_view(app: Flask, lines: Any) -> None:
    """``encode=`` takes the place of the provider, for its stream alone."""
    app.json = Sets(app)

    def encode(value: Any) -> Any:
        if isinstance(value, complex):
            return [value.real, value.imag]
        raise TypeError

    assert lines(1 + 2j, [3j], encode=encode) == [[1.0, 2.0], [[0.0, 3.0]]]
    assert lines({1}) == [[1]]


@pytest.mark.parametrize(
    ("encode", "reason"),
    [
        (None, ""),
        (lambda value: value, ""),
        (lambda value: value.nothing, "AttributeError: 'Odd' object has no attribute"),
        (lambda value: Odd(), "RecursionError|recursion"),
    ],
)
@pytest.mark.parametrize("format", [*NESTED, "parquet"])
def test_unknown_type_is_an_error_with_a_place(
    app: Flask, client: FlaskClient, format: str, encode: Any, reason: str
) -> None:
    """A value that nobody knows names its row, its column and its type."""
    errors: list[BaseException] = []
    app.register_error_handler(ValueError, lambda error: errors.append(error) or "")
    rows = [(Odd(),)]
    app.add_url_rule(
        "/", "v", lambda: stream_rows(rows, format, columns=["odd"], encode=encode)
    )
    client.get("/")
    (error,) = errors
    assert "Row 1, column 'odd': a value of type Odd" in str(error)


class Odd:
    """A type that nobody knows."""


@pytest.mark.parametrize("format", NESTED)
@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
def test_objects_that_lead_to_each_other(
    app: Flask, client: FlaskClient, format: str, hold: Any
) -> None:
    """A tree whose children know their parent fails after few looks, with a place."""
    app.testing = True
    looks = 0

    @dataclass
    class Node:
        children: list[Any] = field(default_factory=list)

    node = Node()
    node.children = [node, node]

    def encode(node: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks > 20_000:
            pytest.fail("each look leads to more than one other")
        return node.children

    app.add_url_rule(
        "/",
        "v",
        lambda: stream_rows(hold([{"node": node}]), format, encode=encode),
    )
    with pytest.raises(RowError, match=r"Row 1, column 'node'.*recursion"):
        client.get("/")


def test_object_that_its_source_changes_is_as_it_was(lines: Any) -> None:
    """What stands for a value is asked for when it comes."""

    class Counter:
        count = 0

    counter = Counter()

    def rows() -> Iterator[Any]:
        for _ in range(300):
            counter.count += 1
            yield (counter,)

    got = lines(hold=lambda _: rows(), encode=lambda value: {"count": value.count})
    assert got == [{"count": number} for number in range(1, 301)]


@pytest.mark.parametrize("format", NESTED)
def test_every_format_asks(app: Flask, client: FlaskClient, format: str) -> None:
    """A hook is asked in each format, and gets only what the format does not know."""
    asked: list[Any] = []

    def encode(value: Any) -> Any:
        asked.append(value)
        return str(value)

    rows = [{"id": 1, "path": PurePosixPath("/a"), "none": None}] * 3
    app.add_url_rule("/", "v", lambda: stream_rows(rows, format, encode=encode))
    response = client.get("/")
    assert response.status_code == 200
    assert {type(value) for value in asked} == {PurePosixPath}
    assert response.data


@pytest.mark.parametrize("make", [str, repr, vars, dict, lambda value: f"{value!r}"])
@pytest.mark.parametrize("hold", [list, iter], ids=["list", "iterator"])
def test_what_writes_anything_shows_no_more_of_a_model(
    lines: Any, make: Any, hold: Any
) -> None:
    """What is made of anything says nothing of a model that keeps a field to itself."""
    assert lines(Item(), [Item()], hold=hold, encode=make) == [
        {"sku": "A-1"},
        [{"sku": "A-1"}],
    ]
