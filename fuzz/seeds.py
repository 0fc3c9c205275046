"""The inputs to begin with: every vector in `vectors/`, in the form that each target reads."""

from __future__ import annotations

import json
import plistlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import serialize_certificates

from appleattest import AttestationError, decode_unverified
from appleattest.testing import carriers
from appleattest.wire import base64url
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
    requests: list[bytes]
    """Certificate requests in DER."""
    identifiers: list[bytes]
    """Identifiers as text, and the values of otherNames."""
    payloads: list[bytes]
    """Responses to challenges, as they came."""


@cache
def messages() -> Messages:
    """Every input of every vector, and of the demonstration."""
    found = Messages([], [], [], [], [], [], [])
    for test in _tests():
        if "response" in test:
            found.responses.append(b64decode(test["response"]))
        elif "cbor" in test:
            found.objects.append(b64decode(test["cbor"]))
        elif "attObj" in test:
            found.texts.append(test["attObj"].encode("utf-8", "surrogatepass"))
        elif "chain" in test:
            found.chains.append([b64decode(der) for der in test["chain"]])
        elif "csr" in test:
            found.requests.append(b64decode(test["csr"]))
        elif "payload" in test:
            found.payloads.append(b64decode(test["payload"]))
        elif "payloadText" in test:
            found.payloads.append(test["payloadText"].encode())
        elif "binding" not in test:
            found.identifiers.extend(_identifier(test))
    found.responses.extend(path.read_bytes() for path in sorted(VECTORS.glob("demo/*.plist")))
    return Messages(
        responses=_once(found.responses),
        objects=_once(found.objects),
        texts=_once(found.texts),
        chains=found.chains,
        requests=_once(found.requests),
        identifiers=_once(found.identifiers),
        payloads=_once(found.payloads),
    )


def _identifier(test: dict[str, Any]) -> Iterator[bytes]:
    if "identifier" in test:
        yield test["identifier"]["value"].encode("utf-8", "surrogatepass")
    if "otherName" in test:
        yield b64decode(test["otherName"]["value"])


def _tests() -> Iterator[dict[str, Any]]:
    for path in sorted(VECTORS.glob("*.json")):
        document = json.loads(path.read_bytes())
        for group in document.get("testGroups", ()):
            yield from group["tests"]


@cache
def minted() -> frozenset[bytes]:
    """Every certificate that stands in a vector, by its DER: nobody can make any other."""
    found = messages()
    ders = {der for chain in found.chains for der in chain}
    for message in (*found.responses, *found.objects, *found.texts, *found.payloads):
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
    """Challenge responses, some of them no JSON, webhook events and records."""
    events = [carriers.webhook_event(response) for response in responses()[::20]]
    answers = [carriers.challenge_response(each) for each in objects()[::20]]
    failed = carriers.challenge_response(objects()[0], extra={"error": "text"})
    demonstration = [path.read_bytes() for path in sorted(VECTORS.glob("demo/*.json"))]
    posted = messages().payloads
    return _once([*demonstration, *events, *answers, *posted, failed, b"{}", *records()[::10]])


@cache
def challenge_responses() -> list[bytes]:
    """The vectors' own; their objects and texts as a client posts them; Apple's on failure."""
    answers = [carriers.challenge_response(each) for each in objects()]
    written = [json.dumps({"attObj": each.decode("utf-8", "surrogatepass")}) for each in texts()]
    nothing = {"fmt": "apple", "attStmt": {"x5c": []}}
    failed = carriers.challenge_response(cbor2.dumps(nothing), extra={"error": "text"})
    posted = (text.encode() for text in written)
    return _once([*messages().payloads, *answers, *posted, failed, b"{}"])


def requests() -> list[bytes]:
    """Each certificate request."""
    return messages().requests


@cache
def identifiers() -> list[bytes]:
    """Each identifier as text, each otherName, and the identifiers of some orders."""
    order = [{"type": kind, "value": "C02/1.2.3"} for kind in ("permanent-identifier", "dns")]
    orders = [json.dumps(order[:count]).encode() for count in range(3)]
    return _once([*messages().identifiers, *orders])


@cache
def events() -> list[bytes]:
    """A webhook event around each of some responses, of other topics, and with other members."""
    around = [carriers.webhook_event(response) for response in responses()[::4]]
    check_in = {"raw_payload": "AAAA", "udid": "A", "token_update_tally": 1, "url_params": None}
    ids = {"id": "A:B", "type": "User", "parent_id": "A"}
    enrols = b64encode(plistlib.dumps({"UDID": "A", "SerialNumber": "C02"})).decode()
    others: list[dict[str, Any]] = [
        {"topic": "mdm.Authenticate", "checkin_event": {"raw_payload": enrols, "ids": ids}},
        {"topic": "mdm.TokenUpdate", "checkin_event": check_in},
        {"topic": "mdm.CheckOut", "checkin_event": {**check_in, "url_params": {"a": "b"}}},
        {"topic": "mdm.Connect", "acknowledge_event": {"raw_payload": "AA=="}},
        {"topic": "mdm.Other", "created_at": "2025-07-01T12:00:00.123456789+02:00"},
        {"topic": "mdm.Connect", "acknowledge_event": {"raw_payload": "AA"}},
        {"topic": 1},
    ]
    return _once([*around, *(json.dumps(each).encode() for each in others)])


_POLICY: Final = """schema = 1
minimum_os_version = {macos = "15.10", ios = "16.4.1 (a)"}
minimum_sepos_version.macos = "15.5"
minimum_llb_version.macos = "15.5"
mac.sip_enabled = true
mac.full_security = true
mac.no_third_party_kexts = true
device.identified = true
device.in_inventory = true
device.no_discrepancies = true
device.key_types = ["P-384", "P-256"]
attestation.freshness = ["current", "earlier"]
attestation.maximum_age_days = 30
attestation.anchored_at_apple = true
"""


@cache
def policies() -> list[bytes]:
    """A policy document with every rule, with each alone, and with each made another."""
    schema, *rules = _POLICY.splitlines()
    alone = [f"{schema}\n{rule}\n" for rule in rules]
    wrong = [f"{schema}\n{rule.partition('=')[0]}= 15.10\n" for rule in rules]
    return [text.encode() for text in (_POLICY, *alone, *wrong, schema, "schema = 2")]


@cache
def other_forms() -> list[bytes]:
    """What no verifying call takes: a JWS, `x5c`, an array, PKCS #7, and a row in hexadecimal."""
    chain = messages().chains[0]
    payload = carriers.challenge_response(carriers.attestation_object(chain))
    parts = [base64url.encode(each) for each in (b'{"alg":"ES256"}', payload, bytes(64))]
    flattened = dict(zip(("protected", "payload", "signature"), parts, strict=True))
    x5c = json.dumps([b64encode(each).decode() for each in chain])
    decoded = [x509.load_der_x509_certificate(each) for each in chain]
    return [
        ".".join(parts).encode(),
        json.dumps(flattened).encode(),
        x5c.encode(),
        plistlib.dumps(chain),
        plistlib.dumps(chain, fmt=plistlib.FMT_BINARY),
        serialize_certificates(decoded, Encoding.DER),
        serialize_certificates(decoded, Encoding.PEM),
        b"".join(chain).hex(":").encode(),
    ]


@cache
def any_form() -> list[bytes]:
    """Everything that `decode_unverified` tells apart, some of each."""
    pem = [path.read_bytes() for path in sorted(VECTORS.glob("demo/*.pem"))]
    rows = [b"".join(chain) for chain in messages().chains[::10]]
    forms = (certificates()[::5], responses()[::10], objects_and_texts()[::10], other_forms())
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
