"""A report enters; text for a terminal, or JSON for a program, leaves."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from click import style

from .findings import Finding
from .findings import Kind
from .findings import Place
from .findings import Report

#: What a kind of finding is called in a sentence.
WORDS: dict[Kind, str] = {
    "around-outpour": "goes around Outpour",
    "holds-back": "holds items back",
    "joins": "joins all items",
    "changes-length": "changes the length",
    "loses-close": "loses close()",
    "swallows-error": "swallows an error",
    "double-compression": "compresses as well",
    "caches": "caches a whole response",
    "delayed": "delays items",
    "held-to-the-end": "holds all items to the end",
    "cut-unnoticed": "makes a cut look whole",
    "disconnect-unnoticed": "does not notice that a client left",
    "http-1.0": "asks in HTTP/1.0",
    "sync-worker": "serves one client at a time",
    "few-threads": "has too few threads",
}
#: Lines that are longer are hard to read.
WIDEST = 88
NARROWEST = 40
INDENT = "  "

#: Cures, and their lines for one program: the number of the finding that has them.
Printed = dict[tuple[Any, ...], int]


def as_text(report: Report, width: int = WIDEST) -> str:
    """Return what a person reads, at most so many characters wide.

    The colours are left in; ``click.echo`` takes them out where there is no terminal.
    """
    width = max(NARROWEST, min(width, WIDEST))
    printed: Printed = {}
    blocks = [
        [style(line, bold=True) for line in _wrapped(report.subject, width)],
        _layers(report.layers, width),
        _time_line(report, width),
        *(_finding(n, one, printed, width) for n, one in enumerate(report.findings, 1)),
        _list("Sound", report.sound, width),
        _list("Could not be told", report.unknown, width),
        [_verdict(report)],
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def as_json(report: Report) -> str:
    """Return what a program reads. Its keys stay; there may be more of them later."""
    facts: dict[str, Any] = {
        **asdict(report),
        "healthy": not report.findings,
        "exit_code": report.exit_code,
    }
    return json.dumps(facts, indent=2)


def error_as_json(message: str, exit_code: int) -> str:
    """Return what a program reads where nothing could be examined."""
    return json.dumps({"error": message, "exit_code": exit_code}, indent=2)


def _layers(layers: list[Place], width: int) -> list[str]:
    if not layers:
        return []
    names = [_clean(_role(place)) for place in reversed(layers)]
    places = [_clean(place.where or "") for place in reversed(layers)]
    widest = max(map(len, names))
    rows = [
        f"{INDENT}{name:{widest}}  {place}".rstrip()
        for name, place in zip(names, places, strict=True)
    ]
    if max(map(len, rows)) > width:
        rows = []
        for name, place in zip(names, places, strict=True):
            rows += [f"{INDENT}{name}", f"{INDENT * 2}{place}"][: 1 + bool(place)]
    return ["Layers, from the outside in:", *rows]


def _role(place: Place) -> str:
    if place.role == "after_request":
        return f"{place.name} (after_request)"
    return place.name


def _time_line(report: Report, width: int) -> list[str]:
    if not report.moments:
        return []
    from .timeline import draw

    return draw(report.moments, width)


def _finding(number: int, finding: Finding, printed: Printed, width: int) -> list[str]:
    title = f"{number}. {finding.culprit}: {WORDS[finding.kind]}"
    lines = [style(line, fg="red", bold=True) for line in _wrapped(title, width, "   ")]
    if finding.where:
        lines.append(f"   {_clean(finding.where)}")
    first = printed.setdefault((finding.cure, *finding.lines.items()), number)
    for label, text in (
        ("Seen", finding.seen),
        ("Why", finding.why),
        ("Cure", finding.cure if first == number else f"As in {first}."),
    ):
        lines += _wrapped(f"{label:6}{text}", width, " " * 9, "   ")
    if first == number:
        lines += _to_change(number, finding, printed)
    return lines


def _to_change(number: int, finding: Finding, printed: Printed) -> Iterator[str]:
    for program, code in finding.lines.items():
        first = printed.setdefault((program, code), number)
        if first != number:
            yield from ("", f"   {program}: as in {first}")
            continue
        yield from ("", f"   {program}:", "")
        for line in code.splitlines():
            yield f"       {_clean(line)}".rstrip()


def _list(title: str, entries: list[str], width: int) -> list[str]:
    if not entries:
        return []
    found: list[str] = [f"{title}:"]
    for entry in entries:
        found += _wrapped(f"- {entry}", width, INDENT * 2, INDENT)
    return found


def _verdict(report: Report) -> str:
    count = len(report.findings)
    sent = f"{_counted(report.requests, 'request')} sent."
    if count:
        what = f"{_counted(count, 'finding')}."
        return style(what, fg="red", bold=True) + f" {sent}"
    if report.unknown:
        return f"No finding in what could be told. {sent}"
    healthy = "Healthy: nothing that was examined stops a stream."
    return style(healthy, fg="green", bold=True) + f" {sent}"


def _wrapped(
    text: str, width: int, further: str = "", first: str = ""
) -> Iterable[str]:
    # Names of modules and files stay whole.
    return textwrap.wrap(
        _clean(text),
        width,
        initial_indent=first,
        subsequent_indent=further,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _clean(text: str) -> str:
    """Take out what a terminal might obey: some of it comes from a site's headers."""
    return "".join(_printable(text))


def _printable(text: str) -> Iterator[str]:
    for character in text:
        yield character if character.isprintable() else "?"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
