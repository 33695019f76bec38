"""Tests of the choice of a format and of a coding, and of the names of files."""

from __future__ import annotations

import re
import unicodedata
from email.message import Message
from pathlib import PurePosixPath
from pathlib import PureWindowsPath
from urllib.parse import unquote

import pytest
from hypothesis import example
from hypothesis import given
from hypothesis import strategies
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header
from werkzeug.http import parse_options_header

from flask_outpour import CSV
from flask_outpour import JSON
from flask_outpour import NDJSON
from flask_outpour.formats import BUILT_IN
from flask_outpour.formats import Formats
from flask_outpour.formats import HTMLTable
from flask_outpour.formats import TSV
from flask_outpour.negotiation import acceptable
from flask_outpour.negotiation import Choice
from flask_outpour.negotiation import choose
from flask_outpour.negotiation import choose_coding
from flask_outpour.negotiation import content_disposition
from flask_outpour.negotiation import file_name

#: As the clients send them, where nobody asks for anything else.
CLIENTS = {
    "axios": ("application/json, text/plain, */*", "json"),
    "jQuery.getJSON": ("application/json, text/javascript, */*; q=0.01", "json"),
    "curl, wget, fetch, requests": ("*/*", "csv"),
    "nothing": ("", "csv"),
    "Java": ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "html"),
    "Chromium": (
        "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
        "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7",
        "html",
    ),
    "Firefox": (
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        "html",
    ),
    "Chromium's image": (
        "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
        "csv",
    ),
    "a style sheet": ("text/css,*/*;q=0.1", "csv"),
    "DuckDB's and pandas' readers": ("*/*", "csv"),
    "aria2": ("*/*,application/metalink4+xml,application/metalink+xml", "csv"),
}


def best(accept: str, formats: Formats = BUILT_IN) -> str | None:
    """Return the suffix of the format that an ``Accept`` header gets."""
    format = acceptable(formats, parse_accept_header(accept, MIMEAccept))
    return None if format is None else format.suffix


@pytest.mark.parametrize("client", CLIENTS)
def test_real_clients_get_what_they_can_use(client: str) -> None:
    """Libraries of JavaScript get JSON, a browser's window a page, a tool CSV."""
    header, suffix = CLIENTS[client]
    assert best(header) == suffix


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("text/csv;q=0.4, application/json;q=0.6", "json"),
        ("application/json;q=0.6, text/csv;q=0.4", "json"),
        ("text/csv;q=0.001, image/png", "csv"),
        ("application/x-ndjson, */*;q=0.9", "ndjson"),
        ("*/*;q=0.9, text/csv;q=0.2", "tsv"),
    ],
)
def test_greatest_weight_wins(accept: str, suffix: str) -> None:
    """The weights decide, in whichever order the header has them."""
    assert best(accept) == suffix


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("text/*;q=0.9, */*;q=0.1, text/csv;q=0.2", "tsv"),
        ("application/*, text/html;q=0.5", "json"),
        ("*/*;q=0.5, application/*;q=0.6, application/json;q=0.1", "ndjson"),
        ("text/*", "csv"),
        ("application/*", "json"),
    ],
)
def test_most_exact_range_gives_the_weight(accept: str, suffix: str) -> None:
    """A type named in full overrules its group, and a group overrules ``*/*``."""
    assert best(accept) == suffix


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("text/csv;q=0, */*", "tsv"),
        ("text/*;q=0, */*", "json"),
        ("text/*;q=0, */*;q=0.5, text/html;q=0.1", "json"),
        ("*/*;q=0, text/html", "html"),
        ("*/*;q=0", None),
        ("text/csv;q=0.0", None),
    ],
)
def test_weight_zero_excludes(accept: str, suffix: str | None) -> None:
    """What has the weight 0 is never sent, though a wider range has another."""
    assert best(accept) == suffix


@pytest.mark.parametrize("accept", ["image/png", "audio/*, video/*", "text/xml"])
def test_nothing_acceptable(accept: str) -> None:
    """A client that takes none of the formats gets none."""
    assert best(accept) is None


@pytest.mark.parametrize(
    "accept",
    [
        "application/json; charset=utf-8",
        'application/json;profile="https://example.org/a,b;q=0";q=0.7',
        "application/json;indent=2, application/x-ndjson;q=0.1",
        "APPLICATION/JSON",
        "application/json ;Q=0.5",
    ],
)
def test_parameters_and_case_change_nothing(accept: str) -> None:
    """Parameters of a media type do not hide it, and neither do capitals."""
    assert best(accept) == "json"


