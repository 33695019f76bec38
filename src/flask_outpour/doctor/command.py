"""``flask outpour doctor`` and ``outpour doctor``: a report and an exit code leave.

Flask imports this for each of its commands, so it imports little by itself.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from typing import TYPE_CHECKING

import click

from .errors import DoctorError

if TYPE_CHECKING:
    from flask import Flask

    from .findings import Report

#: Never an option: other users of the machine can read a command line.
TOKEN_VARIABLES = ("OUTPOUR_PROBE_TOKEN", "FLASK_OUTPOUR_PROBE_TOKEN")
#: Seconds after which it is said what is being done.
PATIENCE = 1.0

_streams = click.option(
    "--streams",
    type=click.IntRange(1, 64),
    metavar="N",
    default=4,
    show_default=True,
    help="How many streams of a site to open at a time.",
)
_json = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for a program."
)


@click.group("outpour")
def group() -> None:
    """Look after the streams of the application."""


@group.command("doctor")
@click.option(
    "--wsgi",
    metavar="MODULE:NAME",
    help="The callable that the server runs, if that is not the application.",
)
@click.option("--url", metavar="URL", help="Examine the running site instead.")
@_streams
@_json
@click.pass_context
def doctor(
    context: click.Context,
    wsgi: str | None,
    url: str | None,
    streams: int,
    as_json: bool,
) -> None:
    """Find what stops the streams of the application, and say what to change.

    Exits with 0 if all is well, with 1 if not, and with 2 if it cannot tell.
    """
    if wsgi is not None and url is not None:
        raise click.UsageError("--wsgi is for the application; --url is for its site.")

    def examine(progress: Callable[[str], None]) -> Report:
        progress("loading the application")
        app = _load(context)
        if url is not None:
            return _examine_site(url, app.config.get(TOKEN_VARIABLES[0]), streams)
        from .application import examine_application

        outer = None if wsgi is None else _load_wsgi(wsgi)
        return examine_application(app, outer, progress=progress)

    _run(examine, as_json)


@click.command("doctor")
@click.argument("url")
@_streams
@_json
def site_doctor(url: str, streams: int, as_json: bool) -> None:
    """Find what stops the streams of a running site, and say what to change.

    The probe's token is read from the variable OUTPOUR_PROBE_TOKEN. Without it, URL is
    that of a stream. Exits with 0 if all is well, with 1 if not, and with 2 if it
    cannot tell.
    """
    _run(lambda progress: _examine_site(url, None, streams), as_json)


def _run(examine: Callable[[Callable[[str], None]], Report], as_json: bool) -> None:
    from . import report as reports

    try:
        report = _examined(examine)
    except DoctorError as error:
        if as_json:
            click.echo(reports.error_as_json(error.message, error.exit_code))
            sys.exit(error.exit_code)
        raise
    if as_json:
        click.echo(reports.as_json(report))
    else:
        click.echo(reports.as_text(report, shutil.get_terminal_size().columns))
    sys.exit(report.exit_code)


def _examined(examine: Callable[[Callable[[str], None]], Report]) -> Report:
    from .silence import silenced

    try:
        with _progress() as progress, silenced():
            return examine(progress)
    except click.ClickException as error:
        raise DoctorError(error.format_message()) from error
    except Exception as error:
        raise DoctorError(f"The examination broke off: {_origin(error)}.") from error


def _examine_site(url: str, token: str | None, streams: int) -> Report:
    from .site import examine_site

    for variable in TOKEN_VARIABLES:
        token = token or os.environ.get(variable)
    return examine_site(url, token=token, streams=streams)


def _load(context: click.Context) -> Flask:
    from flask.cli import ScriptInfo

    try:
        return context.ensure_object(ScriptInfo).load_app()
    except click.ClickException:
        raise
    except (Exception, SystemExit) as error:
        raise DoctorError(
            f"The application could not be loaded: {_origin(error)}. The command"
            " `flask routes` shows the whole error."
        ) from error


def _load_wsgi(target: str) -> Any:
    from werkzeug.utils import import_string

    module, _, name = target.partition(":")
    if not module or not name:
        raise DoctorError(f"--wsgi takes MODULE:NAME, but it is {target!r}.")
    try:
        found = import_string(f"{module}:{name}")
    except (Exception, SystemExit) as error:
        raise DoctorError(
            f"{target} could not be imported: {_origin(error)}."
        ) from error
    if not callable(found):
        raise DoctorError(f"{target} is no WSGI application: it cannot be called.")
    return found


def _origin(error: BaseException) -> str:
    """Say what was raised and where; the message itself may hold a secret."""
    from .application.places import line_of

    where = line_of(error.__traceback__)
    return type(error).__name__ + (f" in {where}" if where else "")


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is done, if it takes long."""
    begun, shown = time.monotonic(), False

    def show(text: str) -> None:
        nonlocal shown
        if sys.stderr.isatty() and time.monotonic() - begun > PATIENCE:
            click.echo(f"\r\033[K{text} ...", nl=False, err=True)
            shown = True

    try:
        yield show
    finally:
        if shown:
            click.echo("\r\033[K", nl=False, err=True)
