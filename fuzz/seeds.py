"""The inputs to begin with: every vector in `vectors/`, in the form that each target reads."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import AttestationError, decode_unverified
from appleattest.testing import carriers
from fuzz import world
from fuzz.packing import pack

VECTORS: Final = Path(__file__).resolve().parent.parent / "vectors"
_BINARY: Final = b"bplist"


class Messages(NamedTuple):
    """What the vectors hold, each once, in the order of the files."""

    responses: list[bytes]
    objects: list[bytes]
    texts: list[bytes]
    """`attObj` as it came, where it is text that has octets."""
    chains: list[list[bytes]]


@cache
def messages() -> Messages:
    """Every input of every vector, and of the demonstration."""
    found = Messages([], [], [], [])
    for test in _tests():
        if "response" in test:
            found.responses.append(b64decode(test["response"]))
        elif "cbor" in test:
            found.objects.append(b64decode(test["cbor"]))
        elif "attObj" in test:
            found.texts.append(test["attObj"].encode("utf-8", "surrogatepass"))
        else:
            found.chains.append([b64decode(der) for der in test["chain"]])
    found.responses.extend(path.read_bytes() for path in sorted(VECTORS.glob("demo/*.plist")))
    return Messages(_once(found.responses), _once(found.objects), _once(found.texts), found.chains)


def _tests() -> Iterator[dict[str, Any]]:
    for path in sorted(VECTORS.glob("*_*.json")):
        document = json.loads(path.read_bytes())
        for group in document["testGroups"]:
            yield from group["tests"]


@cache
def minted() -> frozenset[bytes]:
    """Every certificate that stands in a vector, by its DER: nobody can make any other."""
    ders = {der for chain in messages().chains for der in chain}
    for message in (*messages().responses, *messages().objects, *messages().texts):
        try:
            decoded = decode_unverified(message)
        except AttestationError:
            continue
        ders.update(certificate.public_bytes(Encoding.DER) for certificate in decoded.chain)
    return frozenset(ders)


@cache
def certificates() -> list[bytes]:
    """Each certificate of the vectors of chains, once."""
    return _once([der for chain in messages().chains for der in chain])


@cache
def packed_chains() -> list[bytes]:
    """Each chain, packed."""
    return _once([pack(chain) for chain in messages().chains])


def responses() -> list[bytes]:
    """Each response of a device."""
    return messages().responses


@cache
def xml_responses() -> list[bytes]:
    """Those in XML, or in neither form."""
    return [response for response in responses() if not response.startswith(_BINARY)]


@cache
def binary_responses() -> list[bytes]:
    """Those in the binary form."""
    return [response for response in responses() if response.startswith(_BINARY)]


def objects() -> list[bytes]:
    """Each attestation object in CBOR."""
    return messages().objects


@cache
def objects_and_texts() -> list[bytes]:
    """Each attestation object in CBOR, and each `attObj`."""
    return [*messages().objects, *messages().texts]


@cache
def texts() -> list[bytes]:
    """Each `attObj`, and the token, in base64url."""
    return [*messages().texts, world.TOKEN.encode()]


@cache
def records() -> list[bytes]:
    """What `to_dict()` gives for each chain that is accepted, and for other ways to be fresh."""
    verifier = world.fresh()
    found = []
    for chain in messages().chains:
        report = verifier.examine_mdm(
            chain, nonce=world.NONCE, previous_nonces=world.PREVIOUS, at=world.AT
        )
        stale = getattr(report.error, "attestation", None)
        attestation = report.attestation or stale
        if attestation is not None:
            found.append(json.dumps(attestation.to_dict()).encode())
    return _once(found)


@cache
def json_documents() -> list[bytes]:
    """Challenge responses, webhook events and records."""
    events = [carriers.webhook_event(response) for response in responses()[::20]]
    answers = [carriers.challenge_response(each) for each in objects()[::20]]
    failed = carriers.challenge_response(objects()[0], extra={"error": "text"})
    demonstration = [path.read_bytes() for path in sorted(VECTORS.glob("demo/*.json"))]
    return _once([*demonstration, *events, *answers, failed, b"{}", *records()[::10]])


@cache
def any_form() -> list[bytes]:
    """Everything that `decode_unverified` tells apart, some of each."""
    pem = [path.read_bytes() for path in sorted(VECTORS.glob("demo/*.pem"))]
    rows = [b"".join(chain) for chain in messages().chains[::10]]
    forms = (certificates()[::5], responses()[::10], objects_and_texts()[::10])
    return _once([*pem, *rows, *json_documents(), *(each for form in forms for each in form)])


def written_to(folder: Path, seeds: Callable[[], list[bytes]], longest: int) -> int:
    """Write each seed of at most so many octets into a file of its own; how many there were."""
    folder.mkdir(parents=True, exist_ok=True)
    fitting = [seed for seed in seeds() if len(seed) <= longest]
    for number, seed in enumerate(fitting):
        (folder / f"seed-{number:04}").write_bytes(seed)
    return len(fitting)


def _once(items: list[bytes]) -> list[bytes]:
    return list(dict.fromkeys(items))
