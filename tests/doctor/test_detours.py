"""Tests of what leads to an application's views around Outpour."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from applications import badly_decorated
from applications import closure
from applications import decorated
from applications import Plain
from applications import SHAPES
from applications import shop
from applications import Wrap
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from conftest import lack
from flask_outpour import Outpour
from flask_outpour.doctor.application import examine_application
from flask_outpour.doctor.application.detours import detours
from flask_outpour.doctor.findings import Finding

#: A module of an application; what takes ``app.wsgi_app`` comes too early in it, or in
#: time.
MODULE = """
import functools
from flask import Blueprint, current_app, Flask, render_template, request
from flask_outpour import Outpour
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
import applications

{connexion}
app = {app}
views = Blueprint("views", __name__)
{early}
Outpour(app)
{late}

@app.route("/<a>/<b>")
@applications.logged
def view(a, b):
    return served(a, b)

@views.route("/")
def index():
    return served

def main():
    served.run()

def start(host, port):
    served.run(host, port)

app.register_blueprint(views)
client = app.test_client()
"""

#: How a module may take it, and the globals that then lead around Outpour.
TAKEN = {
    "the callable itself": "served = app.wsgi_app",
    "by the usual name": "served = None; application = app.wsgi_app",
    "ProxyFix": "served = ProxyFix(app.wsgi_app)",
    "two layers": "served = ProxyFix(ProxyFix(app.wsgi_app))",
    "a layer that is kept": "inner = ProxyFix(app.wsgi_app); served = ProxyFix(inner)",
    "dispatched to": 'served = DispatcherMiddleware(app.wsgi_app, {"/other": None})',
    "mounted": 'served = DispatcherMiddleware(Flask("root"), {"/a": app.wsgi_app})',
    "mounted in another application": 'served = Flask("root")\n'
    'served.wsgi_app = DispatcherMiddleware(served.wsgi_app, {"/a": app.wsgi_app})',
    "a function by its globals": "taken = app.wsgi_app\n"
    "def served(environ, start_response): return taken(environ, start_response)",
    "a lambda": "taken = app.wsgi_app\nserved = lambda *request: taken(*request)",
    "partial": "served = functools.partial(applications.with_setting, app.wsgi_app, 1)",
    "a server": "class Server: pass\nserved = Server(); served.handler = app.wsgi_app",
    **{
        f"{shape.__name__}": f"served = applications.{shape.__name__}(app.wsgi_app)"
        for shape in SHAPES
    },
}
NAMED = {
    "by the usual name": "application",
    # What uses a global may as well start a server.
    "a lambda": "taken",
}


@pytest.fixture
def load(request: pytest.FixtureRequest) -> Iterator[Callable[..., ModuleType]]:
    """Return a function that loads a module of an application."""

    def load(early: str = "", late: str = "", **parts: str) -> ModuleType:
        module = ModuleType("site_of_shop")
        sys.modules[module.__name__] = module
        parts = {"app": "Flask(__name__)", "connexion": "", **parts}
        exec(MODULE.format(early=early, late=late, **parts), vars(module))
        return module

    yield load
    sys.modules.pop("site_of_shop", None)


def names(app: Flask) -> list[str]:
    """Return the globals that lead around Outpour."""
    return [detour.name for detour in detours(app)]


@pytest.mark.parametrize("how", TAKEN)
def test_what_was_taken_too_early_is_found(
    load: Callable[..., ModuleType], how: str
) -> None:
    """The outermost global that holds it is named, and nothing that knows of that."""
    assert names(load(TAKEN[how]).app) == [NAMED.get(how, "served")]


@pytest.mark.parametrize("how", TAKEN)
def test_what_was_taken_in_time_is_healthy(
    load: Callable[..., ModuleType], how: str
) -> None:
    """The same lines below ``Outpour(app)`` have Outpour in them, and a layer in it."""
    early = "app.wsgi_app = ProxyFix(app.wsgi_app)"
    assert names(load(early, TAKEN[how]).app) == []


CONNEXION = "import connexion; served = connexion.FlaskApp(__name__)"


# Its own imports warn.
@pytest.mark.filterwarnings("ignore")
def test_connexion_is_found_until_it_is_cured(load: Callable[..., ModuleType]) -> None:
    """Connexion 3 takes the callable when it is made; the cure's lines put it right."""
    if find_spec("connexion") is None:
        lack("connexion", "pip install 'connexion[flask]'")
    module = load(connexion=CONNEXION, app="served.app")
    [finding] = examine_application(module.app).findings
    assert finding.culprit == "site_of_shop.served"
    assert "Connexion takes" in finding.cure
    exec("\n".join(finding.lines["python"].splitlines()[1:]), vars(module))
    assert names(module.app) == []
    reached: list[Any] = []

    @module.app.route("/stream")
    def stream() -> Any:
        from flask_outpour.exchange import current_exchange

        reached.append(current_exchange())
        return iter(["item"])

    assert module.served.test_client().get("/stream").text == "item"
    assert reached != [None]


