"""Tests of Django's querysets, which can be iterated with an event loop and without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import django
import pytest
from django.conf import settings
from django.db import connection
from django.db import models

from flask_outpour.rows import open_rows
from rows.reading import read

ROWS = [(1, "Ada"), (2, "Bob")]


@pytest.fixture(scope="module")
def people() -> Iterator[Any]:
    """Return a manager of a table with two rows, in a SQLite database in memory."""
    if not settings.configured:
        settings.configure(
            DATABASES={
                "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}
            },
            DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        )
        django.setup()

    class Person(models.Model):
        name = models.TextField()

        class Meta:
            app_label = "tests"

    with connection.schema_editor() as editor:
        editor.create_model(Person)
    for number, name in ROWS:
        Person.objects.create(id=number, name=name)
    yield Person.objects
    connection.close()


@pytest.mark.parametrize("iterates", [False, True])
def test_querysets_give_their_rows(people: Any, iterates: bool) -> None:
    """Tuples, named tuples and dicts come as they do from any other source."""
    for queryset in (
        people.order_by("id").values_list("id", "name"),
        people.order_by("id").values_list("id", "name", named=True),
        people.order_by("id").values("id", "name"),
        people.order_by("id"),
    ):
        source = queryset.iterator() if iterates else queryset
        rows = open_rows(source, columns=["id", "name"])
        assert read(rows) == (("id", "name"), ROWS)
