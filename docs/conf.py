"""The settings of the documentation's build."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "Flask-Outpour"
version = release = installed_version(project)
copyright = "the Flask-Outpour contributors"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
add_module_names = False

html_theme = "furo"
html_title = "Outpour"
# Nobody needs a page's source beside it.
html_copy_source = False
