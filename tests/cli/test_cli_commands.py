"""Each subcommand does what its help says, in text and in JSON."""

from __future__ import annotations

import json
import plistlib
import subprocess
import sys
from base64 import b64decode
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import click
import jsonschema
import pytest
from cli_tools import DEMO, INDEX, demo_arguments, run
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest.cli.app import app
from appleattest.testing import AttestationAuthority, carriers

SCHEMA: Final = json.loads(files("appleattest.cli").joinpath("output.schema.json").read_text())
TOKEN: Final = "2uO9Yz0bJkqQm1sVtXwA4g"


def printed(*arguments: str, given: bytes = b"") -> dict[str, Any]:
    """What it prints with --json, which the schema allows."""
    result = run(*arguments, "--json", given=given)
    assert result.stderr == ""
    document: dict[str, Any] = json.loads(result.stdout)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


@pytest.fixture
def root(tmp_path: Path) -> str:
    """The root of the seed `lab`, as a file."""
    path = tmp_path / "root.pem"
    path.write_bytes(run("mint", "root", "--seed", "lab").stdout_bytes)
    return str(path)


@pytest.mark.parametrize("example", INDEX["examples"], ids=lambda each: each["file"])
def test_each_demo_input(example: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(DEMO)
    (result,) = printed(*demo_arguments(example))["results"]
    if example["expected"] in ("current", "earlier"):
        assert result["verdict"] == "verified"
        assert result["attestation"]["freshness"] == example["expected"]
    else:
        assert (result["verdict"], result["error"]["reason"]) == ("refused", example["expected"])
    (inspected,) = printed("inspect", example["file"])["results"]
    assert inspected["as_of_not_before"]["verifies"] is False
    (inspected,) = printed("inspect", example["file"], "--root", "root.pem")["results"]
    assert inspected["as_of_not_before"]["verifies"] is (example["expected"] != "issuer-not-ca")


def test_mint_and_verify_mdm(root: str) -> None:
    minted = run("mint", "mdm", "--seed", "lab", "--nonce", "00ff", "--serial", "A1").stdout_bytes
    verify = ("verify", "mdm", "-", "--nonce", "base64:AP8", "--root", root)
    assert run(*verify, given=minted).exit_code == 0
    assert run(*verify, "--serial", "A1", given=minted).exit_code == 0
    (result,) = printed(*verify, "--serial", "A2", given=minted)["results"]
    assert result["error"]["reason"] == "identifier-mismatch"
    (result,) = printed("verify", "mdm", "-", "--nonce", "00", "--root", root, given=minted)[
        "results"
    ]
    assert result["error"]["reason"] == "freshness-mismatch"
    event = carriers.webhook_event(minted)
    assert run(*verify, "--serial", "A1", given=event).exit_code == 0
    (result,) = printed(*verify, given=b'{"topic": "x", "acknowledge_event": {}}')["results"]
    assert result["verdict"] == "refused"


def test_a_chain_alone_names_no_enrolment(root: str) -> None:
    chain = run("mint", "chain", "--seed", "lab", "--freshness", "00ff").stdout_bytes
    verify = ("verify", "mdm", "-", "--nonce", "00ff", "--root", root)
    assert run(*verify, given=chain).exit_code == 0
    refused = run(*verify, "--serial", "A1", given=chain)
    assert "need the device's whole response" in refused.stderr
    assert run(*verify, "--serial", " ", given=chain).exit_code == 2
    for option in (("--freshness", "00ff"), ("--unchecked",)):
        assert run("verify", "chain", "-", *option, "--root", root, given=chain).exit_code == 0
    wrong = run("verify", "chain", "-", "--sha256-of", "x", "--root", root, given=chain)
    assert wrong.exit_code == 1
    end = "-----END CERTIFICATE-----\n"
    reverse = "".join(each + end for each in reversed(chain.decode().split(end)[:-1]))
    result = run("verify", "chain", "-", "--unchecked", "--root", root, given=reverse.encode())
    assert result.exit_code == 1
    assert "reversed" in result.output


def test_an_extra_certificate_that_no_path_needs_is_a_finding(root: str) -> None:
    """As in every call of the library; one that is damaged still refuses."""
    chain = run("mint", "chain", "--seed", "lab").stdout_bytes
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "extra")])
    days = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    extra = x509.CertificateBuilder(name, name, key.public_key(), 1, *days).sign(
        key, hashes.SHA256()
    )
    verify = ("verify", "chain", "-", "--unchecked", "--root", root)
    (result,) = printed(*verify, given=chain + extra.public_bytes(Encoding.PEM))["results"]
    assert result["verdict"] == "verified"
    assert result["checks"][1]["outcome"] == "finding"
    assert result["checks"][1]["reason"] == "weak-algorithm"
    damaged = b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
    (result,) = printed(*verify, given=chain + damaged)["results"]
    assert result["error"]["reason"] == "malformed-certificate"


