"""An application enters; its layers leave, which can be driven one by one."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from contextlib import contextmanager
from contextlib import nullcontext
from dataclasses import dataclass
from dataclasses import replace
from functools import cached_property
from itertools import chain
from secrets import token_hex
from typing import Any
from typing import TYPE_CHECKING

from flask import Flask
from flask import got_request_exception
from werkzeug.test import create_environ

from ...extension import attach_body
from ...extension import Entrance
from ..errors import DoctorError
from ..findings import Place
from .calls import Watcher
from .chain import Link
from .chain import links
from .drive import Passage
from .guest import replaced
from .places import is_flasks
from .places import place_of
from .places import raised
from .probe import Log
from .probe import Trial
from .references import References

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from _typeshed.wsgi import WSGIEnvironment

#: Paths of mounted applications that are tried, before the search is given up.
MOST_PREFIXES = 64
DISCOVERY = Trial("one request", items=1, pause=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What stands around the layers inside it; it is driven together with them."""

    place: Place
    #: The function or object that it is.
    target: Any
    call: Callable[..., Any]
    #: What to call it with.
    environ: Callable[[], WSGIEnvironment]
    #: The only ``after_request`` functions that run, in Flask's order of calling
    #: them; ``None`` for all.
    functions: tuple[Any, ...] | None = None

    @property
    def is_outpour(self) -> bool:
        """Whether this is Outpour itself."""
        return isinstance(self.target, Entrance)


class Course:
    """The way of a request to the probe, and the requests that are sent along it.

    :param base: the beginning of the paths that are the probe's.
    :raises DoctorError: when the probe is not reached.
    """

    def __init__(self, app: Flask, outermost: WSGIApplication) -> None:
        self._app = app
        self._outermost = outermost
        self._template: WSGIEnvironment = {}
        self.base = f"/outpour-doctor-{token_hex(8)}"
        #: Requests that were sent.
        self.requests = 0
        #: Whether the way leads through Outpour.
        self.served = False
        #: From the inside out.
        self.layers: list[Layer] = []
        #: ``after_request`` functions of single blueprints, each alone, with the name
        #: of its blueprint.
        self.of_blueprints: list[tuple[str, Layer]] = []

    def discover(self) -> None:
        """Find the way."""
        references = References(self._outermost, self._app)
        for environ in self._attempts(references):
            log = Log(DISCOVERY)
            watcher = Watcher(log)
            self.requests += 1
            with _failure_in(self._app) as answered:
                passage = watcher.watch(self._outermost, dict(environ))
            found = links(watcher.calls(), references)
            watcher.forget()
            if passage.sound:
                self.served = log.served
                self._template = environ
                self.layers = list(self._all_layers(found))
                return
            if not self.requests - 1:
                first = self._failure(passage, found, *answered)
        raise DoctorError(first)

    @property
    def is_named(self) -> bool:
        """whether the callable that the server runs was named."""
        return self._outermost is not self._app

    @cached_property
    def around(self) -> Layer:
        """What is around all layers that are seen, should it spoil what they do not."""
        outermost = self.layers[-1]
        place = Place(f"what stands around {outermost.place.name}")
        return replace(outermost, place=place, target=self._outermost)

    def send(
        self, trial: Trial, layer: Layer | None = None, number: int | None = None
    ) -> Passage:
        """Send a trial through a layer and those inside it, or through all.

        :param number: of a request whose path is to be asked for again.
        """
        self.requests += 1
        environ = dict(self._template) if layer is None else layer.environ()
        path, own = f"{self.base}/0", f"{self.base}/{number or self.requests}"
        for key, value in environ.items():
            if isinstance(value, str) and path in value:
                environ[key] = value.replace(path, own)
        environ["HTTP_ACCEPT"] = f"{trial.mimetype}, */*;q=0.5"
        environ.pop("HTTP_ACCEPT_ENCODING", None)
        if trial.accepts:
            environ["HTTP_ACCEPT_ENCODING"] = trial.accepts
        with self._only(layer):
            call = self._outermost if layer is None else layer.call
            watcher = Watcher(Log(trial))
            try:
                return watcher.watch(call, environ)
            finally:
                watcher.forget()

    def _only(self, layer: Layer | None) -> Any:
        if layer is None or layer.functions is None:
            return nullcontext()
        # Flask calls the last one first.
        functions: dict[Any, Any] = {None: list(reversed(layer.functions))}
        return replaced(self._app, "after_request_funcs", functions)

    def _attempts(self, references: References) -> Iterator[WSGIEnvironment]:
        config = self._app.config
        root = (config["APPLICATION_ROOT"] or "").rstrip("/")
        prefixes = dict.fromkeys(["", root, *references.prefixes])
        schemes = dict.fromkeys([config["PREFERRED_URL_SCHEME"], "https"])
        for prefix in list(prefixes)[:MOST_PREFIXES]:
            for scheme in schemes:
                environ = create_environ(
                    f"{prefix}{self.base}/0", f"{scheme}://{_host(self._app)}/"
                )
                yield {**environ, "REMOTE_ADDR": "127.0.0.1", **_AGENT}

    def _all_layers(self, found: list[Link]) -> Iterator[Layer]:
        if not found:
            raise DoctorError(
                "The probe was reached, but by no callable that can be seen. Name the"
                " callable that your server runs with --wsgi MODULE:NAME."
            )
        innermost, *others = found
        base = (innermost, innermost, innermost.environ)
        view = Place(_view_name(self._app), None, "view")
        yield Layer(view, self._app, *base[1:], ())
        functions: list[Any] = []
        for function in reversed(self._app.after_request_funcs.get(None, [])):
            functions.append(function)
            if function is not attach_body:
                place = _after_request(function)
                yield Layer(place, function, *base[1:], tuple(functions))
        for name, own in self._app.after_request_funcs.items():
            if name is not None:
                for function in reversed(own):
                    place = _after_request(function)
                    layer = Layer(place, function, *base[1:], (function,))
                    self.of_blueprints.append((name, layer))
        for link in chain(_unless_plain(innermost), others):
            yield Layer(_named(link), _target(link), link, link.environ)

    def _failure(
        self, passage: Passage, found: list[Link], answered: Exception | None = None
    ) -> str:
        """Say who answered the probe, and what.

        :param answered: what Flask has answered with a page.
        """
        if passage.log.reached:
            return _spoilt(passage, passage.error or answered)
        who = "The application"
        if found:
            place = _named(found[0])
            who = place.name + (f" ({place.where})" if place.where else "")
            if isinstance(found[0].owner, Flask):
                who = repr(found[0].owner)
        if passage.error is not None and not passage.status:
            what = f"raised {raised(passage.error)}"
        else:
            what = f"answered the probe with {passage.status or 'nothing'}"
            if location := passage.headers.get("location"):
                what += f", a redirect to {location.partition('?')[0]}"
        return (
            f"{who} {what}, so the view of the probe was not reached. Examine the"
            " application without this layer, or let it pass requests for paths that"
            f" begin with /outpour-doctor- on to {self._app!r}."
        )


