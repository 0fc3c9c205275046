"""Answer conformance vectors with appleattest's public interface: what a user's adapter looks like.

    python -m appleattest.testing.vectors run -- python examples/vector_consumers/python_adapter.py

Each line of standard input is one test; each line of standard output is the answer to it.
"""

from __future__ import annotations

import json
import sys
from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any

from cryptography import x509

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    IdentifierMismatch,
    Reason,
    TrustStore,
    Verifier,
    exactly,
    sha256_of,
)
from appleattest.acme import (
    CSRBinding,
    HardwareModuleName,
    Identifier,
    PermanentIdentifier,
    parse_identifier,
    validate_csr,
)

TEXTS: dict[str, Any] = {
    "dNSName": x509.DNSName,
    "rfc822Name": x509.RFC822Name,
    "uniformResourceIdentifier": x509.UniformResourceIdentifier,
}


def verify(test: dict[str, Any]) -> Attestation:
    verifier = Verifier(trust=TrustStore(map(b64decode, test["anchors"])))
    at = datetime.fromisoformat(test["time"])
    if test["type"] == "MdmVerify":
        nonce = b64decode(test["nonce"]) if test["nonce"] else UNCHECKED
        earlier = {
            b64decode(each["nonce"]): datetime.fromisoformat(each["sentAt"])
            for each in test["previousNonces"]
        }
        response = b64decode(test["response"])
        return verifier.verify_mdm(response, nonce=nonce, previous_nonces=earlier, at=at)
    if test["type"] == "AcmeVerify":
        sent = test["attObj"] if "attObj" in test else b64decode(test["cbor"])
        return verifier.verify_acme(sent, token=test["token"], at=at)
    code = exactly(b64decode(test["exactly"])) if test["exactly"] else UNCHECKED
    code = sha256_of(b64decode(test["sha256Of"])) if test["sha256Of"] else code
    return verifier.verify_chain(list(map(b64decode, test["chain"])), freshness=code, at=at)


def attested(test: dict[str, Any]) -> dict[str, Any]:
    attestation = verify(test)
    device = attestation.device.to_dict()
    del device["raw"]
    sent_at = attestation.requested_at
    return {
        "freshness": attestation.freshness.value,
        **({"requestedAt": f"{sent_at:%Y-%m-%dT%H:%M:%SZ}"} if sent_at else {}),
        "spkiSha256": attestation.spki_sha256.hex(),
        "device": {name: value for name, value in device.items() if value is not None},
    }


def request(test: dict[str, Any]) -> dict[str, Any]:
    valid = validate_csr(
        test["csrText"] if "csrText" in test else b64decode(test["csr"]),
        attested_key=b64decode(test["attestedKey"]),
        identifier=test["identifier"],
        binding=CSRBinding(test["binding"]),
        allowed_names=map(name_from, test["allowedNames"]),
    )
    return {
        "foundIn": valid.found_in or "nowhere",
        "names": list(map(name_to, valid.names)),
        "spkiSha256": valid.spki_sha256.hex(),
    }


def name_from(name: dict[str, str]) -> Any:
    if name["kind"] == "attribute":
        return x509.NameAttribute(x509.ObjectIdentifier(name["oid"]), name["value"])
    if name["kind"] == "otherName":
        return x509.OtherName(x509.ObjectIdentifier(name["oid"]), b64decode(name["value"]))
    return TEXTS[name["kind"]](name["value"])


def name_to(name: Any) -> dict[str, str]:
    if isinstance(name, x509.NameAttribute):
        return {"kind": "attribute", "oid": name.oid.dotted_string, "value": str(name.value)}
    if isinstance(name, x509.OtherName):
        octets = b64encode(name.value).decode()
        return {"kind": "otherName", "oid": name.type_id.dotted_string, "value": octets}
    return {"kind": next(k for k in TEXTS if type(name) is TEXTS[k]), "value": name.value}


def identifier(test: dict[str, Any]) -> dict[str, Any]:
    found: list[Identifier] = []
    if "identifier" in test:
        found.append(parse_identifier(test["identifier"]))
    if "otherName" in test:
        oid = x509.ObjectIdentifier(test["otherName"]["oid"])
        name = x509.OtherName(oid, b64decode(test["otherName"]["value"]))
        kind = PermanentIdentifier if oid == PermanentIdentifier.oid else HardwareModuleName
        found.append(kind.from_other_name(name))
    if found[0] != found[-1]:
        raise IdentifierMismatch(Reason.IDENTIFIER_MISMATCH, "two identifiers")
    parts = {"value": found[0].value}
    if isinstance(found[0], HardwareModuleName):
        parts["hwType"] = found[0].hw_type
    elif found[0].assigner is not None:
        parts["assigner"] = found[0].assigner
    der = found[0].other_name().value
    return {"parts": parts, "text": str(found[0]), "der": b64encode(der).decode()}


def answer(test: dict[str, Any]) -> dict[str, Any]:
    ask = {"CsrValidate": request, "IdentifierRead": identifier}.get(test["type"], attested)
    try:
        return {"result": "valid", **ask(test)}
    except AttestationError as error:
        return {"result": "invalid", "reason": error.reason.value}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
