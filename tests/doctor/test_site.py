"""Tests of the doctor on running sites: real servers, nginx, and what is no site."""

from __future__ import annotations

import json
import re
import shutil
import ssl
import subprocess
import time
import zlib
from collections.abc import Callable
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.simple_server import make_server as make_old_server
from wsgiref.simple_server import WSGIRequestHandler

import pytest
from click import unstyle
from flask import Flask
from flask import redirect
from flask import request
from flask import Response
from outputs import without_figures
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.serving import make_server

from conftest import lack
from flask_outpour import Outpour
from flask_outpour.doctor.errors import DoctorError
from flask_outpour.doctor.findings import Report
from flask_outpour.doctor.report import as_json
from flask_outpour.doctor.report import as_text
from flask_outpour.doctor.site import examine_site
from flask_outpour.probe import path_of
from processes import missing_program
from processes import running
from processes import Server
from servers.expectations import Cut
from servers.expectations import Expectation
from servers.expectations import EXPECTATIONS
from servers.nginx import in_front_of
from servers.nginx import VERSIONS

TARGET = "apps.probed:app"
TOKEN = "0123456789abcdef" * 2
PAGE = Path(__file__).parents[2] / "docs" / "doctor.md"

#: So many examinations at a time leave the machine time enough to be prompt.
AT_A_TIME = 6

#: Servers whose threads, as tests/processes.py starts them, four streams fill.
FULL = {"bjoern", "uvicorn-asgiref", "uwsgi-http", "uwsgi-auto-chunked", "wsgiref"}

UNBUFFERED = "proxy_buffering off;"
GZIP = "gzip on; gzip_types text/plain; gzip_min_length 0;"
#: What nginx is told, and what the doctor then finds.
NGINX: dict[str, tuple[str, set[str]]] = {
    "1.0": (VERSIONS["1.0"], {"http-1.0", "held-to-the-end", "cut-unnoticed"}),
    "1.0 unbuffered": (VERSIONS["1.0"] + UNBUFFERED, {"http-1.0", "cut-unnoticed"}),
    "1.1": (VERSIONS["1.1"], set()),
    "1.1 unbuffered": (VERSIONS["1.1"] + UNBUFFERED, set()),
    "1.1 gzip": (VERSIONS["1.1"] + GZIP, {"held-to-the-end"}),
    "1.1 gzip unbuffered": (VERSIONS["1.1"] + GZIP + UNBUFFERED, set()),
}
#: The same without the token, for a view of the application.
UNPROBED: dict[str, tuple[str, set[str]]] = {
    "1.0": (VERSIONS["1.0"], {"held-to-the-end"}),
    "1.1": (VERSIONS["1.1"], set()),
    "1.1 gzip": (VERSIONS["1.1"] + GZIP, {"held-to-the-end"}),
}


def kinds(report: Report) -> set[str]:
    """Return what was found, as words for programs."""
    return {finding.kind for finding in report.findings}


def text_of(report: Report) -> str:
    """Return all that is said of a site, on one line."""
    return " ".join(unstyle(as_text(report)).split())


