"""A command line enters; the command runs, and an exit code leaves."""

from __future__ import annotations

import logging
import signal
import sys
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .demo.application import orders_application
from .demo.application import tables_application
from .demo.database import open_database
from .demo.errors import DemoError
from .demo.orders import cache_directory
from .demo.orders import generate_orders
from .demo.orders import orders_file
from .demo.server import listen
from .demo.server import require_server
from .demo.server import serve
from .demo.server import url_of
from .demo.sqlite import SQLiteFile
from .demo.tables import Database
from .doctor.command import site_doctor
from .progress import progress_line

#: Enough that plain Flask takes seconds, and little enough for any disk.
ORDERS = 1_000_000


@click.group(
    invoke_without_command=True, context_settings={"help_option_names": ["--help"]}
)
@click.version_option(package_name="Flask-Outpour")
@click.pass_context
def outpour(context: click.Context) -> None:
    """Outpour streams content of any size out of a Flask application."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@outpour.command(context_settings={"show_default": True})
@click.option(
    "--database",
    metavar="FILE|URL",
    help="Serve the tables of this SQLite file, or behind this URL of SQLAlchemy,"
    " instead of the orders.",
)
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"How many orders to generate.  [default: {ORDERS}]",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default="127.0.0.1",
    help="The address to listen on.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=8000,
    help="The port to listen on; 0 takes any free one.",
)
@click.option(
    "--open/--no-open",
    "opens",
    default=False,
    help="Open the home page in a browser.",
)
def demo(
    database: str | None, rows: int | None, host: str, port: int, opens: bool
) -> None:
    """Serve a million orders, streamed with Outpour and without.

    They are generated once, into a SQLite file in the user's cache directory.
    """
    if database is not None and rows is not None:
        raise click.UsageError(
            "--rows is for the orders; it does not go with --database."
        )
    require_server()
    tables = None if database is None else _opened(database)
    with listen(host, port) as listener, _terminable():
        if tables is None:
            count = rows or ORDERS
            application = orders_application(_orders(count), count)
        else:
            application = tables_application(tables)
        _log_streams()
        url = url_of(listener)

        def ready() -> None:
            click.echo(f"The demo is ready: {url}\nStop it with Ctrl-C.")
            if opens:
                webbrowser.open(url)

        serve(application, listener, ready)


outpour.add_command(site_doctor)


def main() -> None:
    """Run the command ``outpour``; say in one sentence why it cannot."""
    try:
        sys.exit(outpour.main(prog_name="outpour", standalone_mode=False))
    except click.ClickException as error:
        click.echo(f"outpour: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)


def _orders(count: int) -> Path:
    path = orders_file(cache_directory(), count)
    if not path.exists():
        click.echo(f"Generating {count:,} orders, once, into {path}")
        _generate(path, count)
    try:
        SQLiteFile(path).check()
    except DemoError as error:
        raise DemoError(
            f"{error.message} Delete the file, and it is generated again."
        ) from error
    return path


def _generate(path: Path, count: int) -> None:
    done = 0
    with progress_line() as show:

        def advance(rows: int) -> None:
            nonlocal done
            done += rows
            show(f"{done:,} of {count:,} orders", done / count)

        advance(0)
        generate_orders(path, count, advance)


def _opened(place: str) -> Database:
    with progress_line() as show:
        show("opening the database", 0)
        return open_database(place)


@contextmanager
def _terminable() -> Iterator[None]:
    """Take SIGTERM as Ctrl-C is taken, so that nothing is left half done."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def _log_streams() -> None:
    """Show the line that Outpour logs at the end of each stream."""
    logger = logging.getLogger("flask_outpour")
    logger.addHandler(logging.StreamHandler())
    logger.setLevel(logging.INFO)
