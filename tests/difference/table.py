"""What the catalogue says is better enters; the table of the docs leaves."""

from __future__ import annotations

from difference.better import Better
from difference.catalogue import ENTRIES

#: Where the table stands in the docs.
PAGE = "docs/what-changes.md"
HEADING = "## Where it differs on purpose"
#: As many names of views as a cell has.
NAMED = 3


def difference_table() -> str:
    """Return a row for each way in which a stream may differ, with its views."""
    header = ("when", "plain Flask", "with Outpour", "tried by")
    rows = [header, tuple("---" for _ in header), *map(_row, Better)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def difference_section() -> str:
    """Return the section of the docs, from its heading to the end of the page."""
    same = sum(entry.better is None for entry in ENTRIES.values())
    return (
        f"{HEADING}\n\n"
        f"The tests run {len(ENTRIES)} views on plain Flask and with the line, on each"
        f" server of\n[the table](servers.md). {same} of them give the same bytes,"
        " status, fields, notes of the\napplication's own and order of teardown. The"
        " others differ in one of these ways, which the\ncatalogue in"
        " `tests/difference` states for each, and no other:\n\n"
        f"{difference_table()}\n"
        "A few servers do as no other: they never call `close()`, call it twice, or ask"
        " for each\nitem in another thread, where a context of Flask is lost. There a"
        " stream with the line is\nas plain Flask's on the others.\n"
    )


def _row(better: Better) -> tuple[str, ...]:
    facts = better.value
    names = [f"`{e.name}`" for e in ENTRIES.values() if e.better is better]
    rest = len(names) - NAMED
    tried = ", ".join(names[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
    return facts.when, facts.plain, facts.ours, tried
