"""What the documentation says is so: its code runs, its links lead somewhere, its tables agree."""

from __future__ import annotations

import ast
import hashlib
import re
import shutil
import sys
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pyarrow as pa
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pyarrow import parquet

import appleattest
from appleattest import (
    UNCHECKED,
    AttestationError,
    DeviceProperties,
    IdentifierMismatch,
    Limits,
    Reason,
    Report,
    TrustStore,
    Verifier,
    acme,
    batch,
    explain,
    mdm,
    oids,
    policy,
    profile,
    signatures,
    summary,
)
from appleattest.batch import duckdb as for_duckdb
from appleattest.batch import ray as for_ray
from appleattest.batch import spark as for_spark
from appleattest.batch.columns import STRUCTS
from appleattest.mdm import KnownDevice
from appleattest.properties import PROPERTIES
from appleattest.property_values import MalformedValue
from appleattest.report import CHECKS
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    Digest,
    Properties,
    carriers,
    chains,
)
from appleattest.testing import deviations as dev
from appleattest.wire import base64url
from aws_lc import MISSING
from test_repository import LAYERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cryptography.hazmat.primitives.asymmetric import ec

ROOT: Final = Path(__file__).resolve().parent.parent
DOCS: Final = ROOT / "docs"
ENTRANCES: Final = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md")
CHANGELOG: Final = ROOT / "CHANGELOG.md"
PAGES: Final = sorted([*ENTRANCES, CHANGELOG, *DOCS.rglob("*.md")])
READMES: Final = sorted([ROOT / "vectors" / "README.md", *(ROOT / "examples").glob("*/README.md")])
"""Beside what they describe; other tests run what is in them."""

_FENCE: Final = re.compile(r"(?ms)^```(\w*)\n(.*?)^```")
_EXPECTED: Final = re.compile(r".*  # -> (.+)")
_LINK: Final = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING: Final = re.compile(r"(?m)^#+ +(.+)$")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


class Block(NamedTuple):
    """One block of code of a page, and the line that it starts on."""

    line: int
    code: str


def code_blocks(markdown: str) -> list[Block]:
    return [
        Block(markdown.count("\n", 0, match.start(2)) + 1, match.group(2))
        for match in _FENCE.finditer(markdown)
        if match.group(1) == "python"
    ]


OPTIONAL: Final = {
    "flask": "Flask is in the group examples: make test has it",
    "pyspark": "Spark is in the group engines: make engines has it",
    "ray": "Ray is in the group engines: make engines has it",
}
"""What the code of a page may need and not every environment has, and where it is."""


def run(page: str, block: Block, namespace: dict[str, Any]) -> int:
    """Run a block; how many values its `# -> ` comments promised, each of which held.

    A test is skipped at a block that imports what is not installed or cannot start here, and at one
    that asks for AWS-LC where that is not to be had.
    """
    if "AWSLC()" in block.code and MISSING is not None:
        pytest.skip(MISSING)
    for package, reason in OPTIONAL.items():
        if re.search(rf"(?m)^(?:from|import) {package}\b", block.code):
            pytest.importorskip(package, reason=reason)
    if "pyspark" in block.code and shutil.which("java") is None:
        pytest.skip("Spark needs Java 17 or later on the path")
    lines = block.code.splitlines()
    promises = 0
    tree = ast.parse(block.code, page)
    ast.increment_lineno(tree, block.line - 1)
    for node in tree.body:
        assert node.end_lineno is not None
        promised = _EXPECTED.fullmatch(lines[node.end_lineno - block.line])
        if promised:
            assert isinstance(node, ast.Expr), f"{page}:{node.lineno}: only a value can be promised"
            value = eval(  # noqa: S307 - our own documentation
                compile(ast.Expression(node.value), page, "eval"), namespace
            )
            assert repr(value) == promised.group(1), f"{page}:{node.lineno}"
            promises += 1
        else:
            exec(compile(ast.Module([node], []), page, "exec"), namespace)  # noqa: S102 - as above
    return promises


