"""Tests of CSV in other encodings than UTF-8: letters, marks, and what is lacking."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from typing import Any
from zipfile import ZipFile

import duckdb
import pandas
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from flask_outpour import CSV
from flask_outpour import RowError
from flask_outpour import stream_rows
from flask_outpour import stream_zip
from flask_outpour import ZipEntry
from flask_outpour.errors import ConfigurationError
from flask_outpour.formats import TSV
from flask_outpour.formats.streams import for_stream
from formats.reference import csv_bytes

UNICODE = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "gb18030")
OTHERS = (
    *("ascii", "latin-1", "cp1252", "cp1251", "koi8-r", "cp437", "mac-roman", "cp864"),
    *("cp037", "shift_jis", "cp932", "euc_jp", "iso2022_jp", "iso2022_kr", "gbk"),
    *("big5", "big5hkscs", "euc_kr", "johab", "shift_jis_2004"),
)
HANDLERS = ("replace", "ignore", "backslashreplace", "xmlcharrefreplace", "namereplace")
#: Without what ISO 2022 switches with, which a test of its own has.
letters = st.sampled_from("aZ0=+-@,;|\t\"'\n\r\\\0?&#~{}é߬ñł€漢かｱ한Ж£¥﷼🌻\ufeff\u200b.")
texts = st.text(letters, max_size=6) | st.sampled_from(["\\.", "=1+1", "", "¥."])


def written(format: CSV, columns: Sequence[str], *batches: Any) -> bytes:
    """Return all that a format writes."""
    chunks = [format.begin(columns), *map(format.feed, batches), format.finish()]
    return b"".join(chunks)


def as_read(text: str, encoding: str, errors: str) -> str:
    """Return what is left of a text in an encoding, as Python has it."""
    return text.encode(encoding, errors).decode(encoding)


@given(
    st.sampled_from([*UNICODE, *OTHERS]),
    st.sampled_from(HANDLERS),
    st.sampled_from(",;|?&\t"),
    st.lists(st.tuples(texts, texts), min_size=1, max_size=4),
    st.lists(st.tuples(texts, texts), min_size=1, max_size=4),
)
@settings(max_examples=400, deadline=None)
def test_csv_module_reads_what_is_left(
    encoding: str, errors: str, delimiter: str, first: Any, second: Any
) -> None:
    """Whatever takes a letter's place, each cell is one cell, in all encodings."""
    format = CSV(encoding=encoding, errors=errors, delimiter=delimiter)
    text = written(format, first[0], first, second).decode(encoding)
    read = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    expected = [first[0], *first, *second]
    assert read == [
        [as_read(cell, encoding, errors) for cell in row] for row in expected
    ]


@pytest.mark.parametrize("encoding", [*UNICODE, *OTHERS])
def test_bytes_are_those_of_the_text(encoding: str) -> None:
    """In batches there are the same bytes as in one piece, as Python encodes them."""
    known = [each for each in "é漢かж한a" if as_read(each, encoding, "ignore")]
    rows = [(each, f"{each};{known[0]}", 1.5, None, "", [each]) for each in known]
    columns = [*known[:1], *"bcdef"]
    whole = csv_bytes(columns, [*rows, *rows], delimiter=";").decode()
    made = written(CSV(encoding=encoding, delimiter=";"), columns, rows, rows)
    assert made == whole.encode(encoding)


def test_byte_order_marks() -> None:
    """A mark comes once and first, by itself, if asked for, or for Excel."""
    rows = [("é",)]
    mark = codecs.BOM_UTF16_LE
    for format in (
        CSV(encoding="utf-16"),
        CSV(encoding="UTF16", bom=True),
        CSV(encoding="utf-16-le", bom=True),
        CSV(encoding="utf_16_le", excel=True),
    ):
        made = written(format, ["ñ"], rows, rows)
        assert made == mark + "ñ\né\né\n".encode("utf-16-le")
        assert made.decode("utf-16") == "ñ\né\né\n"
    assert written(CSV(encoding="utf-16", header=False), ["ñ"]) == mark
    assert written(CSV(encoding="utf-16-le"), ["ñ"]) == "ñ\n".encode("utf-16-le")
    for encoding in ("utf-8-sig", "utf-32", "gb18030"):
        made = written(CSV(encoding=encoding, bom=True), ["ñ"], rows)
        assert made.decode("utf-8" if "8-" in encoding else encoding) in (
            "\ufeffñ\né\n",
            "ñ\né\n",
        )
    # There is none, so Excel's own code page is what it takes without.
    assert written(CSV(encoding="cp1252", excel=True), ["ñ"]) == b"\xf1\n"


