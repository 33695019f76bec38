"""Tests of the search for what stands around an application."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from applications import badly_decorated
from applications import Closing
from applications import closure
from applications import decorated
from applications import lazy
from applications import Plain
from applications import SHAPES
from applications import shop
from applications import Wrap
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.profiler import ProfilerMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_outpour.doctor.application.guest import probe_in
from flask_outpour.doctor.application.layers import Course
from flask_outpour.doctor.findings import Place


def places(app: Flask, outermost: Any = None) -> list[Place]:
    """Return the layers of an application, from the inside out, but for its views."""
    course = Course(app, outermost or app)
    with probe_in(app, course.base):
        course.discover()
    return [layer.place for layer in course.layers[1:]]


def names(app: Flask, outermost: Any = None) -> list[str]:
    """Return their names."""
    return [place.name for place in places(app, outermost)]


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPES.get)
def test_each_shape_of_a_layer_is_found(shape: Wrap) -> None:
    """Classes, closures, partials, decorated functions and methods are layers."""
    assert SHAPES[shape] in names(shop(shape, outpour=False))


@pytest.mark.parametrize("shape", SHAPES, ids=SHAPES.get)
def test_each_shape_is_found_around_the_application(shape: Wrap) -> None:
    """So they are around the application itself, where it is not ``wsgi_app``."""
    app = shop(outpour=False)
    assert SHAPES[shape] in names(app, Plain(shape(app)))


def test_layers_come_in_their_order() -> None:
    """All shapes at once are named from the inside out, with Outpour in its place."""
    expected = ["Outpour"]
    for shape, name in SHAPES.items():
        inside = [SHAPES[closure]] if shape in (decorated, badly_decorated) else []
        expected += [*inside, name]
    assert names(shop(*SHAPES)) == expected


@pytest.mark.parametrize("count", [2, 3])
def test_one_layer_twice_is_two_layers(count: int) -> None:
    """Closures of the same code are told apart by what they hold."""
    app = shop(*[closure] * count, outpour=False)
    assert names(app) == ["applications.closure.<locals>.passing"] * count


def test_lazy_layers_are_found_with_those_around_them() -> None:
    """A generator function runs when those around it have returned."""
    app = shop(Plain, lazy, Plain, lazy, closure, outpour=False)
    assert names(app) == [SHAPES[shape] for shape in (Plain, lazy) * 2 + (closure,)]


def test_a_lazy_layer_in_a_wrapping_is_found() -> None:
    """What returned the generator may have put it into something else."""

    class Wrapping(Plain):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            response = self.app(environ, start_response)
            return Closing(response, response)

    found = names(shop(Plain, lazy, Wrapping, outpour=False))
    assert found[:2] == [SHAPES[Plain], SHAPES[lazy]]
    assert found[2].endswith("Wrapping")


def test_a_layer_says_where_it_is_defined() -> None:
    """The line is the one of the function that is called."""
    (place,) = places(shop(Plain, outpour=False))
    line = inspect.getsourcelines(Plain.__call__)[1]
    assert place.where is not None
    assert place.where.endswith(f"applications.py:{line}")
    assert not Path(place.where).is_absolute()


def test_a_reference_to_the_application_is_no_shortcut() -> None:
    """A layer may know the application, and other callables, for its own ends."""

    class Knowing(Plain):
        def __init__(self, app: Any) -> None:
            self.flask, self.other = flask, Plain(Flask("other"))
            super().__init__(app)

    flask = shop(Plain, closure, outpour=False)
    flask.wsgi_app = Knowing(flask.wsgi_app)  # type: ignore[method-assign]
    found = names(flask)
    assert found[:2] == [SHAPES[Plain], SHAPES[closure]]
    assert found[2].endswith("Knowing")
    assert len(found) == 3


def test_layers_on_both_sides_of_a_thread_are_found() -> None:
    """A layer may call the application in a thread of its own, and wait for it."""

    class Threaded(Plain):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(self.app, environ, start_response).result()

    found = names(shop(closure, Threaded, Plain, outpour=False))
    assert [found[0], found[2]] == [SHAPES[closure], SHAPES[Plain]]
    assert found[1].endswith("Threaded")


def test_what_is_made_for_one_request_belongs_to_its_maker() -> None:
    """A callable that is made anew for each request cannot be asked again."""

    class Making:
        def __init__(self, app: Any) -> None:
            self.app = app

        def __call__(self, environ: Any, start_response: Any) -> Any:
            return Plain(lambda *args: self.app(*args))(environ, start_response)

    (name,) = names(shop(Making, outpour=False))
    assert name.endswith("Making")


def test_helpers_of_an_object_are_one_layer_with_it() -> None:
    """An object that passes a request through its own methods is named once."""

    class Split(Plain):
        def __call__(self, environ: Any, start_response: Any) -> Any:
            return self.inside(environ, start_response)

        def inside(self, environ: Any, start_response: Any) -> Any:
            return self.app(environ, start_response)

    (name,) = names(shop(Split, outpour=False))
    assert name.endswith("Split")


def test_layers_around_a_profiler_are_found() -> None:
    """A profiler takes the place of the doctor's own watch."""
    app = shop(Plain, closure, outpour=False)
    profiler = ProfilerMiddleware(app.wsgi_app, stream=None)
    app.wsgi_app = Plain(profiler)  # type: ignore[method-assign]
    profiled = f"{ProfilerMiddleware.__module__}.ProfilerMiddleware"
    found = names(app)
    assert found == [SHAPES[Plain], SHAPES[closure], profiled, SHAPES[Plain]]
    assert sys.getprofile() is None


