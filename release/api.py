"""The record of the public interface: `python -m release.api` writes docs/api.txt.

It is read from the source, without importing it, so it is the same on every Python and with every
release of the dependencies.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

import griffe

from release import ROOT

RECORD: Final = ROOT / "docs" / "api.txt"
_HEAD: Final = (
    "# The public interface, written by `make api`. A change here is a change for users.\n"
)
_TABLE: Final = ROOT / "tests" / "test_repository.py"
_SILENT: Final = frozenset({"__all__", "__slots__", "__match_args__"})


def packages(source: str) -> tuple[str, ...]:
    """The public packages, which the table PUBLIC of that source names."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "PUBLIC" and node.value:
            return tuple("appleattest" + each for each in ast.literal_eval(node.value))
    raise ValueError("the source has no table PUBLIC")


def record() -> str:
    """The whole record."""
    loader = griffe.GriffeLoader(search_paths=[ROOT / "src"], allow_inspection=False)
    root = loader.load("appleattest")
    loader.resolve_aliases(implicit=True)
    parts = [_HEAD]
    for package in packages(_TABLE.read_text("utf-8")):
        module = root[package.partition(".")[2]] if "." in package else root
        parts.append("\n".join(_module(package, module)))
    return "\n".join(parts)


def _module(name: str, module: griffe.Object | griffe.Alias) -> Iterator[str]:
    yield f"## {name}"
    yield ""
    for each in sorted(map(str, module.exports or ())):
        yield from described(each, _target(module[each]))
    yield ""


def _target(member: griffe.Object | griffe.Alias) -> griffe.Object:
    found = member.final_target if isinstance(member, griffe.Alias) else member
    assert isinstance(found, griffe.Object)
    return found


def described(name: str, what: griffe.Object) -> Iterator[str]:
    """The lines of one name; the members of a class are indented below it."""
    if isinstance(what, griffe.Class):
        yield from _decorators(what)
        yield f"class {name}({', '.join(map(str, what.bases))})"
        for member, found in sorted(what.all_members.items()):
            if _is_public(member):
                yield from ("    " + line for line in described(member, _target(found)))
    elif isinstance(what, griffe.Function):
        for each in [*(what.overloads or ()), what]:
            yield from _decorators(each)
            yield f"def {_signature(name, each)}"
    elif isinstance(what, griffe.Attribute):
        annotation = f": {what.annotation}" if what.annotation is not None else ""
        value = f" = {what.value}" if what.value is not None else ""
        kind = "property " if "property" in what.labels else ""
        yield f"{kind}{name}{annotation}{value}"
    else:
        yield f"module {what.path}"


def _is_public(name: str) -> bool:
    dunder = name.startswith("__") and name.endswith("__")
    return name not in _SILENT and (dunder or not name.startswith("_"))


def _decorators(what: griffe.Class | griffe.Function) -> Iterator[str]:
    yield from (f"@{each.value}" for each in what.decorators)


def _signature(name: str, function: griffe.Function) -> str:
    returned = f" -> {function.returns}" if function.returns is not None else ""
    return f"{name}({', '.join(_parameters(function.parameters))}){returned}"


_MARKS: Final = {
    griffe.ParameterKind.var_positional: "*",
    griffe.ParameterKind.var_keyword: "**",
}


def _parameters(parameters: griffe.Parameters) -> Iterator[str]:
    previous = None
    for each in parameters:
        positional = griffe.ParameterKind.positional_only
        if previous is positional and each.kind is not positional:
            yield "/"
        keyword = griffe.ParameterKind.keyword_only
        starred = previous in (keyword, griffe.ParameterKind.var_positional)
        if each.kind is keyword and not starred:
            yield "*"
        yield _parameter(each)
        previous = each.kind
    if previous is griffe.ParameterKind.positional_only:
        yield "/"


def _parameter(each: griffe.Parameter) -> str:
    mark = _MARKS.get(each.kind or griffe.ParameterKind.positional_or_keyword, "")
    annotation = f": {each.annotation}" if each.annotation is not None else ""
    default = f" = {each.default}" if each.default is not None and not mark else ""
    return f"{mark}{each.name}{annotation}{default}"


def write() -> None:
    """Write the record anew."""
    RECORD.write_text(record(), "utf-8", newline="\n")


if __name__ == "__main__":
    write()
