"""Tests of the settings: their defaults, their checks, and when they are read."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask import Response

from flask_outpour import ConfigurationError
from flask_outpour import Outpour
from flask_outpour.configuration import DEFAULTS
from flask_outpour.configuration import Settings


def test_defaults_are_sound_settings() -> None:
    """Without settings, chunks have 64 KiB, 5 ms are slow, and nothing is limited."""
    settings = Settings.from_config(DEFAULTS)
    assert settings == Settings(
        chunk_size=65_536,
        slow=0.005,
        hard_abort=False,
        longest=None,
        drain=1.0,
        codings=(),
        defer_workers=8,
        defer_g=(),
        defer_in_order=False,
        probe_token=None,
    )


@pytest.mark.parametrize("token", ["f" * 31, "é" * 32, b"f" * 32, True])
def test_wrong_token_is_refused_and_not_shown(token: Any) -> None:
    """A token that is too easily guessed, or no text, is refused without its value."""
    app = Flask("tests.configuration")
    app.config["OUTPOUR_PROBE_TOKEN"] = token
    with pytest.raises(
        ConfigurationError, match=r"^OUTPOUR_PROBE_TOKEN takes "
    ) as caught:
        Outpour(app)
    assert repr(token) not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("OUTPOUR_ENABLED", 1),
        ("OUTPOUR_ENABLED", "no"),
        ("OUTPOUR_CHUNK_SIZE", 0),
        ("OUTPOUR_CHUNK_SIZE", -1),
        ("OUTPOUR_CHUNK_SIZE", 1024.0),
        ("OUTPOUR_CHUNK_SIZE", "64K"),
        ("OUTPOUR_CHUNK_SIZE", True),
        ("OUTPOUR_CHUNK_SIZE", None),
        ("OUTPOUR_SLOW", -0.1),
        ("OUTPOUR_SLOW", "1"),
        ("OUTPOUR_SLOW", False),
        ("OUTPOUR_SLOW", float("nan")),
        ("OUTPOUR_HARD_ABORT", 0),
        ("OUTPOUR_HARD_ABORT", None),
        ("OUTPOUR_COMPRESS", None),
        ("OUTPOUR_COMPRESS", "deflate"),
        ("OUTPOUR_COMPRESS", "br, gzip"),
        ("OUTPOUR_COMPRESS", 1),
        ("OUTPOUR_COMPRESS", ["deflate"]),
        ("OUTPOUR_COMPRESS", ["gzip", 1]),
        ("OUTPOUR_MAX_DURATION", -1),
        ("OUTPOUR_MAX_DURATION", 0),
        ("OUTPOUR_MAX_DURATION", "1h"),
        ("OUTPOUR_MAX_DURATION", True),
        ("OUTPOUR_DRAIN", -1),
        ("OUTPOUR_DRAIN", False),
        ("OUTPOUR_DRAIN", "never"),
    ],
)
def test_wrong_setting_is_refused_at_set_up(key: str, value: Any) -> None:
    """A value that a key does not take is named, with the key, at the set-up."""
    app = Flask("tests.configuration")
    app.config[key] = value
    with pytest.raises(ConfigurationError, match=f"^{key} takes ") as caught:
        Outpour(app)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("OUTPOUR_ENABLED", False),
        ("OUTPOUR_CHUNK_SIZE", 1),
        ("OUTPOUR_SLOW", 0),
        ("OUTPOUR_SLOW", 1.5),
        ("OUTPOUR_HARD_ABORT", True),
        ("OUTPOUR_MAX_DURATION", None),
        ("OUTPOUR_MAX_DURATION", 0.5),
        ("OUTPOUR_MAX_DURATION", 3600.0),
        ("OUTPOUR_DRAIN", None),
        ("OUTPOUR_DRAIN", 0),
        ("OUTPOUR_DRAIN", 2.5),
    ],
)
def test_setting_of_the_application_wins(key: str, value: Any) -> None:
    """What the application has set before stays as it is."""
    app = Flask("tests.configuration")
    app.config[key] = value
    Outpour(app)
    assert app.config[key] is value


def test_single_name_is_a_list_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name comes from the environment without brackets, and is taken all the same."""
    monkeypatch.setenv("FLASK_OUTPOUR_COMPRESS", "gzip")
    monkeypatch.setenv("FLASK_OUTPOUR_DEFER_G", "user")
    app = Flask("tests.configuration")
    app.config.from_prefixed_env()
    Outpour(app)
    settings = Settings.from_config(app.config)
    assert (settings.codings, settings.defer_g) == (("gzip",), ("user",))


def test_setting_is_read_when_a_stream_starts(app: Flask) -> None:
    """A setting that changes later counts for the streams that start then."""

    @app.get("/")
    def rows() -> Response:
        return Response("x" for _ in range(1_000))

    def chunks() -> list[bytes]:
        return list(app.test_client().get("/").iter_encoded())

    joined = len(chunks())
    app.config["OUTPOUR_CHUNK_SIZE"] = 1
    assert joined < 1_000
    assert len(chunks()) == 1_000


def test_setting_that_turned_wrong_fails_the_stream(app: Flask) -> None:
    """A setting that is wrong when a stream starts answers 500 with its name."""
    app.testing = True
    app.config["OUTPOUR_SLOW"] = "fast"

    @app.get("/")
    def rows() -> Response:
        return Response(iter("ab"))

    with pytest.raises(ConfigurationError, match="OUTPOUR_SLOW"):
        app.test_client().get("/")


def test_misspelt_key_is_refused() -> None:
    """A key that is none of Outpour's names the one that may be meant."""
    app = Flask("tests.misspelt")
    app.config["OUTPOUR_EANBLED"] = False
    with pytest.raises(ConfigurationError, match="Is OUTPOUR_ENABLED meant"):
        Outpour(app)


@pytest.mark.parametrize("wrong", ["app", None.__class__, 3])
def test_what_is_no_application_is_refused(wrong: object) -> None:
    """Outpour says what it is for when it gets something else."""
    with pytest.raises(ConfigurationError, match="for a Flask application"):
        Outpour(wrong)  # type: ignore[arg-type]
