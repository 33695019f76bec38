"""Tests of views that are left to Flask, wherever the mark of that is put."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from flask import Blueprint
from flask import Flask
from flask import Response
from flask.views import MethodView
from flask.views import View

from flask_outpour import ConfigurationError
from flask_outpour import Outpour
from flask_outpour import stream_with_context

ROWS = ["row\n"] * 1_000


def is_joined(app: Flask, path: str = "/") -> bool:
    """Whether Outpour serves a stream of :data:`ROWS`."""
    response = app.test_client().get(path)
    chunks = list(response.response)
    assert b"".join(chunks) == "".join(ROWS).encode()
    return len(chunks) < len(ROWS)


def rows() -> Response:
    """Stream in a view."""
    return Response(iter(ROWS))


def without_wraps(view: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate as many do, without ``functools.wraps``."""

    def decorated(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return decorated


def over_a_function(app: Flask) -> None:
    app.add_url_rule("/", "view", Outpour.exempt(rows_of_its_own()))


def rows_of_its_own() -> Callable[[], Response]:
    return lambda: rows()


def under_the_route(app: Flask) -> None:
    @app.get("/")
    @Outpour.exempt
    def view() -> Response:
        return rows()


def over_the_route(app: Flask) -> None:
    @Outpour.exempt
    @app.get("/")
    def view() -> Response:
        return rows()


def under_a_decorator_that_does_not_wrap(app: Flask) -> None:
    @without_wraps
    @without_wraps
    @Outpour.exempt
    def view() -> Response:
        return rows()

    app.add_url_rule("/", "view", view)


def over_a_decorator_that_does_not_wrap(app: Flask) -> None:
    app.add_url_rule("/", "view", Outpour.exempt(without_wraps(rows)))


def on_an_async_view(app: Flask) -> None:
    @app.get("/")
    @Outpour.exempt
    async def view() -> Response:
        return rows()


def on_a_partial(app: Flask) -> None:
    app.add_url_rule("/", "view", Outpour.exempt(partial(rows)))


def on_a_callable_object(app: Flask) -> None:
    class Rows:
        def __call__(self) -> Response:
            return rows()

        def bound(self) -> Response:
            return rows()

    app.add_url_rule("/", "view", Outpour.exempt(Rows()))


def on_a_bound_method(app: Flask) -> None:
    class Views:
        def rows(self) -> Response:
            return rows()

    app.add_url_rule("/", "view", Outpour.exempt(Views().rows))


def on_a_class(app: Flask) -> None:
    @Outpour.exempt
    class Rows(View):
        def dispatch_request(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Rows.as_view("rows"))


def on_a_class_made_once(app: Flask) -> None:
    @Outpour.exempt
    class Rows(View):
        init_every_request = False

        def dispatch_request(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Rows.as_view("rows"))


def on_a_class_of_methods(app: Flask) -> None:
    @Outpour.exempt
    class Rows(MethodView):
        decorators = (without_wraps,)

        def get(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=without_wraps(Rows.as_view("rows")), endpoint="r")


def on_the_class_above(app: Flask) -> None:
    @Outpour.exempt
    class Base(MethodView):
        pass

    class Rows(Base):
        def get(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Rows.as_view("rows"))


def on_the_class_above_whose_dispatch_is_overridden(app: Flask) -> None:
    @Outpour.exempt
    class Base(View):
        pass

    class Rows(Base):
        def dispatch_request(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Rows.as_view("rows"))


def on_a_method(app: Flask) -> None:
    class Rows(MethodView):
        @Outpour.exempt
        def get(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Rows.as_view("rows"))


def on_the_dispatch(app: Flask) -> None:
    class Rows(View):
        @Outpour.exempt
        def dispatch_request(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Rows.as_view("rows"))


def on_what_as_view_returns(app: Flask) -> None:
    class Rows(View):
        def dispatch_request(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Outpour.exempt(Rows.as_view("rows")))


def on_a_view_of_a_blueprint(app: Flask) -> None:
    blueprint = Blueprint("of", __name__)

    @blueprint.get("/")
    @without_wraps
    @Outpour.exempt
    def view() -> Response:
        return rows()

    app.register_blueprint(blueprint)


PLACES = [
    over_a_function,
    under_the_route,
    over_the_route,
    under_a_decorator_that_does_not_wrap,
    over_a_decorator_that_does_not_wrap,
    on_an_async_view,
    on_a_partial,
    on_a_callable_object,
    on_a_bound_method,
    on_a_class,
    on_a_class_made_once,
    on_a_class_of_methods,
    on_the_class_above,
    on_the_class_above_whose_dispatch_is_overridden,
    on_a_method,
    on_the_dispatch,
    on_what_as_view_returns,
    on_a_view_of_a_blueprint,
]


@pytest.mark.parametrize("add", PLACES, ids=lambda add: add.__name__)
def test_a_view_is_exempt_wherever_it_is_marked(
    app: Flask, add: Callable[[Flask], None]
) -> None:
    """A marked view streams item by item, as Flask does; the next one is joined."""
    add(app)
    app.add_url_rule("/other", "other", rows)
    assert not is_joined(app)
    assert is_joined(app, "/other")
    assert not is_joined(app)


def test_other_methods_of_a_class_are_served(app: Flask) -> None:
    """Of a class with one marked method, the others are joined."""

    class Rows(MethodView):
        @Outpour.exempt
        def post(self) -> Response:
            return rows()

        def get(self) -> Response:
            return rows()

    app.add_url_rule("/", view_func=Rows.as_view("rows"))
    assert is_joined(app)
    assert len(list(app.test_client().post("/").response)) == len(ROWS)


def test_a_marked_view_streams_with_flasks_contexts(app: Flask) -> None:
    """Under a decorator that does not wrap, ours is Flask's ``stream_with_context``."""
    kinds = []

    @app.get("/")
    @without_wraps
    @Outpour.exempt
    def view() -> Iterator[str]:
        kinds.append(type(stream_with_context(iter(ROWS))))
        return iter(ROWS)

    is_joined(app)
    assert kinds == [type(i for i in ())]


def test_a_marked_view_runs_without_a_request() -> None:
    """A marked view can be called by a test, with what it returns and is named."""

    @Outpour.exempt
    def view(number: int) -> str:
        return str(number)

    assert view(3) == "3"
    assert view.__name__ == "view"


@pytest.mark.parametrize(
    "wrong",
    [
        "index",
        None,
        Flask("other"),
        Blueprint("other", __name__),
        Response("text"),
        dict,
        classmethod(rows),
    ],
    ids=lambda wrong: type(wrong).__name__,
)
def test_what_is_no_view_is_refused_where_it_is_written(wrong: Any) -> None:
    """What could never be exempt is an error at once, with the cure."""
    with pytest.raises(ConfigurationError, match=r"takes a view.*right above the view"):
        Outpour.exempt(wrong)
