"""The documentation in a browser fits a phone, and asks nobody else for anything."""

from __future__ import annotations

from collections.abc import Callable
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask import Response

from built_docs import build_docs

#: Opens pages in frames of a phone's width, some at a time, and gives back what each
#: loaded, and those that are wider than their frame.
_LOOK = """async (pages) => {
  const loaded = new Set();
  const wide = [];
  const look = async () => {
    for (let page; (page = pages.pop()); ) {
      const frame = document.createElement("iframe");
      frame.width = 360;
      frame.height = 740;
      frame.style.border = 0;
      frame.src = page;
      const ready = new Promise((resolve) => (frame.onload = resolve));
      document.body.append(frame);
      await ready;
      const shown = frame.contentWindow;
      // Here scrolls what is too wide, unless in an element of its own.
      const content = shown.document.querySelector(".content");
      if (content.scrollWidth > 360) wide.push(page);
      for (const entry of shown.performance.getEntriesByType("resource"))
        loaded.add(entry.name);
      frame.remove();
    }
  };
  await Promise.all(Array.from({ length: 4 }, look));
  return [[...loaded], wide];
}"""

_EMPTY = "<!doctype html><title>Frames</title><link rel=icon href=data:,>"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the pages."""
    return build_docs(tmp_path_factory)[0]


@pytest.fixture
def url(pages: Path, serve: Callable[[Any], str]) -> str:
    """Return the address of the pages."""
    app = Flask(__name__)

    @app.route("/<path:name>")
    def page(name: str) -> Response:
        # Not by send_file, whose file stays open where the browser hangs up.
        response = Response((pages / name).read_bytes(), mimetype=guess_type(name)[0])
        response.cache_control.max_age = 600
        return response

    app.add_url_rule("/", "empty", lambda: _EMPTY)
    return serve(app)


def test_each_page_fits_a_phone(
    pages: Path, url: str, open_tab: Callable[..., Any]
) -> None:
    """No page is wider than 360 pixels, reports an error, or loads from elsewhere."""
    written = [str(page.relative_to(pages)) for page in sorted(pages.rglob("*.html"))]
    assert len(written) > 70
    tab = open_tab("native")
    said: list[str] = []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.goto(url)
    loaded, wide = tab.evaluate(_LOOK, written)
    assert (said, wide) == ([], [])
    assert f"{url}/_static/outpour.css" in {name.partition("?")[0] for name in loaded}
    assert [name for name in loaded if not name.startswith(url)] == []


def test_the_search_finds_a_name(url: str, open_tab: Callable[..., Any]) -> None:
    """Whoever searches a function finds its page of the reference."""
    tab = open_tab("native")
    tab.goto(f"{url}/search.html?q=stream_rows")
    tab.wait_for_selector("#search-results a[href^='reference/exports.html']")
