"""Tests that every exception of the package comes back pickled and copied."""

from __future__ import annotations

import copy
import importlib
import pickle
import pkgutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import pytest

import flask_outpour
from flask_outpour import errors
from flask_outpour.archives.errors import EntryError
from flask_outpour.demo.errors import DemoError
from flask_outpour.doctor.application.probe import ProbeError
from flask_outpour.doctor.errors import DoctorError
from flask_outpour.doctor.site.visits import Silence
from flask_outpour.exports import _NoFormat
from flask_outpour.formats import BUILT_IN
from flask_outpour.probe import ProbeFailure
from flask_outpour.testing.errors import ServerError

#: One of each class of the package, or more where it is made in other ways.
MADE: list[BaseException] = [
    errors.OutpourError("a sentence"),
    errors.ConfigurationError("OUTPOUR_SLOW takes seconds"),
    errors.ItemError.of_item(7, 1.5),
    errors.ItemError.of_source(object()),
    errors.LengthError(10, 4),
    errors.LengthError(10, 12),
    errors.SourceError.of_closed("result", "Pass a function."),
    errors.RowError("Row 3 is odd.", row=3, column="price"),
    errors.RowError.of_cell(1, "a", object(), ValueError("not text")),
    errors.RowError.of_misfit(1, "a", "x", "int64", ValueError()),
    errors.RowError.of_length(2, ["a", "b"], [1]),
    errors.RowError.of_keys(2, ["a"], missing=["a"]),
    errors.RowError.of_keys(2, ["a"], extra=["b"]),
    errors.RowError.of_kind(2, 5, "the first is a dict"),
    errors.RowError.of_column("a", "list", "CSV"),
    errors.RowError.of_duplicates(["a"]),
    errors.StreamTimeout(2.5, 100),
    errors.StreamInterrupted(SystemExit("worker timeout")),
    errors.WorkerLeaving(1.0),
    EntryError("a sentence", name="a.txt", number=3),
    EntryError.of_name(1, "../a", "climbs out", "Leave it."),
    EntryError.of_size("a", 10, 5),
    EntryError.of_checksum("a"),
    DemoError("No port is free."),
    DoctorError("There is no such view."),
    ProbeError(),
    ProbeFailure(),
    ServerError("It did not start."),
    Silence("for 3 seconds"),
    _NoFormat.among(BUILT_IN, "odt", varies=True, several=False),
]
#: What says inside the package which way is taken, and never leaves it.
INTERNAL = {
    "flask_outpour.formats.arrow_cells.Unsuited",
    "flask_outpour.rows.fitness.Unfit",
}

COPIES: dict[str, Callable[[Any], Any]] = {
    **{
        f"pickle-{protocol}": lambda error, protocol=protocol: pickle.loads(
            pickle.dumps(error, protocol)
        )
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    },
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def facts_of(error: BaseException) -> dict[str, Any]:
    """Return what an exception is known by, its notes among its attributes."""
    return {"class": type(error), "words": str(error), "args": error.args} | vars(error)


def exceptions_of_package() -> set[str]:
    """Return the names of all classes of exceptions that the package defines."""
    found = set()
    for module in pkgutil.walk_packages(flask_outpour.__path__, "flask_outpour."):
        if module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if (
                isinstance(value, type)
                and issubclass(value, BaseException)
                and value.__module__.startswith("flask_outpour")
            ):
                found.add(f"{value.__module__}.{value.__qualname__}")
    return found


def test_each_exception_of_the_package_is_tried() -> None:
    """A new class of exceptions needs a line in the table above."""
    tried = {f"{type(each).__module__}.{type(each).__qualname__}" for each in MADE}
    assert exceptions_of_package() == tried | INTERNAL


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_copies_are_the_same_error(error: BaseException, way: str) -> None:
    """Class, words and attributes are those of the original, and so are its notes."""
    noted = copy.copy(error)
    noted.add_note("It was raised for the entry 3.")
    again = COPIES[way](noted)
    assert again is not noted
    assert facts_of(again) == facts_of(noted)
    assert again.__notes__ == ["It was raised for the entry 3."]
    assert facts_of(COPIES[way](error)) == facts_of(error)


def test_timeout_of_an_application_keeps_its_facts() -> None:
    """A class that derives from ours and takes facts of its own comes back, too."""
    error = pickle.loads(pickle.dumps(_Late("orders", 3)))
    assert (type(error), str(error), error.table) == (_Late, "orders: 3 s", "orders")


class _Late(errors.StreamTimeout):
    """An exception as an application may derive it."""

    def __init__(self, table: str, seconds: int) -> None:
        Exception.__init__(self, f"{table}: {seconds} s")
        self.table = table


def _fail(number: int) -> None:
    MADE[number].add_note("from a worker")
    raise MADE[number]


def test_errors_come_through_a_pool_of_processes() -> None:
    """What a job raised is the same error where its result is asked for."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        for number, error in enumerate(MADE):
            raised = pool.submit(_fail, number).exception(60)
            assert raised is not None
            assert raised.__notes__ == ["from a worker"]
            del raised.__notes__
            assert facts_of(raised) == facts_of(error)