class Examinations:
    """Examinations that run in the background, some at a time."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._futures: dict[str, Future[Report]] = {}

    def begin(self, name: str, examine: Callable[[], Report]) -> None:
        """Begin one as soon as there is room for it."""
        self._futures[name] = self._pool.submit(examine)

    def __getitem__(self, name: str) -> Report:
        if name not in self._futures:
            lack(name, "pip install --group servers")
        return self._futures[name].result()


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    """Return the threads of all examinations."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        yield pool


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Return a function that makes folders for logs."""
    return lambda: tmp_path_factory.mktemp("site")


def examine_server(
    name: str, folder: Path, *options: str, path: str = "", token: str | None = TOKEN
) -> Report:
    """Run a server, and examine it."""
    with running(name, TARGET, folder, *options, PROBED_TOKEN=TOKEN) as server:
        return examine_site(server.url + path, token=token)


def examine_nginx(upstream: Server, lines: str, folder: Path, **how: Any) -> Report:
    """Run nginx in front of a server, and examine both."""
    path = how.pop("path", "")
    with in_front_of(upstream, lines, folder) as nginx:
        return examine_site(nginx.url + path, **how)


@pytest.fixture(scope="module")
def servers(pool: ThreadPoolExecutor, folder: Callable[[], Path]) -> Examinations:
    """Examine each server of the matrix."""
    examinations = Examinations(pool)
    for name in (expected.name for expected in EXPECTATIONS):
        if missing_program(name) is None:
            place = folder()
            examinations.begin(name, lambda n=name, p=place: examine_server(n, p))  # type: ignore[misc]
    return examinations


@pytest.fixture(scope="module")
def gthread(folder: Callable[[], Path]) -> Iterator[Server]:
    """Run gunicorn with threads for all examinations through nginx."""
    options = ("--threads", "64")
    with running(
        "gunicorn-gthread", TARGET, folder(), *options, PROBED_TOKEN=TOKEN
    ) as server:
        yield server


@pytest.fixture(scope="module")
def proxied(
    pool: ThreadPoolExecutor, folder: Callable[[], Path], gthread: Server
) -> Examinations:
    """Examine gunicorn through nginx, by the probe and without it."""
    examinations = Examinations(pool)

    def begin(name: str, lines: str, **how: Any) -> None:
        place = folder()
        examinations.begin(name, lambda: examine_nginx(gthread, lines, place, **how))

    for name, (lines, _) in NGINX.items():
        begin(name, lines, token=TOKEN)
    for name, (lines, _) in UNPROBED.items():
        begin(f"unprobed {name}", lines, path="/ticks?key=s3cret")
    return examinations


# The servers of the matrix


@pytest.mark.parametrize("expected", EXPECTATIONS, ids=lambda server: server.name)
def test_servers(servers: Examinations, expected: Expectation) -> None:
    """The doctor finds what the table of servers says, and no more."""
    report = servers[expected.name]
    assert kinds(report) == {
        *({"cut-unnoticed"} if expected.cut is Cut.LOOKS_COMPLETE else ()),
        *({"disconnect-unnoticed"} if not expected.stops else ()),
        *({"sync-worker"} if expected.name == "gunicorn-sync" else ()),
        *({"few-threads"} if expected.name in FULL else ()),
        *({"held-to-the-end"} if not expected.flows else ()),
    }
    assert ("items arrive as they leave" in report.sound) == expected.flows
    waits = [
        "It is not known what becomes of a stream that fails: No answer came in time."
    ]
    assert report.unknown == (waits if expected.cut is Cut.HANGS else [])
    assert report.requests <= 34 + 4


def test_what_is_said_of_a_sync_worker(servers: Examinations) -> None:
    """Its number, its timeout and the wait are named, with lines for gunicorn."""
    [finding] = servers["gunicorn-sync"].findings
    assert "1 sync worker with --timeout 30" in finding.seen
    assert "4 open streams, another request was not answered" in finding.seen
    assert "longer than 30 s is killed" in finding.why
    assert 'worker_class = "gthread"' in finding.lines["gunicorn"]


def test_what_is_said_of_uwsgi(servers: Examinations) -> None:
    """Its clean end and its threads are named, with lines that change them."""
    cut, threads = servers["uwsgi-http"].findings
    assert "uWSGI ends a response cleanly" in cut.seen
    assert "failed after 3 items" in cut.seen
    assert "uWSGI has 4 threads" in threads.seen
    assert threads.lines == {"uWSGI": "threads = 16"}


def test_what_is_said_of_hypercorn(servers: Examinations) -> None:
    """It is named as the one that runs on, with the bound that Outpour offers."""
    [finding] = servers["hypercorn"].findings
    assert finding.culprit == "hypercorn"
    assert "ran on to its end" in finding.seen
    assert "OUTPOUR_MAX_DURATION" in finding.lines["Flask"]


def test_several_processes(folder: Callable[[], Path]) -> None:
    """With several workers the one that knows of the visitor is found, or told of."""
    report = examine_server("gunicorn-gthread", folder(), "--workers", "3")
    assert kinds(report) == set()
    told = " ".join([*report.sound, *report.unknown])
    assert "source is closed when its client leaves" in told or "no process" in told


def test_an_answer_in_http_1_0(
    serve_old: Callable[[Any], str], probed: Callable[..., Flask]
) -> None:
    """A server that answers in HTTP/1.0 can show no cut, and is named for it."""
    report = examine_site(serve_old(probed()), token=TOKEN, streams=1)
    assert kinds(report) == {"cut-unnoticed", "few-threads"}
    assert "The answer is HTTP/1.0 without chunks" in report.findings[0].seen


def compress_again(wsgi_app: Any) -> Any:
    """Compress with gzip what an application answers, whatever it is already."""

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterator[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *exc: Any) -> Any:
            coding = [("Content-Encoding", "gzip")] if takes else []
            return start_response(status, [*headers, *coding], *exc)

        takes = "gzip" in environ["HTTP_ACCEPT_ENCODING"]
        compressor = zlib.compressobj(wbits=31)
        for chunk in wsgi_app(environ, start):
            flushed = compressor.compress(chunk) + compressor.flush(zlib.Z_SYNC_FLUSH)
            yield flushed if takes else chunk
        yield compressor.flush() if takes else b""

    return wrapped


def test_two_that_compress(
    serve_old: Callable[[Any], str], probed: Callable[..., Flask]
) -> None:
    """A body in two codings is found, though its headers name one twice."""
    app = probed()
    app.config["OUTPOUR_COMPRESS"] = ["gzip"]
    report = examine_site(serve_old(compress_again(app)), token=TOKEN, streams=1)
    [finding] = (f for f in report.findings if f.kind == "double-compression")
    assert "gzip, gzip within" in finding.seen


def test_a_server_that_goes_around_outpour(serve: Callable[[Any], str]) -> None:
    """What took the application's callable before Outpour is told of, with the cure."""
    app = Flask("tests.site")
    app.config["OUTPOUR_PROBE_TOKEN"] = TOKEN
    served = ProxyFix(app.wsgi_app)
    Outpour(app)
    report = examine_site(serve(served), token=TOKEN, streams=1)
    [finding] = report.findings
    assert finding.kind == "around-outpour"
    assert "Call Outpour(app) first" in finding.cure
    assert examine_site(serve(ProxyFix(app)), token=TOKEN, streams=1).findings == []


