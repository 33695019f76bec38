"""Tests of the demo's home page: its examples, its code, and where its links lead."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import zipfile
from html.parser import HTMLParser
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from urllib.parse import unquote
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

import flask_outpour.demo
from conftest import lack
from flask_outpour.demo.application import PAGE_ROWS
from flask_outpour.demo.orders import orders
from flask_outpour.formats import BUILT_IN

from .conftest import NAMES
from .conftest import ORDERS
from .conftest import SIDES
from .test_exports import OBJECTS
from .test_exports import TEXTS
from .test_views import as_text
from .test_views import get
from .test_views import read_csv
from .test_views import read_table

CHROMIUM = (
    *("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-sync"),
    "--disable-component-update",
)
FOLDER = Path(flask_outpour.demo.__file__).parent
#: How the address of an export ends, for each format, and what then comes.
ENDS = {*TEXTS, *OBJECTS, ".xlsx"}
MEDIA_TYPES = {format.media_type for format in BUILT_IN}


class Page(HTMLParser):
    """The elements of a page that its reader uses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each element of a kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def links(self) -> list[str]:
        """Return where the links lead."""
        return [link["href"] or "" for link in self.all("a")]


def browse(url: str, profile: Path) -> str:
    """Return a page as Chromium has it once it is loaded."""
    if not shutil.which("chromium"):
        lack("chromium", "apt-get install chromium")
    command = [*CHROMIUM, f"--user-data-dir={profile}", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_browser_shows_the_examples_and_follows_them(
    orders_url: str, tmp_path: Path
) -> None:
    """Chromium shows the three examples, and their links give the orders."""
    links = Page(browse(f"{orders_url}/", tmp_path)).links()
    expected = [as_text(order) for order in orders(ORDERS)]
    for side in SIDES:
        csv = next(link for link in links if link == f"/{side}/large.csv")
        (page,) = (link for link in links if link.startswith(f"/{side}/my-large-page"))
        (stream,) = (link for link in links if link.startswith(f"/{side}/stream"))
        assert read_csv(get(urljoin(orders_url, csv)))[1:] == expected
        shown = browse(urljoin(orders_url, page), tmp_path)
        assert read_table(shown)[1:] == expected
        assert "Hello World!" in browse(urljoin(orders_url, stream), tmp_path)


def test_a_browser_shows_each_format(orders_url: str, tmp_path: Path) -> None:
    """Chromium shows a link for each format, which leads to that format."""
    links = Page(browse(f"{orders_url}/", tmp_path)).links()
    exports = [link for link in links if link.startswith("/outpour/orders")]
    columnar = {".parquet", ".arrows"} if find_spec("pyarrow") else set()
    ends = {link.removeprefix("/outpour/orders") for link in exports}
    assert ends == ENDS | columnar
    for link in exports:
        with urlopen(urljoin(orders_url, link), timeout=30) as response:
            assert response.headers.get_content_type() in MEDIA_TYPES
            assert "attachment" in response.headers["Content-Disposition"]


def test_home_shows_the_code_that_runs(orders_url: str) -> None:
    """The code of each example is the code that runs, line for line."""
    page = get(f"{orders_url}/")
    blocks = re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.S)
    shown = [html.unescape(block) for block in blocks]
    for route in ("large.csv", "my-large-page.html", "orders", "stream", "tables.zip"):
        assert any(f'@views.route("/{route}")' in block for block in shown)
    assert any("    Outpour(app)\n" in block for block in shown)
    lines = {
        line.strip()
        for path in FOLDER.rglob("*.*")
        if path.suffix in (".py", ".html")
        for line in path.read_text().splitlines()
    }
    for block in shown:
        if not block.startswith(("curl ", "time curl ")):
            assert {line.strip() for line in block.splitlines()} <= lines


def test_home_says_how_many_orders_there_are(orders_url: str) -> None:
    """The number of orders is the number that was generated."""
    assert f"{ORDERS:,} orders" in get(f"{orders_url}/")


def test_home_gives_commands_for_its_own_address(orders_url: str) -> None:
    """The commands for a terminal can be copied as they are."""
    page = get(f"{orders_url}/")
    assert f"curl -sS -o /dev/null {orders_url}/outpour/large.csv" in page


def test_home_lists_each_table(tables_url: str) -> None:
    """Each table of the user's own has its links on both sides, and they work."""
    links = Page(get(f"{tables_url}/")).links()
    for side in SIDES:
        for name in (*NAMES, "few"):
            (csv,) = (link for link in links if unquote(link) == f"/{side}/{name}.csv")
            address = f"/{side}/{name}.html?rows={PAGE_ROWS}"
            assert address in map(unquote, links)
            assert len(read_csv(get(urljoin(tables_url, csv)))) == (
                2 if name == "few" else 5
            )
    for name in (*NAMES, "few"):
        shown = [link for link in links if unquote(link).startswith(f"/rows/{name}.")]
        assert {unquote(link).removeprefix(f"/rows/{name}") for link in shown} >= ENDS


@pytest.mark.parametrize(
    ("fixture", "kinds"), [("orders_url", {"zip"}), ("tables_url", {"zip", "xlsx"})]
)
def test_home_leads_to_all_tables_in_one_file(
    request: pytest.FixtureRequest, fixture: str, kinds: set[str]
) -> None:
    """The whole database is behind a link, and its view is shown."""
    url = request.getfixturevalue(fixture)
    page = get(f"{url}/")
    links = [link for link in Page(page).links() if link.startswith("/all/")]
    assert {link.rpartition(".")[2] for link in links} == kinds
    for link in links:
        with urlopen(urljoin(url, link), timeout=30) as response:
            assert zipfile.is_zipfile(BytesIO(response.read()))
    assert "stream_zip(entries" in page


@pytest.mark.parametrize("fixture", ["orders_url", "tables_url"])
def test_home_needs_nothing_from_elsewhere(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    """All that the page loads is its own, and no script stands in it."""
    url = request.getfixturevalue(fixture)
    page = Page(get(f"{url}/"))
    assert not any(name.startswith("on") for _, had in page.elements for name in had)
    assets = [link["href"] for link in page.all("link")]
    assets += [image["src"] for image in page.all("img")]
    assets += [script["src"] for script in page.all("script")]
    for asset in assets:
        assert asset is not None
        assert asset.startswith("/static/")
        assert get(urljoin(url, asset))


@pytest.mark.parametrize("fixture", ["orders_url", "tables_url"])
def test_links_into_the_page_lead_somewhere(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    """What the page says is below is below, once."""
    page = Page(get(f"{request.getfixturevalue(fixture)}/"))
    ids = [attributes.get("id") for _, attributes in page.elements]
    inner = [link.removeprefix("#") for link in page.links() if link[0] == "#"]
    assert "difference" in inner
    assert [ids.count(name) for name in inner] == [1] * len(inner)


@pytest.mark.parametrize("fixture", ["orders_url", "tables_url"])
def test_home_can_be_read_by_everybody(
    request: pytest.FixtureRequest, fixture: str
) -> None:
    """Language, headings, labels and regions are there for who does not see them."""
    page = Page(get(f"{request.getfixturevalue(fixture)}/"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == len(page.all("main")) == 1
    assert len(ids) == len(set(ids))
    assert {field["id"] for field in page.all("input")} == {
        label["for"] for label in page.all("label")
    }
    assert all(section["aria-labelledby"] in ids for section in page.all("section"))
    # A region that scrolls must be reached by keyboard.
    assert all(
        code["tabindex"] == "0" and code["aria-label"] for code in page.all("pre")
    )
    assert all("alt" in image for image in page.all("img"))
