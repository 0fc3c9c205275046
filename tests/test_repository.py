"""What must be true of the repository as a whole, whatever the code does."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

import appleattest
from appleattest.oids import FRESHNESS_CODE, SERIAL_NUMBER, UDID
from real_chains import NOT_SET, REAL_CHAINS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGE: Final = ROOT / "src" / "appleattest"

# The layers, the lowest first. A module here is a module or a package directly under appleattest,
# without the underscores around it. It imports only from the layers below its own, and from its own
# files; modules of one layer do not import each other.
LAYERS: Final = (
    ("limits", "oids", "problems", "sealed", "text", "times"),
    ("arguments", "errors", "property_values"),
    ("boundary", "signatures", "wire"),
    ("certificates", "forms"),
    ("freshness", "properties", "trust"),
    ("attestation",),
    ("chain",),
    ("report",),
    ("pipeline",),
    ("carriers",),
    ("verifier", "policy"),
    ("acme", "mdm"),
    ("explain", "profile", "unverified"),
    ("summary",),
    ("testing",),
    ("page",),
    ("batch",),
    ("cli",),
    ("main",),
)
EDGES: Final = frozenset({"testing", "cli"})
"""What may import the package itself, as a user does."""
# Three independent questions about one leaf: whatever their layers, none imports another.
INDEPENDENT: Final = frozenset({"chain", "freshness", "properties"})

RUNTIME_PACKAGES: Final = frozenset(
    {"appleattest", "asn1crypto", "cbor2", "cryptography"}
    # What cryptography brings along.
    | {"_cffi_backend", "_openssl", "cffi", "typing_extensions"}
)
# Some of these come with our dependencies (urllib.parse, say); we add none of our own.
NETWORK_MODULES: Final = frozenset(
    {"_socket", "_ssl", "asyncio", "ftplib", "http", "select", "selectors", "smtplib", "socket"}
    | {"socketserver", "ssl", "urllib", "xmlrpc"}
)

# Put together here, so that this file does not contain what it looks for.
REGISTRY_HOSTS: Final = tuple(
    f"{name}.{domain}".encode()
    for name, domain in (
        ("pypi", "org"),
        ("pypi", "python.org"),
        ("pythonhosted", "org"),
        ("crates", "io"),
        ("npmjs", "com"),
        ("npmjs", "org"),
        ("yarnpkg", "com"),
        ("proxy.golang", "org"),
        ("sum.golang", "org"),
        ("maven", "org"),
        ("maven.apache", "org"),
        ("deb.debian", "org"),
    )
)
MACHINE_PATH: Final = re.compile(rb"(?<![\w.\-/])/(?:home|root|work|Users)/[^\s]*")


def tracked_files() -> list[Path]:
    """Every file that is in git, or would be after `git add --all`."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    paths = [ROOT / name for name in listing.split("\0") if name]
    return [path for path in paths if path.is_file()]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_file_names_a_package_registry() -> None:
    found = [
        (named(path), host.decode())
        for path in tracked_files()
        for host in REGISTRY_HOSTS
        if host in path.read_bytes().lower()
    ]
    assert found == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    found = [
        (named(path), match.group().decode(errors="replace"))
        for path in tracked_files()
        for match in MACHINE_PATH.finditer(path.read_bytes())
    ]
    assert found == []


def needles(leaf: x509.Certificate) -> Iterator[bytes]:
    """What would give the leaf's device away: its identifiers, its nonce, the leaf itself."""
    for oid in (SERIAL_NUMBER, UDID, FRESHNESS_CODE):
        extension = leaf.extensions.get_extension_for_oid(x509.ObjectIdentifier(oid)).value
        assert isinstance(extension, x509.UnrecognizedExtension)
        yield from (extension.value, extension.value.hex().encode())
    yield from (leaf.signature, leaf.signature.hex().encode())
    # The text between the PEM armour, without the lines that other leaves share.
    yield from leaf.public_bytes(Encoding.PEM).splitlines()[8:12]


def test_no_file_holds_data_of_a_real_device() -> None:
    if not REAL_CHAINS:
        pytest.skip(NOT_SET)
    contents = {named(path): path.read_bytes().lower() for path in tracked_files()}
    for chain in REAL_CHAINS:
        for needle in map(bytes.lower, needles(chain.leaf)):
            holders = [name for name, content in contents.items() if needle in content]
            assert holders == [], f"data of the device in {chain.name}.pem"


def test_the_changelog_is_about_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    versions = re.findall(r"^## \[(\d[^\]]*)\]", text, flags=re.MULTILINE)
    assert versions[:1] == [appleattest.__version__]


