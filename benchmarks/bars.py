"""Labels and values enter; a chart of bars leaves, as SVG.

A label and its figure stand above their bar, so that the chart is narrow, and what it
says can be read on a telephone. It has a ground of its own, light or dark as the
reader's system is.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import log
from typing import Literal

Kind = Literal["ours", "others", "wrong"]

#: Measures in pixels: of the chart, of its margin, and of what is one bar's.
WIDTH, MARGIN, ROW, THICK = 440, 16, 32, 9
TOP, BOTTOM = 62, 42
#: The longest that a bar can be, and the longest one that is not cut.
ROOM = WIDTH - 2 * MARGIN
FULL = ROOM - 24
#: What each kind is called below the bars, and the room that it takes there.
LEGEND = {
    "ours": ("Outpour", 92),
    "others": ("others", 84),
    "wrong": ("not what the database has", 200),
    "most": ("the most that is allowed", 200),
}
CHART = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img" aria-labelledby="title what">
<title id="title">{title}</title>
<desc id="what">{what}</desc>
<style>
text {{ font: 14px system-ui, sans-serif; fill: #1f2328 }}
.title {{ font-weight: bold; font-size: 15px }}
.quiet {{ fill: #59636e }}
.paper {{ fill: #ffffff }}
.ours {{ fill: #0b7a75 }}
.others {{ fill: #8b949e }}
.wrong {{ fill: url(#hatched); stroke: #cf222e }}
.most {{ fill: #1f2328 }}
#hatched path {{ stroke: #cf222e; stroke-width: 3 }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e6edf3 }}
.quiet {{ fill: #9198a1 }}
.paper {{ fill: #0d1117 }}
.ours {{ fill: #2fb5ad }}
.most {{ fill: #e6edf3 }}
.wrong {{ stroke: #ff7b72 }}
#hatched path {{ stroke: #ff7b72 }}
}}
</style>
<defs><pattern id="hatched" width="7" height="7" patternUnits="userSpaceOnUse" \
patternTransform="rotate(45)"><path d="M0 0V7"/></pattern></defs>
<rect class="paper" width="{width}" height="{height}" rx="8"/>
<text class="title" x="16" y="26">{title}</text>
<text class="quiet" x="16" y="46">{note}</text>
{bars}
{legend}
</svg>
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; its figure is what stands beside its label.

    :param most: a mark that it should not reach.
    """

    label: str
    value: float
    figure: str
    kind: Kind = "ours"
    most: float | None = None


def draw(
    title: str,
    note: str,
    bars: Sequence[Bar],
    *,
    longest: float | None = None,
    least: float | None = None,
) -> str:
    """Return a chart of bars as SVG, in the order that they have.

    :param note: what the figures are, below the title.
    :param longest: the value of the longest bar that is not cut; longer ones are.
    :param least: where the scale begins, which is one of logarithms then.
    """
    longest = max(bar.value for bar in bars) if longest is None else longest

    def length(value: float) -> float:
        if least is None:
            share = value / longest
        else:
            share = log(value / least) / log(longest / least)
        return round(min(FULL * share, ROOM), 1)

    drawn = [_bar(bar, TOP + ROW * number, length) for number, bar in enumerate(bars)]
    height = TOP + ROW * len(bars) + BOTTOM
    return CHART.format(
        width=WIDTH,
        height=height,
        title=escape(title),
        what=escape("; ".join(f"{bar.label}: {bar.figure}" for bar in bars) + "."),
        note=escape(note),
        bars="\n".join(drawn),
        legend=_legend(bars, height - 24),
    )


def _bar(bar: Bar, top: int, length: Callable[[float], float]) -> str:
    below = top + ROW - THICK - 6
    parts = [
        f'<text x="{MARGIN}" y="{below - 5}">{escape(bar.label)}</text>',
        f'<text x="{WIDTH - MARGIN}" y="{below - 5}" text-anchor="end">'
        f"{escape(bar.figure)}</text>",
        f'<rect class="{bar.kind}" x="{MARGIN}" y="{below}"'
        f' width="{max(length(bar.value), 1):g}" height="{THICK}"/>',
    ]
    if bar.most is not None:
        at = MARGIN + length(bar.most)
        parts.append(
            f'<rect class="most" x="{at:g}" y="{below - 2}" width="2"'
            f' height="{THICK + 4}"/>'
        )
    return "".join(parts)


def _legend(bars: Sequence[Bar], top: int) -> str:
    used = {str(bar.kind) for bar in bars}
    if any(bar.most is not None for bar in bars):
        used.add("most")
    parts, x = [], MARGIN
    for kind, (text, room) in LEGEND.items():
        if kind in used:
            width = 2 if kind == "most" else 14
            parts.append(
                f'<rect class="{kind}" x="{x}" y="{top}" width="{width}" height="12"/>'
                f'<text x="{x + width + 6}" y="{top + 11}">{text}</text>'
            )
            x += room
    return "\n".join(parts)
