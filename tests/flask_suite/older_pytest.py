"""A pytest plugin that gives Flask's tests the private name that pytest 9 renamed."""

from __future__ import annotations

from _pytest import compat
from _pytest import monkeypatch

if not hasattr(monkeypatch, "notset"):
    monkeypatch.notset = compat.NOTSET  # type: ignore[attr-defined]