# nginx


@pytest.mark.parametrize("name", NGINX)
def test_nginx(proxied: Examinations, name: str) -> None:
    """Buffering, old HTTP and gzip are found where they are, and nowhere else."""
    report = proxied[name]
    assert kinds(report) == NGINX[name][1]
    culprits = " ".join(finding.culprit for finding in report.findings)
    assert "nginx" in culprits or not report.findings
    assert ("compresses with gzip" in culprits) == (name == "1.1 gzip")


def test_the_time_line_shows_the_delay(proxied: Examinations) -> None:
    """The first item left at once, and arrived when the last one left."""
    first, *_, last = proxied["1.0"].moments
    assert (first.left, last.item) == (0, 8)
    assert first.arrived is not None and first.arrived > 1.2
    prompt = proxied["1.1"].moments[0].arrived
    assert prompt is not None and prompt < first.arrived / 2


def test_the_lines_of_the_findings_cure(
    proxied: Examinations, gthread: Server, tmp_path: Path
) -> None:
    """nginx with the lines that were named has no finding any more."""
    lines = {finding.lines["nginx"] for finding in proxied["1.0"].findings}
    # The longest has what the others have, too.
    report = examine_nginx(gthread, max(lines, key=len), tmp_path, token=TOKEN)
    assert kinds(report) == set()


# Without the probe