def make_targets() -> set[str]:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, flags=re.MULTILINE))


def test_the_pythons_that_are_declared_are_those_that_are_run() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = [
        each.rpartition(" ")[2]
        for each in project["classifiers"]
        if re.fullmatch(r"Programming Language :: Python :: 3\.\d+", each)
    ]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (run,) = re.findall(r"^PYTHONS := (.+)$", makefile, flags=re.MULTILINE)
    assert declared == run.split()
    assert project["requires-python"] == f">={declared[0]}"


def test_the_readme_gives_the_two_commands() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"(?ms)^```(?:sh|shell|bash|console)\n(.*?)^```", text)
    lines = "".join(blocks).splitlines()
    commands = [line.removeprefix("$ ").partition("#")[0].strip() for line in lines]
    assert commands.count("make demo") == 1
    assert commands.count("make test") == 1


def test_every_make_target_that_a_document_names_exists() -> None:
    documents = [path for path in tracked_files() if path.suffix == ".md"]
    unknown = [
        (named(path), target)
        for path in documents
        for target in re.findall(
            r"(?:`|^|\$ )make ([a-z][a-z-]*)", path.read_text(encoding="utf-8"), flags=re.MULTILINE
        )
        if target not in make_targets()
    ]
    assert unknown == []


PUBLIC: Final = (
    "",
    ".acme",
    ".batch",
    ".batch.duckdb",
    ".batch.ray",
    ".batch.spark",
    ".explain",
    ".mdm",
    ".page",
    ".policy",
    ".profile",
    ".signatures",
    ".summary",
    ".testing",
    ".testing.device",
)
"""What a program may import from, after the package's name."""


def private_imports(source: str) -> Iterator[str]:
    """What a program imports from appleattest that is not in a public `__all__`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names if each.name.startswith("appleattest."))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("appleattest"):
            module = node.module or ""
            public = module.removeprefix("appleattest") in PUBLIC
            offered = {*import_module(module).__all__} if public else set()
            inside = module.removeprefix("appleattest") + "."
            packages = {each.removeprefix(inside) for each in PUBLIC if each.startswith(inside)}
            names = (each.name for each in node.names)
            yield from (f"{module}.{name}" for name in names if name not in offered | packages)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.py")), ids=named)
def test_examples_use_the_public_interface_alone(path: Path) -> None:
    assert list(private_imports(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from appleattest import Verifier, acme", []),
        ("from appleattest import times", ["appleattest.times"]),
        ("from appleattest.mdm import WebhookEvent", []),
        ("from appleattest.batch import Row, spark", []),
        ("from appleattest.batch import arrow", ["appleattest.batch.arrow"]),
        ("from appleattest.mdm import seal", ["appleattest.mdm.seal"]),
        (
            "from appleattest.mdm.webhook import WebhookEvent",
            ["appleattest.mdm.webhook.WebhookEvent"],
        ),
        ("import appleattest.wire", ["appleattest.wire"]),
    ],
    ids=[
        "core",
        "module",
        "package",
        "package within",
        "module within",
        "not offered",
        "file",
        "import",
    ],
)
def test_the_check_of_examples_sees_what_is_private(source: str, found: list[str]) -> None:
    assert list(private_imports(source)) == found


MOST_LINES: Final = 700
"""Of the ACME server in examples: docs/guide-acme.md promises that one sitting is enough."""


def test_the_acme_server_can_be_read_in_one_sitting() -> None:
    files = sorted((ROOT / "examples" / "acme_server").glob("**/*.py"))
    lines = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert "examples/acme_server/app.py" in lines
    assert sum(lines.values()) < MOST_LINES, lines


def layer_of(module: str) -> int:
    """The number of the layer that a module is in, 0 for the lowest."""
    for number, modules in enumerate(LAYERS):
        if module in modules:
            return number
    pytest.fail(f"the module {module!r} is in no layer: give it one in LAYERS")


def module_of(dotted: str) -> str:
    """The module that a dotted name belongs to, or "" for the package itself."""
    _, _, rest = dotted.partition(".")
    return rest.partition(".")[0].strip("_")


def dotted_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def nodes_that_run(node: ast.AST) -> Iterator[ast.AST]:
    """Every node below this one, without what only a type checker reads."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child):
            assert isinstance(child, ast.If)
            for branch in child.orelse:
                yield branch
                yield from nodes_that_run(branch)
        else:
            yield child
            yield from nodes_that_run(child)