def table(markdown: str, *header: str) -> list[list[str]]:
    """The rows of the tables of a page that have this header; cells without their backticks."""
    rows: list[list[str]] = []
    inside = False
    for line in markdown.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if tuple(cells) == header:
            inside = True
        elif inside and set(cells[0]) - set("-:"):
            assert len(cells) == len(header), line
            rows.append([cell.replace("`", "") for cell in cells])
    assert rows, f"no table with the columns {header}"
    return rows


# --- code ---------------------------------------------------------------------------------------

SERIAL: Final = "EXAMPLE001"
MAC: Final = Properties(
    serial_number=SERIAL,
    udid="00006030-EXAMPLE000000001",
    software_update_device_id="J514sAP",
    os_version="15.5",
    sepos_version="15.5",
    llb_version="15.5",
    sip=0,
    secure_boot="Full Security",
    third_party_kexts=0,
)


def certificate_request(
    key: ec.EllipticCurvePrivateKey, *extensions: x509.ExtensionType, common_name: str | None
) -> bytes:
    """A CSR in DER, by default as Apple's client makes it: the common name and nothing else."""
    attributes = (
        [] if common_name is None else [x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)]
    )
    builder = x509.CertificateSigningRequestBuilder(x509.Name(attributes))
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture
def prepared(
    authority: AttestationAuthority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    """What the pages take for granted, which is what they say they do.

    The test authority stands in for Apple: a plain `Verifier()` trusts it as well, and what a
    device sent was attested just now, so the code of a page runs as it stands.
    """
    trusted = TrustStore.apple().adding(authority.root)
    monkeypatch.setattr(TrustStore, "apple", lambda: trusted)
    monkeypatch.chdir(tmp_path)
    now = datetime.now(UTC)
    nonce, earlier_nonce, token = b"n" * 32, b"e" * 32, "2uO9Yz0bJkqQm1sVtXwA4g"
    chain = authority.attest(properties=MAC, freshness_code=nonce, at=now)
    pem = [x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in chain]
    (tmp_path / "chain.pem").write_bytes(b"".join(pem))
    (tmp_path / "lab-root.pem").write_bytes(authority.root.public_bytes(Encoding.PEM))
    attestation_object = authority.attestation_object(
        properties=MAC, freshness_code=hashlib.sha256(token.encode()).digest(), at=now
    )
    csr = base64url.encode(certificate_request(authority.attested_key, common_name=SERIAL))
    response = carriers.response_plist(chain)
    challenge_response = carriers.challenge_response(attestation_object)
    rows = [
        batch.Row("mac 1", "mdm", response, nonce=nonce, serial_number=SERIAL),
        batch.Row("mac 2", "mdm", response, nonce=nonce, serial_number="EXAMPLE002"),
        batch.Row("order 7", "acme", challenge_response, token=token, identifier=SERIAL),
    ]
    table = pa.Table.from_pylist([each._asdict() for each in rows], batch.INPUT_SCHEMA)
    teams = pa.array(["sales", "sales", "lab"])
    parquet.write_table(table.append_column("team", teams), tmp_path / "backlog.parquet")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    return {
        "response": response,
        "chain": chain,
        "nonce": nonce,
        "cached_response": authority.response_plist(
            properties=MAC, freshness_code=earlier_nonce, at=now - timedelta(days=3)
        ),
        "earlier_nonce": earlier_nonce,
        "earlier_sent_at": now - timedelta(days=3),
        "challenge_response": challenge_response,
        "att_obj": base64url.encode(attestation_object),
        "token": token,
        "csr": csr,
        "device_csr": csr,
    }


@pytest.mark.filterwarnings("default::DeprecationWarning:ray.data.context")
@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_the_code_of_a_page_runs(page: Path, prepared: dict[str, Any]) -> None:
    for block in code_blocks(page.read_text(encoding="utf-8")):
        run(shown(page), block, prepared)


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/guide-acme-profile.md",
        "docs/guide-acme.md",
        "docs/guide-batch-runs.md",
        "docs/guide-batches.md",
        "docs/guide-duckdb.md",
        "docs/guide-fast.md",
        "docs/guide-freshness.md",
        "docs/guide-mdm.md",
        "docs/guide-policy.md",
        "docs/start-acme.md",
        "docs/start-mdm.md",
        "docs/start-research.md",
    ],
)
def test_a_page_for_readers_has_code_that_promises_something(
    page: str, prepared: dict[str, Any]
) -> None:
    blocks = code_blocks((ROOT / page).read_text(encoding="utf-8"))
    assert sum(run(page, block, prepared) for block in blocks) >= 2


