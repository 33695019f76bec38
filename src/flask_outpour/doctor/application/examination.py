"""A course enters; a report of what stops a stream on it, and who, leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ...configuration import Settings
from ...decode import CODINGS
from ...progress import Show
from ..findings import Finding
from ..findings import Kind
from ..findings import Report
from .caching import cached_streams
from .detours import detours
from .detours import is_on
from .detours import of_detour
from .detours import of_passage
from .drive import Passage
from .insides import suspects
from .layers import Course
from .layers import Layer
from .probe import Trial
from .symptoms import moments
from .symptoms import symptoms
from .verdicts import Blame
from .verdicts import finding_of
from .verdicts import listed
from .verdicts import of_cached_view

if TYPE_CHECKING:
    from flask import Flask

#: Seconds between items, where no time line is shown; and where layers that hold back
#: are asked again.
SHORT = 0.01
LONG = 0.04

PLAIN = Trial("plain text", judges_close=True)
TRIALS = (
    PLAIN,
    Trial("an HTML page", "text/html", pause=SHORT),
    Trial("an error after 3 items", items=5, pause=SHORT, fails_after=3),
    Trial("a client that leaves after 2 items", leaves_after=2, judges_close=True),
    Trial("a Content-Length", items=3, pause=0.0, declares=True),
)
HOLDING: set[Kind] = {"joins", "holds-back"}
CODED = Trial("compression", accepts=", ".join(CODINGS), pause=SHORT)
#: The trials, those of each coding, and then the cache and the blueprints.
STEPS = len(TRIALS) + len(CODINGS) + 2

#: What is said of trials in which nothing was found.
SOUND: dict[Trial, str] = {
    PLAIN: "items arrive as they leave",
    TRIALS[1]: "those of an HTML page too",
    TRIALS[2]: "an error cuts the response",
    TRIALS[3]: "a client that leaves closes what the view streams",
    TRIALS[4]: "the length stays what the view said",
}

#: The items in the search for the layer, once it is known that there is one.
FEWER = 4


class Examination:
    """Try everything, and name the first layer that spoils it."""

    def __init__(self, app: Flask, course: Course, show: Show) -> None:
        self._app = app
        self._course = course
        self._show = show
        self._step = 0
        self._found: dict[tuple[Kind, Layer], Blame] = {}
        #: What was asked twice.
        self._sure: set[tuple[Kind, Layer | None]] = set()
        layers = [layer.place for layer in course.layers]
        self.report = Report(f"The Flask application {app.name!r}", layers=layers)

    def run(self) -> None:
        """Fill the report."""
        self.report.findings += self._around_outpour()
        for trial in TRIALS:
            self._try(trial)
        self._try_codings()
        self._try_again()
        self._try_blueprints()
        self.report.findings += [
            finding_of(kind, layer, blame)
            for (kind, layer), blame in self._found.items()
        ]
        self.report.findings += [
            of_cached_view(endpoint, place)
            for endpoint, place in cached_streams(self._app)
        ]
        self.report.requests = self._course.requests

    def _around_outpour(self) -> list[Finding]:
        if not is_on(self._app):
            return []
        if not self._course.served:
            return [of_passage(self._app, self._course.layers)]
        if self._course.is_named:
            # What the server runs was named, and leads through Outpour.
            return []
        return list(map(of_detour, detours(self._app)))

    def _try(self, trial: Trial) -> Passage:
        self._begin(f"trying {trial.name}")
        passage = self._course.send(trial)
        if not self.report.moments:
            self.report.moments = moments(passage)
        wrong = self._confirmed(trial, symptoms(passage), None)
        if _is_broken(passage):
            self.report.unknown.append(self._broken(trial, passage))
        elif passage.sound and not wrong and trial in SOUND:
            self.report.sound.append(SOUND[trial])
        for kind, seen in wrong.items():
            self._blame(trial, kind, seen, passage)
        return passage

    def _begin(self, step: str) -> None:
        self._show(step, self._step / STEPS)
        self._step += 1

    def _confirmed(
        self, trial: Trial, wrong: dict[Kind, str], layer: Layer | None
    ) -> dict[Kind, str]:
        """Ask again, with longer pauses, whether items are held back.

        A layer with a thread of its own may just have been slow once.
        """
        doubtful = HOLDING & {*wrong} - {k for k, one in self._sure if one is layer}
        if not doubtful:
            return wrong
        slower = replace(trial, pause=LONG, judges_close=False)
        if HOLDING & {*symptoms(self._course.send(slower, layer))}:
            gone = set()
        else:
            gone = doubtful
        self._sure |= {(kind, layer) for kind in doubtful - gone}
        return {kind: seen for kind, seen in wrong.items() if kind not in gone}

    def _blame(self, trial: Trial, kind: Kind, seen: str, passage: Passage) -> None:
        layer = self._first_guilty(trial, kind) or self._course.around
        what = f"a body in {passage.coding}" if passage.coding else trial.name
        if blame := self._found.get((kind, layer)):
            blame.codings.append(passage.coding)
        else:
            if not self._found:
                self.report.moments = moments(passage)
            blame = Blame(f"With {what}: {seen}", [passage.coding])
            self._found[kind, layer] = blame

    def _first_guilty(self, trial: Trial, kind: Kind) -> Layer | None:
        """Return the first layer, from the inside out, that shows a symptom."""
        if kind in HOLDING:
            # A layer may pass on the first few, and hold back what comes then.
            trial = replace(trial, pause=SHORT, judges_close=False)
            quick = self._first_that_shows(replace(trial, items=FEWER), kind)
            return quick or self._first_that_shows(trial, kind)
        return self._first_that_shows(replace(trial, pause=0.0), kind)

    def _first_that_shows(self, trial: Trial, kind: Kind) -> Layer | None:
        layers = self._course.layers
        for known, layer in self._found:
            if known == kind and self._is_first(trial, kind, layer):
                return layer
        guilty = next((one for one in layers if self._shows(trial, kind, one)), None)
        if guilty is layers[0]:
            return self._inside(guilty, trial, kind)
        return guilty

    def _is_first(self, trial: Trial, kind: Kind, layer: Layer) -> bool:
        layers = self._course.layers
        if layer not in layers:
            return False
        place = layers.index(layer)
        if place and self._shows(trial, kind, layers[place - 1]):
            return False
        return self._shows(trial, kind, layer)

    def _shows(self, trial: Trial, kind: Kind, layer: Layer) -> bool:
        layers = self._course.layers
        where = f"layer {layers.index(layer) + 1} of {len(layers)}"
        self._show(f"trying {trial.name} on {where}", (self._step - 1) / STEPS)
        wrong = symptoms(self._course.send(trial, layer))
        if kind not in HOLDING:
            return kind in wrong
        # Fewer items may all be held to the end where more come in batches.
        return bool(HOLDING & {*self._confirmed(trial, wrong, layer)})

    def _inside(self, view: Layer, trial: Trial, kind: Kind) -> Layer:
        """Return what of the application's own is guilty, or its views."""
        for known, layer in self._found:
            if known == kind and layer.place.role == "application":
                return layer
        for place, target, without in suspects(self._app):
            with without():
                if not self._shows(trial, kind, view):
                    return replace(view, place=place, target=target)
        return view

    def _broken(self, trial: Trial, passage: Passage) -> str:
        what = f"the answer was {passage.status or 'empty'}"
        if passage.error is not None:
            what = f"{type(passage.error).__name__} was raised"
        layer = next(
            (
                layer
                for layer in self._course.layers
                if _is_broken(self._course.send(trial, layer))
            ),
            None,
        )
        by = f" by {layer.place.name}" if layer else ""
        return f"With {trial.name} {what}{by}, so this could not be judged."

    def _try_codings(self) -> None:
        passage = self._try(CODED)
        if not passage.coding:
            return
        flowing = []
        for coding in CODINGS:
            if coding != passage.coding:
                name = f"Accept-Encoding: {coding}"
                one = self._try(replace(CODED, name=name, accepts=coding))
            else:
                one = passage
            if one.coding and one.unreadable:
                self.report.unknown.append(
                    f"A body in {one.coding} could not be read here, so when its items"
                    " arrive is not known."
                )
            elif one.coding and not HOLDING & {*symptoms(one)}:
                flowing.append(coding)
        if flowing:
            self.report.sound.append(f"they do in {listed(flowing)} too")
        self._find_second_compressor()

    def _find_second_compressor(self) -> None:
        """Name who compresses where Outpour is told to."""
        if not any(layer.is_outpour for layer in self._course.layers):
            return
        if not Settings.from_config(self._app.config).codings:
            return
        for layer in self._course.layers:
            if coding := self._course.send(replace(CODED, items=2), layer).coding:
                if not layer.is_outpour:
                    seen = (
                        f"{layer.place.name} sends streams in {coding}, and"
                        " OUTPOUR_COMPRESS is on. Outpour leaves alone what is"
                        " compressed already."
                    )
                    self._found["double-compression", layer] = Blame(seen, [coding])
                return

    def _try_again(self) -> None:
        """Ask for the same path twice: a cache would answer the second time."""
        self._begin("asking twice")
        if not self._is_cached(None):
            return
        for layer in self._course.layers:
            if self._is_cached(layer):
                seen = "The second request for a path got the answer of the first."
                self._found["caches", layer] = Blame(seen, [""])
                return

    def _is_cached(self, layer: Layer | None) -> bool:
        trial = replace(PLAIN, items=2, pause=0.0, judges_close=False)
        number = self._course.requests + 1
        self._course.send(trial, layer)
        again = self._course.send(trial, layer, number)
        return not again.log.reached and again.status.startswith("200")

    def _try_blueprints(self) -> None:
        """Try the functions that run for the views of one blueprint alone."""
        self._begin("trying the blueprints")
        for name, layer in self._course.of_blueprints:
            for trial in TRIALS[:2]:
                wrong = symptoms(self._course.send(trial, layer))
                for kind, seen in self._confirmed(trial, wrong, layer).items():
                    where = f"{trial.name}, in the blueprint {name!r} alone"
                    blame = Blame(f"With {where}: {seen}", [""])
                    self._found.setdefault((kind, layer), blame)


def _is_broken(passage: Passage) -> bool:
    """Whether there is no answer to judge; a page of an error is one to an error."""
    if passage.log.trial.fails_after is not None:
        return not passage.log.reached
    return not passage.sound or passage.error is not None
