"""What a command prints enters; what of it is the same in each run leaves."""

from __future__ import annotations

import re

from click import unstyle


def without_figures(text: str) -> list[str]:
    """Return the words of an output, whatever was measured, and at which port."""
    # The bars of a time line are as long as the figures are.
    text = re.sub(r"[○●─]+", "", unstyle(text))
    return re.sub(r"\d+(\.\d+)?", "N", text).split()