@pytest.mark.parametrize("name", UNPROBED)
def test_a_stream_without_a_probe(proxied: Examinations, name: str) -> None:
    """A burst after silence is found; what cannot be told is said."""
    report = proxied[f"unprobed {name}"]
    assert kinds(report) == UNPROBED[name][1]
    assert "Set OUTPOUR_PROBE_TOKEN" in report.unknown[-1]
    assert any("ends by chunks in HTTP/1.1" in phrase for phrase in report.sound)
    assert all(moment.left is None for moment in report.moments)


def test_how_a_stream_flows_without_a_probe(proxied: Examinations) -> None:
    """What was seen of a sound stream is told with its figures."""
    report = proxied["unprobed 1.1"]
    assert "56 bytes in 8 pieces" in report.sound[0]
    assert len(report.moments) == 8
    assert report.requests == 2


def test_until_close_without_a_probe(folder: Callable[[], Path]) -> None:
    """Without chunks and length a cut cannot be seen, with no probe needed."""
    how: Any = {"path": "/ticks", "token": None}
    report = examine_server("uwsgi-http", folder(), **how)
    assert kinds(report) == {"cut-unnoticed"}


def test_a_page_is_no_stream(serve: Callable[[Any], str]) -> None:
    """A page with its length is nothing that the doctor can examine."""
    app = Flask("tests.site")
    app.add_url_rule("/", "page", lambda: "<p>A page</p>")
    with pytest.raises(DoctorError, match="is not a stream: 13 bytes") as raised:
        examine_site(serve(app))
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (400, "another name of the host"),
        (410, "answers 200 to a plain GET"),
        (500, "application's log says more"),
        (502, "the application behind it does not"),
    ],
)
@pytest.mark.parametrize("token", [None, TOKEN])
def test_an_error_says_where_to_look(
    serve: Callable[[Any], str], status: int, said: str, token: str | None
) -> None:
    """A status that is no stream is an error with what it may mean."""
    site = Response("no", status)
    with pytest.raises(DoctorError, match=str(status)) as caught:
        examine_site(serve(site), token=token)
    assert said in caught.value.message


def test_what_cannot_be_read_is_not_judged(serve: Callable[[Any], str]) -> None:
    """A coding of the site's own is said to be unknown, and is no finding."""
    app = Flask("strange")

    @app.get("/")
    def strange() -> Response:
        def generate() -> Iterator[str]:
            for number in range(4):
                yield f"{number}\n"
                time.sleep(0.3)

        return Response(generate(), headers={"Content-Encoding": "x-lz"})

    report = examine_site(serve(app))
    assert report.findings == []
    assert "The coding x-lz cannot be read here." in text_of(report)


def test_a_silent_stream_cannot_be_examined(serve: Callable[[Any], str]) -> None:
    """An answer without any content shows nothing."""
    app = Flask("silent")
    app.add_url_rule("/", "silent", lambda: Response(iter(())))
    with pytest.raises(DoctorError, match="sent no content"):
        examine_site(serve(app))


def test_a_short_stream_tells_little(serve: Callable[[Any], str]) -> None:
    """What comes at once is neither praised nor blamed."""
    app = Flask("tests.site")
    app.add_url_rule("/", "stream", lambda: Response(iter(["a", "b"])))
    report = examine_site(serve(app))
    assert kinds(report) == set()
    assert "too fast to tell" in report.unknown[0]


def test_a_redirect_is_not_followed(serve: Callable[[Any], str]) -> None:
    """The doctor says where it leads, without the secret in it."""
    app = Flask("tests.site")
    app.add_url_rule("/", "old", lambda: redirect("/new?key=s3cret"))
    with pytest.raises(DoctorError, match=r"redirects to http://127\S+/new\?…"):
        examine_site(serve(app))


# A site that does not let the probe through


@pytest.fixture
def probed() -> Callable[..., Flask]:
    """Return a function that makes applications with a probe."""

    def make(token: str | None = TOKEN) -> Flask:
        app = Flask("tests.site")
        app.config["OUTPOUR_PROBE_TOKEN"] = token
        Outpour(app)
        return app

    return make