def test_the_runner_notices_a_broken_promise() -> None:
    held, broken = Block(1, "x = 2\nx + 1  # -> 3\n"), Block(1, "x = 2\nx + 1  # -> 4\n")
    assert run("page", held, {}) == 1
    with pytest.raises(AssertionError, match="page:2"):
        run("page", broken, {})


# --- links --------------------------------------------------------------------------------------


def anchors(markdown: str) -> set[str]:
    """The fragments that a page's headings give."""
    headings = (re.sub(r"[`*]", "", heading).lower() for heading in _HEADING.findall(markdown))
    return {re.sub(r"[^\w -]", "", heading).strip().replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> Iterator[str]:
    markdown = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for target in _LINK.findall(markdown):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, fragment = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        found = file.exists() and (
            not fragment or fragment in anchors(file.read_text(encoding="utf-8"))
        )
        if not found:
            yield target


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=shown)
def test_relative_links_lead_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_the_link_checker_sees_a_broken_link(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](page.md#here) [b](#here) [c](none.md) [d](page.md#there)\n")
    assert list(broken_links(page)) == ["none.md", "page.md#there"]


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        links = _LINK.findall(page.read_text(encoding="utf-8"))
        paths = (link.partition("#")[0] for link in links if not re.match(r"[a-z]+:", link))
        waiting.extend((page.parent / path).resolve() for path in paths if path)
    assert [shown(page) for page in [*PAGES, *READMES] if page not in reached] == []


_FILE: Final = re.compile(
    r"`((?:src|tests|examples|benchmarks|vectors|docs)/[\w./-]+)(?:::(\w+))?`"
)


def missing(markdown: str) -> Iterator[str]:
    """What the text names of the repository's files, and names in them, that is not there."""
    for path, defined in _FILE.findall(markdown):
        file = ROOT / path
        if not file.exists():
            yield path
        elif defined and not re.search(
            rf"(?m)^(?:def |class )?{defined}\b", file.read_text(encoding="utf-8")
        ):
            yield f"{path}::{defined}"


@pytest.mark.parametrize("page", [*PAGES, *READMES], ids=shown)
def test_files_that_a_page_names_exist(page: Path) -> None:
    assert list(missing(page.read_text(encoding="utf-8"))) == []


def test_the_check_of_files_sees_what_is_missing() -> None:
    there = "`tests/test_docs.py`, `tests/test_docs.py::missing` and `docs/`"
    gone = "`tests/test_gone.py` and `tests/test_docs.py::test_gone`"
    assert list(missing(there)) == []
    assert list(missing(gone)) == ["tests/test_gone.py", "tests/test_docs.py::test_gone"]


# --- the public interface -----------------------------------------------------------------------

PROTOCOLS: Final = (
    acme,
    batch,
    for_duckdb,
    for_ray,
    for_spark,
    explain,
    mdm,
    policy,
    profile,
    signatures,
    summary,
)
"""The public packages beside the core."""


def test_the_changelog_names_what_is_there() -> None:
    named = re.findall(r"`([\w.*]+)`", CHANGELOG.read_text(encoding="utf-8"))
    known = {*appleattest.__all__, *dir(Verifier), *dir(appleattest.Attestation), "examine_*"}
    known |= {*dir(AttestationError), "appleattest.testing", "testing"}
    known |= {"appleattest.page", "batch", "duckdb", "fast", "page"}
    for package in PROTOCOLS:
        known |= {package.__name__, *package.__all__}
    assert [each for each in named if each not in known] == []


def test_the_documentation_names_every_public_name() -> None:
    """As code, and where a reader looks for it: not the changelog, nor a list of all names."""
    lists = {CHANGELOG, *(DOCS / "api").glob("*.md")}
    read = (page.read_text(encoding="utf-8") for page in PAGES if page not in lists)
    named = {name for page in read for name in names_in_code(page)}
    public = [*appleattest.__all__, *(name for package in PROTOCOLS for name in package.__all__)]
    assert [each for each in public if each not in named] == []


def names_in_code(markdown: str) -> set[str]:
    """The names in the blocks of Python, and between backticks."""
    blocks = (block.code for block in code_blocks(markdown))
    spans = re.findall(r"`([^`\n]+)`", _FENCE.sub("", markdown))
    return {name for code in (*blocks, *spans) for name in re.findall(r"\w+", code)}


def test_a_word_is_no_name() -> None:
    page = "The Report and `acme.Limits`.\n\n```python\nRule()\n```\n\n```sh\nmake demo\n```\n"
    assert names_in_code(page) == {"acme", "Limits", "Rule"}


# --- tables -------------------------------------------------------------------------------------


def test_the_table_of_limits_is_complete_and_right() -> None:
    rows = table(text("limits.md"), "limit", "default", "what it bounds", "beyond it")
    assert {row[0]: int(row[1].replace(",", "")) for row in rows} == {
        field.name: getattr(Limits(), field.name) for field in fields(Limits)
    }


def test_the_table_of_oids_is_complete_and_right() -> None:
    rows = table(text("oids.md"), "OID", "meaning", "field", "encoding", "blank", "from")
    documented = {f"{oids.APPLE_ATTESTATION_ARC}{row[0]}": row[2] for row in rows}
    fields_of = {row.oid: row.name for row in PROPERTIES}
    assert documented == fields_of | {oids.FRESHNESS_CODE: "freshness_code"}


@pytest.mark.parametrize(
    ("field", "octets", "reading"),
    [
        pytest.param(row[0], row[1], row[2], id=f"{row[0]}-{row[1] or 'none'}")
        for row in table(text("properties.md"), "field", "octets", "reading", "because")
    ],
)
def test_an_odd_value_reads_as_documented(field: str, octets: str, reading: str) -> None:
    (row,) = (each for each in PROPERTIES if each.name == field)
    value = bytes.fromhex("" if octets == "(none)" else octets)
    if reading == "malformed":
        with pytest.raises(MalformedValue):
            row.read(value)
    else:
        decoded = row.read(value)
        assert (decoded if isinstance(decoded, str) else str(decoded).split(".")[-1]) == reading


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (("column of a row", "type", "null", "what it holds"), batch.INPUT_COLUMNS),
        (("column of a verdict", "type", "null", "what it holds"), batch.OUTPUT_COLUMNS),
    ],
    ids=["rows", "verdicts"],
)
def test_the_columns_of_a_batch_are_documented(
    header: tuple[str, ...], columns: tuple[batch.Column, ...]
) -> None:
    documented = table(text("guide-batches.md"), *header)
    assert documented == [
        [each.name, each.type, "yes" if each.nullable else "no", each.meaning.replace("`", "")]
        for each in columns
    ]