@pytest.mark.parametrize("bom", [True, False])
def test_marks_that_cannot_be(bom: bool) -> None:
    """An encoding without a mark gets none, and one with it does not lose it."""
    match = "no byte order mark of" if bom else "begins with a byte order mark"
    for encoding in ("cp1252", "shift_jis") if bom else ("utf-16", "utf-8-sig"):
        with pytest.raises(ConfigurationError, match=match):
            CSV(encoding=encoding, bom=bom)


def test_letter_that_is_lacking() -> None:
    """It is an error that names row, column, letter and encoding, in any value."""
    for encoding, letter in (("cp1252", "ł"), ("latin1", "€"), ("ascii", "é")):
        for value in (f"a{letter}", [letter], {letter: 1}):
            format = CSV(encoding=encoding)
            format.begin(["id", "name"])
            format.feed([(1, "a")])
            with pytest.raises(RowError) as caught:
                format.feed([(2, "a"), (3, value), (4, letter)])
            assert (caught.value.row, caught.value.column) == (3, "name")
            for fact in (encoding, repr(letter), f"U+{ord(letter):04X}", "errors="):
                assert fact in str(caught.value)
            # What was refused has left no trace in the encoder.
            assert format.feed([(2, "a")]) == b"2,a\n"


def test_letter_that_a_name_has() -> None:
    """A column whose name cannot be written is an error that says why."""
    with pytest.raises(RowError, match=r"column cannot be .*: cp1252 has no 'ł'"):
        CSV(encoding="cp1252").begin(["a", "ł"])
    assert CSV(encoding="cp1252", errors="replace").begin(["a", "ł"]) == b"a,?\n"


def test_lone_surrogates() -> None:
    """UTF-8 lacks them, too, and has the same choice of what to do."""
    rows = [("a\ud800", 1)]
    for encoding in ("utf-8", "utf-16", "gb18030"):
        with pytest.raises(RowError, match="Row 1, column 'a'"):
            written(CSV(encoding=encoding), "ab", rows)
    assert written(CSV(errors="replace"), "ab", rows) == b"a,b\na?,1\n"
    assert written(CSV(errors="ignore"), ["a", "b\ud800"], rows) == b"a,b\na,1\n"


def test_guard_sees_what_is_left() -> None:
    """A letter that goes uncovers no formula, and no end of PostgreSQL's data."""
    format = CSV(encoding="cp1252", errors="ignore", escape_formulas=True)
    rows = [("ł=1+1", "ł@A1")]
    assert written(format, ["ł=a", "b"], rows) == b"'=a,b\n'=1+1,'@A1\n"
    format = CSV(encoding="cp1252", errors="ignore", header=False)
    assert written(format, "a", [("ł",), ("ł\\.",)]) == b'""\n"\\."\n'


def test_what_stands_for_a_letter_is_quoted() -> None:
    """The semicolon of ``&#322;`` and a question mark do not part a cell."""
    format = CSV(encoding="cp1252", errors="xmlcharrefreplace", delimiter=";")
    assert written(format, ["ł", "b"], [("ł", 1)]) == b'"&#322;";b\n"&#322;";1\n'
    format = CSV(encoding="ascii", errors="replace", delimiter="?")
    assert written(format, "ab", [("é", 1)]) == b'a?b\n"?"?1\n'


@pytest.mark.parametrize("encoding", ["iso2022_jp", "iso2022_kr", "iso2022_jp_2004"])
def test_switches_of_iso_2022(encoding: str) -> None:
    """A text cannot switch the letters of the cells after it."""
    for switch in "\x1b\x0e\x0f":
        with pytest.raises(RowError, match=f"Row 1, column 'a'.*{ord(switch):04X}"):
            written(CSV(encoding=encoding), "ab", [(f"{switch}$B", "b")])
        format = CSV(encoding=encoding, errors="replace", header=False)
        assert written(format, "ab", [(f"{switch}$B", "b")]).endswith(b"?$B,b\n")


def test_handlers_of_an_application() -> None:
    """What was registered with Python is an option, too."""
    codecs.register_error("tests.dash", lambda error: ("-;-", error.end))  # type: ignore[attr-defined]
    format = CSV(encoding="ascii", errors="tests.dash", delimiter=";", header=False)
    assert written(format, "ab", [("é", 1)]) == b'"-;-";1\n'


@pytest.mark.parametrize(
    "options",
    [
        *({"encoding": name} for name in ("", "x", "rot13", "base64", "idna", "\0")),
        *({"encoding": name} for name in ("unicode_escape", "undefined", None, 3)),
        *({"errors": name} for name in ("", "x", "surrogateescape", None, 3)),
        {"errors": "surrogatepass"},
        {"encoding": "cp864", "delimiter": "%"},
        {"dialect": "postgresql", "encoding": "cp1252"},
    ],
    ids=str,
)
def test_mistaken_options(options: dict[str, Any]) -> None:
    """What is no encoding of a file is refused, and the option named."""
    with pytest.raises(ConfigurationError, match=r"encod|errors="):
        CSV(**options)


