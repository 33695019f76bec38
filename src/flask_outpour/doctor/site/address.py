"""The URL of a site enters; where to ask, and what of it may be shown, leaves."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import quote
from urllib.parse import SplitResult
from urllib.parse import unquote
from urllib.parse import urljoin
from urllib.parse import urlsplit

from ..errors import DoctorError

_SAFE = "/%:@!$&'()*+,;=~?"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a site is, and what the URL said beyond that."""

    secure: bool
    host: str
    port: int | None
    path: str
    query: str
    #: The Authorization that the URL's user and password make.
    authorization: str | None

    @classmethod
    def of(cls, url: str) -> Address:
        """Read a URL.

        :raises DoctorError: when it is none of http or https. Its text is not
            repeated, since it may hold a password.
        """
        try:
            parts = urlsplit(url.strip())
            host, port = parts.hostname, parts.port
            host = host and (host if ":" in host else host.encode("idna").decode())
        except ValueError:
            parts, host, port = urlsplit(""), None, None
        if parts.scheme not in ("http", "https") or not host:
            raise DoctorError(
                "This is no address of a site. Give it whole, such as"
                " https://shop.example/ or http://127.0.0.1:8000/."
            )
        return cls(
            secure=parts.scheme == "https",
            host=host,
            port=port,
            path=quote(parts.path or "/", safe=_SAFE),
            query=quote(parts.query, safe=_SAFE),
            authorization=_authorization(parts),
        )

    @property
    def target(self) -> str:
        """What stands in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def shown(self) -> str:
        """The address without user, password and the values of its query."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        scheme = "https" if self.secure else "http"
        query = "?…" if self.query else ""
        return f"{scheme}://{host}{port}{self.path}{query}"

    def place_of(self, location: str) -> str:
        """Return where a redirect leads, without secrets."""
        try:
            return Address.of(urljoin(self.shown, location)).shown
        except (DoctorError, ValueError):
            return "elsewhere"


def _authorization(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {b64encode(pair.encode()).decode()}"
