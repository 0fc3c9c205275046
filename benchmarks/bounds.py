"""What the measurements are held against: the project's targets, and what was once reached.

`TARGETS` are what the library was asked to reach. `RECORDED` is what it did reach, on a
2-core x86-64 machine under CPython 3.11; `run.py --check` fails for anything that is a fifth
above it, so that what was gained is not lost unseen.
"""

from __future__ import annotations

from typing import Final

WARM_ACME: Final = "verify_acme, CBOR"
WARM_CHAIN: Final = "verify_mdm, sequence of DER"
WARM_PLIST: Final = "verify_mdm, XML plist"
ENGINE: Final = "the path engine alone"
COLD: Final = "first sight: "
FAST: Final = "AWS-LC: "
IMPORT: Final = "import appleattest"
HOSTILE: Final = "the costliest hostile input"
PYTHON_PEAK: Final = "Python's allocator, at most"
RESIDENT: Final = "resident set of a process, all of them"

TOLERANCE: Final = 0.20

TARGETS: Final[dict[str, float]] = {
    WARM_ACME: 1.10,
    WARM_CHAIN: 1.10,
    WARM_PLIST: 1.10,
    COLD + WARM_ACME: 2.2,
    COLD + WARM_CHAIN: 2.2,
    COLD + WARM_PLIST: 2.2,
    FAST + WARM_ACME: 1.35,
    FAST + WARM_CHAIN: 1.35,
    "decode_unverified, DER, one certificate": 8.0,
    "decode_unverified, DER, sequence": 8.0,
    "decode_unverified, attestation object, CBOR": 8.0,
    "decode_unverified, response plist, XML": 8.0,
    "decode_unverified, response plist, binary": 8.0,
    HOSTILE: 3.0,
    PYTHON_PEAK: 10.0,
    RESIDENT: 10.0,
    IMPORT: 1.25,
}

RECORDED: Final[dict[str, float]] = {
    WARM_ACME: 1.51,
    WARM_CHAIN: 1.46,
    WARM_PLIST: 1.62,
    COLD + WARM_ACME: 2.98,
    COLD + WARM_CHAIN: 2.93,
    COLD + WARM_PLIST: 3.09,
    "decode_unverified, DER, one certificate": 4.77,
    "decode_unverified, DER, sequence": 5.71,
    "decode_unverified, attestation object, CBOR": 7.14,
    "decode_unverified, response plist, XML": 11.29,
    "decode_unverified, response plist, binary": 11.42,
    HOSTILE: 3.54,
    PYTHON_PEAK: 1.22,
    RESIDENT: 2.5,
    IMPORT: 1.20,
}
