"""A value of a type that no format knows enters; what stands for it leaves."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from dataclasses import is_dataclass
from itertools import compress
from typing import Any
from typing import NamedTuple

from .shown import as_shown
from .shown import hidden_fields
from .shown import NO_MODEL

Encode = Callable[[Any], Any]


class Encoding(NamedTuple):
    """What knows other types."""

    #: Raises a ``TypeError`` for what it does not know, too.
    encode: Encode
    #: Whether it has its own way for models, which comes before that of their fields.
    is_own: bool


_encoding: ContextVar[Encoding | None] = ContextVar("outpour_encoding", default=None)


@contextmanager
def known_by(encoding: Encoding | None) -> Iterator[None]:
    """Let values of other types be what a function makes of them, for a while."""
    token = _encoding.set(encoding)
    try:
        yield
    finally:
        _encoding.reset(token)


def behind(value: Any) -> Any:
    """Return what an object stands for now that says it is of another type.

    That is what is behind a proxy of Werkzeug's or of wrapt's, and what ``encode=``
    makes of others.

    :raises TypeError: where it stands for nothing that is known.
    """
    if hasattr(type(value), "_get_current_object"):
        return value._get_current_object()
    return value.__wrapped__ if hasattr(type(value), "__wrapped__") else stand_in(value)


def stand_in(value: Any) -> Any:
    """Return what stands for a value of another type, which may hold such values.

    :raises TypeError: where nothing does.
    """
    encoding = _encoding.get()
    unknown: TypeError | None = None
    if encoding is not None and encoding.is_own:
        try:
            made = _encoded(value, encoding.encode)
        except TypeError as error:
            unknown = error
        else:
            if not _is_as_any(value, made):
                return made
    if (shown := as_shown(value)) is not NO_MODEL:
        return shown
    # Flask's would take what says so for another type than it is.
    is_genuine = value.__class__ is type(value)
    if encoding is not None and not encoding.is_own and is_genuine:
        return _encoded(value, encoding.encode)
    raise unknown or TypeError


def _is_as_any(value: Any, made: Any) -> bool:
    """Whether this is just what a provider makes of any dataclass, or of anything.

    Flask's own has the fields that a dataclass of pydantic's leaves out, too, and a
    text for what is unknown has those of a model. A provider of an application that
    passes on to these has nothing to say of the value.
    """
    kind: Any = type(value)
    try:
        if isinstance(made, str) and hidden_fields(kind):
            of_pydantic = [
                _is_of_pydantic(kind.__str__),
                _is_of_pydantic(kind.__repr__),
            ]
            texts = compress((str(value), repr(value)), of_pydantic)
            return made in texts
        if type(made) is not dict:
            return False
        if hidden_fields(kind) and made == vars(value):
            return True
        return is_dataclass(kind) and made == asdict(value)
    except Exception:
        # There may be no telling, as for arrays.
        return False


def _is_of_pydantic(method: Any) -> bool:
    """Whether a method is not the application's, which may say what it likes."""
    home = getattr(method, "__module__", None) or "pydantic"
    return home.partition(".")[0] in ("pydantic", "dataclasses", "reprlib")


def _encoded(value: Any, encode: Encode) -> Any:
    try:
        made = encode(value)
    except RecursionError:
        raise
    except Exception as error:
        if isinstance(error, TypeError) and str(error).endswith("JSON serializable"):
            # What says this knows no more than that.
            raise TypeError from None
        raise TypeError(f"{type(error).__name__}: {error}") from error
    if made is value:
        # It has nothing to say of it.
        raise TypeError
    return made