def test_ties_go_to_the_more_exactly_named() -> None:
    """Of formats with one weight, the one that the client named comes first."""
    assert best("application/json, */*") == "json"
    assert best("*/*, text/*") == "csv"
    assert best("text/*, */*, application/json-seq") == "json-seq"


def test_other_ties_go_to_the_first_format() -> None:
    """Of formats with one weight, named alike, the order of the server decides."""
    accept = "application/x-ndjson, application/json, text/csv"
    assert best(accept) == "csv"
    assert best(accept, Formats([NDJSON(), CSV(), JSON()])) == "ndjson"
    assert best("*/*", Formats([HTMLTable(), CSV()])) == "html"


@pytest.mark.parametrize(
    "media_type", ["application/jsonl", "application/ndjson", "application/x-jsonlines"]
)
def test_unregistered_media_types_of_ndjson(media_type: str) -> None:
    """NDJSON is found by each of the media types that are in use for it."""
    assert best(media_type) == "ndjson"
    assert best(f"{media_type};q=0.1, text/csv;q=0.01") == "ndjson"


def chosen(
    path: str = "/",
    accept: str = "",
    wanted: object = None,
    offered: Formats = BUILT_IN,
) -> tuple[str | None, bool]:
    """Return the suffix of the chosen format, and whether ``Accept`` decided."""
    choice, varies = choose(
        wanted,  # type: ignore[arg-type]
        offered,
        BUILT_IN,
        path=path,
        accept=parse_accept_header(accept, MIMEAccept),
    )
    return (None if choice is None else choice.suffix), varies


def test_name_comes_before_suffix_before_accept() -> None:
    """What the view wants overrules the URL, and the URL overrules ``Accept``."""
    assert chosen("/a.json", "text/html", "tsv") == ("tsv", False)
    assert chosen("/a.json", "text/html") == ("json", False)
    assert chosen("/a", "text/html") == ("html", True)
    assert chosen("/a") == ("csv", True)


def test_suffix_of_the_url_stays_the_files() -> None:
    """Where a format has several suffixes, the file gets the one of the URL."""
    assert chosen("/orders.jsonl") == ("jsonl", False)
    assert chosen("/orders.htm") == ("htm", False)
    assert chosen("/orders.JSON") == ("json", False)


@pytest.mark.parametrize(
    "path", ["/", "/orders", "/orders.", "/a.json/b", "/orders.xml", "/v1.2/orders"]
)
def test_path_without_a_known_suffix(path: str) -> None:
    """Only the end of the path is a suffix, and only that of a format counts."""
    assert chosen(path, "text/tab-separated-values") == ("tsv", True)


@pytest.mark.parametrize("path", ["/csv", "/tables/json", "/html/"])
def test_name_without_a_dot_is_no_suffix(path: str) -> None:
    """A table that is called ``json`` is sent as what the client asks for."""
    assert chosen(path, "text/tab-separated-values") == ("tsv", True)


def test_suffix_that_is_not_offered_finds_nothing() -> None:
    """``/orders.json`` is not answered with CSV, whatever the client accepts."""
    assert chosen("/orders.json", "*/*", offered=Formats([CSV()])) == (None, False)


def test_unknown_name_finds_nothing() -> None:
    """A name that no format has, or that is not offered, is no choice."""
    assert chosen(wanted="xml") == (None, False)
    assert chosen(wanted="") == (None, False)
    assert chosen(wanted="json", offered=Formats([CSV()])) == (None, False)


@pytest.mark.parametrize(
    "name", ["json", "JSON", ".json", "application/json", "Application/JSON"]
)
def test_names_of_a_format(name: str) -> None:
    """A format is called by its suffix, with a dot or not, or its media type."""
    assert chosen(wanted=name) == ("json", False)


def test_object_is_taken_as_it_is() -> None:
    """A format with options needs not to be one of those that are offered."""
    format = TSV(header=False)
    choice, _ = choose(format, Formats([CSV()]), BUILT_IN, path="/", accept=[])
    assert choice is not None
    assert choice.format is format


