"""What is in examples/vector_consumers answers every vector as expected."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from appleattest.testing.vectors import runner
from vector_files import PATHS

CONSUMERS: Final = Path(__file__).resolve().parents[1] / "examples" / "vector_consumers"
GO_SOURCES: Final = CONSUMERS / "go"
OLDEST_GO: Final = (1, 21)
INSTALL_GO: Final = "the consumer in Go is not run: install Go 1.21 or later"
FEWEST_EQUAL_REASONS: Final = 0.95
OFFLINE: Final = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-buildvcs=false",
    "GOPROXY": "off",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


def verdicts(*command: str) -> list[runner.Verdict]:
    """What the runner says of every answer, which must all be as expected."""
    found = list(runner.run(command, PATHS))
    assert [(v.file, v.test["name"], v.failure) for v in found if v.failure] == []
    return found


def assert_complete(found: Sequence[runner.Verdict]) -> None:
    """The runner compares what an answer holds; here nothing that a test tells is left out."""
    for field in (
        *("freshness", "requestedAt", "spkiSha256", "device"),
        *("discrepancies", "foundIn", "names", "parts", "text", "der"),
    ):
        accepted = [v for v in found if v.answer["result"] == "valid" and field in v.test]
        assert accepted
        assert [(v.file, v.test["name"]) for v in accepted if field not in v.answer] == []


def test_the_adapter_agrees_in_result_and_reason() -> None:
    found = verdicts(sys.executable, str(CONSUMERS / "python_adapter.py"))

    assert [(v.file, v.test["name"]) for v in found if v.other_reason] == []
    assert [(v.file, v.test["name"]) for v in found if runner.kept(v.test, v.answer)] == []
    assert_complete(found)


class Go:
    """The `go` of this machine, which is to fetch nothing and to keep nothing in the checkout."""

    def __init__(self, command: str, cache: Path) -> None:
        self._command = command
        self._environment = {**os.environ, **OFFLINE}
        if not os.access(self("env", "GOCACHE"), os.W_OK):
            self._environment["GOCACHE"] = str(cache)

    def __call__(self, *arguments: str) -> str:
        """What it prints; a failure of the test, with what it said, when it fails."""
        done = subprocess.run(
            [self._command, *arguments],
            cwd=GO_SOURCES,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.strip()

    def version(self) -> tuple[int, ...]:
        """As in (1, 21)."""
        return tuple(map(int, re.findall(r"\d+", self("env", "GOVERSION"))[:2]))


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Go:
    command = shutil.which("go")
    if command is None:
        pytest.skip(INSTALL_GO)
    found = Go(command, tmp_path_factory.mktemp("go-build"))
    if found.version() < OLDEST_GO:
        pytest.skip(INSTALL_GO)
    return found


class TestConsumerInGo:
    def test_it_agrees(
        self, go: Go, tmp_path: Path, record_property: Callable[[str, object], None]
    ) -> None:
        program = tmp_path / "vectorconsumer"
        go("build", "-o", str(program), ".")

        found = verdicts(str(program))

        assert_complete(found)
        refused = [v for v in found if v.answer["result"] == "invalid" and "reason" in v.test]
        equal = [v for v in refused if not v.other_reason]
        said = f"{len(equal)} of {len(refused)} refusals for the same reason"
        record_property("reasons", said)
        sys.stdout.write(said)  # pytest -rP shows it
        assert len(equal) / len(refused) > FEWEST_EQUAL_REASONS

    def test_it_needs_the_standard_library_alone(self, go: Go) -> None:
        packages = "{{if not .Standard}}{{.ImportPath}}{{end}}"

        assert go("list", "-deps", "-f", packages, "./...") == "vectorconsumer"
        assert go("list", "-m", "all") == "vectorconsumer"

    def test_it_is_tidy(self, go: Go) -> None:
        assert go("vet", "./...") == ""
        formatter = shutil.which("gofmt") or str(Path(go("env", "GOROOT"), "bin", "gofmt"))
        done = subprocess.run(
            [formatter, "-l", str(GO_SOURCES)], capture_output=True, text=True, check=True
        )
        assert done.stdout == ""
