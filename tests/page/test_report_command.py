"""`appleattest report`: the file that it writes, and its exit codes."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

pytest.importorskip("jinja2", reason="needs Jinja2: pip install 'appleattest[page]'")
pytest.importorskip("click", reason="needs click: pip install 'appleattest[cli]'")

import jsonschema
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding
from pages import AT, AUTHORITY, NONCE, Parsed, plist

from appleattest.cli.report import report
from appleattest.testing import carriers
from appleattest.wire import base64url

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

SCHEMA = json.loads(
    files("appleattest.cli").joinpath("output.schema.json").read_text(encoding="utf-8")
)
TOKEN = "token-of-the-page-0123456789"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "root.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    (tmp_path / "mac.plist").write_bytes(plist())
    chain = AUTHORITY.attest(freshness_code=NONCE, at=AT)
    (tmp_path / "chain.der").write_bytes(b"".join(chain))
    (tmp_path / "reversed.der").write_bytes(b"".join(reversed(chain)))
    return tmp_path


def run(*words: str, trusted: bool = True) -> Result:
    lab = ("--root", "root.pem", "--at", "2025-07-01T12:00:00Z") if trusted else ()
    return CliRunner().invoke(report, [*words, *lab, "--out", "page.html"], standalone_mode=False)


def text(folder: Path) -> str:
    parsed = Parsed((folder / "page.html").read_text(encoding="utf-8"))
    assert parsed.dangers() == []
    return parsed.text


def test_without_freshness_it_verifies_nothing(folder: Path) -> None:
    assert run("mac.plist", trusted=False).return_value == 0
    shown = text(folder)
    assert "Unverified: this page shows what the input claims." in shown
    assert "The chain does not verify to Apple's root as of its notBefore, 2025-06-30" in shown
    assert "Claimed properties" in shown
    assert "appleattest report mac.plist --out page.html" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mac.plist", "--nonce", NONCE.hex()), "It answers this request."),
        (("chain.der", "--nonce", NONCE.hex()), "It answers this request."),
        (("chain.der", "--freshness", NONCE.hex()), "It answers this request."),
        (("mac.plist", "--unchecked"), "Its freshness was not checked"),
    ],
)
def test_what_verifies(folder: Path, words: tuple[str, ...], said: str) -> None:
    assert run(*words).return_value == 0
    shown = text(folder)
    assert said in shown
    assert "Attested properties" in shown
    assert f"{words[0]} {words[1]}" in shown
    assert "--root root.pem --at 2025-07-01T12:00:00Z --out page.html" in shown


@pytest.mark.parametrize("words", [("--token", TOKEN), ("--sha256-of", TOKEN)])
def test_an_attestation_object(folder: Path, words: tuple[str, str]) -> None:
    code = hashlib.sha256(TOKEN.encode()).digest()
    encoded = AUTHORITY.attestation_object(freshness_code=code, at=AT)
    response = json.dumps({"attObj": base64url.encode(encoded)})
    (folder / "phone.json").write_text(response, encoding="utf-8")
    assert run("phone.json", *words).return_value == 0
    assert "It answers this request." in text(folder)
    assert run("phone.json", words[0], TOKEN[::-1]).return_value == 1
    assert "Refused: the attestation was not made for this request." in text(folder)


def test_what_is_refused(folder: Path) -> None:
    assert run("mac.plist", "--nonce", "00").return_value == 1
    assert "Refused: the attestation was not made for this request." in text(folder)
    assert run("reversed.der", "--freshness", NONCE.hex()).return_value == 1
    assert "Refused: the first certificate is not an attestation certificate." in text(folder)
    (folder / "nothing").write_bytes(b"nothing")
    assert run("nothing", "--unchecked").return_value == 1
    assert "Refused:" in text(folder)


def test_one_refusal_of_several_is_told_by_the_code(folder: Path) -> None:
    old = carriers.response_plist(AUTHORITY.attest(freshness_code=b"old", at=AT))
    (folder / "old.plist").write_bytes(old)
    assert run("mac.plist", "old.plist", "--nonce", NONCE.hex()).return_value == 1
    shown = text(folder)
    assert "mac.plist: Verified" in shown
    assert "old.plist: Refused" in shown


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mac.plist", "--unchecked", "--nonce", "00"), "Give one of --nonce, --token"),
        (("mac.plist",), "--root and --at need the freshness, or --unchecked."),
        (("none.plist", "--unchecked"), "none.plist: No such file or directory."),
        (("mac.plist", "--token", "short"), "at least 22 characters"),
        (("mac.plist", "--nonce", "00" * 33), "nonce is 1 to 32 bytes"),
        (("mac.plist", "--sha256-of", ""), "it is empty."),
    ],
)
def test_misuse_is_a_sentence(folder: Path, words: tuple[str, ...], said: str) -> None:
    done = run(*words)
    assert said in str(done.exception)
    assert not (folder / "page.html").exists()


def test_no_input_is_replaced(folder: Path) -> None:
    before = (folder / "mac.plist").read_bytes()
    done = CliRunner().invoke(
        report, ["mac.plist", "--unchecked", "--out", "mac.plist"], standalone_mode=False
    )
    assert "--out names an input" in str(done.exception)
    assert (folder / "mac.plist").read_bytes() == before


def test_without_a_certificate_there_is_nothing_to_show(folder: Path) -> None:
    (folder / "nothing").write_bytes(b"nothing")
    done = run("nothing", trusted=False)
    assert "nothing: no certificate was found" in str(done.exception)


def test_without_jinja_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [each for each in sys.modules if each.startswith("appleattest.page")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("appleattest.page", raising=False)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    done = run("mac.plist", "--unchecked")
    assert "a page needs Jinja2" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "verdict", "sentence"),
    [
        (("--nonce", NONCE.hex()), "verified", "Verified: "),
        (("--nonce", "00ff"), "refused", "Refused: the attestation was not made for this request."),
        ((), "unverified", "Unverified: the page shows what the input claims."),
    ],
)
def test_json_says_what_the_page_says(
    folder: Path, words: tuple[str, ...], verdict: str, sentence: str
) -> None:
    said = json.loads(run("mac.plist", *words, "--json", trusted=bool(words)).stdout)
    jsonschema.validate(said, SCHEMA)
    (result,) = said["results"]
    assert (result["input"], result["verdict"]) == ("mac.plist", verdict)
    assert result["sentence"].startswith(sentence)
    assert result["page"] == "page.html"


def test_an_input_is_not_replaced_under_another_name(folder: Path) -> None:
    before = (folder / "mac.plist").read_bytes()
    words = ["mac.plist", "--unchecked", "--out", "../" + folder.name + "/mac.plist"]
    refused = CliRunner().invoke(report, words)
    assert refused.exit_code == 2
    assert "--out names an input" in refused.output
    assert (folder / "mac.plist").read_bytes() == before


def test_the_call_of_the_page_checks_no_freshness_that_was_not_checked(folder: Path) -> None:
    run("mac.plist", "--unchecked")
    assert "freshness=UNCHECKED" in text(folder)
    run("mac.plist", "--nonce", NONCE.hex())
    assert "nonce=nonce" in text(folder)
    assert "UNCHECKED" not in text(folder)