_AGENT = {"HTTP_USER_AGENT": "outpour-doctor"}


@contextmanager
def _failure_in(app: Flask) -> Iterator[list[Exception]]:
    """Collect what the application answers with a page, as it logs nothing now."""
    answered: list[Exception] = []

    def failed(sender: Flask, exception: Exception, **_: Any) -> None:
        answered.append(exception)

    with got_request_exception.connected_to(failed, app):
        yield answered


def _spoilt(passage: Passage, error: BaseException | None) -> str:
    """Say what became of the answer of a probe that was reached."""
    why = "" if error is None else f": {raised(error)}"
    return (
        f"The view of the probe was reached, and the application made"
        f" {passage.status or 'no response'} of its answer{why}. Mend what runs after"
        " the views, and run the doctor again."
    )


def _host(app: Flask) -> str:
    trusted: Iterable[str] = app.config.get("TRUSTED_HOSTS") or ()
    name: str | None = app.config["SERVER_NAME"]
    if name is None:
        return next((host.lstrip(".") for host in trusted), "localhost")
    subdomain = app.url_map.default_subdomain
    return f"{subdomain}.{name}" if subdomain and app.subdomain_matching else name


def _view_name(app: Flask) -> str:
    return f"the views of {app.import_name}"


def _after_request(function: Any) -> Place:
    owner = getattr(function, "__self__", None)
    place = place_of(getattr(function, "__func__", function), owner)
    return Place(place.name, place.where, "after_request")


def _unless_plain(link: Link) -> list[Link]:
    """Return the innermost link, unless it is Flask's own and says nothing new."""
    return [] if is_flasks(link.function.__code__, "wsgi_app") else [link]


def _named(link: Link) -> Place:
    if isinstance(link.owner, Entrance):
        return Place("Outpour", None, "middleware")
    return link.place


def _target(link: Link) -> Any:
    return link.function if link.owner is None else link.owner
