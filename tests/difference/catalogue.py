"""The whole catalogue; each module of ``views`` adds its entries as it is imported."""

from __future__ import annotations

import importlib
import pkgutil

from difference import views
from difference.entry import ENTRIES

__all__ = ["ENTRIES"]

for module in pkgutil.iter_modules(views.__path__):
    importlib.import_module(f"difference.views.{module.name}")
