"""Tests of applications as they are deployed, with tracers that change Flask itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SITE = """
import sentry_sdk
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport

class Nowhere(Transport):
    def capture_envelope(self, envelope):
        print("an event")

sentry_sdk.init(
    "http://key@localhost/1",
    transport=Nowhere,
    integrations=[FlaskIntegration()],
    traces_sample_rate=1,
)

from opentelemetry.instrumentation.flask import FlaskInstrumentor

FlaskInstrumentor().instrument()

import flask
from flask_cors import CORS
from flask_login import LoginManager
from flask_outpour import Outpour
from prometheus_client import CollectorRegistry
from prometheus_client import make_wsgi_app
from prometheus_flask_exporter import PrometheusMetrics
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

app = flask.Flask(__name__)
app.secret_key = "tests"
app.config["OUTPOUR_COMPRESS"] = True
Outpour(app)
CORS(app)
LoginManager(app)
PrometheusMetrics(app, registry=CollectorRegistry())
app.wsgi_app = WhiteNoise(ProxyFix(app.wsgi_app))
metrics = make_wsgi_app(CollectorRegistry())
mounts = {"/metrics": metrics, "/shop": app}
site = LintMiddleware(DispatcherMiddleware(flask.Flask("home"), mounts))
"""

#: From the outside in, a part of each name.
LAYERS = (
    "LintMiddleware",
    "DispatcherMiddleware",
    "sentry_sdk.integrations.flask",
    "WhiteNoise",
    "ProxyFix",
    "Outpour",
    "opentelemetry.instrumentation.flask",
    "flask_cors",
    "flask_login",
    "prometheus_flask_exporter",
    "the views of site_of_shop",
)


@pytest.mark.parametrize("outpour", [True, False])
def test_site_under_a_prefix_in_well_known_company_is_healthy(
    outpour: bool, tmp_path: Path
) -> None:
    """Each of ten layers is seen in its order, and none is a finding."""
    code = SITE if outpour else SITE.replace("Outpour(app)\n", "")
    (tmp_path / "site_of_shop.py").write_text(code)
    name = "site_of_shop"
    command = ["--app", name, "outpour", "doctor", "--wsgi", f"{name}:site", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "flask", *command],
        cwd=tmp_path,
        # It imports eventlet, which says that it is deprecated.
        env={**os.environ, "PYTHONWARNINGS": "ignore:::sentry_sdk.utils"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    facts = json.loads(done.stdout)
    assert (facts["findings"], facts["unknown"]) == ([], [])
    names = [place["name"] for place in reversed(facts["layers"])]
    expected = [part for part in LAYERS if outpour or part != "Outpour"]
    assert len(names) == len(expected)
    assert all(map(str.__contains__, names, expected)), names