def named(name: str, suffix: str = "csv", format: object = None) -> str:
    """Return the name of a file that has one of the built-in formats."""
    chosen = format or BUILT_IN.named(suffix)
    return file_name(name, Choice(chosen, suffix), BUILT_IN)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders", "orders.csv"),
        ("orders.csv", "orders.csv"),
        ("orders.CSV", "orders.CSV"),
        ("orders.json", "orders.csv"),
        ("orders.jsonl", "orders.csv"),
        ("orders.2024", "orders.2024.csv"),
        ("orders.csv.json", "orders.csv.csv"),
        ("Bestellungen für Köln", "Bestellungen für Köln.csv"),
        ('the "best" of', "the _best_ of.csv"),
        ("a/b\\c", "a_b_c.csv"),
        ("../../etc/passwd", "_.._etc_passwd.csv"),
        ("C:\\autoexec.bat", "C_autoexec.bat.csv"),
        (".htaccess", "htaccess.csv"),
        ("...", "download.csv"),
        ("", "download.csv"),
        (" ", "download.csv"),
        ("a\r\nSet-Cookie: b=c", "a_Set-Cookie_ b=c.csv"),
        ("tab\tand\0nul", "tab_and_nul.csv"),
        ("evil\u202evsc.exe", "evil_vsc.exe.csv"),
        ("lone \ud800 one", "lone _ one.csv"),
        ("日本", "日本.csv"),
        ("жар 🌻", "жар 🌻.csv"),
        ("100 %", "100 %.csv"),
    ],
)
def test_file_name(name: str, expected: str) -> None:
    """A name is kept as far as file systems take it, and ends in the suffix."""
    assert named(name) == expected


def test_file_keeps_a_suffix_of_its_format() -> None:
    """Of several suffixes, the view's name may have any; another format's goes."""
    assert named("orders.jsonl", "ndjson") == "orders.jsonl"
    assert named("orders.htm", "html") == "orders.htm"
    assert named("orders.htm", "csv") == "orders.csv"
    options = NDJSON(final_record=True)
    assert named("orders.jsonl", "ndjson", options) == "orders.jsonl"


@pytest.mark.parametrize("letter", ["x", "ü", "日", "🌻"])
def test_long_name_is_cut(letter: str) -> None:
    """No file system refuses a name for its length, and no letter is torn."""
    for length in (50, 100, 235, 240, 300, 5000):
        name = named(letter * length, "json-seq")
        assert len(name.encode()) <= 255
        assert name.removesuffix(".json-seq").strip(letter) == ""
    assert len(name.encode()) > 200


ANY_NAME = strategies.one_of(
    strategies.text(),
    strategies.text(alphabet='ab./\\"%; ~-\r\n\0\x85\u2028\u202e\ud800ü日🌻'),
    # Signs that become others where compatibility counts: a full-width "/", a "⅓".
    strategies.text(alphabet="a\uff0f\uff3c\uff1a\uff02\uff05\u2024\u2026\u2100\u2153"),
)


@given(name=ANY_NAME, suffix=strategies.sampled_from(["csv", "json-seq", "htm"]))
@example("..\u2028/", "csv")
def test_file_name_of_anything(name: str, suffix: str) -> None:
    """Whatever a view names its file, it is one file, in no other folder, seen."""
    safe = named(name, suffix)
    assert safe.lower().endswith(f".{suffix}")
    assert PurePosixPath(safe).name == PureWindowsPath(safe).name == safe
    assert not safe.startswith((".", " "))
    assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in safe)
    assert len(safe.splitlines()) == 1
    assert named(safe, suffix) == safe


def sent_name(header: str) -> str:
    """Return the name in a header as a client that knows RFC 8187 reads it."""
    found = re.search(r"filename\*=UTF-8''([A-Za-z0-9!#$&+.^_`|~%-]+)$", header)
    plain = Message()
    plain["Content-Disposition"] = header.partition("; filename*=")[0]
    return unquote(found[1], errors="strict") if found else str(plain.get_filename())


@given(name=ANY_NAME)
@example("\u2100")
@example("\uff02; filename=\uff02b")
def test_disposition_reads_back(name: str) -> None:
    """Of any name, the header gives a client the whole, and an old one a safe part."""
    safe = named(name)
    header = content_disposition(safe, attachment=True)
    assert header.encode("latin-1").isascii()
    assert not re.search(r"[\x00-\x1f\x7f]", header)
    kind, options = parse_options_header(header)
    assert (kind, options) == ("attachment", {"filename": safe})
    assert sent_name(header) == safe


