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
from click.testing import CliRunner
from click.testing import Result
from flask import Flask
from werkzeug.middleware.profiler import ProfilerMiddleware

from flask_outpour import Outpour
from flask_outpour.doctor.command import group
from flask_outpour.doctor.command import site_doctor
from flask_outpour.doctor.silence import silenced
from terminals import run_on_terminal

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

MISSET = """
from flask import Flask
from flask_outpour import Outpour

app = Flask(__name__)
app.config["OUTPOUR_SLOW"] = "fast"
Outpour(app)
"""


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs a command of ours, beside ``shop.py``.

    Its option ``terminal`` makes one the standard error.
    """
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "run_outpour.py").write_text(
        "from flask_outpour.cli import main; main()"
    )
    (tmp_path / "broken.py").write_text(f"raise ValueError('{SECRET}')")
    (tmp_path / "misset.py").write_text(MISSET)

    def run(
        *arguments: str, terminal: bool = False, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", *arguments]
        how: Any = {"cwd": tmp_path, "env": {**os.environ, **variables}}
        if terminal:
            done = run_on_terminal(command, **how)
        else:
            done = subprocess.run(
                command, **how, capture_output=True, text=True, timeout=60
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
    done = run(*DOCTOR, "--wsgi", "shop:profiled", "--json", terminal=True)
    facts = json.loads(done.stdout)
    assert done.returncode == 1
    assert [finding["kind"] for finding in facts["findings"]] == ["joins"]
    assert "ProfilerMiddleware" in facts["findings"][0]["culprit"]
    assert_shown_in_order(
        done.stderr,
        *("loading the application", "finding the layers", "trying plain text"),
        *("plain text on layer 4 of 4", "compression", "asking twice"),
    )


def assert_shown_in_order(got: str, *texts: str) -> None:
    """A terminal got these texts, one after the other, and is clear again."""
    places = [got.find(text) for text in texts]
    assert -1 not in places and places == sorted(places), got
    assert got.endswith("K"), "the line is wiped"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shop", "outpour", "doctor", "--wsgi", "shop:closed"), "503"),
        (("shop", "outpour", "doctor", "--url", "nowhere"), "http"),
        (("broken", "outpour", "doctor"), "ValueError in broken.py"),
        (("misset", "outpour", "doctor"), "OUTPOUR_SLOW takes seconds"),
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
    app = Flask("site")
    app.config["OUTPOUR_PROBE_TOKEN"] = SECRET
    Outpour(app)
    url = serve(app)
    inside = run(*DOCTOR, "--url", url, "--json", terminal=True)
    assert json.loads(inside.stdout)["healthy"], inside.stdout
    assert_shown_in_order(
        inside.stderr,
        *("finding the probe", "when items arrive", "in a content coding"),
        *("a stream that fails", "a client that leaves", "4 open streams"),
    )
    other = SECRET + "!"
    outside = run("run_outpour", "doctor", url, OUTPOUR_PROBE_TOKEN=other)
    assert (inside.returncode, outside.returncode) == (0, 2)
    assert "has no probe for this token" in outside.stderr


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


def in_process(app: Flask, *arguments: str) -> Result:
    """Run ``flask outpour doctor`` for an application of this process."""
    return app.test_cli_runner().invoke(group, ["doctor", *arguments])


def test_command_prints_the_report(app: Flask) -> None:
    """What the examination found is what is printed, as text and as JSON."""
    healthy = in_process(app)
    assert (healthy.exit_code, healthy.output.splitlines()[0]) == (
        0,
        "The Flask application 'tests.app'",
    )
    app.wsgi_app = ProfilerMiddleware(app.wsgi_app)  # type: ignore[method-assign]
    guilty = in_process(app, "--json")
    assert guilty.exit_code == 1
    assert json.loads(guilty.output)["findings"][0]["kind"] == "joins"


def test_wsgi_and_url_exclude_each_other(app: Flask) -> None:
    """An application and its site are two examinations."""
    refused = in_process(app, "--wsgi", "a:b", "--url", "http://127.0.0.1/")
    assert refused.exit_code == 2
    assert "--url is for its site" in refused.output


class ASGISite:
    """A callable of the kind that an ASGI server runs."""

    instance: ASGISite

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer nothing."""


ASGISite.instance = ASGISite()


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("nothing", "takes MODULE:NAME"),
        ("nowhere.at.all:app", "There is no module nowhere.at.all"),
        ("flask:nothing", "The module flask has no nothing."),
        ("flask:__name__", "is no WSGI application"),
        ("asyncio:sleep", "is an ASGI application"),
        (f"{__name__}:ASGISite.instance", "is an ASGI application"),
    ],
)
def test_wrong_callable_is_named(app: Flask, target: str, said: str) -> None:
    """What --wsgi does not take is an error of one sentence."""
    refused = in_process(app, "--wsgi", target)
    assert refused.exit_code == 2
    assert said in refused.output


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("import nowhere", "ModuleNotFoundError in {}:2"),
        ("from flask import nothing", "ImportError in {}:2"),
        ("1 / 0", "ZeroDivisionError in {}:2"),
        ("def site(:", "SyntaxError in {}:2"),
    ],
)
def test_line_that_cannot_be_imported_is_named(
    app: Flask,
    line: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is that of the user's own file, whatever went wrong there."""
    (tmp_path / "site_of_mine.py").write_text(f"import flask\n{line}\n")
    monkeypatch.syspath_prepend(tmp_path)
    refused = in_process(app, "--wsgi", "site_of_mine:app")
    assert refused.exit_code == 2
    assert said.format("site_of_mine.py") in refused.output


def test_callable_that_the_server_runs_is_examined(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A middleware around the application is found by its name in a module."""
    monkeypatch.setattr(
        sys.modules[__name__], "site", ProfilerMiddleware(app), raising=False
    )
    found = in_process(app, "--wsgi", f"{__name__}:site")
    assert found.exit_code == 1
    assert "ProfilerMiddleware: joins all items" in found.output


def test_site_by_the_token_of_the_environment(
    serve: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``outpour doctor`` takes the token from a variable, and needs the very same."""
    site = Flask("site")
    site.config["OUTPOUR_PROBE_TOKEN"] = SECRET
    Outpour(site)
    url = serve(site)
    monkeypatch.setenv("FLASK_OUTPOUR_PROBE_TOKEN", SECRET)
    healthy = CliRunner().invoke(site_doctor, [url, "--streams", "2"])
    assert healthy.exit_code == 0
    assert "2 open streams leave room" in healthy.output
    monkeypatch.setenv("OUTPOUR_PROBE_TOKEN", SECRET + "!")
    refused = CliRunner().invoke(site_doctor, [url, "--json"])
    assert refused.exit_code == 2
    assert "has no probe for this token" in json.loads(refused.output)["error"]


def test_examination_that_breaks_off_says_where(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of the doctor's own is no finding, and shows no message of others."""

    def fail(*_: object, **__: object) -> None:
        raise LookupError(SECRET)

    monkeypatch.setattr("flask_outpour.doctor.application.examine_application", fail)
    broken = in_process(app)
    assert broken.exit_code == 2
    assert "broke off: LookupError in test_command.py:" in broken.output
    assert SECRET not in broken.output


def test_prints_are_silenced_wherever_they_go(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Neither print() nor what writes to the file itself comes through."""
    with silenced():
        print("by print()")
        os.write(1, b"by the file")
    print("afterwards")
    assert capfd.readouterr().out == "afterwards\n"