def test_mounts_are_followed_with_their_prefix() -> None:
    """Outer layers need the path with the prefix, also of a mount in a mount."""
    app = shop(ProxyFix)
    mounts = DispatcherMiddleware(
        Flask("home"),
        {"/api": DispatcherMiddleware(Flask("v1"), {"/v2": Plain(app)})},
    )
    assert names(app, mounts)[-3:] == [
        SHAPES[Plain],
        *["werkzeug.middleware.dispatcher.DispatcherMiddleware"] * 2,
    ]


def test_a_global_application_is_found() -> None:
    """A function may call an application that its module holds."""
    module: dict[str, Any] = {"__name__": "site_of_shop", "inner": shop()}
    exec("def run(environ, start):\n    return inner(environ, start)", module)
    assert names(module["inner"], module["run"])[-1] == "site_of_shop.run"


def test_a_class_that_overrides_wsgi_app_is_a_layer() -> None:
    """What a subclass does in its own ``wsgi_app`` is done around Flask's."""

    class Own(Flask):
        def wsgi_app(self, environ: Any, start_response: Any) -> Any:
            return super().wsgi_app(environ, start_response)

    (name,) = names(Own("shop"))
    assert name.endswith("Own.wsgi_app")


def test_a_class_that_is_called_flask_is_not_flasks_own() -> None:
    """It is told from Flask's by its file."""
    module: dict[str, Any] = {"__name__": "framework", "Base": Flask}
    exec(
        "class Flask(Base):\n"
        "    def wsgi_app(self, environ, start):\n"
        "        return super().wsgi_app(environ, start)",
        module,
    )
    assert names(module["Flask"]("shop")) == ["framework.Flask.wsgi_app"]


@pytest.mark.parametrize("method", ["__call__", "wsgi_app"])
def test_what_is_put_in_the_place_of_flasks_methods_is_a_layer(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tracers change Flask itself, for all applications."""
    original = getattr(Flask, method)

    def traced(self: Flask, environ: Any, start_response: Any) -> Any:
        return original(self, environ, start_response)

    monkeypatch.setattr(Flask, method, traced)
    (name,) = names(Flask("shop"))
    assert name.endswith("traced")


def test_a_method_of_the_application_is_a_layer() -> None:
    """``app.wsgi_app = app.handle`` stands around what it calls."""

    class Own(Flask):
        def handle(self, environ: Any, start_response: Any) -> Any:
            return Flask.wsgi_app(self, environ, start_response)

    app = Own("shop")
    app.wsgi_app = app.handle  # type: ignore[method-assign]
    (name,) = names(app)
    assert name.endswith("Own.handle")


@pytest.mark.parametrize(
    "configure",
    [
        lambda app: app.config.update(SERVER_NAME="shop.example"),
        lambda app: app.config.update(APPLICATION_ROOT="/shop"),
        lambda app: app.config.update(TRUSTED_HOSTS=[".shop.example"]),
        lambda app: app.config.update(PREFERRED_URL_SCHEME="https"),
        lambda app: setattr(app.url_map, "host_matching", True),
        lambda app: (
            setattr(app, "subdomain_matching", True),
            app.config.update(SERVER_NAME="shop.example"),
        ),
        lambda app: (
            setattr(app, "subdomain_matching", True),
            setattr(app.url_map, "default_subdomain", "www"),
            app.config.update(SERVER_NAME="shop.example"),
        ),
    ],
)
def test_the_probe_is_reached_however_hosts_are_matched(
    configure: Callable[[Flask], object],
) -> None:
    """Host matching, server names, trusted hosts and subdomains are no obstacle."""
    app = shop(ProxyFix)
    configure(app)
    assert "Outpour" in names(app)
