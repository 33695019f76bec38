"""What stands around a JSON array enters; its text leaves, or an error."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import ConfigurationError
from .columns import UNWRITABLE
from .json_text import JSONText

#: The name of the member behind the array.
_META = "meta"
_TAKES = "meta= takes a dict, or a function of the number of rows that returns one"


def check_envelope(key: object, meta: object) -> None:
    """Refuse options that make no object around an array.

    :raises ConfigurationError: says what they take.
    """
    if key is not None and not isinstance(key, str):
        raise ConfigurationError(
            f"key= takes the name of the array as text, but it is {key!r}."
        )
    if meta is None:
        return
    if key is None:
        raise ConfigurationError(
            "meta= stands beside the array in an object, which needs a name for the"
            ' array: JSON(key="rows", meta=...).'
        )
    if key == _META:
        raise ConfigurationError(
            f"key= is {key!r}, which is the name of what meta= gives. Give the array"
            " another name."
        )
    if not isinstance(meta, Mapping) and not callable(meta):
        raise ConfigurationError(f"{_TAKES}, but it is {meta!r}.")


def meta_text(meta: object, texts: JSONText) -> str:
    """Return the text of a dict whose values are written as cells are.

    :raises ConfigurationError: for what is no dict, and for the first member that
        cannot be written.
    """
    if not isinstance(meta, Mapping):
        raise ConfigurationError(f"{_TAKES}, but it returned {meta!r}.")
    for name, value in meta.items():
        try:
            texts.value({name: value})
        except UNWRITABLE as error:
            reason = f": {error}" if str(error) else ""
            raise ConfigurationError(
                f"meta=, member {name!r}: a value of type {type(value).__name__}"
                f" cannot be written{reason}. Convert it, or leave it out."
            ) from error
    return texts.value(meta)