def test_the_structs_of_a_batch_are_documented() -> None:
    rows = table(text("guide-batches.md"), "list of", "fields")
    assert {f"list of {name}": fields for name, fields in rows} == {
        name: ", ".join(f"{field} {kind}" for field, kind in fields)
        for name, fields in STRUCTS.items()
    }


def modules_that_exist() -> set[str]:
    package = ROOT / "src" / "appleattest"
    modules = [*package.glob("[!_]*.py"), *(path.parent for path in package.glob("*/__init__.py"))]
    return {path.stem for path in modules}


def test_the_layers_are_those_of_the_layering_test() -> None:
    rows = table(text("architecture.md"), "layer", "modules", "what is in it")
    documented = [set(re.findall(r"\w+", row[1])) for row in rows]
    existing = modules_that_exist()
    enforced = [modules for layer in LAYERS if (modules := set(layer) & existing)]
    assert documented == enforced[::-1]


def test_the_picture_shows_every_module() -> None:
    picture = _FENCE.findall(text("architecture.md"))[0][1]
    modules = modules_that_exist()
    assert {each for each in modules if not re.search(rf"\b{each}\b", picture)} == set()


def test_the_peers_have_the_versions_that_are_built() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    built = dict(re.findall(r"(?m)^\w+ := (github\.com/\w+/\w+)/\S*@(v[0-9.]+)$", makefile))
    documented = {
        server.partition("(https://")[2].removesuffix(")"): version
        for server, version, _ in table(text("peers.md"), "server", "version", "tests")
    }
    assert documented.items() <= built.items()


