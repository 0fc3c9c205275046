"""The API reference: pages that list public names become pages that show them.

A page of `docs/api` is called as the package is, and has one line for each name of its `__all__`.
On the site each line becomes the signature and the docstring.
"""

from __future__ import annotations

import inspect
import re
from enum import Enum
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import public
from appleattest import ClaimedProperties, DeviceProperties, properties
from appleattest.properties import Property

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

_PAGE: Final = "docs/api/appleattest"
_CODE: Final = re.compile(r"`([^`]+)`")
BOUNDS: Final = public.bounds()
PROPERTIES: Final = {each.name: each.oid for each in properties.PROPERTIES}
LONGEST_VALUE: Final = 300


def as_directive(first: str, *lines: str) -> str:
    """A directive of reStructuredText in a page of Markdown."""
    return "\n".join(["```{eval-rst}", first, *(f"   {line}" for line in lines), "```"])


def shown_elsewhere(package: str, name: str, value: Any) -> str | None:
    """The first package that has the same object under the same name, if that is another."""
    earlier = public.PACKAGES[: public.PACKAGES.index(package)]
    return next(
        (each for each in earlier if getattr(import_module(each), name, None) is value), None
    )


def shown_reason(reason: public.Reason) -> list[str]:
    """One member of `Reason`, which has a sentence of its own in place of a docstring."""
    sentence = f"   {reason.description[0].upper()}{reason.description[1:]}."
    return [f".. py:attribute:: {reason.name}", f"   :value: {reason.value!r}", "", sentence, ""]


def directive(package: str, name: str) -> str:
    """What makes Sphinx show one public name."""
    value = getattr(import_module(package), name)
    dotted = f"{package}.{name}"
    if isinstance(value, ModuleType):
        if value.__name__ in public.PACKAGES:
            return f"[`{value.__name__}`]({value.__name__}.md) has a page of its own."
        return f"### `{name}`\n\n" + as_directive(f".. automodule:: {dotted}", ":members:")
    if not isinstance(value, type):
        if inspect.isfunction(value):
            return as_directive(f".. autofunction:: {dotted}")
        return as_directive(f".. autodata:: {dotted}", ":no-value:")
    if home := shown_elsewhere(package, name, value):
        same = f"The same as :py:class:`{home}.{name}`."
        return as_directive(f".. py:class:: {name}", f":module: {package}", "", same)
    if value is public.Reason:
        members = [line for each in public.Reason for line in shown_reason(each)]
        return as_directive(f".. autoclass:: {dotted}", ":members: description", "", *members)
    options = [":members:", ":undoc-members:"]
    if issubclass(value, (Exception, Enum)):
        options.append(":show-inheritance:")
    if issubclass(value, (DeviceProperties, ClaimedProperties)):
        options.append(":inherited-members:")
    kind = "exception" if issubclass(value, Exception) else "class"
    return as_directive(f".. auto{kind}:: {dotted}", *options)


def show_names(_app: Sphinx, page: str, source: list[str]) -> None:
    """Put the directive in the place of each name."""
    if page.startswith(_PAGE):
        package = page.removeprefix("docs/api/")
        text = public.LISTED.sub(lambda match: directive(package, match.group(1)), source[0])
        about = as_directive(f".. automodule:: {package}", ":no-members:")
        source[0] = text.replace("\n## ", f"\n{about}\n\n## ", 1)


def plain(text: str) -> str:
    """A docstring of ours, without its blocks of code, as reStructuredText."""
    codes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        codes.append(" ".join(match.group(1).split()))
        return f"\x00{len(codes) - 1}\x00"

    kept = _CODE.sub(keep, text.replace("``", "`"))
    escaped = re.sub(r"([*_|\\`])", r"\\\1", kept)
    linked = re.sub(r"\bdocs/([\w/-]+)\.md\b", r":doc:`/docs/\1`", escaped)
    # The escaped space ends the code also where a letter follows: `Reason`s.
    return re.sub(r"\x00(\d+)\x00", lambda match: as_code(codes[int(match[1])]) + "\\ ", linked)


def as_code(code: str) -> str:
    """Code within a sentence; where it is the name of a public type, a link to it."""
    targets = public.aliases(code) if re.fullmatch(r"[A-Z][a-z]\w+", code) else []
    return f":py:obj:`{code} <{targets[0]}>`" if targets else f"``{code}``"


def as_markup(lines: list[str]) -> list[str]:
    """A docstring of ours as reStructuredText: an indented paragraph is code."""
    paragraphs = re.split(r"\n{2,}", "\n".join(lines).strip("\n"))
    rendered: list[str] = []
    in_code = False
    for paragraph in paragraphs:
        is_code = paragraph.startswith("    ")
        if is_code and not in_code:
            rendered += [".. code-block:: python", "   :force:", ""]
        in_code = is_code
        rendered += [*(paragraph if is_code else plain(paragraph)).split("\n"), ""]
    return rendered


def said_of_member(owner: str, field: str, lines: list[str]) -> list[str]:
    """The docstring of an attribute, with what the code itself says of it."""
    if owner == "Limits" and field in BOUNDS:
        return [*lines, "", f"Default: {BOUNDS[field]:,}"]
    if owner in ("DeviceProperties", "ClaimedProperties") and field in PROPERTIES:
        own = [] if lines[:1] == [(Property.__doc__ or "").split("\n")[0]] else [*lines, ""]
        return [*own, f"The decoded value of `{PROPERTIES[field]}`, or None (docs/oids.md)."]
    return lines


def said_of_data(value: object, lines: list[str]) -> list[str]:
    """The docstring of a constant or an alias; without one, what it is."""
    generic = (inspect.getdoc(type(value)) or "").split("\n")[0]
    if lines[:1] not in ([], [""], [generic]) or isinstance(value, Enum):
        return lines
    shown = re.sub(r"\b[a-z_]+(?:\.[a-z0-9_]+)*\.(?=[A-Z])", "", repr(value))
    return [f"`{shown}`"] if len(shown) < LONGEST_VALUE else []


def render_docstring(
    _app: Sphinx, what: str, name: str, value: Any, _options: Any, lines: list[str]
) -> None:
    """Make the docstring render, and add what the code says."""
    if what == "data":
        lines[:] = as_markup(said_of_data(value, lines))
        return
    owner, _, field = name.rpartition(".")
    lines[:] = as_markup(said_of_member(owner.rpartition(".")[2], field, lines))


def find_public_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """Link a type of a signature by its public name, wherever it is defined."""
    domain, target = env.domains["py"], node.get("reftarget", "").removeprefix("tuple[~")
    if node.get("refdomain") != "py":
        return None
    names = public.aliases(target)
    for name in names:
        if name in domain.objects:
            found: nodes.Node | None = domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", name, node, content
            )
            return found
    # A private type of ours stays text: there is nothing to lead to.
    return content if public.is_ours(target) and not names else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect with Sphinx."""
    app.connect("source-read", show_names)
    app.connect("autodoc-process-docstring", render_docstring)
    app.connect("missing-reference", find_public_name)
    return {"parallel_read_safe": True}
