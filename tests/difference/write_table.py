"""Write the section of the docs anew: ``python -m difference.write_table``."""

from __future__ import annotations

from pathlib import Path

from difference.table import difference_section
from difference.table import HEADING
from difference.table import PAGE

if __name__ == "__main__":
    page = Path(__file__).parents[2] / PAGE
    before, _, _ = page.read_text().partition(HEADING)
    page.write_text(before.rstrip() + "\n\n" + difference_section())
