"""A pattern of strftime() enters; the one that to_char() writes the same by leaves."""

from __future__ import annotations

import re

#: Of Python's directives, those of which PostgreSQL has the same text for all values.
_SAME = {
    **{"Y": "YYYY", "y": "YY", "m": "MM", "d": "DD"},
    **{"H": "HH24", "M": "MI", "S": "SS", "f": "US"},
}
_DIRECTIVE = re.compile("%(.)", re.DOTALL)


def to_char_pattern(pattern: str) -> str | None:
    """Return a pattern for PostgreSQL, or ``None`` where its text may differ."""
    if "\0" in pattern:
        return None
    made = []
    # Directives are at the odd places, and the texts between them at the others.
    for place, part in enumerate(_DIRECTIVE.split(pattern)):
        if place % 2 == 0 or part == "%":
            # Without quotes, even if they are empty, two directives may be read as one.
            made.append(_quoted(part))
        elif part in _SAME:
            made.append(_SAME[part])
        else:
            return None
    return "".join(made)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
