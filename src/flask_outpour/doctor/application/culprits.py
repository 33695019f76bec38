"""A layer and what is wrong with it enter; why that hurts and the cure leave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from types import CodeType
from types import FunctionType
from typing import Any

from flask import Flask

from ..findings import Kind
from ..findings import Place

WHY: dict[Kind, str] = {
    "around-outpour": "Streams are sent as plain Flask sends them: item by item, and"
    " without what else Outpour does.",
    "holds-back": "A reader waits for items that the view has produced already.",
    "joins": "Nothing reaches a reader before the view has ended, and the server"
    " holds the whole response in memory.",
    "changes-length": "A client gets fewer bytes than it was told, more, or not those"
    " that the view sent: files break, or the connection hangs.",
    "loses-close": "When a client leaves, what the view has opened stays open:"
    " cursors, files and contexts, until they are collected as garbage, if ever.",
    "swallows-error": "A stream that failed looks complete, and nobody learns that"
    " rows are missing.",
    "double-compression": "Two compressors cost time twice; where both compress the"
    " same bytes, a client cannot read them.",
    "caches": "A cache holds the whole response in memory, sends it when it is"
    " complete, and gives it to others later.",
}


@dataclass(frozen=True, slots=True)
class Cure:
    """What to do, and the lines that do it."""

    text: str
    lines: dict[str, str] = field(default_factory=dict)


#: By the beginning of a layer's name; the longest that fits is taken.
KNOWN: dict[str, Cure] = {
    "werkzeug.middleware.profiler.ProfilerMiddleware": Cure(
        "Werkzeug's profiler reads each response to its end; put it around the"
        " application only while you profile.",
        {
            "python": 'if os.environ.get("PROFILE"):\n'
            "    app.wsgi_app = ProfilerMiddleware(app.wsgi_app)"
        },
    ),
    "werkzeug.debug.DebuggedApplication": Cure(
        "Werkzeug's debugger is for development only: run the application without"
        " --debug, and without this layer, in production.",
    ),
    "flask_debugtoolbar.": Cure(
        "Flask-DebugToolbar reads each HTML page to put its bar in; turn it off where"
        " pages are streamed, and always in production.",
        {"python": 'app.config["DEBUG_TB_ENABLED"] = False'},
    ),
    "flask_compress.": Cure(
        "Flask-Compress does not flush its compressors; keep it from streams, and let"
        " Outpour compress those.",
        {
            "python": 'app.config["COMPRESS_STREAMS"] = False\n'
            'app.config["OUTPOUR_COMPRESS"] = True'
        },
    ),
    "flask_caching.": Cure(
        "Flask-Caching stores whole responses; do not cache views that stream.",
    ),
}

_GENERATOR = """\
class Middleware:
    def __call__(self, environ, start_response):
        response = self.app(environ, start_response)
        try:
            yield from response
        finally:
            if hasattr(response, "close"):
                response.close()"""

#: Of a compressor that is not known.
FLUSH = Cure(
    "{name} must flush its compressor with each item, as OUTPOUR_COMPRESS does.",
    {"python": "yield compressor.compress(item) + compressor.flush(zlib.Z_SYNC_FLUSH)"},
)

#: Of any other layer, by what is wrong and what the layer is.
GENERAL: dict[tuple[Kind, str], Cure] = {
    ("holds-back", "middleware"): Cure(
        "{name} must give each item on before it asks for the next one.",
        {"python": _GENERATOR},
    ),
    ("joins", "middleware"): Cure(
        "{name} must return the iterable that it got, or give its items on one by one.",
        {"python": _GENERATOR},
    ),
    ("changes-length", "middleware"): Cure(
        "{name} must not touch the bytes of a stream; where it has to, it removes the"
        " Content-Length, and where it has not, it leaves that alone.",
    ),
    ("loses-close", "middleware"): Cure(
        "{name} must call close() of the iterable that it got, in its own close().",
        {"python": _GENERATOR},
    ),
    ("swallows-error", "middleware"): Cure(
        "{name} must let an error of the iterable pass: raise again whatever it"
        " catches, so that the server cuts the connection.",
    ),
    ("double-compression", "middleware"): Cure(
        "Let one compress: take {name} out, or turn Outpour's compression off.",
        {"python": 'app.config["OUTPOUR_COMPRESS"] = False'},
    ),
    ("caches", "middleware"): Cure(
        "Let {name} pass responses that stream, or those of their paths, uncached.",
    ),
    ("joins", "view"): Cure(
        "Look for a function that a before_request function gives to"
        " after_this_request, and that reads the response: it must return it at once"
        " when response.is_streamed.",
        {"python": "if response.is_streamed:\n    return response"},
    ),
    ("holds-back", "after_request"): Cure(
        "{name} must leave a streamed response's items alone: return it at once when"
        " response.is_streamed.",
        {"python": "if response.is_streamed:\n    return response"},
    ),
    ("joins", "after_request"): Cure(
        "{name} must not read a streamed response: return it at once when"
        " response.is_streamed, before response.data, get_data() or set_data().",
        {"python": "if response.is_streamed:\n    return response"},
    ),
    ("loses-close", "after_request"): Cure(
        "{name} puts something else in the response's place: change the response that"
        " it gets, or close it with the new one.",
        {"python": "new.call_on_close(response.close)"},
    ),
}


def cure_of_detour(name: str, variable: str | None = None) -> Cure:
    """Return what to do about what leads around Outpour.

    :param name: of the layer, or of the type that it is.
    :param variable: that holds it.
    """
    if name.startswith("connexion.") and variable is not None:
        return Cure(
            "Connexion takes the wsgi_app of its application when it is made. Give it"
            " the one that has Outpour, before other WSGI middleware.",
            {
                "python": f"Outpour({variable}.app)\n{variable}.add_wsgi_middleware("
                f"lambda wsgi_app: {variable}.app.wsgi_app)"
            },
        )
    taken = f"makes {variable}" if variable else "takes app.wsgi_app"
    return Cure(
        "Call Outpour(app) before anything takes app.wsgi_app; what wraps it, and what"
        " the server runs, is made afterwards.",
        {"python": f"Outpour(app)  # above the line that {taken}"},
    )


def cure_for(kind: Kind, place: Place, target: Any, *, coded: bool = False) -> Cure:
    """Return what to do about a layer.

    :param coded: whether only bodies in a content coding show what is wrong.
    """
    if kind == "around-outpour":
        return cure_of_detour(place.name)
    names = [known for known in KNOWN if place.name.startswith(known)]
    if names:
        return KNOWN[max(names, key=len)]
    if coded and kind in ("joins", "holds-back"):
        return Cure(FLUSH.text.format(name=place.name), FLUSH.lines)
    general = next(
        GENERAL[kind, role]
        for role in (place.role, "after_request", "middleware")
        if (kind, role) in GENERAL
        and (role != "after_request" or place.role != "middleware")
    )
    return Cure(
        general.text.format(name=place.name) + _hint(kind, target), general.lines
    )


def _hint(kind: Kind, target: Any) -> str:
    """Name what the layer's code calls that reads everything."""
    if kind != "joins" or isinstance(target, Flask):
        return ""
    names = {name for code in _codes(target) for name in code.co_names}
    reads = [
        text
        for name, text in (
            ("list", "list()"),
            ("join", 'b"".join()'),
            ("get_data", "get_data()"),
            ("data", "response.data"),
        )
        if name in names
    ]
    return f" Its code has {' and '.join(reads)}." if reads else ""


def _codes(target: Any) -> Iterator[CodeType]:
    function = getattr(target, "__func__", target)
    if isinstance(function, FunctionType):
        yield from nested(function.__code__)
        return
    for part in vars(type(target)).values():
        if isinstance(part, FunctionType):
            yield from nested(part.__code__)


def nested(code: CodeType) -> Iterator[CodeType]:
    """Yield a code object and those of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)
