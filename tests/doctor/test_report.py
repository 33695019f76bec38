"""Tests of the report as a person reads it, and as a program does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from click import unstyle

from flask_outpour.doctor.findings import Finding
from flask_outpour.doctor.findings import Kind
from flask_outpour.doctor.findings import Moment
from flask_outpour.doctor.findings import Place
from flask_outpour.doctor.findings import Report
from flask_outpour.doctor.report import as_json
from flask_outpour.doctor.report import as_text
from flask_outpour.doctor.report import error_as_json
from flask_outpour.doctor.report import WORDS

FINDING = Finding(
    kind="joins",
    culprit="shop.collect",
    seen="6 items left within 0.10 s, and all arrived in one piece.",
    why="Nothing reaches a reader before the view has ended.",
    cure="shop.collect must return the iterable that it got.",
    lines={"nginx": "proxy_http_version 1.1;\nproxy_buffering off;"},
    where="shop.py:12",
)


def full() -> Report:
    """Return a report that has something of everything."""
    return Report(
        "The Flask application 'shop'",
        findings=[FINDING],
        moments=[Moment(1, 0.0, 0.1), Moment(2, 0.05, 0.1)],
        sound=["an error cuts the response"],
        unknown=["The coding x-lz cannot be read here."],
        layers=[Place("the views"), Place("shop.collect", "shop.py:12")],
        requests=7,
    )


@pytest.mark.parametrize("width", [60, 88, 400])
def test_text_fits_and_says_everything(width: int) -> None:
    """No fact is left out, whatever the width, and no line is too long to read."""
    text = unstyle(as_text(full(), width))
    assert max(map(len, text.splitlines())) <= min(width, 88)
    words = " ".join(text.split())
    for fact in (
        *(FINDING.seen, FINDING.why, FINDING.cure, "1. shop.collect: joins all items"),
        *("proxy_buffering off;", "shop.py:12", "an error cuts the response"),
        *("The coding x-lz cannot be read here.", "1 finding. 7 requests sent."),
    ):
        assert fact in words


def test_layers_are_shown_from_the_outside_in() -> None:
    """The order is that of a request."""
    lines = as_text(full()).splitlines()
    first = lines.index("Layers, from the outside in:")
    assert [line.split()[0] for line in lines[first + 1 : first + 3]] == [
        "shop.collect",
        "the",
    ]


@pytest.mark.parametrize("width", [60, 88])
def test_places_of_layers_come_below_their_names_where_it_is_narrow(width: int) -> None:
    """Names and places stay whole: no line is longer than the longest of them."""
    long = Place("shop.middleware.of_orders", "site/shop/middleware/of_orders.py:12")
    report = Report("The Flask application", layers=[Place("the views"), long])
    lines = unstyle(as_text(report, width)).splitlines()
    start = lines.index("Layers, from the outside in:") + 1
    if width == 60:
        below = [f"  {long.name}", f"    {long.where}", "  the views", ""]
        assert lines[start : start + 4] == below
    else:
        row = f"  {long.name}  {long.where}"
        assert lines[start : start + 3] == [row, "  the views", ""]


def test_healthy_report_says_so() -> None:
    """Without a finding the last line is good news, and the exit code 0."""
    report = Report("http://127.0.0.1/", requests=1)
    last = unstyle(as_text(report)).splitlines()[-1]
    assert last.startswith("Healthy: ")
    assert last.endswith(" 1 request sent.")
    assert (report.exit_code, full().exit_code) == (0, 1)


def test_report_that_left_something_open_is_not_called_healthy() -> None:
    """What could not be told is no good news, though it is no finding."""
    report = Report("http://127.0.0.1/", unknown=["It came too fast."], requests=1)
    last = unstyle(as_text(report)).splitlines()[-1]
    assert last == "No finding in what could be told. 1 request sent."


def test_terminal_obeys_nothing_that_a_site_has_sent() -> None:
    """Control characters of a header do not reach the terminal."""
    report = Report("http://127.0.0.1/\x1b[2J", unknown=["X: \x07\x9b31m\r\nHa"])
    text = unstyle(as_text(report))
    assert {sign for sign in text if not sign.isprintable()} == {"\n"}


def cures(*findings: Finding) -> list[str]:
    """Return what is said of cures and their lines, one finding after the other."""
    lines = unstyle(as_text(Report("A site", findings=list(findings)))).splitlines()
    return [line.strip() for line in lines if "Cure" in line or "nginx" in line]


def test_cure_of_several_findings_is_printed_once() -> None:
    """The second finding of one layer refers to the first, in the text alone."""
    other = replace(FINDING, kind="loses-close", cure="shop.collect must close it.")
    again = replace(FINDING, kind="holds-back")
    assert cures(FINDING, other, again) == [
        f"Cure  {FINDING.cure}",
        "nginx:",
        "Cure  shop.collect must close it.",
        "nginx: as in 1",
        "Cure  As in 1.",
    ]
    facts = json.loads(as_json(Report("A site", findings=[FINDING, again])))
    assert {finding["cure"] for finding in facts["findings"]} == {FINDING.cure}


def test_lines_that_differ_are_printed_each() -> None:
    """The same words with other lines are another cure."""
    other = replace(FINDING, lines={"nginx": "gzip off;"})
    assert cures(FINDING, other) == [f"Cure  {FINDING.cure}", "nginx:"] * 2


def test_json_has_every_fact() -> None:
    """A program finds the facts under keys that stay."""
    facts = json.loads(as_json(full()))
    assert {*facts} == {
        *("subject", "findings", "moments", "sound", "unknown", "layers", "requests"),
        *("healthy", "exit_code"),
    }
    assert facts["subject"] == "The Flask application 'shop'"
    (finding,) = facts["findings"]
    assert {*finding} == {"kind", "culprit", "seen", "why", "cure", "lines", "where"}
    assert finding["kind"] == "joins"
    assert facts["moments"][1] == {"item": 2, "left": 0.05, "arrived": 0.1}
    assert (facts["healthy"], facts["exit_code"], facts["requests"]) == (False, 1, 7)
    assert facts["layers"][1]["name"] == "shop.collect"


def test_json_of_what_could_not_be_examined() -> None:
    """The message and the exit code are all that there is."""
    facts = json.loads(error_as_json('no "such" site', 2))
    assert facts == {"error": 'no "such" site', "exit_code": 2}


def test_every_kind_has_its_words() -> None:
    """No finding is shown by its bare code."""
    assert {*WORDS} == {*get_args(Kind)}
