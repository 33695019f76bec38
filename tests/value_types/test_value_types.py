"""Tests that each value is written as what it means, or refused with its place."""

from __future__ import annotations

import pytest

from value_types import columnar
from value_types import models
from value_types import plain
from value_types import standard
from value_types.cases import Case
from value_types.checks import check

TABLES = {
    "plain": plain.CASES,
    "standard": standard.CASES,
    "columnar": columnar.CASES,
    "models": models.CASES,
}


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=f"{table}: {name}")
        for table, cases in TABLES.items()
        for name, case in cases.items()
    ],
)
def test_every_format(case: Case) -> None:
    """Alone, beside None, in a list and in a dict, and from both kinds of source."""
    check(case.make, case.meant)
