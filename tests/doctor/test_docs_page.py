"""The page of the doctor shows what the doctor says of an application."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from outputs import without_figures

from flask_outpour.doctor.application.culprits import KNOWN
from flask_outpour.doctor.application.culprits import WHY
from flask_outpour.doctor.report import WORDS

PAGE = (Path(__file__).parents[2] / "docs" / "doctor.md").read_text()


def fence(language: str, within: str) -> str:
    """Return the first example of a language that has these words."""
    fences = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.M | re.S)
    return next(code for code in fences if within in code)


def test_the_page_shows_what_the_doctor_says(tmp_path: Path) -> None:
    """The example's application has the finding that stands below it."""
    (tmp_path / "shop.py").write_text(fence("python", "ProfilerMiddleware"))
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "shop", "outpour", "doctor"],
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "80"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    command, _, shown = fence("console", "flask --app shop").partition("\n")
    assert command == "$ flask --app shop outpour doctor"
    assert without_figures(done.stdout) == without_figures(shown)
    assert done.returncode == 1


def test_the_page_has_every_finding() -> None:
    """The tables have the kinds of findings of both examinations, and no others."""
    assert set(re.findall(r"^\| `([\w.-]+)` \|", PAGE, re.M)) == {*WORDS}
    assert {*WHY} < {*WORDS}


def test_the_page_names_the_known_culprits() -> None:
    """Who has a cure of their own is named."""
    paragraph = PAGE.partition("These have a cure of their own:")[2].partition("\n\n")[
        0
    ]
    for name in KNOWN:
        *modules, last = name.split(".")
        shown = (
            last
            or {
                "flask_debugtoolbar": "Flask-DebugToolbar",
                "flask_compress": "Flask-Compress",
                "flask_caching": "Flask-Caching",
            }[modules[0]]
        )
        assert shown in paragraph
