"""Tests of the exceptions: one root, fitting builtins, and facts in every message."""

from __future__ import annotations

import pytest

import flask_outpour
from flask_outpour import errors
from flask_outpour import ItemError
from flask_outpour import LengthError
from flask_outpour import OutpourError
from flask_outpour import StreamInterrupted
from flask_outpour import StreamTimeout

EXCEPTIONS = [
    value
    for value in vars(errors).values()
    if isinstance(value, type) and issubclass(value, Exception)
]


def test_every_exception_has_one_root() -> None:
    """``except OutpourError`` catches everything that Outpour raises of its own."""
    assert len(EXCEPTIONS) > 3
    assert all(issubclass(exception, OutpourError) for exception in EXCEPTIONS)


def test_every_exception_is_public() -> None:
    """Each exception can be imported from the package."""
    names = {exception.__name__ for exception in EXCEPTIONS}
    assert names <= set(flask_outpour.__all__)


@pytest.mark.parametrize(
    ("exception", "builtin"),
    [
        ("ConfigurationError", ValueError),
        ("ItemError", TypeError),
        ("LengthError", ValueError),
        ("RowError", ValueError),
        ("SourceError", TypeError),
        ("StreamTimeout", TimeoutError),
        ("StreamInterrupted", RuntimeError),
        ("WorkerLeaving", RuntimeError),
    ],
)
def test_exception_is_a_fitting_builtin(exception: str, builtin: type) -> None:
    """Code that knows only Python's exceptions catches the right one."""
    assert issubclass(getattr(errors, exception), builtin)


def test_tree_in_the_docstring_is_complete() -> None:
    """The tree at the top of the module names every exception."""
    assert errors.__doc__ is not None
    assert all(exception.__name__ in errors.__doc__ for exception in EXCEPTIONS)


def test_item_error_names_number_and_type() -> None:
    """The message says which item was wrong, and what it was."""
    assert "Item 7 " in str(ItemError.of_item(7, 1.5))
    assert "float" in str(ItemError.of_item(7, 1.5))


def test_item_error_names_an_asynchronous_source() -> None:
    """The message for an asynchronous generator names it, and the cure."""

    async def generate():  # type: ignore[no-untyped-def]
        yield "a"

    message = str(ItemError.of_source(generate()))
    assert "async_generator" in message
    assert "plain generator" in message


def test_length_error_tells_both_lengths() -> None:
    """A wrong Content-Length is told with what was declared and what came."""
    assert "of 10 bytes, but its stream produced only 4" in str(LengthError(10, 4))
    assert "of 10 bytes, but its stream produced at least 12" in str(
        LengthError(10, 12)
    )


def test_timeout_names_the_setting() -> None:
    """A stream that took too long names the limit and the key that sets it."""
    error = StreamTimeout(2.5, 100)
    assert "100 bytes" in str(error)
    assert "OUTPOUR_MAX_DURATION = 2.5 seconds" in str(error)
    assert error.limit == 2.5


def test_interruption_names_its_cause() -> None:
    """The message says which exception interrupted the stream."""
    assert "SystemExit: worker timeout" in str(
        StreamInterrupted(SystemExit("worker timeout"))
    )
