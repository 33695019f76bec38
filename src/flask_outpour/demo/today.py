"""A file of orders enters; the page "orders today", deferred and plain, leaves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import abort
from flask import Blueprint
from flask import Flask
from flask import render_template
from flask import request

from flask_outpour import stream_template
from flask_outpour.templates import TemplateStream

from .figures import Figures
from .figures import read_seconds

#: Seconds at which the film strip has its frames.
MOMENTS = (0.1, 0.5, 1, 2)
#: What the film strip asks for, so that a fast machine shows the same as a slow one.
SECONDS = "0.3,0.8,1.6"


def add_deferred_today(views: Blueprint, path: Path) -> None:
    """Add the page as Outpour sends it: its charts when they are ready.

    :param path: of the file of orders.
    """

    @views.route("/today")
    def orders_today() -> TemplateStream:
        return stream_template("today.html", **values_from(path))


def add_plain_today(views: Blueprint, path: Path) -> None:
    """Add the page as plain Flask sends it: when all of it is there.

    :param path: of the file of orders.
    """

    @views.route("/today")
    def orders_today_plain() -> str:
        fail = "fail" in request.args
        return render_template("today_plain.html", fail=fail, **values_from(path))


def values_from(path: Path) -> dict[str, Any]:
    """Return the values of both templates; the slow ones are still to be called."""
    figures = Figures(path, seconds_asked_for())
    return {
        "day": figures.day(),
        "hours": figures.hours,
        "days": figures.days,
        "customers": figures.customers,
        "forecast": figures.forecast,
        "orders": figures.newest(),
        "seconds": figures.seconds,
    }


def seconds_asked_for() -> tuple[float, ...]:
    """Return how long the charts shall take at least, from ``?delay=``."""
    try:
        return read_seconds(request.args.get("delay", ""))
    except ValueError as error:
        abort(400, str(error))


def add_film(home: Flask) -> None:
    """Add the film strip of both pages, which the browser makes, to the home page."""
    loader = home.jinja_env.loader
    assert loader is not None
    # For the home page to show.
    deferring, *_ = loader.get_source(home.jinja_env, "today.html")
    home.jinja_env.globals.update(
        deferring=deferring.strip(), moments=MOMENTS, seconds=SECONDS
    )

    @home.route("/film")
    def film() -> str:
        return render_template("film.html")