@given(name=ANY_NAME)
@example("\u2100")
@example("\u2024\u2024\uff0fpasswd")
@example("\u2026")
@example("a\uff1ab\uff1f\uff0a")
def test_plain_name_is_safe_too(name: str) -> None:
    """A client that only knows ASCII gets a name that leaves its folder no more."""
    header = content_disposition(named(name), attachment=True)
    plain = header.removeprefix('attachment; filename="').partition('"')[0]
    assert PurePosixPath(plain).name == PureWindowsPath(plain).name == plain
    assert plain.endswith(".csv")
    assert not plain.startswith((".", " "))
    assert not set(plain) & set('<>:"/\\|?*%')


def test_disposition_of_a_plain_name_is_short() -> None:
    """A name that all clients can read is sent once."""
    assert content_disposition("a b.csv", attachment=True) == (
        'attachment; filename="a b.csv"'
    )


def test_disposition_of_another_name_has_both_forms() -> None:
    """A name beyond ASCII is sent as near as ASCII comes, and as it is."""
    assert content_disposition("Köln.csv", attachment=True) == (
        "attachment; filename=\"Koln.csv\"; filename*=UTF-8''K%C3%B6ln.csv"
    )
    assert content_disposition("日本.csv", attachment=True) == (
        "attachment; filename=\"download.csv\"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.csv"
    )


def test_disposition_of_what_is_to_be_shown() -> None:
    """A response to be shown still has a name, for who saves it."""
    assert content_disposition("a.html", attachment=False) == (
        'inline; filename="a.html"'
    )


# The content coding

OFFERED = ("zstd", "br", "gzip")


@pytest.mark.parametrize(
    ("accept", "coding"),
    [
        # As browsers and clients send it.
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate", "gzip"),
        ("", "identity"),
        ("identity", "identity"),
        ("deflate", "identity"),
        ("GZIP", "gzip"),
        ("x-gzip", "gzip"),
        # Weights.
        ("zstd;q=0.5, br;q=0.8, gzip;q=0.8", "br"),
        ("gzip;q=1.0, identity;q=0.5, *;q=0", "gzip"),
        ("gzip;q=0.1", "gzip"),
        ("gzip;q=0.1, identity;q=0.5", "identity"),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("zstd;q=0, br;q=0, gzip", "gzip"),
        ("gzip;q=0", "identity"),
        # The rest.
        ("*", "zstd"),
        ("*;q=0.1", "zstd"),
        ("zstd;q=0, *", "br"),
        ("gzip, *;q=0.5", "gzip"),
        ("*;q=0, identity", "identity"),
        ("*;q=0.2, identity", "identity"),
        # Nothing that there is.
        ("identity;q=0", None),
        ("*;q=0", None),
        ("deflate, identity;q=0", None),
        ("gzip;q=0, br;q=0, zstd;q=0, identity;q=0", None),
        ("identity;q=0, *", "zstd"),
        ("identity;q=0, gzip;q=0.1", "gzip"),
    ],
)
def test_coding_is_the_one_that_the_client_likes_best(
    accept: str, coding: str | None
) -> None:
    """Weights come first, then our own order; the bytes as they are come last."""
    assert choose_coding(parse_accept_header(accept), OFFERED) == coding


def test_coding_that_is_not_offered_is_not_chosen() -> None:
    """Only what the application offers, in its order, is chosen."""
    accept = parse_accept_header("gzip, br, zstd")
    assert choose_coding(accept, ["gzip", "br"]) == "gzip"
    assert choose_coding(accept, []) == "identity"


@given(
    strategies.dictionaries(
        strategies.sampled_from([*OFFERED, "identity", "*", "deflate"]),
        strategies.sampled_from([0, 0.001, 0.5, 1]),
    )
)
def test_coding_is_never_one_that_the_client_refuses(weights: dict[str, float]) -> None:
    """What is chosen has a weight above 0, by its name or by the asterisk."""
    coding = choose_coding(list(weights.items()), OFFERED)
    if coding is None:
        assert weights.get("identity", weights.get("*")) == 0
    elif coding != "identity":
        weight = weights.get(coding, weights.get("*", 0))
        assert weight > 0
        assert all(weight >= weights.get(other, 0) for other in [*OFFERED, "identity"])
