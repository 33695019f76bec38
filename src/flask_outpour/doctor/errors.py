"""What the doctor cannot examine."""

from __future__ import annotations

from click import ClickException


class DoctorError(ClickException):
    """The examination is not possible; the message says why, and what to do."""

    exit_code = 2
