"""What the application of the matrix gives, as its clients know it."""

from __future__ import annotations

#: Where a server imports it from.
TARGET = "apps.matrix:application"

#: The whole of ``/rows``, and what ``/fails-after`` has before it fails.
ROWS = b"row 1\nrow 2\nrow 3\n"

#: How ``/fails-before`` fails: the status, and words of the page.
FAILURES = {
    "exception": (500, b"Internal Server Error"),
    "abort": (403, b"Forbidden"),
    "redirect": (302, b"Redirecting"),
    "handled": (409, b"<h1>Sold out</h1>"),
}
