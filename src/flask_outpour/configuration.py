"""An application's config enters; checked settings leave."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from operator import itemgetter
from typing import Any

from .compress import available
from .compress import CODINGS
from .errors import ConfigurationError

DEFAULTS: dict[str, Any] = {
    "OUTPOUR_ENABLED": True,
    # Larger chunks gain at most a tenth on most servers.
    "OUTPOUR_CHUNK_SIZE": 64 * 1024,
    # A person notices tens of milliseconds; a server's send takes far less.
    "OUTPOUR_SLOW": 0.005,
    "OUTPOUR_HARD_ABORT": False,
    "OUTPOUR_MAX_DURATION": None,
    # A page that is nearly over takes less, and nobody waits for a new worker longer.
    "OUTPOUR_DRAIN": 1.0,
    # Who compresses elsewhere, in a proxy, would gain nothing.
    "OUTPOUR_COMPRESS": False,
    # The default pool of SQLAlchemy has 5 connections, and 10 more for a while.
    "OUTPOUR_DEFER_WORKERS": 8,
    "OUTPOUR_DEFER_G": (),
    "OUTPOUR_DEFER_IN_ORDER": False,
    "OUTPOUR_PROBE_TOKEN": None,
}

_values: Callable[[Mapping[str, Any]], tuple[Any, ...]] = itemgetter(*DEFAULTS)

#: Whoever guesses a token may start streams: as many characters as 16 bytes have in
#: hexadecimal digits.
SHORTEST_TOKEN = 32
SWITCH = "True or False (true or false where from_prefixed_env() reads it)"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of an application, as they are when a stream starts."""

    chunk_size: int
    slow: float
    hard_abort: bool
    longest: float | None
    #: Seconds that a live stream is left when its worker is to go, if it is ended then.
    drain: float | None
    #: Content codings, the best first; none where nothing is to be compressed.
    codings: tuple[str, ...]
    defer_workers: int
    #: Names of what a deferred block takes over from the page's ``g``.
    defer_g: tuple[str, ...]
    defer_in_order: Callable[[Any], bool] | bool
    probe_token: str | None

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Settings:
        """Read and check the ``OUTPOUR_*`` keys.

        :raises ConfigurationError: names the key, its value and what it takes.
        """
        _check(config, "OUTPOUR_ENABLED", bool, SWITCH)
        _check(config, "OUTPOUR_CHUNK_SIZE", int, "bytes, 1 or more", lowest=1)
        _check(config, "OUTPOUR_SLOW", (int, float), "seconds, 0 or more", lowest=0)
        _check(config, "OUTPOUR_HARD_ABORT", bool, SWITCH)
        if config["OUTPOUR_MAX_DURATION"] is not None:
            seconds = "None for no limit, or seconds above 0"
            _check(config, "OUTPOUR_MAX_DURATION", (int, float), seconds, lowest=0)
            if not config["OUTPOUR_MAX_DURATION"]:
                raise _refusal(config, "OUTPOUR_MAX_DURATION", seconds)
        if config["OUTPOUR_DRAIN"] is not None:
            seconds = "None for the server's own grace, or seconds, 0 or more"
            _check(config, "OUTPOUR_DRAIN", (int, float), seconds, lowest=0)
        _check(config, "OUTPOUR_DEFER_WORKERS", int, "threads, 1 or more", lowest=1)
        if not callable(config["OUTPOUR_DEFER_IN_ORDER"]):
            switch = f"{SWITCH}, or a function of the request that returns one of them"
            _check(config, "OUTPOUR_DEFER_IN_ORDER", bool, switch)
        _check_token(config["OUTPOUR_PROBE_TOKEN"])
        return cls(
            chunk_size=config["OUTPOUR_CHUNK_SIZE"],
            slow=config["OUTPOUR_SLOW"],
            hard_abort=config["OUTPOUR_HARD_ABORT"],
            longest=config["OUTPOUR_MAX_DURATION"],
            drain=config["OUTPOUR_DRAIN"],
            codings=_codings(config),
            defer_workers=config["OUTPOUR_DEFER_WORKERS"],
            defer_g=_names(config, "OUTPOUR_DEFER_G"),
            defer_in_order=config["OUTPOUR_DEFER_IN_ORDER"],
            probe_token=config["OUTPOUR_PROBE_TOKEN"],
        )


class KnownSettings:
    """The settings of an application, checked again where one of its keys has changed.

    Reading them all takes as long as a tenth of a short request.
    """

    def __init__(self) -> None:
        self._known: tuple[tuple[Any, ...] | None, Settings | None] = (None, None)

    def __call__(self, config: Mapping[str, Any]) -> Settings:
        """Return them.

        :raises ConfigurationError: as :meth:`Settings.from_config` does.
        """
        values = _values(config)
        known, settings = self._known
        if settings is None or values != known:
            settings = Settings.from_config(config)
            # A list may be changed in its place.
            is_fixed = not any(isinstance(value, list | set) for value in values)
            self._known = (values if is_fixed else None, settings)
        return settings


def _check(
    config: Mapping[str, Any],
    key: str,
    kind: type | tuple[type, ...],
    takes: str,
    lowest: int | None = None,
) -> None:
    value = config[key]
    # A bool is an int to Python, but not to the person who wrote the setting.
    sound = isinstance(value, kind) and (isinstance(value, bool) == (kind is bool))
    if not sound or (lowest is not None and not value >= lowest):
        raise _refusal(config, key, takes)


def _codings(config: Mapping[str, Any]) -> tuple[str, ...]:
    value = config["OUTPOUR_COMPRESS"]
    if isinstance(value, bool):
        return available() if value else ()
    value = _listed(value)
    if not isinstance(value, list | tuple) or not {*value} <= {*CODINGS}:
        names = ", ".join(map(repr, CODINGS))
        takes = f"{SWITCH}, or one of {names}, or a list of them"
        raise _refusal(config, "OUTPOUR_COMPRESS", takes)
    if missing := {*value} - {*available()}:
        raise ConfigurationError(
            f"OUTPOUR_COMPRESS names {', '.join(sorted(missing))}, which no installed"
            " library writes: pip install Flask-Outpour[compress]"
        )
    return tuple(value)


def _names(config: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = _listed(config[key])
    is_list = isinstance(value, list | tuple | set | frozenset)
    if not is_list or not all(isinstance(name, str) for name in value):
        raise _refusal(config, key, "a name, or a list of names")
    return tuple(value)


def _listed(value: Any) -> Any:
    # From the environment, one name is what comes without quotes and brackets.
    return [value] if isinstance(value, str) else value


def _check_token(token: object) -> None:
    if token is None:
        return
    if not isinstance(token, str) or len(token) < SHORTEST_TOKEN or not token.isascii():
        # The value is not shown: it may be a secret all the same.
        raise ConfigurationError(
            f"OUTPOUR_PROBE_TOKEN takes None, or {SHORTEST_TOKEN} ASCII characters or"
            " more, such as secrets.token_hex() gives."
        )


def _refusal(config: Mapping[str, Any], key: str, takes: str) -> ConfigurationError:
    return ConfigurationError(f"{key} takes {takes}, but it is {config[key]!r}.")


def check_names(config: Mapping[str, Any]) -> None:
    """Refuse a key that looks like a setting of Outpour's and is none.

    :raises ConfigurationError: names the key, and the one that may be meant.
    """
    for key in config:
        if key.startswith("OUTPOUR_") and key not in DEFAULTS:
            meant = get_close_matches(key, DEFAULTS, n=1, cutoff=0)[0]
            raise ConfigurationError(
                f"{key} is no setting of Outpour. Is {meant} meant?"
            )
