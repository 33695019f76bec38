"""Tests of whom the advice about a missing context is given."""

from __future__ import annotations

import pytest
from flask import current_app
from flask import request

from flask_outpour.context import explain


def of_flask() -> None:
    """Ask for a request that there is not."""
    assert request.path


def of_the_application() -> None:
    """Raise an error with such a text."""
    raise RuntimeError("Working outside of office hours")


@pytest.mark.parametrize("function", [of_flask, lambda: current_app.name])
def test_missing_context_gets_advice(function: object) -> None:
    """An error of Flask's proxies says how the contexts stay."""
    with pytest.raises(RuntimeError) as caught:
        function()  # type: ignore[operator]
    explain(caught.value)
    assert "stream_with_context" in "".join(caught.value.__notes__)


def test_text_of_an_application_gets_none() -> None:
    """An error that the application raises itself is none of a context."""
    with pytest.raises(RuntimeError) as caught:
        of_the_application()
    explain(caught.value)
    assert not hasattr(caught.value, "__notes__")