@pytest.mark.parametrize("token", [None, TOKEN[::-1]])
def test_no_token_or_another(
    serve: Callable[[Any], str], probed: Callable[..., Flask], token: str | None
) -> None:
    """The site answers 404 to both, and so the message names both."""
    with pytest.raises(DoctorError, match="no probe for this token") as raised:
        examine_site(serve(probed(token)) + "/shop/", token=TOKEN)
    assert TOKEN not in raised.value.message
    assert path_of(TOKEN) not in raised.value.message


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda: redirect("/login?next=s3cret"), r"to http\S+/login\?… \(302\)"),
        (lambda: ("No.", 403), "answered 403 before the probe"),
        (lambda: ("Who?", 401), "answered 401 before the probe"),
        (lambda: "The same page for all", "but not as the probe does"),
        (lambda: ("Gone fishing", 503), "the application behind it does not"),
        (lambda: ("Oh", 500), "application's log says more"),
    ],
)
def test_something_answers_before_the_probe(
    serve: Callable[[Any], str],
    probed: Callable[..., Flask],
    answer: Callable[[], Any],
    words: str,
) -> None:
    """A wall is told from a site without a probe, with the way through."""
    app = probed()
    app.before_request(answer)
    with pytest.raises(DoctorError, match=words):
        examine_site(serve(app), token=TOKEN)


def test_an_address_that_is_down_is_told_from_the_root(
    serve_old: Callable[[Any], str], probed: Callable[..., Flask]
) -> None:
    """Where the address fails and the root has the probe, the report says which."""
    app = probed()
    app.add_url_rule("/shop/<path:path>", "down", lambda path: ("Down", 503))
    url = serve_old(app)
    report = examine_site(f"{url}/shop/", token=TOKEN, streams=1)
    assert "items arrive as they leave" in report.sound
    assert report.unknown == [
        f"{url}/shop/ itself answered 503; the probe was met at the root of the site,"
        " and all that is said is of that."
    ]


def test_a_coding_that_cannot_be_read_is_not_judged(
    serve: Callable[[Any], str], probed: Callable[..., Flask]
) -> None:
    """Who codes the probe in a way of its own is told, and not blamed."""
    app = probed()

    @app.after_request
    def code(response: Response) -> Response:
        if response.mimetype == "text/html":
            response.headers["Content-Encoding"] = "x-lz"
        return response

    report = examine_site(serve(app), token=TOKEN)
    assert kinds(report) == set()
    assert "The coding x-lz cannot be read here." in report.unknown


def test_a_stream_that_breaks_off_is_told(
    serve: Callable[[Any], str], probed: Callable[..., Flask]
) -> None:
    """A probe that does not come to its end is no proof that all is well."""
    app = probed()
    app.config["OUTPOUR_MAX_DURATION"] = 0.5
    report = examine_site(serve(app), token=TOKEN)
    assert any(
        text.startswith("The stream broke off after ") for text in report.unknown
    )


def test_a_login_wall_that_lets_it_pass(
    serve_old: Callable[[Any], str], probed: Callable[..., Flask]
) -> None:
    """The condition that the message names lets the probe through."""
    app = probed()

    @app.before_request
    def wall() -> Any:
        return None if request.endpoint == "outpour_probe" else redirect("/login")

    report = examine_site(serve_old(app) + "/deep/", token=TOKEN, streams=1)
    assert "items arrive as they leave" in report.sound


@pytest.mark.parametrize("token", ["süß" * 20, "a\nb" * 20])
def test_a_token_that_none_can_be(token: str) -> None:
    """It is refused before anybody is asked, and not shown."""
    with pytest.raises(DoctorError, match="no OUTPOUR_PROBE_TOKEN has") as raised:
        examine_site("http://127.0.0.1:9/", token=token)
    assert token[:3] not in raised.value.message


