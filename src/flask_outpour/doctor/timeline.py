"""When items left and arrived enters; lines of text that show it leave."""

from __future__ import annotations

from collections.abc import Sequence

from .findings import Moment

_NARROWEST = 12


def draw(moments: Sequence[Moment], width: int) -> list[str]:
    """Draw a row for each item: a line from where it left to where it arrived.

    ::

        item    left  arrived   0 s                         1.40 s
           1  0.00 s   1.40 s   ○────────────────────────────────●
           2  0.20 s   1.40 s       ○────────────────────────────●

    :param width: columns that there are; 60 are enough.
    """
    if not moments:
        return []
    times = [
        time
        for moment in moments
        for time in (moment.left, moment.arrived)
        if time is not None
    ]
    last = max([*times, 0.01])
    knows_left = any(moment.left is not None for moment in moments)
    head = f"{'item':>4}{'left':>8}" if knows_left else f"{'item':>4}"
    head += f"{'arrived':>9}   "
    room = max(width - len(head), _NARROWEST)
    end = f"{last:.2f} s"
    lines = [f"{head}0 s{end:>{room - 3}}"]
    for moment in moments:
        left = _seconds(moment.left, 8) if knows_left else ""
        when = _seconds(moment.arrived, 9)
        bar = _bar(moment, last, room)
        lines.append(f"{moment.item:>4}{left}{when}   {bar}".rstrip())
    return [*lines, f"{'':>{len(head)}}{'○ left   ' if knows_left else ''}● arrived"]


def _seconds(time: float | None, width: int) -> str:
    return f"{'never':>{width}}" if time is None else f"{time:>{width - 2}.2f} s"


def _bar(moment: Moment, last: float, room: int) -> str:
    def place(time: float) -> int:
        return round(min(max(time / last, 0.0), 1.0) * (room - 1))

    if moment.arrived is None:
        left = place(moment.left or 0.0)
        return " " * left + "○" + "·" * (room - 1 - left)
    arrived = place(moment.arrived)
    if moment.left is None or place(moment.left) >= arrived:
        return " " * arrived + "●"
    left = place(moment.left)
    return " " * left + "○" + "─" * (arrived - left - 1) + "●"