@pytest.mark.parametrize(
    "encoding, charset",
    [
        *(("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("UTF_16", "utf-16")),
        *(("utf-16-le", "utf-16le"), ("cp1252", "windows-1252"), ("cp437", "ibm437")),
        *(("latin-1", "iso-8859-1"), ("iso8859-15", "iso-8859-15")),
        *(("ascii", "us-ascii"), ("sjis", "shift_jis"), ("cp932", "windows-31j")),
        *(("iso2022_jp", "iso-2022-jp"), ("euc_jp", "euc-jp"), ("gb18030", "gb18030")),
        *(("big5", "big5"), ("euc_kr", "euc-kr"), ("koi8_u", "koi8-u")),
    ],
)
def test_content_type(
    app: Flask, client: FlaskClient, encoding: str, charset: str
) -> None:
    """The response tells its encoding, by the name that IANA has for it."""
    names = {"csv": CSV(encoding=encoding), "tsv": TSV(encoding=encoding)}

    @app.get("/rows.<suffix>")
    def rows(suffix: str) -> Any:
        return stream_rows([{"a": 1}], formats=names.values())

    for suffix, kind in (("csv", "csv"), ("tsv", "tab-separated-values")):
        response = client.get(f"/rows.{suffix}")
        assert response.content_type == f"text/{kind}; charset={charset}"
        assert response.data.decode(encoding) == "a\n1\n"
        assert response.mimetype == f"text/{kind}"


def test_readers(tmp_path: Any) -> None:
    """pandas and DuckDB read what was written, told its encoding."""
    rows = [("é", 1.5), ("ß;ü", -2.0), ('"', 0.25)]
    path = tmp_path / "rows.csv"
    for encoding in ("cp1252", "utf-16", "latin-1", "iso8859-15"):
        path.write_bytes(written(CSV(encoding=encoding), ["ñ", "b"], rows))
        frame = pandas.read_csv(path, encoding=encoding)
        assert [*frame.columns] == ["ñ", "b"]
        assert [*frame.itertuples(index=False, name=None)] == rows
    for encoding, name in (("utf-16", "utf-16"), ("latin-1", "latin-1")):
        path.write_bytes(written(CSV(encoding=encoding), ["ñ", "b"], rows))
        table = duckdb.sql(f"FROM read_csv('{path}', encoding='{name}')")
        assert table.columns == ["ñ", "b"]
        assert table.fetchall() == rows


def test_streams_of_one_object_are_apart() -> None:
    """Each has its own encoder: a mark, and the state that it is in."""
    format = CSV(encoding="iso2022_kr")
    first, second = for_stream(format), for_stream(format)
    made = [first.begin(["한"]), second.begin(["한"])]
    for each in (first, second, second):
        made += [each.feed([("한",)])]
    texts = [made[0] + made[2] + first.finish(), made[1] + made[3] + second.finish()]
    assert texts == ["한\n한\n".encode("iso2022_kr")] * 2


def test_rows_before_one_that_cannot_be_written(app: Flask) -> None:
    """They are sent in the encoding, with its mark, before the stream is cut."""
    rows = [{"a": "é"}, {"a": "ß"}, {"a": "\ud800"}]
    app.add_url_rule("/", "rows", lambda: stream_rows(rows, CSV(encoding="utf-16")))
    sent = []
    with pytest.raises(RowError, match="Row 3, column 'a'"):
        sent.extend(app.test_client().get("/", buffered=False).response)
    assert b"".join(sent).decode("utf-16") == "a\né\nß\n"


def test_frames_and_archives(app: Flask, client: FlaskClient) -> None:
    """The encoding is that of frames, too, and of files in a ZIP archive."""
    frame = pandas.DataFrame({"ñ": ["é", None], "b": [1.5, -0.5]})
    format = CSV(encoding="utf-16", decimal=",", delimiter=";")
    app.add_url_rule("/frame", "frame", lambda: stream_rows(frame, format))
    entries = [ZipEntry("a.csv", frame, format=format)]
    app.add_url_rule("/zip", "zip", lambda: stream_zip(entries))
    expected = "ñ;b\né;1,5\n;-0,5\n"
    assert client.get("/frame").data.decode("utf-16") == expected
    with ZipFile(io.BytesIO(client.get("/zip").data)) as archive:
        assert archive.read("a.csv").decode("utf-16") == expected
