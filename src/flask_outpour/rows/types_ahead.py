"""What a source knows of its columns enters; what is known of those wanted leaves."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Sequence
from functools import partial
from typing import Any

from ..column_types import Ahead
from ..column_types import Types
from .annotations import is_model
from .annotations import types_of_class
from .shapes import Keys
from .shapes import Positions
from .shapes import Shape


def types_of_records(
    shape: Shape, record: Any, named: Sequence[str] | None, types: Ahead | None
) -> Ahead | None:
    """Return what tells the types of the columns of records.

    :param record: one of them; their class may know.
    :param named: the columns of their source, if it has names.
    :param types: tells what the source knows of these.
    """
    if types is not None and (named is not None or isinstance(shape, Keys)):
        return partial(_chosen, shape, named, types)
    kind = type(record)
    names: Sequence[str] = shape.columns
    if isinstance(shape, Positions):
        # Those of a named tuple; its columns may have other names.
        names = getattr(record, "_fields", ())
        if not names or not getattr(kind, "__annotations__", None):
            return None
        return partial(_chosen, shape, names, partial(types_of_class, kind, names))
    if isinstance(shape, Keys):
        return None
    if hasattr(kind, "__mapper__"):
        from .sql_types import types_of_entity

        return partial(types_of_entity, kind, names)
    return partial(types_of_class, kind, names) if is_model(kind) else None


def _chosen(shape: Shape, named: Sequence[str] | None, types: Ahead) -> Types:
    """Return what is known of the columns that are wanted."""
    known = types()
    if not isinstance(known, Mapping) and isinstance(shape, Positions):
        found = known if shape.picks is None else [known[p] for p in shape.picks]
        return found if len(found) == len(shape.columns) else ()
    keys: Sequence[Any] = shape.keys if isinstance(shape, Keys) else shape.columns
    if not isinstance(known, Mapping):
        known = dict(zip(named or keys, known, strict=False))
    return [known.get(key) for key in keys]
