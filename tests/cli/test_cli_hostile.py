"""Nothing from a certificate reaches the terminal unescaped."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from cli_tools import ROOT, in_terminal, run
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import oids
from appleattest.testing import AttestationAuthority, Properties, authority_name

HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\u202egnp.exe",
    "a\nVerified: b",
    "a\r\x08\x7f\x9b31m",
    "[red]Verified[/red]",
    ":smiley:",
    "\u2066\u200b",
)


def chain_named(name: str) -> tuple[bytes, bytes]:
    """A chain in PEM whose intermediate and serial number have that text, and its root."""
    authority = AttestationAuthority("hostile", intermediate_name=authority_name(name))
    raw = {oids.SERIAL_NUMBER: name.encode(), "1.2.840.113635.100.8.99.1": name.encode()}
    chain = authority.attest(properties=Properties(os_version="15.5", raw=raw))
    pem = [x509.load_der_x509_certificate(each).public_bytes(Encoding.PEM) for each in chain]
    return b"".join(pem), authority.root.public_bytes(Encoding.PEM)


def assert_escaped(shown: str) -> None:
    assert all(each == "\n" or each.isprintable() for each in shown), ascii(shown)
    assert shown.replace("\u2514\u2500\u2500", "").replace("\u2502", "").isascii()


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_names(name: str, tmp_path: Path) -> None:
    pem, root = chain_named(name)
    (tmp_path / "root.pem").write_bytes(root)
    anchors = ("--root", str(tmp_path / "root.pem"))
    shown = run("inspect", "-", *anchors, given=pem).stdout
    assert_escaped(shown)
    assert "UNVERIFIED" in shown
    for arguments in (("chain", "-"), ("mdm", "-")):
        assert_escaped(run("verify", *arguments, "--unchecked", *anchors, given=pem).output)
        printed = run("verify", *arguments, "--unchecked", "--json", *anchors, given=pem).stdout
        assert printed.isascii()
        assert "\x1b" not in printed
        json.loads(printed)


def test_markup_and_emoji_are_text() -> None:
    shown = run("inspect", "-", given=chain_named("[red]a[/red] :smiley:")[0]).stdout
    assert "CN=[red]a[/red] :smiley:" in shown


def test_a_terminal_gets_no_escape_code_of_a_certificate(tmp_path: Path) -> None:
    path = tmp_path / "chain.pem"
    path.write_bytes(chain_named("\x1b[31m\x1b]0;t\x07")[0])
    shown, code = in_terminal(["inspect", str(path)], width=80, environment={"NO_COLOR": "1"})
    assert code == 0
    assert "\x1b[31m" not in shown
    assert "\x1b]" not in shown


@settings(max_examples=25)
@given(name=st.text(min_size=1, max_size=30))
def test_any_name(name: str) -> None:
    assert_escaped(run("inspect", "-", given=chain_named(name)[0]).output)


def chains_of_vectors() -> list[Any]:
    groups = json.loads((ROOT / "vectors" / "chain_encoding.json").read_bytes())["testGroups"]
    groups += json.loads((ROOT / "vectors" / "chain_fields.json").read_bytes())["testGroups"]
    return [test for group in groups for test in group["tests"] if test.get("chain")]


def test_vectors_are_shown_escaped() -> None:
    tests = chains_of_vectors()
    assert len(tests) > 20
    for test in tests:
        given = b"".join(b64decode(each) for each in test["chain"])
        for arguments in (("inspect", "-"), ("verify", "chain", "-", "--unchecked")):
            result = run(*arguments, given=given)
            assert result.exit_code in (0, 1, 2)
            assert_escaped(result.output)