def test_a_token_that_is_too_short() -> None:
    """It is told from a wrong one, and not shown."""
    with pytest.raises(DoctorError, match="too short: 31 characters") as raised:
        examine_site("http://127.0.0.1:9/", token=TOKEN[1:])
    assert TOKEN[1:] not in raised.value.message


def test_nobody_listens_to_the_probe() -> None:
    """A site that does not run cannot be examined."""
    with pytest.raises(DoctorError, match="Nobody listens"):
        examine_site("http://127.0.0.1:9/", token=TOKEN)


# TLS


@contextmanager
def certified(folder: Path) -> Iterator[tuple[ssl.SSLContext, Path]]:
    """Make a certificate for the loopback address."""
    program = shutil.which("openssl")
    if program is None:
        lack("openssl", "apt-get install openssl")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    facts = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run(
        [str(program), "req", "-x509", *kind, *facts, *files, "-days", "2"],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    yield context, certificate


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate is checked; one that is trusted lets the doctor through."""
    app = Flask("tests.site")
    app.add_url_rule("/", "stream", lambda: Response(iter(["a", "b"])))
    with certified(tmp_path) as (context, certificate), ExitStack() as stack:
        server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=context)
        _run(server, stack)
        url = f"https://127.0.0.1:{server.server_port}/"
        with pytest.raises(DoctorError, match="certificate of https"):
            examine_site(url)
        with pytest.raises(DoctorError, match="without an answer"):
            examine_site(url.replace("https", "http"))
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        report = examine_site(url)
    assert kinds(report) == set()
    assert "HTTP/2" in report.unknown[-1]


def test_tls_where_there_is_none(serve: Callable[[Any], str]) -> None:
    """A site without TLS is told from one that is down."""
    url = serve(Flask("tests.site")).replace("http:", "https:")
    with pytest.raises(DoctorError, match="does not speak TLS"):
        examine_site(url, token=TOKEN)


@pytest.fixture
def serve_old() -> Iterator[Callable[[Any], str]]:
    """Return a function that serves an application in HTTP/1.0, one at a time."""
    with ExitStack() as stack:

        class Handler(WSGIRequestHandler):
            #: Outpour knows the real one.
            server_version = "Old/1.0"

            def log_message(self, *arguments: Any) -> None:
                """Leave the requests out of the tests' output."""

            def get_stderr(self) -> Any:
                return stack.enter_context(open("/dev/null", "w"))

        def start(app: Any) -> str:
            server = make_old_server("127.0.0.1", 0, app, handler_class=Handler)
            _run(server, stack)
            return f"http://127.0.0.1:{server.server_port}"

        yield start


def _run(server: Any, stack: ExitStack) -> None:
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    stack.callback(server.server_close)
    stack.callback(thread.join)
    stack.callback(server.shutdown)


# What is said


def test_no_secret_is_said(proxied: Examinations, servers: Examinations) -> None:
    """Neither token, nor the probe's path, nor a value of the query is in a report."""
    reports = [proxied["1.0"], servers["gunicorn-sync"], proxied["unprobed 1.0"]]
    for report in reports:
        for said in (text_of(report), as_json(report)):
            assert TOKEN not in said
            assert path_of(TOKEN) not in said
            assert "s3cret" not in said
            assert json.dumps(str(Path.cwd())).strip('"') not in said


def outputs() -> list[str]:
    """Return what the page shows of the doctor on a site."""
    shown = r"^\$ outpour doctor .*?\n(.*?)^```"
    return re.findall(shown, PAGE.read_text(), re.M | re.S)


@pytest.mark.parametrize(("place", "name"), [(0, "1.0"), (1, "1.1")])
def test_the_output_in_the_docs(proxied: Examinations, place: int, name: str) -> None:
    """What the page shows is what the doctor says, but for the figures."""
    address = re.compile(r"(?i)https?://\S+")
    shown = address.sub("URL", outputs()[place])
    fresh = address.sub("URL", as_text(proxied[name], 80))
    assert without_figures(fresh) == without_figures(shown)