def request(name: str) -> x509.CertificateSigningRequest:
    key = AttestationAuthority("lab").attested_key
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder(subject).sign(key, hashes.SHA256())


def test_mint_and_verify_acme(root: str, tmp_path: Path) -> None:
    mint = ("mint", "acme", "--seed", "lab", "--token", TOKEN)
    minted, inside = run(*mint).stdout_bytes, run(*mint, "--object").stdout_bytes
    verify = ("verify", "acme", "-", "--token", TOKEN, "--root", root)
    text = json.loads(minted)["attObj"].encode()
    for form in (minted, inside, text):
        assert run(*verify, given=form).exit_code == 0
        assert run(*verify, "--identifier", "TESTSERIAL01", given=form).exit_code == 0
    (result,) = printed(*verify, "--identifier", "A2", given=minted)["results"]
    assert result["error"]["reason"] == "identifier-mismatch"
    code = ("--identifier", "one-time", "--serial", "TESTSERIAL01")
    assert run(*verify, *code, given=minted).exit_code == 0
    csr = request("TESTSERIAL01")
    der = csr.public_bytes(Encoding.DER)
    forms = (der, csr.public_bytes(Encoding.PEM), carriers.finalize_payload(der),
             json.loads(carriers.finalize_payload(der))["csr"].encode())  # fmt: skip
    named = (*verify, "--identifier", "TESTSERIAL01", "--csr", str(tmp_path / "csr"))
    for form in forms:
        (tmp_path / "csr").write_bytes(form)
        (result,) = printed(*named, given=minted)["results"]
        assert result["checks"][-1]["name"] == "csr"
        assert result["verdict"] == "verified"
    assert run(*named, given=b"{}").exit_code == 1
    (tmp_path / "csr").write_bytes(request("OTHER").public_bytes(Encoding.DER))
    (result,) = printed(*named, given=minted)["results"]
    assert result["error"]["reason"] == "identifier-mismatch"
    (tmp_path / "csr").write_bytes(b"-----BEGIN CERTIFICATE REQUEST-----")
    (result,) = printed(*named, given=minted)["results"]
    assert result["error"]["reason"] == "malformed-csr"
    (tmp_path / "csr").write_bytes(b'{"csr": 1}')
    assert "--csr" in run(*named, given=minted).stderr
    (tmp_path / "csr").unlink()
    assert "--csr" in run(*named, given=minted).stderr


def test_a_policy_refuses(root: str, tmp_path: Path) -> None:
    rules = tmp_path / "policy.toml"
    rules.write_text('schema = 1\n[minimum_os_version]\nmacos = "15.5"\n')
    minted = run("mint", "mdm", "--seed", "lab", "--nonce", "00ff").stdout_bytes
    verify = ("verify", "mdm", "-", "--nonce", "00ff", "--root", root, "--policy", str(rules))
    (result,) = printed(*verify, "--platform", "macos", given=minted)["results"]
    assert (result["verdict"], result["error"]) == ("refused", None)
    assert result["policy"]["passed"] is False
    shown = run(*verify, "--platform", "macos", given=minted)
    assert shown.exit_code == 1
    assert "Genuine, and refused" in shown.stdout
    newer = run("mint", "mdm", "--seed", "lab", "--nonce", "00ff", "--os-version", "15.6")
    assert run(*verify, "--platform", "macos", given=newer.stdout_bytes).exit_code == 0
    (result,) = printed(*verify, given=b"")["results"]
    assert result["policy"] is None


def test_deviations_are_refused(root: str) -> None:
    chain = run("mint", "chain", "--seed", "lab", "--deviation", "WrongSigner").stdout_bytes
    (result,) = printed("verify", "chain", "-", "--unchecked", "--root", root, given=chain)[
        "results"
    ]
    assert result["error"]["reason"] == "bad-signature"
    assert {"WrongSigner", "Expired"} <= {
        each["name"] for each in printed("mint", "deviations")["results"]
    }
    assert "WrongSigner" in run("mint", "deviations").stdout
    assert run("mint", "chain", "--deviation", "NotACA").exit_code == 2


