"""Tests of the book that keeps what is logged in the thread of a request."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from threading import Thread

import pytest

from flask_outpour.demo.logbook import ENTRIES
from flask_outpour.demo.logbook import Logbook
from flask_outpour.demo.logbook import REQUESTS

LOGGER = logging.getLogger("flask_outpour.demo")


@pytest.fixture
def book() -> Iterator[Logbook]:
    """Return a book that listens until the end of the test."""
    book = Logbook()
    LOGGER.addFilter(book)
    yield book
    LOGGER.removeFilter(book)


def test_a_message_is_kept_with_its_error(book: Logbook) -> None:
    """An entry has who said what, and the last line of a traceback."""
    book.open("a")
    try:
        raise KeyError("amount")
    except KeyError:
        LOGGER.exception("Exception on %s", "/rows")
    (entry,) = book.take("a")
    assert entry == ("ERROR", LOGGER.name, "Exception on /rows", "KeyError: 'amount'")


def test_other_threads_are_left_alone(book: Logbook) -> None:
    """What another thread logs belongs to another request."""
    book.open("a")
    thread = Thread(target=LOGGER.error, args=["not mine"])
    thread.start()
    thread.join()
    assert book.take("a") == []


def test_a_book_that_nobody_reads_stays_small(book: Logbook) -> None:
    """Only the first entries of a request are kept."""
    book.open("a")
    for number in range(3 * ENTRIES):
        LOGGER.error("%d", number)
    assert [entry.message for entry in book.take("a")] == [
        str(number) for number in range(ENTRIES)
    ]


def test_requests_that_nobody_asks_for_are_forgotten(book: Logbook) -> None:
    """The oldest requests make place for new ones."""
    for number in range(REQUESTS + 1):
        book.open(str(number))
        LOGGER.error("%d", number)
    assert book.take("0") == []
    assert [entry.message for entry in book.take("1")] == ["1"]


def test_the_next_request_of_a_thread_begins_anew(book: Logbook) -> None:
    """What a thread logs later, for a request without a name, is not kept."""
    book.open("a")
    book.open(None)
    LOGGER.error("of another request")
    assert book.take("a") == []


def test_a_record_goes_where_it_went_before(
    book: Logbook, caplog: pytest.LogCaptureFixture
) -> None:
    """The book takes nothing away from the log."""
    book.open("a")
    LOGGER.error("seen by both")
    assert "seen by both" in caplog.text
