"""What a format was given enters; an error leaves, if it cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from collections.abc import Sequence

from ..errors import ConfigurationError
from ..errors import RowError


def check_choice(option: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse what an option does not take.

    :raises ConfigurationError: says what it takes.
    """
    if value not in allowed:
        raise ConfigurationError(
            f"{option}= takes {' or '.join(map(repr, allowed))}, but it is {value!r}."
        )


def check_distinct(columns: Iterable[str], why: str = "") -> None:
    """Refuse columns of one name, of which a reader would keep one.

    :param why: what makes the names the same, if they look different.
    :raises RowError: names them.
    """
    twice = [name for name, count in Counter(columns).items() if count > 1]
    if twice:
        raise RowError.of_duplicates(twice, why)
