"""Whoever wraps a public call can name the types of its arguments, from a public package."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any, Final

import pytest

import appleattest
from appleattest import acme, batch, mdm, policy, profile, signatures

PACKAGES: Final = (appleattest, acme, batch, profile, mdm, policy, signatures)
PUBLIC: Final = frozenset(name for package in PACKAGES for name in package.__all__)
INTERNAL: Final = frozenset({"DecodedCertificate", "DecodedValues"})
"""What `TrustStore.decoded` gives to the search for a path, and what properties are made of."""


def functions(node: ast.AST) -> Iterator[ast.FunctionDef]:
    """A function itself, or the methods of a class that are called from outside."""
    if isinstance(node, ast.FunctionDef):
        yield node
    for each in node.body if isinstance(node, ast.ClassDef) else ():
        public = isinstance(each, ast.FunctionDef) and not each.name.startswith("_")
        if public or (getattr(each, "name", None) == "__init__" and not sealed(node)):
            yield from functions(each)


def sealed(node: ast.AST) -> bool:
    """Whether it is a class of results, whose constructor is nobody's to call."""
    bases = node.bases if isinstance(node, ast.ClassDef) else ()
    return any(ast.unparse(base) in ("Sealed", "LeafProperties") for base in bases)


def annotated(node: ast.AST) -> Iterator[ast.expr]:
    """Those of the arguments, of what is returned, and of the fields."""
    for function in functions(node):
        given = function.args
        several = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        yield from (each.annotation for each in several if each and each.annotation)
        if function.returns is not None:
            yield function.returns
    for each in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(each, ast.AnnAssign) and not ast.unparse(each.target).startswith("_"):
            yield each.annotation


def ours(tree: ast.Module) -> set[str]:
    """The library's names that a module imports, and those that it defines."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("appleattest"):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign):
            names.add(ast.unparse(node.target))
        elif isinstance(node, ast.Assign):
            names |= {ast.unparse(target) for target in node.targets}
    return names


def named(defined: Any) -> set[str]:
    """The library's names in the public signatures of a function, or of a class and its bases."""
    found: set[str] = set()
    for each in getattr(defined, "__mro__", (defined,)):
        if each.__module__.startswith("appleattest"):
            found |= named_in(ast.parse(inspect.getsource(import_module(each.__module__))), each)
    return found


def named_in(tree: ast.Module, defined: Any) -> set[str]:
    (node,) = (each for each in tree.body if getattr(each, "name", None) == defined.__name__)
    parts = (part for annotation in annotated(node) for part in ast.walk(annotation))
    return {part.id for part in parts if isinstance(part, ast.Name)} & ours(tree)


def defined_in(package: ModuleType) -> list[Any]:
    """The classes and functions of the package, which are all but constants and aliases."""
    found = (getattr(package, name) for name in package.__all__)
    return [each for each in found if inspect.isclass(each) or inspect.isfunction(each)]


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_type_in_a_public_signature_has_a_public_name(package: ModuleType) -> None:
    public = defined_in(package)
    assert public
    assert {
        each.__name__: left for each in public if (left := named(each) - PUBLIC - INTERNAL)
    } == {}


def test_the_check_sees_what_has_no_public_name() -> None:
    assert named(acme.validate_csr) >= {"OrderIdentifier", "AttestedKey", "AllowedName"}
    assert named(mdm.ExpectedAnswer) - PUBLIC == set()
    source = """
from appleattest.hidden import Hidden

Alias = Hidden | None

class Shown:
    field: Alias
    _private: Hidden

    def call(self, argument: int) -> Hidden: ...
    def _call(self, argument: Secret) -> None: ...
"""
    tree = ast.parse(source)
    assert named_in(tree, type("Shown", (), {})) == {"Alias", "Hidden"}
