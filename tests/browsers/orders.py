"""How many orders the demo has that the browsers look at."""

from __future__ import annotations

ORDERS = 12_000
