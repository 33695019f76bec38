"""The settings of the documentation's build."""

from __future__ import annotations

import re
from html import escape
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from docutils import nodes

project = "Flask-Outpour"
version = release = installed_version(project)
copyright = "the Flask-Outpour contributors"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]

# Each name that a docstring links must lead somewhere. Those of other projects lead
# nowhere: their indexes would have to be asked for over the network.
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(blinker|collections|contextlib|copy|flask|jinja2|werkzeug)\..*"),
    # Imported for the type checker alone, so that their modules are not known.
    (r"py:class", r"Flask|Request|Namespace|StartResponse|WSGIApplication|datetime"),
    (r"py:class", r"AbstractContextManager"),
    # Aliases, and variables of types.
    (r"py:class", r"Item|Batch|Zones|LongText|Function|IsBold|ByColumn|(.*\.)?[FT]"),
    (r"py:class", r"Item|Batch|Known|Zones|LongText|(.*\.)?[FT]"),
]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
# Parameters have their types where they are described; what is returned, always.
autodoc_typehints_description_target = "documented_params"
# There are none, and to look for them takes time.
autodoc_use_type_comments = False
add_module_names = False

# Longer ones have a line for each parameter.
python_maximum_signature_line_length = 72

html_theme = "furo"
html_title = "Outpour"
html_favicon = "../src/flask_outpour/demo/static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["outpour.css"]
# Nobody needs a page's source beside it.
html_copy_source = False


SOURCES = Path(__file__).parents[1] / "src"


def list_modules(app: Any, page: str, text: list[str]) -> None:
    """Put the modules of a package in the place of ``.. modules:: PACKAGE``."""
    text[0] = re.sub(r"^\.\. modules:: (\w+)$", modules_of, text[0], flags=re.M)


def modules_of(directive: re.Match[str]) -> str:
    """Return the directives for what is in a package, and not on its page already."""
    files = sorted((SOURCES / "flask_outpour" / directive[1]).rglob("*.py"))
    paths = [file.relative_to(SOURCES).with_suffix("") for file in files]
    names = {".".join(path.parts).removesuffix(".__init__"): None for path in paths}
    del names[f"flask_outpour.{directive[1]}"]
    return "\n".join(
        f".. automodule:: {name}"
        for name in names
        if f"automodule:: {name}\n" not in directive.string
    )


def name_module(
    app: Any, kind: str, name: str, module: Any, options: Any, lines: list[str]
) -> None:
    """Begin what is said of a module inside a package with its name."""
    if kind == "module" and name.count(".") > 1:
        lines[0] = f"``{name.partition('.')[2]}``: {lines[0]}"


def find_short_name(app: Any, env: Any, node: Any, content: Any) -> Any:
    """Find what a docstring names without the module or package that it is in."""
    module = node.get("py:module")
    if module is None:
        return None
    domain = env.get_domain("py")
    for stem in (module, module.rpartition(".")[0], "flask_outpour"):
        name = f"{stem}.{node['reftarget']}"
        place = node["refdoc"], app.builder, node["reftype"]
        if found := domain.resolve_xref(env, *place, name, node, content):
            return found
    return None


def introduce_page(
    app: Any, page: str, template: str, context: dict[str, Any], tree: Any
) -> None:
    """Say of a page what it is about, for lists of found pages, and its language."""
    if page.endswith(".ru"):
        context["language"] = "ru"
    if tree is None:
        return
    for paragraph in tree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        # The first says of pages about what is inside that applications do without.
        if text.endswith(".") and not text.startswith("Applications do not import"):
            context["metatags"] += f'<meta name="description" content="{escape(text)}">'
            return


def setup(app: Any) -> None:
    """Connect the functions above to the build."""
    app.connect("source-read", list_modules)
    app.connect("autodoc-process-docstring", name_module)
    app.connect("missing-reference", find_short_name)
    app.connect("html-page-context", introduce_page)
