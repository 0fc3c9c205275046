"""What `make bench-peers` and `make bench-costs` have found, as docs/pictures keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).resolve().parent.parent / "pictures"


class Contestant(NamedTuple):
    """Somebody who was timed: the name in the JSON, and what people read."""

    name: str
    label: str
    what: str

    @property
    def ours(self) -> bool:
        """Whether it is this library."""
        return self.name.startswith("appleattest")


OURS: Final = Contestant("appleattest verify_acme", "appleattest", "`verify_acme`")
FAST: Final = Contestant(
    "appleattest verify_acme, fast",
    "appleattest, AWS-LC",
    "`verify_acme`, with `signatures=AWSLC()`",
)
STEPS: Final = Contestant(
    "step-ca steps",
    "step-ca's steps",
    "the least of what it does: CBOR, `x509.ParseCertificate`, `Verify`, freshness code",
)
CERTVALIDATOR: Final = Contestant(
    "pyhanko-certvalidator",
    "pyhanko-certvalidator",
    "the path alone: no CBOR, no freshness code, no property",
)
OBJECT: Final = (
    FAST,
    OURS,
    STEPS,
    Contestant("nanoca", "nanoca", "CBOR, and its `verifiers/apple`"),
    CERTVALIDATOR,
)
"""Who is given the attestation object, or its chain."""

CHALLENGE: Final = (
    Contestant(
        "appleattest validate_challenge, fast",
        "appleattest, AWS-LC",
        "`validate_challenge`, with `signatures=AWSLC()`",
    ),
    Contestant("appleattest validate_challenge", "appleattest", "`validate_challenge`"),
    Contestant("step-ca Challenge.Validate", "step-ca", "`Challenge.Validate`, in memory"),
)
"""Who is given the response to an ACME challenge, and the ordered device."""

GROUPS: Final[Mapping[str, tuple[Contestant, ...]]] = {
    "The attestation object": OBJECT,
    "The whole ACME challenge": CHALLENGE,
}


class Peers(NamedTuple):
    """What was measured of everybody, in one run."""

    document: Mapping[str, Any]

    @classmethod
    def read(cls) -> Peers:
        """As docs/pictures/peers.json has it."""
        return cls(json.loads((FOLDER / "peers.json").read_text(encoding="utf-8")))

    def microseconds(self, contestant: Contestant) -> float:
        """Processor time of one attestation, on one core."""
        found: float = self._of(contestant)["microseconds_one_core"]
        return found

    def a_second(self, contestant: Contestant) -> int:
        """Attestations a second, on all cores."""
        found: int = self._of(contestant)["a_second_all_cores"]
        return found

    def _of(self, contestant: Contestant) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document["contestants"][contestant.name]
        return found

    def times(self, ours: Contestant, theirs: Contestant) -> str:
        """How many times as fast ours is, on one core."""
        return f"{self.microseconds(theirs) / self.microseconds(ours):.1f}"

    @property
    def machine(self) -> str:
        """Where it was measured, in a sentence without its full stop."""
        return machine(self.document)

    def version(self, name: str) -> str:
        """The version of something that was measured, as in `v0.30.2`."""
        found: str = self.document["versions"][name]
        return found


def costs() -> Mapping[str, Any]:
    """What docs/pictures/costs.json has."""
    found: Mapping[str, Any] = json.loads((FOLDER / "costs.json").read_text(encoding="utf-8"))
    return found


def machine(document: Mapping[str, Any]) -> str:
    """The processor, its cores and the system."""
    found = document["machine"]
    cores = "1 core" if found["cores"] == 1 else f"{found['cores']} cores"
    return f"{found['processor']}, {cores}, {found['system']}"
