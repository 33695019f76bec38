"""What a request says it wants enters; the format, the coding and the name leave."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from .formats import Format
    from .formats import Formats

#: What no file system, or no header, takes in a name.
_UNSAFE = re.compile(
    r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\ud800-\udfff\u2028-\u202e\u2066-\u2069]+'
)
#: Bytes; most file systems take 255.
_LONGEST = 240
#: What RFC 8187 lets stand beside letters and digits.
_ATTR_CHAR = "!#$&+-.^_`|~"


#: Names of codings that mean another (RFC 9110, section 8.4.1.3).
_ALIASES = {"x-gzip": "gzip"}


@dataclass(frozen=True, slots=True)
class Choice:
    """The format for a response, and what a file of it ends in."""

    format: Format
    suffix: str


def choose(
    wanted: str | Format | None,
    offered: Formats,
    known: Formats,
    *,
    path: str,
    accept: Iterable[tuple[str, float]],
) -> tuple[Choice | None, bool]:
    """Choose by what the view wants, else the path's suffix, else ``Accept``.

    Return the choice, ``None`` where no format will do, and whether another
    ``Accept`` could have made another one.

    :param wanted: the name of a format, or one.
    :param offered: the formats that may be chosen.
    :param known: all formats; the suffix of one that is not offered finds none.
    :raises ConfigurationError: when ``wanted`` is neither a name nor a format.
    """
    if wanted is not None:
        if not isinstance(wanted, str):
            from .formats import require_format

            require_format(wanted)
            return Choice(wanted, wanted.suffix), False
        return _choice(offered.named(wanted), wanted), False
    if known.with_suffix(path) is not None:
        found = offered.with_suffix(path)
        return (None if found is None else Choice(*found)), False
    return _choice(acceptable(offered, accept)), True


def _choice(format: Format | None, name: str = "/") -> Choice | None:
    if format is None:
        return None
    # The name may be a media type.
    return Choice(format, format.suffix if "/" in name else name.lower().lstrip("."))


def acceptable(formats: Formats, accept: Iterable[tuple[str, float]]) -> Format | None:
    """Return the format that a client likes best (RFC 9110, section 12.5.1).

    Of several with the same weight, that which is named most exactly is taken, so
    that ``application/json, */*`` is JSON; then that which comes first.

    :param accept: media ranges with their weights; none at all accepts everything.
    """
    ranges = [(_range(text), weight) for text, weight in accept] or [("*/*", 1.0)]
    best: Format | None = None
    most = (0.0, -1)
    for media_type, format in formats.media_types():
        preference = _preference(media_type.lower(), ranges)
        if preference[0] > 0 and preference > most:
            best, most = format, preference
    return best


def _range(text: str) -> str:
    # Parameters, such as a charset, say nothing of the format.
    return text.partition(";")[0].strip().lower()


def _preference(media_type: str, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """Return the weight of the most exact range that has a type, and how exact."""
    forms = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    exactness, weight = max(
        (
            (forms.index(media_range), weight)
            for media_range, weight in ranges
            if media_range in forms
        ),
        default=(-1, 0.0),
        key=lambda found: found[0],
    )
    return weight, exactness


def choose_coding(
    accept: Iterable[tuple[str, float]], offered: Iterable[str]
) -> str | None:
    """Return the content coding that a client likes best (RFC 9110, section 12.5.3).

    Of several with the same weight, the first that is offered is taken; any is better
    than ``"identity"``, unless the client gives that a greater weight by name. ``None``
    says that the client takes nothing that there is, bytes as they are included.

    :param accept: codings with their weights; none at all asks for no coding.
    """
    weights = {_ALIASES.get(name.lower(), name.lower()): w for name, w in accept}
    others = weights.get("*", 0.0)
    best, most = None, 0.0
    for coding in offered:
        if (weight := weights.get(coding, others)) > most:
            best, most = coding, weight
    if best is not None and most >= weights.get("identity", 0.0):
        return best
    refused = weights.get("identity", weights.get("*", 1.0)) == 0
    return None if refused else "identity"


def file_name(name: str, choice: Choice, formats: Formats) -> str:
    """Return a name that a file system takes, with a suffix of the chosen format.

    Path separators and signs that are forbidden somewhere become ``_``; another
    format's suffix is replaced; a name too long for a file system is cut.
    """
    safe = _UNSAFE.sub("_", name).strip(" .") or "download"
    stem, _, last = safe.rpartition(".")
    suffix = choice.suffix
    if stem and (named := formats.named(last)) is not None:
        safe = stem
        suffix = last if named.suffix == choice.format.suffix else suffix
    elif stem and last.lower() == suffix:
        safe = stem
    room = _LONGEST - len(suffix) - 1
    safe = safe.encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{safe}.{suffix}"


def content_disposition(name: str, *, attachment: bool) -> str:
    """Return the header's value, with the name in both its forms (RFC 6266).

    ``filename`` has ASCII alone, for clients that know no other; ``filename*`` has
    the whole name as RFC 8187 encodes it, and is there where the two differ.
    """
    kind = "attachment" if attachment else "inline"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    # Some signs are decomposed to unsafe ones, and clients differ in how they read a
    # percent sign in quotes.
    plain = re.sub(r'[<>:"/\\|?*%]', "_", plain).strip(" ")
    if plain.startswith("."):
        plain = f"download{plain}"
    value = f'{kind}; filename="{plain}"'
    if plain != name:
        value += f"; filename*=UTF-8''{quote(name, safe=_ATTR_CHAR)}"
    return value