def imported_modules(source: str, existing: frozenset[str]) -> Iterator[tuple[int, str]]:
    """The line and the module of each import from appleattest in the source.

    `existing` has the dotted name of every file: a name from the package may be one of them.
    """
    for node in nodes_that_run(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] == "appleattest":
                    yield node.lineno, module_of(alias.name)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports within the package are absolute"
            dotted = node.module or ""
            if dotted == "appleattest":
                for alias in node.names:
                    name = f"appleattest.{alias.name}"
                    yield node.lineno, module_of(name) if name in existing else ""
            elif dotted.startswith("appleattest."):
                yield node.lineno, module_of(dotted)


def refusal(importer: str, imported: str) -> str | None:
    """Why one module may not import another, or None when it may."""
    if imported == "":
        return "imports the package's public names" if importer not in EDGES else None
    if importer == imported:
        return None
    if {importer, imported} <= INDEPENDENT:
        return f"imports {imported}, which it must not know"
    if layer_of(imported) >= layer_of(importer):
        return f"imports {imported}, which is not below it"
    return None


def test_modules_import_downwards_only() -> None:
    paths = sorted(PACKAGE.rglob("*.py"))
    existing = frozenset(map(dotted_name, paths))
    found = []
    for path in paths:
        module = module_of(dotted_name(path))
        if module == "":
            continue
        layer_of(module)
        for line, imported in imported_modules(path.read_text(encoding="utf-8"), existing):
            if reason := refusal(module, imported):
                found.append(f"{named(path)}:{line}: {reason}")
    assert found == []


@pytest.mark.parametrize(
    ("source", "modules"),
    [
        pytest.param("import appleattest.chain", ["chain"], id="import"),
        pytest.param("from appleattest.chain.path import build", ["chain"], id="from-a-module"),
        pytest.param("from appleattest import chain", ["chain"], id="module-from-the-package"),
        pytest.param("from appleattest import Verifier", [""], id="name-from-the-package"),
        pytest.param("def f():\n    import appleattest.chain", ["chain"], id="inside-a-function"),
        pytest.param("if TYPE_CHECKING:\n    import appleattest.chain", [], id="for-types-only"),
        pytest.param("import json\nfrom appleattested import x", [], id="not-ours"),
    ],
)
def test_the_layering_test_sees_imports(source: str, modules: list[str]) -> None:
    existing = frozenset({"appleattest", "appleattest.chain"})
    assert [module for _, module in imported_modules(source, existing)] == modules


@pytest.mark.parametrize(
    ("importer", "imported", "allowed"),
    [
        pytest.param("verifier", "pipeline", True, id="downwards"),
        pytest.param("chain", "chain", True, id="own-module"),
        pytest.param("errors", "pipeline", False, id="upwards"),
        pytest.param("trust", "properties", False, id="sideways"),
        pytest.param("chain", "freshness", False, id="independent"),
        pytest.param("wire", "", False, id="the-package-itself"),
    ],
)
def test_the_layering_test_refuses(importer: str, imported: str, allowed: bool) -> None:
    assert (refusal(importer, imported) is None) is allowed


def modules_after(statement: str) -> frozenset[str]:
    """The modules that a new interpreter holds after the statement, beyond those it began with."""
    program = (
        "import json, sys; before = set(sys.modules)\n"
        f"{statement}\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], check=True, capture_output=True, text=True
    )
    return frozenset(json.loads(done.stdout))


def top_level(module: str) -> str:
    return module.partition(".")[0]


def test_importing_needs_the_three_dependencies_and_no_network() -> None:
    ours = modules_after(
        "import appleattest, appleattest.acme, appleattest.mdm, appleattest.policy"
    )
    theirs = modules_after(
        "import asn1crypto.x509, cbor2, cryptography.x509, cryptography.x509.verification"
    )
    packages = set(map(top_level, ours)) - sys.stdlib_module_names
    assert packages - RUNTIME_PACKAGES == set()
    assert {name for name in ours - theirs if top_level(name) in NETWORK_MODULES} == set()
    assert not ours & {"ssl", "http.client", "urllib.request", "asyncio"}


def test_what_reads_octets_imports_no_writers_of_keys() -> None:
    """They bring in SSH and bcrypt, and cost a tenth of the import.

    Earlier releases of `cryptography` load them for `cryptography.x509` alone.
    """
    ours = modules_after("import appleattest")
    theirs = modules_after("import asn1crypto.core, cryptography.x509.verification")
    assert "cryptography.hazmat.primitives.serialization" not in ours - theirs
