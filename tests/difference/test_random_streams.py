"""Random generators, by a faithful driver: plain Flask is the reference."""

from __future__ import annotations

from hypothesis import assume
from hypothesis import event
from hypothesis import given
from hypothesis import HealthCheck
from hypothesis import settings
from werkzeug.test import create_environ

from difference.driver import Driver
from difference.driver import Sent
from difference.expected import page
from difference.random_streams import Diary
from difference.random_streams import make_app
from difference.random_streams import Script
from difference.random_streams import scripts

#: What an error of plain Flask's is with the line.
NAMES = {
    "SystemExit": "StreamInterrupted",
    "Stop": "StreamInterrupted",
    "a chunk": "ItemError",
}
#: What the application answers to an error before the first byte, unless with 500.
PAGES = {
    "NotFound": ("404 NOT FOUND", page(404)),
    "SoldOut": ("409 CONFLICT", b"sold out"),
}

often = settings(
    max_examples=700,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def play(
    script: Script, outpour: bool, leaves: int | None = None
) -> tuple[Sent, Diary]:
    """Serve a script, plain or with the line, and return what was sent and noted."""
    diary = Diary()
    app = make_app(script, diary, outpour)
    environ = create_environ("/", method=script.method)
    return Driver(leaves).serve(app, environ), diary


def name_of(error: BaseException) -> str:
    """Return the name that an error of plain Flask's has with the line."""
    name = type(error).__name__
    if isinstance(error, TypeError) and str(error).startswith("a chunk"):
        name = "a chunk"
    return NAMES.get(name, name)


def of_the_source(script: Script, notes: list[str]) -> list[str]:
    """Return the notes that are to be equal.

    ``stream_with_context`` of ours tears down once, where Flask's does twice.
    """
    return [n for n in notes if n != "teardown" or script.context != "ours"]


@often
@given(scripts())
def test_a_stream_is_plain_flasks(script: Script) -> None:
    """Whatever a generator does: the same bytes, status, fields, and order of notes.

    What fails before its first byte has the page of its error instead.
    """
    (plain, said), (served, noted) = play(script, False), play(script, True)
    in_view = script.fails_in_the_view
    # The catalogue has an entry for these.
    assume(not in_view or isinstance(plain.error, Exception))
    if plain.error is None:
        event("whole")
        assert (served, noted.logs) == (plain, [])
        assert of_the_source(script, noted.notes) == of_the_source(script, said.notes)
        if script.context == "ours":
            ends = [n for n in noted.notes if n in ("closes", "teardown")]
            assert ends in (["teardown"], ["closes", "teardown"])
    elif not in_view and (plain.body or script.mimetype == "text/event-stream"):
        event("breaks off")
        check_cut(script, plain, served, noted)
    else:
        event("fails before its first byte")
        check_page(plain, served, noted)
    steps = [note for note in said.notes if note.startswith("step")]
    assert [note for note in noted.notes if note.startswith("step")] == steps
    assert noted.notes.count("closes") == said.notes.count("closes")


def check_cut(script: Script, plain: Sent, served: Sent, noted: Diary) -> None:
    """What was produced is sent, then the server gets the error, which is logged."""
    assert plain.error is not None and served.error is not None
    name = name_of(plain.error)
    assert type(served.error).__name__ == name
    assert noted.logs == [name]
    head = (plain.status, plain.headers, plain.body)
    assert (served.status, served.headers, served.body) == head
    assert noted.notes.count("response closes") == 1


def check_page(plain: Sent, served: Sent, noted: Diary) -> None:
    """The error has the page that it would have in the view, and is logged there."""
    assert plain.error is not None
    name = name_of(plain.error)
    status, body = PAGES.get(name, ("500 INTERNAL SERVER ERROR", page(500)))
    assert (served.status, served.body, served.error) == (status, body, None)
    assert "X-View" not in dict(served.headers)
    assert noted.logs == ([] if name in PAGES else [name])


@often
@given(scripts())
def test_a_client_that_leaves_closes_what_plain_flask_closes(script: Script) -> None:
    """The first bytes are plain Flask's, and all is closed once, in the same order."""
    (plain, said), (served, noted) = play(script, False), play(script, True, leaves=2)
    assert noted.notes.count("closes") == said.notes.count("closes")
    if script.context == "ours" and script.method == "GET":
        ends = [note for note in noted.notes if note in ("closes", "teardown")]
        assert ends in (["teardown"], ["closes", "teardown"])
    if plain.error is None:
        assert served.error is None
        assert plain.body.startswith(served.body)
        closings = [note for note in noted.notes if note.endswith("closes")]
        assert closings == [note for note in said.notes if note.endswith("closes")]