def test_a_seed_file_is_kept(tmp_path: Path) -> None:
    seed = str(tmp_path / "seed")
    first = run("mint", "root", "--seed-file", seed).stdout
    assert run("mint", "root", "--seed-file", seed).stdout == first
    assert run("mint", "root").stdout != first
    assert "--seed-file" in run("mint", "root", "--seed-file", str(tmp_path)).stderr
    assert b"BEGIN CERTIFICATE" in b64decode(printed("mint", "root")["results"][0]["base64"])
    enrolled = printed("inspect", "-", given=run("mint", "chain", "--user-enrolled").stdout_bytes)
    assert enrolled["results"][0]["properties"][0]["state"] == "absent"


def test_explain() -> None:
    assert "freshness code" in run("explain", "11.1").stdout
    assert "the chain is not trusted" in run("explain", "untrusted").stdout
    assert "13.3" in run("explain").stdout
    kinds = {each["kind"] for each in printed("explain")["results"]}
    assert kinds == {"reason", "oid"}
    assert "Did you mean" not in run("explain", "zzzzzz").stderr


def test_command_and_payload_and_lint(tmp_path: Path) -> None:
    command = run("command", "--nonce", "00ff", "--command-uuid", "7").stdout_bytes
    assert plistlib.loads(command)["Command"]["DeviceAttestationNonce"] == b"\x00\xff"
    assert "DeviceAttestationNonce" not in run("command", "--cached").stdout
    assert b"DeviceAttestationNonce" in b64decode(
        printed("command", "--new-nonce")["results"][0]["plist"]
    )
    assert run("command", "--cached", "--command-uuid", "").exit_code == 2
    payload = ("payload", "--client-identifier", "A1", "--identifier", "com.example.a")
    url = ("--directory-url", "https://ca.example.com/directory")
    assert run(*payload, "--directory-url", "http://ca.example.com").exit_code == 2
    profile = run(*payload, *url).stdout_bytes
    assert run("lint", "-", given=profile).exit_code == 0
    assert b64decode(printed(*payload, *url)["results"][0]["plist"]) == profile
    broken = profile.replace(b"<true/>", b"<false/>")
    result = printed("lint", "-", given=broken)["results"][0]
    assert result["would_attest"] is False
    assert run("lint", "-", given=broken).exit_code == 1
    assert run("lint", "-", "--platform", "macos", "--chip", "S4", given=profile).exit_code == 2
    target = ("--platform", "macos", "--os-version", "14.5", "--chip", "M2")
    assert run("lint", "-", *target, given=profile).exit_code == 0
    assert "error" in printed("lint", "-", given=b"x")["results"][0]
    assert run("lint", str(tmp_path)).exit_code == 2


def test_vectors(tmp_path: Path) -> None:
    only = ("vectors", "--directory", str(DEMO.parent), "--file", "chain_freshness.json")
    assert run(*only).exit_code == 0
    assert printed(*only)["results"][0]["failed"] is False
    assert run(*only, "--", "false").exit_code == 2
    assert run("vectors", "--directory", str(tmp_path)).exit_code == 2


def test_inspect_says_what_is_wrong() -> None:
    shown = run("inspect", "-", given=run("mint", "chain", "--deviation", "Truncated").stdout_bytes)
    assert "What no verifier would accept" in shown.stdout
    assert "error" in printed("inspect", "-", given=b"x")["results"][0]
    assert "nothing to show" in run("inspect", "-", "missing", given=b"x").stdout


def leaves(command: click.Command, path: tuple[str, ...]) -> list[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    below = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [leaf for name, each in below if each for leaf in leaves(each, (*path, name))]


@pytest.mark.parametrize("path", leaves(app, ()), ids=" ".join)
def test_every_subcommand_has_help_and_json(path: tuple[str, ...]) -> None:
    shown = run(*path, "--help")
    assert shown.exit_code == 0
    assert "--json" in shown.stdout
    assert "Examples:" in run(*path, "--help").stdout + run(*path[:1], "--help").stdout


def test_the_list_of_commands_loads_none() -> None:
    program = (
        "import sys; from appleattest.cli import main; main(['--help'])\n"
        "print([m for m in sys.modules if m.startswith('appleattest.testing')], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"
    assert "inspect" in done.stdout
