"""The demo shows what it says, and its vectors are what the generator makes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from appleattest import Reason

ROOT: Final = Path(__file__).resolve().parent.parent
EXAMPLES: Final = ROOT / "examples"
VECTORS: Final = ROOT / "vectors" / "demo"


def run(program: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of examples/, or a copy of one."""
    return subprocess.run(
        [sys.executable, str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def copied(folder: Path) -> Path:
    """A copy of examples/ and vectors/demo/ that a test may change."""
    shutil.copytree(EXAMPLES, folder / "examples")
    shutil.copytree(VECTORS, folder / "vectors" / "demo")
    return folder


def sections(output: str) -> list[list[str]]:
    """The lines of each example, spaces evened out."""
    *blocks, _summary = output.strip().split("\n\n")
    return [[" ".join(line.split()) for line in block.splitlines()] for block in blocks]


@pytest.fixture(scope="module")
def shown() -> list[list[str]]:
    done = run(EXAMPLES / "demo.py")
    assert (done.returncode, done.stderr) == (0, "")
    return sections(done.stdout)


def test_generating_the_vectors_again_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "examples").mkdir()
    program = shutil.copy(EXAMPLES / "make_demo_vectors.py", tmp_path / "examples")
    done = run(Path(program))
    assert (done.returncode, done.stderr) == (0, "")
    made = {path.name: path.read_bytes() for path in (tmp_path / "vectors" / "demo").iterdir()}
    assert made == {path.name: path.read_bytes() for path in VECTORS.iterdir()}


def test_every_vector_is_shown() -> None:
    index = json.loads((VECTORS / "demo.json").read_bytes())
    named = {example["file"] for example in index["examples"]}
    present = {path.name for path in VECTORS.iterdir()}
    assert present == named | {"demo.json", index["trust_anchor"]}


@pytest.mark.parametrize(
    ("number", "lines"),
    [
        pytest.param(
            1,
            [
                "VERIFIED made for this request",
                "serial number EXAMPLE001",
                "SIP enabled",
                "secure boot full",
                "kernel extensions none-allowed",
            ],
            id="mdm",
        ),
        pytest.param(2, ["VERIFIED made for this request", "serial number EXAMPLE002"], id="acme"),
        pytest.param(
            3,
            [
                "VERIFIED made for an earlier request",
                "asked for at 2025-06-28 12:00 UTC",
                "serial number EXAMPLE001",
            ],
            id="cached",
        ),
        pytest.param(
            4,
            [
                "VERIFIED made for this request",
                "device not identified: no serial number, no UDID",
            ],
            id="user-enrolled",
        ),
        pytest.param(
            5,
            [
                (
                    "REFUSED a certificate of the chain was issued by one that may not issue "
                    "(issuer-not-ca, x5c[1])"
                ),
                "reason issuer-not-ca",
                "element x5c[1]",
                "claims to be EXAMPLE003, which nobody has verified",
            ],
            id="forgery",
        ),
        pytest.param(
            6,
            [
                (
                    "REFUSED the attestation was not made for this request "
                    "(freshness-mismatch, 1.2.840.113635.100.8.11.1)"
                ),
                "reason freshness-mismatch",
                "element 1.2.840.113635.100.8.11.1",
                "all the same genuine, of device EXAMPLE001",
            ],
            id="stale",
        ),
    ],
)
def test_the_demo_shows(shown: list[list[str]], number: int, lines: list[str]) -> None:
    assert [line for line in shown[number - 1] if line in lines] == lines


@pytest.mark.parametrize("number", [5, 6], ids=["forgery", "stale"])
def test_a_refusal_comes_with_detail_and_a_problem_document(
    shown: list[list[str]], number: int
) -> None:
    labelled = dict(line.split(" ", 1) for line in shown[number - 1][2:])
    assert len(labelled["detail"]) > 20
    problem: dict[str, Any] = json.loads(labelled["problem"])
    assert problem["type"] == "urn:ietf:params:acme:error:badAttestationStatement"
    assert problem["status"] == 400
    assert Reason(labelled["reason"]).value in problem["detail"]
    assert "EXAMPLE" not in labelled["problem"]


def test_nothing_but_the_refused_is_refused(shown: list[list[str]]) -> None:
    verdicts = [block[2].split()[0] for block in shown]
    assert verdicts == ["VERIFIED"] * 4 + ["REFUSED"] * 2


def test_the_demo_fails_when_an_example_does_not_end_as_expected(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (folder / "vectors" / "demo" / "mac.plist").write_bytes(
        (VECTORS / "forgery.plist").read_bytes()
    )
    done = run(folder / "examples" / "demo.py")
    assert done.returncode == 1
    assert "UNEXPECTED: issuer-not-ca instead of current" in done.stdout
    assert done.stdout.endswith("6 examples, 1 surprises\n")