def test_the_threat_model_answers_every_known_attack() -> None:
    rows = table(text("threat-model.md"), "item", "attack", "what stops it", "where", "test")
    assert [int(row[0]) for row in rows] == list(range(1, 42))
    assert [row[0] for row in rows if "src/" not in row[3]] == []
    assert [row[0] for row in rows if not re.search(r"tests/[\w/]+\.py::", row[4])] == []


# --- reasons ------------------------------------------------------------------------------------

REASONS: Final = {
    row[0]: row
    for row in table(
        text("reasons.md"),
        "reason",
        "class",
        "check",
        "what happened",
        "what to do",
        "ACME problem",
    )
}
PROTOCOL_CHECKS: Final = ("device", "csr")
NEW_ORDER: Final = "newOrder"
"""The request of ACME in which a reason occurs without a check."""
"""The checks of the protocols' layers, after those of every verification."""
POLICY: Final = "policy"
"""What stands in place of a check for the one reason that no report has."""
TOKEN: Final = "2uO9Yz0bJkqQm1sVtXwA4g"


class Broken(NamedTuple):
    """An input made to be refused."""

    authority: AttestationAuthority
    verifier: Verifier

    def chain(self, ders: list[bytes]) -> Report:
        at = self.authority.issued_at
        expected = appleattest.exactly(self.authority.freshness_code)
        return self.verifier.examine_chain(ders, freshness=expected, at=at)

    def leaf(self, *deviations: Deviation, **arguments: Any) -> Report:
        return self.chain(self.authority.attest(deviations=deviations, **arguments))

    def mdm(self, response: Any) -> Report:
        return self.verifier.examine_mdm(response, nonce=UNCHECKED, at=self.authority.issued_at)

    def acme(self, attestation_object: Any) -> Report:
        return self.verifier.examine_acme(
            attestation_object, token=UNCHECKED, at=self.authority.issued_at
        )

    def challenge(self, response: Any) -> Report:
        return acme.examine_challenge(
            response,
            token=TOKEN,
            identifier=SERIAL,
            verifier=self.verifier,
            at=self.authority.issued_at,
        )

    def answered(self, properties: Properties) -> Report:
        code = hashlib.sha256(TOKEN.encode()).digest()
        answer = self.authority.attestation_object(properties=properties, freshness_code=code)
        return self.challenge(carriers.challenge_response(answer))

    def known(self, device: KnownDevice) -> Report:
        return mdm.examine_response(
            self.authority.response_plist(properties=MAC),
            nonce=UNCHECKED,
            verifier=self.verifier,
            device=device,
            at=self.authority.issued_at,
        )

    def csr(self, request: Any) -> Report:
        return acme.examine_csr(
            request,
            attestation=self.authority.verified(MAC),
            identifier=SERIAL,
            binding=acme.CSRBinding.CN_OR_SAN,
        )

    def request(
        self,
        *extensions: x509.ExtensionType,
        common_name: str | None = SERIAL,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> bytes:
        key = key or self.authority.attested_key
        return certificate_request(key, *extensions, common_name=common_name)

    def named(self, name: x509.GeneralName) -> bytes:
        return self.request(x509.SubjectAlternativeName([name]))

    def requested(self, *extensions: x509.ExtensionType, **arguments: Any) -> Report:
        return self.csr(self.request(*extensions, **arguments))

    def reverified(self, record: Any) -> Report:
        with pytest.raises(AttestationError) as refusal:
            self.verifier.reverify(record)
        assert refusal.value.report is not None
        return refusal.value.report

    @property
    def another_key(self) -> bytes:
        key = self.authority.keys.ec("another").public_key()
        return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    def unexplained(self) -> Report:
        """A path in which nothing is wrong but a rule of the engine: a name without a part."""
        nameless = AttestationAuthority("nameless", root_name=bytes.fromhex("3000"))
        return nameless.verifier.examine_chain(
            nameless.attest(), freshness=UNCHECKED, at=nameless.issued_at
        )


NAMELESS: Final = x509.OtherName(acme.PermanentIdentifier.oid, bytes.fromhex("3000"))
"""A PermanentIdentifier without a value."""
FAILED_ATTESTATION: Final = carriers.challenge_response(
    carriers.attestation_object([]), extra={"error": "the attestation servers did not answer"}
)
"""What Apple's client sends when its attempt has failed."""


def with_last_bit_changed(encoded: bytes) -> bytes:
    return encoded[:-1] + bytes([encoded[-1] ^ 1])


SAMPLES: Final[dict[Reason, Callable[[Broken], Report]]] = {
    Reason.MALFORMED_PLIST: lambda b: b.mdm(b"<plist>"),
    Reason.MALFORMED_CBOR: lambda b: b.acme(b"\xa1"),
    Reason.MALFORMED_JSON: lambda b: b.reverified({}),
    Reason.MALFORMED_BASE64: lambda b: b.acme("o2Nm="),
    Reason.MALFORMED_ATTESTATION_OBJECT: lambda b: b.acme(b"\xa0"),
    Reason.UNSUPPORTED_FORMAT: lambda b: b.acme(b.authority.attestation_object(fmt="packed")),
    Reason.TOO_LARGE: lambda b: b.acme(bytes(40_000)),
    Reason.MALFORMED_CERTIFICATE: lambda b: b.leaf(dev.Truncated()),
    Reason.DUPLICATE_EXTENSION: lambda b: b.leaf(dev.DoubledExtension(oids.UDID)),
    Reason.MALFORMED_PROPERTY: lambda b: b.leaf(dev.WrappedValue(oids.UDID)),
    Reason.NO_ATTESTATION: lambda b: b.mdm(carriers.response_plist(None)),
    Reason.NOT_ACKNOWLEDGED: lambda b: b.mdm(b.authority.response_plist(status="NotNow")),
    Reason.UNKNOWN_ISSUER: lambda b: b.chain(b.authority.attest()[:1]),
    Reason.BAD_SIGNATURE: lambda b: b.leaf(dev.WrongSigner()),
    Reason.ISSUER_NOT_CA: lambda b: b.chain(chains.by_leaf(b.authority).attest()),
    Reason.PATH_LENGTH: lambda b: b.chain(chains.deeper(b.authority, 0, 0).attest()),
    Reason.NAME_CONSTRAINTS: lambda b: b.leaf(dev.NameConstraints()),
    Reason.CRITICAL_EXTENSION: lambda b: b.leaf(dev.CriticalExtension(oids.UDID)),
    Reason.WEAK_ALGORITHM: lambda b: b.leaf(dev.SignatureHash(Digest.SHA1)),
    Reason.LEAF_PROFILE: lambda b: b.leaf(dev.LeafIsCA()),
    Reason.UNTRUSTED: Broken.unexplained,
    Reason.EXPIRED: lambda b: b.leaf(dev.Expired()),
    Reason.NOT_YET_VALID: lambda b: b.leaf(dev.NotYetValid()),
    Reason.FRESHNESS_MISSING: lambda b: b.leaf(freshness_code=None),
    Reason.FRESHNESS_MISMATCH: lambda b: b.leaf(freshness_code=b"another"),
    Reason.KEY_MISMATCH: lambda b: b.requested(key=b.authority.keys.ec("another")),
    Reason.MALFORMED_IDENTIFIER: lambda b: b.csr(b.named(NAMELESS)),
    Reason.IDENTIFIER_MISSING: lambda b: b.answered(Properties(os_version="15.5")),
    Reason.IDENTIFIER_MISMATCH: lambda b: b.answered(Properties(serial_number="ANOTHER")),
    Reason.MALFORMED_CSR: lambda b: b.csr(b.request()[:-1]),
    Reason.BAD_CSR_SIGNATURE: lambda b: b.csr(with_last_bit_changed(b.request())),
    Reason.UNEXPECTED_NAME: lambda b: b.csr(b.named(x509.DNSName("mail.example"))),
    Reason.UNEXPECTED_EXTENSION: lambda b: b.requested(x509.BasicConstraints(True, None)),
}

# What is also refused at another check, or in another message.
FURTHER_SAMPLES: Final[list[tuple[Reason, Callable[[Broken], Report]]]] = [
    (Reason.MALFORMED_JSON, lambda b: b.challenge(b"[]")),
    (Reason.MALFORMED_BASE64, lambda b: b.challenge({"attObj": "o2Nm="})),
    (Reason.MALFORMED_CSR, lambda b: b.csr("o2Nm=")),
    (Reason.TOO_LARGE, lambda b: b.challenge(bytes(200_000))),
    (Reason.MALFORMED_CSR, lambda b: b.csr(bytes(10_000))),
    (Reason.NO_ATTESTATION, lambda b: b.challenge(b"{}")),
    (Reason.NO_ATTESTATION, lambda b: b.challenge(FAILED_ATTESTATION)),
    (Reason.IDENTIFIER_MISSING, lambda b: b.requested(common_name=None)),
    (Reason.IDENTIFIER_MISMATCH, lambda b: b.requested(common_name="ANOTHER")),
    (Reason.IDENTIFIER_MISMATCH, lambda b: b.known(KnownDevice(serial_number="ANOTHER"))),
    (Reason.KEY_MISMATCH, lambda b: b.known(KnownDevice(spki=b.another_key))),
]


def test_the_table_of_reasons_is_complete() -> None:
    assert list(REASONS) == [reason.value for reason in Reason]


def test_every_reason_of_a_check_has_a_sample() -> None:
    assert set(Reason) - set(SAMPLES) == {Reason.POLICY, Reason.UNSUPPORTED_IDENTIFIER}


def test_a_broken_policy_is_as_the_table_says(authority: AttestationAuthority) -> None:
    with pytest.raises(AttestationError) as refusal:
        policy.Policy(policy.DeviceIdentified()).require(authority.verified(Properties(sip=0)))
    _, kind, check, _, _, problem = REASONS[Reason.POLICY]
    error = refusal.value
    assert (error.reason, type(error).__name__, error.report) == (Reason.POLICY, kind, None)
    assert check == POLICY
    assert error.problem()["type"].rpartition(":")[2] == problem


REFUSALS: Final = [*SAMPLES.items(), *FURTHER_SAMPLES]


@pytest.mark.parametrize(
    ("reason", "sample"),
    REFUSALS,
    ids=[f"{reason.value}-{number}" for number, (reason, _) in enumerate(REFUSALS)],
)
def test_a_refusal_is_as_the_table_says(
    reason: Reason,
    sample: Callable[[Broken], Report],
    authority: AttestationAuthority,
    verifier: Verifier,
) -> None:
    report = sample(Broken(authority, verifier))
    error = report.error
    assert error is not None
    assert error.reason is reason
    _, kind, checks, _, _, problem = REASONS[reason]
    assert type(error).__name__ == kind
    (failed,) = (check.name for check in report.checks if check.outcome == "failed")
    assert failed in checks.split(", ")
    error.context = None  # the column is that of no context
    assert error.problem()["type"].rpartition(":")[2] == problem


@pytest.mark.parametrize("reason", list(Reason))
def test_the_class_and_the_problem_agree_with_the_code(reason: Reason) -> None:
    _, kind, _, _, _, problem = REASONS[reason]
    error: AttestationError = getattr(appleattest, kind)(reason)
    assert error.problem()["type"].rpartition(":")[2] == problem


CONTEXTS: Final = table(text("reasons.md"), "what is refused", "context", "problem")
OF_UNKNOWN_TYPE: Final = "newOrder, for an identifier of an unknown type"


@pytest.mark.parametrize(
    ("context", "problem"), [row[1:] for row in CONTEXTS if row[0] != OF_UNKNOWN_TYPE]
)
@pytest.mark.parametrize("reason", list(Reason))
def test_the_problem_depends_on_the_context_as_documented(
    reason: Reason, context: str, problem: str
) -> None:
    _, kind, _, _, _, without = REASONS[reason]
    error: AttestationError = getattr(appleattest, kind)(reason)
    error.context = acme.ProblemContext[context]
    moves = reason is Reason.MALFORMED_IDENTIFIER or without == "badAttestationStatement"
    assert error.problem()["type"].rpartition(":")[2] == (problem if moves else without)


def test_the_problem_of_an_unknown_type_is_as_documented() -> None:
    (row,) = (row for row in CONTEXTS if row[0] == OF_UNKNOWN_TYPE)
    with pytest.raises(IdentifierMismatch) as refusal:
        acme.parse_identifiers([{"type": "dns", "value": "a.example"}])
    error = refusal.value
    assert error.context is acme.ProblemContext[row[1]]
    assert error.problem()["type"].rpartition(":")[2] == row[2]


def test_every_context_is_documented() -> None:
    assert {row[1] for row in CONTEXTS} == {context.name for context in acme.ProblemContext}


def test_the_checks_of_the_protocols_are_those_documented(
    authority: AttestationAuthority, verifier: Verifier
) -> None:
    broken = Broken(authority, verifier)
    device, csr = broken.answered(MAC), broken.requested()
    known = broken.known(KnownDevice(serial_number=SERIAL))
    assert (device.error, known.error, csr.error) == (None, None, None)
    for report in (device, known):
        assert tuple(check.name for check in report.checks) == (*CHECKS, "device")
    assert tuple(check.name for check in csr.checks) == ("csr",)


def test_the_order_of_the_checks_is_documented() -> None:
    listed = re.findall(r"(?m)^\d+\. \*\*`([\w-]+)`\*\*", text("reasons.md"))
    assert tuple(listed) == (*CHECKS, *PROTOCOL_CHECKS)


def test_the_reasons_are_grouped_by_checks_that_exist() -> None:
    named = {check for row in REASONS.values() for check in row[2].split(", ")}
    assert named == {*CHECKS, *PROTOCOL_CHECKS, POLICY, NEW_ORDER}


def test_every_row_says_what_to_do() -> None:
    assert [row[0] for row in REASONS.values() if len(row[3]) < 20 or len(row[4]) < 20] == []


def test_every_field_of_a_device_is_in_the_table_of_oids() -> None:
    page = text("oids.md")
    silent = [each for each in DeviceProperties.__annotations__ if each not in page]
    assert silent == []
