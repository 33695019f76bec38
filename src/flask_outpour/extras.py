"""The name of an optional package enters; its module leaves, or how to install it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .errors import ConfigurationError


def require(module: str, extra: str, what: str) -> Any:
    """Import a module that an extra of this distribution installs.

    :param what: what needs it, as the subject of a sentence.
    :raises ConfigurationError: where it is missing; names the extra.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise
        raise ConfigurationError(
            f"{what} needs {package}, which is not installed:"
            f" pip install Flask-Outpour[{extra}]"
        ) from error
