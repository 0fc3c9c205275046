"""The settings of Sphinx: `make docs` builds the site from the pages of this repository.

The source of the site is the whole repository. So a link that leads out of `docs/` in a checkout
leads to the same page on the site.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import appleattest

project = "appleattest"
author = "The appleattest maintainers"
release = version = appleattest.__version__
copyright = author  # noqa: A001 - the name that Sphinx reads

root_doc = "docs/index"
include_patterns = [
    "docs/**.md",
    "examples/*/README.md",
    "vectors/README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
]
extensions = ["myst_parser", "sphinx.ext.autodoc", "api", "glossary", "navigation"]
templates_path = ["templates"]

# Headings get the fragments that a forge gives them, so that links work in both places.
myst_heading_anchors = 4

nitpicky = True
# Documented by others. The site is built without a network, so their inventories are not read.
FOREIGN = (
    "collections cryptography dataclasses datetime ec enum hypothesis pa pyarrow types typing "
    "uuid x509"
)
nitpick_ignore_regex = [(r"py:.*", rf"({FOREIGN.replace(' ', '|')})\..*")]

# SimulatedDevice is public in two packages, and either link is right.
suppress_warnings = ["ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True  # the words of the code, and not what they come to
python_maximum_signature_line_length = 80
add_module_names = False
toc_object_entries_show_parents = "hide"

linkcheck_anchors = False  # forges draw their fragments with scripts

html_theme = "furo"
html_title = "appleattest"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_additional_pages = {"index": "entrance.html"}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
