"""What the demo cannot do enters; one sentence and an exit code leave."""

from __future__ import annotations

import click


class DemoError(click.ClickException):
    """The demo cannot start, for a reason that the user can change."""

    exit_code = 2
