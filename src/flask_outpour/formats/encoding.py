"""Text enters; its bytes leave, in the encoding that a file is to have."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from collections.abc import Sequence

from ..errors import ConfigurationError
from ..errors import RowError
from .columns import Writer
from .values import Texts

#: Those of Unicode, whose byte order mark spreadsheets know.
_UNICODE = re.compile(r"utf-(?:7|8|(?:16|32)(?:-[bl]e)?)")
#: What has a byte order mark before it, in Python too, and how the rest is encoded;
#: the order of the bytes is that of most machines, on all of them.
_MARKED = {"utf-8-sig": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
#: Python's encodings of other things than files.
_UNFIT = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "unicode-escape"}
)
#: Handlers that write bytes which the encoding does not have.
_UNSOUND = frozenset({"surrogateescape", "surrogatepass"})
#: Where IANA's list of character sets has a name that does not follow from Python's.
_CHARSETS = {
    **{"ascii": "us-ascii", "big5hkscs": "big5-hkscs", "cp932": "windows-31j"},
    **{"hz": "hz-gb-2312", "kz1048": "kz-1048", "mac-roman": "macintosh"},
    **{name: name for name in ("cp949", "cp950", "shift_jis", "shift_jis_2004")},
}
#: What ISO 2022 switches the letters with.
_SWITCHES = "\x0e\x0f\x1b"
#: Between texts. A NUL would not do: Python's encodings of 2004 lose it behind kana.
_SEAM = "\n"
_ASCII = "".join(map(chr, range(128)))


class Encoding:
    """How the text of a file becomes bytes.

    :param name: an encoding, by one of the names that Python has for it.
    :param errors: what becomes of a letter that the encoding lacks, as ``str.encode``
        takes it.
    :raises ConfigurationError: for names of nothing that could write a file.
    """

    def __init__(self, name: str, errors: str) -> None:
        codec = _codec(name)
        self._name = name
        self._codec = _MARKED.get(codec, codec)
        self._errors = _handler(errors)
        #: Whether a byte order mark comes first in any case.
        self.is_marked = codec in _MARKED
        #: Whether spreadsheets know its byte order mark.
        self.is_unicode = bool(_UNICODE.fullmatch(self._codec))
        #: Whether it has all letters, and so a byte order mark, too.
        self.is_universal = self.is_unicode or codec == "gb18030"
        #: Its name in a Content-Type, or ``None`` for UTF-8.
        self.charset = None if self._codec == "utf-8" else _charset(codec)
        self._switches = _SWITCHES if codec.startswith("iso2022") else ""
        self._keeps_ascii = not self._switches and self.keeps(_ASCII)
        #: Whether it alters texts, or refuses what UTF-8 does not.
        self.settles = errors != "strict" or not self.is_universal

    def after(self, writer: Writer) -> Writer:
        """Return a writer of what is left of another one's texts in the encoding."""
        if not self.settles:
            return writer
        return lambda values: self.settled(writer(values))

    def settled(self, texts: Texts) -> Texts:
        """Return texts as a reader of the encoding will have them.

        This comes before any quotes: what is written in place of a letter may have to
        be quoted, and a letter that is left out may uncover a formula.

        :raises ValueError: for a letter that the encoding lacks, if that is an error.
        """
        if not self.settles:
            return texts
        joined = _SEAM.join(texts)
        if self._keeps_ascii and joined.isascii():
            return texts
        parts = self._settled(joined).split(_SEAM)
        if len(parts) == len(texts):
            return parts
        # A text has the seam in it.
        return list(map(self._settled, texts))

    def settled_names(self, columns: Sequence[str]) -> Sequence[str]:
        """Return names of columns as a reader of the encoding will have them.

        :raises RowError: for one that the encoding cannot write.
        """
        try:
            return self.settled(columns)
        except ValueError as error:
            raise RowError(
                f"The name of a column cannot be written: {error}. Give the column"
                " another name in the query, or in columns=."
            ) from error

    def _settled(self, text: str) -> str:
        try:
            for switch in self._switches:
                text = self._without(switch, text)
            return text.encode(self._codec, self._errors).decode(self._codec)
        except UnicodeEncodeError as error:
            letter = error.object[error.start]
            raise ValueError(
                f"{self._name} has no {letter!r} (U+{ord(letter):04X}), for which"
                ' errors="replace" would write "?"'
            ) from error

    def _without(self, switch: str, text: str) -> str:
        """Return text with what the handler of errors gives in place of a letter."""
        place = text.find(switch)
        if place < 0:
            return text
        instead = codecs.lookup_error(self._errors)
        error = UnicodeEncodeError(self._codec, text, place, place + 1, "a switch")
        return text.replace(switch, str(instead(error)[0]))

    def keeps(self, text: str) -> bool:
        """Whether text comes back from the encoding as it was."""
        try:
            return text.encode(self._codec).decode(self._codec) == text
        except UnicodeError:
            return False

    def encoder(self) -> Callable[[bytes, bool], bytes] | None:
        """Return what turns UTF-8 into the encoding, piece by piece, or ``None``.

        It is told whether a piece is the last one.
        """
        if self.charset is None:
            return None
        encode = codecs.getincrementalencoder(self._codec)(self._errors).encode
        return lambda text, final: encode(text.decode(), final)


def _codec(name: object) -> str:
    """Return Python's own name of an encoding."""
    try:
        "".encode(name)  # type: ignore[arg-type]
        codecs.getincrementalencoder(name)  # type: ignore[arg-type]
        codec = codecs.lookup(name).name  # type: ignore[arg-type]
    except (LookupError, TypeError, ValueError):
        codec = ""
    if not codec or codec in _UNFIT:
        raise ConfigurationError(
            "encoding= takes the name of an encoding of text that Python knows, such"
            f' as "utf-8", "utf-16" or "cp1252", but it is {name!r}.'
        )
    return codec


def _handler(errors: object) -> str:
    """Check what becomes of letters that an encoding lacks."""
    try:
        codecs.lookup_error(errors)  # type: ignore[arg-type]
        known = errors not in _UNSOUND
    except (LookupError, TypeError, ValueError):
        known = False
    if not known:
        raise ConfigurationError(
            'errors= takes "strict", "replace", "ignore", "backslashreplace",'
            ' "xmlcharrefreplace", "namereplace", or what codecs.register_error() was'
            f" given, but it is {errors!r}."
        )
    return str(errors)


def _charset(codec: str) -> str:
    if codec in _CHARSETS:
        return _CHARSETS[codec]
    name = codec.replace("_", "-")
    name = re.sub(r"^iso(2022|8859)", r"iso-\1", name)
    name = re.sub(r"^cp(125\d|874)", r"windows-\1", name)
    name = re.sub(r"^cp(\d)", r"ibm\1", name)
    return re.sub(r"^(utf-\d+)-", r"\1", name)
