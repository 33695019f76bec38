"""Tests of ``flask outpour doctor`` and ``outpour doctor``, run as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

SECRET = "hush-hush-" * 5
SHOP = f"""
from flask import Flask, Response, abort
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from flask_outpour import Outpour

app = Flask(__name__)
app.secret_key = app.config["API_KEY"] = "{SECRET}"
app.config["OUTPOUR_PROBE_TOKEN"] = "{SECRET}"
Outpour(app)

@app.before_request
def wall():
    print("a visitor")
    abort(401)

profiled = ProfilerMiddleware(ProxyFix(app))

def closed(*request):
    return Response("closed", 503)(*request)

closed.inner = app
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a command of ours, beside ``shop.py``."""
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "run_outpour.py").write_text(
        "from flask_outpour.cli import main; main()"
    )
    (tmp_path / "broken.py").write_text(f"raise ValueError('{SECRET}')")

    def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert SECRET not in done.stdout + done.stderr
        return done

    return run


Run = Callable[..., subprocess.CompletedProcess[str]]
DOCTOR = ("flask", "--app", "shop", "outpour", "doctor")


def test_healthy_application_exits_with_0(run: Run) -> None:
    """A login wall and a print are no findings, and are not in the output."""
    done = run(*DOCTOR)
    assert (done.returncode, done.stderr) == (0, "")
    assert "Healthy: " in done.stdout
    assert "a visitor" not in done.stdout


def test_findings_exit_with_1_and_json_is_json(run: Run) -> None:
    """What the server runs is examined, and its prints do not break the JSON."""
    done = run(*DOCTOR, "--wsgi", "shop:profiled", "--json")
    facts = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert [finding["kind"] for finding in facts["findings"]] == ["joins"]
    assert "ProfilerMiddleware" in facts["findings"][0]["culprit"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shop", "outpour", "doctor", "--wsgi", "shop:closed"), "503"),
        (("shop", "outpour", "doctor", "--wsgi", "shop:nothing"), "could not be impor"),
        (("shop", "outpour", "doctor", "--wsgi", "shop"), "takes MODULE:NAME"),
        (("shop", "outpour", "doctor", "--url", "nowhere"), "http"),
        (("broken", "outpour", "doctor"), "ValueError in broken.py"),
    ],
)
def test_what_cannot_be_examined_exits_with_2(
    run: Run, arguments: tuple[str, ...], said: str
) -> None:
    """One sentence says why, and what it says of errors holds no secret."""
    done = run("flask", "--app", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    as_json = run("flask", "--app", *arguments, "--json")
    assert as_json.returncode == 2
    assert said in json.loads(as_json.stdout)["error"]


def test_site_is_examined_with_the_applications_token(
    run: Run, serve: Callable[[Any], str]
) -> None:
    """``--url`` takes the token from the configuration; ``outpour doctor`` from the
    environment, and neither prints it."""
    from flask_outpour import Outpour

    app = Flask("site")
    app.config["OUTPOUR_PROBE_TOKEN"] = SECRET
    Outpour(app)
    url = serve(app)
    inside = run(*DOCTOR, "--url", url, "--json")
    assert json.loads(inside.stdout)["healthy"], inside.stdout
    outside = run("run_outpour", "doctor", url, OUTPOUR_PROBE_TOKEN=SECRET)
    assert (inside.returncode, outside.returncode) == (0, 0)
    assert "Healthy: " in outside.stdout


def test_command_is_cheap_to_import() -> None:
    """Flask loads it for each of its commands, so it brings nothing of the demo."""
    code = (
        "import flask_outpour, sys; before = {*sys.modules};"
        "import flask_outpour.doctor.command; print(*{*sys.modules} - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60
    )
    added = {name for name in done.stdout.split() if name.startswith("flask_outpour")}
    assert added == {
        "flask_outpour.doctor",
        "flask_outpour.doctor.command",
        "flask_outpour.doctor.errors",
    }
