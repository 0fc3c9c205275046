"""The navigation of the site: every page, in the four kinds of documentation.

The pages do not say it themselves, since a checkout has no use for it. Sphinx warns of a page that
is missing here, and of one that is not there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sphinx.application import Sphinx

GROUPS: Final = {
    "Tutorials": ("docs/start-mdm", "docs/start-acme", "docs/start-research"),
    "How-to guides": (
        "docs/guide-mdm",
        "docs/guide-freshness",
        "docs/guide-acme",
        "docs/guide-acme-profile",
        "docs/guide-policy",
        "docs/guide-report-page",
        "docs/guide-batches",
        "docs/guide-batch-runs",
        "docs/guide-duckdb",
        "docs/guide-spark",
        "docs/guide-ray",
        "docs/guide-test-your-server",
        "docs/guide-fast",
        "docs/storage",
        "docs/fleet",
        "examples/fleet/README",
        "examples/mdm_webhook/README",
        "examples/acme_server/README",
        "examples/acme2certifier/README",
        "examples/django_ca/README",
        "examples/vector_consumers/README",
    ),
    "Reference": (
        "docs/api/index",
        "docs/cli",
        "docs/reasons",
        "docs/glossary",
        "docs/oids",
        "docs/properties",
        "docs/limits",
        "vectors/README",
        "CHANGELOG",
    ),
    "Explanation": (
        "docs/threat-model",
        "docs/standards",
        "docs/architecture",
        "docs/decisions/README",
        "docs/performance",
        "docs/costs",
        "docs/engines",
        "docs/judges",
        "docs/peers",
        "docs/fuzzing",
        "docs/mutants",
    ),
    "Project": ("CONTRIBUTING", "docs/release", "SECURITY"),
}
CHILDREN: Final = {"docs/api/index": "appleattest*", "docs/decisions/README": "0*"}
"""Pages that list all others of their folder whose names have this form."""
TITLES: Final = {
    "docs/start-mdm": "For an MDM server",
    "docs/start-acme": "For an ACME server",
    "docs/start-research": "For research and support",
    "examples/mdm_webhook/README": "A service beside NanoMDM",
    "examples/acme_server/README": "A whole ACME server",
    "examples/acme2certifier/README": "acme2certifier",
    "examples/django_ca/README": "django-ca",
    "examples/vector_consumers/README": "Consumers of the vectors",
    "vectors/README": "Conformance vectors",
}
"""Shorter than the title of the page."""


def entry(page: str) -> str:
    """A line of a table of contents."""
    return f"{TITLES[page]} </{page}>" if page in TITLES else f"/{page}"


def table_of_contents(lines: list[str], *options: str) -> str:
    """The directive, hidden: it fills the navigation, and not the page."""
    return "\n".join(["", "", "```{toctree}", ":hidden:", *options, "", *lines, "```", ""])


def add_navigation(_app: Sphinx, page: str, source: list[str]) -> None:
    """Append to a page what belongs under it."""
    if page == "docs/index":
        for caption, pages in GROUPS.items():
            source[0] += table_of_contents([entry(each) for each in pages], f":caption: {caption}")
    elif page in CHILDREN:
        source[0] += table_of_contents([CHILDREN[page]], ":glob:")


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect with Sphinx."""
    app.connect("source-read", add_navigation)
    return {"parallel_read_safe": True}
