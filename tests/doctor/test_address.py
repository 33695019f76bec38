"""Tests of addresses: what is asked, and what may be shown."""

from __future__ import annotations

import pytest

from flask_outpour.doctor.errors import DoctorError
from flask_outpour.doctor.site.address import Address


def test_what_is_shown_holds_no_secret() -> None:
    """User, password and the values of the query stay inside."""
    address = Address.of("https://ann:s3cret@shop.example:8443/a b?key=s3cret#s3cret")
    assert address.shown == "https://shop.example:8443/a%20b?…"
    assert address.target == "/a%20b?key=s3cret"
    assert address.authorization == "Basic YW5uOnMzY3JldA=="


def test_a_password_with_signs() -> None:
    """What is percent-encoded in the URL is itself in the header."""
    address = Address.of("http://ann:p%40ss@shop.example")
    assert address.authorization == "Basic YW5uOnBAc3M="
    assert address.path == "/"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("http://bücher.example", "http://xn--bcher-kva.example/"),
        ("HTTPS://SHOP.example", "https://shop.example/"),
    ],
)
def test_hosts(url: str, shown: str) -> None:
    """Addresses of IPv6 and names beyond ASCII are hosts, too."""
    assert Address.of(url).shown == shown


@pytest.mark.parametrize(
    "url",
    ["", "shop.example", "ftp://s3cret@shop", "http://", "http://a:s3cret@b:x", "//x"],
)
def test_what_is_no_address(url: str) -> None:
    """The message says what is one, and does not repeat a password."""
    with pytest.raises(DoctorError, match="Give it whole") as raised:
        Address.of(url)
    assert "s3cret" not in raised.value.message


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/login?next=s3cret", "https://shop.example/login?…"),
        ("https://a:s3cret@other.example/", "https://other.example/"),
        ("mailto:s3cret", "elsewhere"),
    ],
)
def test_where_a_redirect_leads(location: str, shown: str) -> None:
    """A place is named whole, without what may be secret."""
    assert Address.of("https://shop.example/x").place_of(location) == shown
