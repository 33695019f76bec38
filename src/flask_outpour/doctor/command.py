"""``flask outpour doctor`` and ``outpour doctor``: a report and an exit code leave.

Flask imports this for each of its commands, so it imports little by itself.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any
from typing import TYPE_CHECKING

import click

from .errors import DoctorError

if TYPE_CHECKING:
    from flask import Flask

    from ..progress import Show
    from .findings import Report

#: Never an option: other users of the machine can read a command line.
TOKEN_VARIABLES = ("OUTPOUR_PROBE_TOKEN", "FLASK_OUTPOUR_PROBE_TOKEN")

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

    def examine(show: Show) -> Report:
        show("loading the application", 0)
        app = _load(context)
        if url is not None:
            token = app.config.get(TOKEN_VARIABLES[0])
            return _examine_site(url, token, streams, show)
        from .application import examine_application

        outer = None if wsgi is None else _load_wsgi(wsgi)
        return examine_application(app, outer, show=show)

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
    _run(lambda show: _examine_site(url, None, streams, show), as_json)


def _run(examine: Callable[[Show], Report], as_json: bool) -> None:
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


def _examined(examine: Callable[[Show], Report]) -> Report:
    from ..progress import progress_line
    from .silence import silenced

    try:
        with progress_line() as show, silenced():
            return examine(show)
    except click.ClickException as error:
        raise DoctorError(error.format_message()) from error
    except Exception as error:
        raise DoctorError(f"The examination broke off: {_origin(error)}.") from error


def _examine_site(url: str, token: str | None, streams: int, show: Show) -> Report:
    from .site import examine_site

    for variable in TOKEN_VARIABLES:
        token = token or os.environ.get(variable)
    return examine_site(url, token=token, streams=streams, show=show)


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
    module, _, name = target.partition(":")
    if not module or not name:
        raise DoctorError(f"--wsgi takes MODULE:NAME, but it is {target!r}.")
    found = _imported(module)
    for part in name.split("."):
        if not hasattr(found, part):
            raise DoctorError(f"The module {module} has no {name}.")
        found = getattr(found, part)
    if not callable(found):
        raise DoctorError(f"{target} is no WSGI application: it cannot be called.")
    if iscoroutinefunction(found) or iscoroutinefunction(type(found).__call__):
        raise DoctorError(
            f"{target} is an ASGI application, which cannot be driven here. Without"
            " --wsgi the doctor examines the Flask application, and says whether what"
            " its module has leads around Outpour."
        )
    return found


def _imported(module: str) -> Any:
    try:
        # Not by importlib.import_module(), whose own frames would be the last ones.
        __import__(module)
    except (Exception, SystemExit) as error:
        trace = error.__traceback__
        if isinstance(error, ModuleNotFoundError) and trace and not trace.tb_next:
            raise DoctorError(f"There is no module {module} here.") from error
        raise DoctorError(
            f"{module} could not be imported: {_origin(error)}. The command"
            f' `python -c "import {module}"` shows the whole error.'
        ) from error
    return sys.modules[module]


def _origin(error: BaseException) -> str:
    """Say what was raised and where; the message itself may hold a secret."""
    from ..errors import ConfigurationError
    from .application.places import raised

    # Ours does not, and the line would be one of ours.
    if isinstance(error, ConfigurationError):
        return str(error).removesuffix(".")
    return raised(error)
