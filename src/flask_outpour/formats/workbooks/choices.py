"""Nothing enters; what the options of a workbook choose from leaves."""

from __future__ import annotations

from typing import Literal

Zones = Literal["utc", "text"]
LongText = Literal["raise", "cut"]
Function = Literal["sum", "average", "mean", "count", "min", "max"]