def test_a_layer_inside_outpour_is_healthy(load: Callable[..., ModuleType]) -> None:
    """What Outpour itself calls has the callable from before, as it must."""
    early = (
        "taken = app.wsgi_app\n"
        "def served(environ, start_response): return taken(environ, start_response)\n"
        "outer = ProxyFix(served)\n"
        "app.wsgi_app = outer"
    )
    assert names(load(early).app) == []
    # But a server that looks for this name runs it without Outpour.
    assert names(load(early.replace("outer", "application")).app) == ["application"]


def test_an_extension_knows_its_own_layer(load: Callable[..., ModuleType]) -> None:
    """What is no callable is not served: it may know a layer inside Outpour."""
    early = (
        "class Sockets: pass\n"
        "sockets = Sockets()\n"
        "app.wsgi_app = sockets.layer = ProxyFix(app.wsgi_app)"
    )
    assert names(load(early).app) == []
    # This one is, and leads around Outpour by the same layer.
    early += "\nserved = ProxyFix(sockets.layer)"
    assert names(load(early).app) == ["served"]


def test_only_what_is_on_is_gone_around(load: Callable[..., ModuleType]) -> None:
    """Without Outpour, or with it switched off, there is nothing to find."""
    app = load(TAKEN["ProxyFix"]).app
    app.config["OUTPOUR_ENABLED"] = False
    assert examine_application(app).findings == []
    plain = shop(outpour=False)
    assert examine_application(plain, ProxyFix(plain.wsgi_app)).findings == []


def around(app: Flask, served: Any = None) -> Finding:
    """Return the one finding of an examination, which is that Outpour is passed by."""
    [finding] = examine_application(app, served).findings
    assert finding.kind == "around-outpour"
    return finding


def test_the_finding_says_who_and_what_to_do(load: Callable[..., ModuleType]) -> None:
    """It names the global, its type, and the line that has to come first."""
    finding = around(load(TAKEN["ProxyFix"]).app)
    assert finding.culprit == "site_of_shop.served"
    assert "werkzeug.middleware.proxy_fix.ProxyFix" in finding.seen
    assert finding.lines["python"].startswith("Outpour(app)  # above the line that")


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPES.get)
def test_a_layer_that_was_put_back_is_named(shape: Wrap) -> None:
    """``app.wsgi_app`` may be assigned once more, without Outpour."""
    app = Flask("shop")
    taken = app.wsgi_app
    Outpour(app)
    app.wsgi_app = ProxyFix(shape(taken))  # type: ignore[method-assign]
    finding = around(app)
    inner = closure if shape in (decorated, badly_decorated) else shape
    assert finding.culprit == SHAPES[inner]
    assert finding.where is not None


def test_what_the_server_runs_is_tried() -> None:
    """What is named is the truth, whatever else there is."""
    app = Flask("shop")
    taken = app.wsgi_app
    Outpour(app)
    assert around(app, Plain(taken)).culprit == SHAPES[Plain]
    assert around(app, taken).culprit == "app.wsgi_app"
    assert examine_application(app, Plain(app)).findings == []
    assert examine_application(app, Plain(app.wsgi_app)).findings == []


class OwnMethod(Flask):
    """An application with a ``wsgi_app`` of its own, as its class may have."""

    def wsgi_app(self, environ: Any, start_response: Any) -> Any:
        """Pass the request on."""
        return super().wsgi_app(environ, start_response)


class OwnEntry(Flask):
    """An application that keeps its callable, and is called by that."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.kept = self.wsgi_app

    def __call__(self, environ: Any, start_response: Any) -> Any:
        """Pass the request on."""
        return self.kept(environ, start_response)


def test_a_class_of_the_applications_own_may_be_the_way_around() -> None:
    """A method of Flask's that is overridden is no layer that took the callable."""
    app: Flask = OwnMethod("shop")
    taken = app.wsgi_app
    Outpour(app)
    assert examine_application(app).findings == []
    assert around(app, Plain(taken)).culprit == SHAPES[Plain]
    app = OwnEntry("shop")
    Outpour(app)
    assert around(app).culprit.endswith("test_detours.OwnEntry")


@pytest.mark.parametrize("prefix", ["", "/shop"])
def test_a_mounted_application_is_tried(prefix: str) -> None:
    """Where it is served under a prefix, the dispatcher is what took it."""
    app = Flask("shop")
    taken = app.wsgi_app
    Outpour(app)
    mounts: Any = {"/shop": taken} if prefix else {}
    served = DispatcherMiddleware(Flask("root") if prefix else taken, mounts)
    assert around(app, served).culprit.endswith(".DispatcherMiddleware")


def test_the_command_finds_it(tmp_path: Path) -> None:
    """``flask outpour doctor`` looks into the module that it was given."""
    code = MODULE.format(
        connexion="", app="Flask(__name__)", early=TAKEN["ProxyFix"], late=""
    )
    code = code.replace("import applications", "").replace("@applications.logged", "")
    (tmp_path / "wsgi.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "flask", "outpour", "doctor"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1, done.stderr
    assert "1. wsgi.served: goes around Outpour" in done.stdout
