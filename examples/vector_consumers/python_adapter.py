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
    Answering,
    CSRBinding,
    HardwareModuleName,
    Identifier,
    PermanentIdentifier,
    parse_identifier,
    validate_challenge,
    validate_csr,
)
from appleattest.mdm import KnownDevice, validate_response

TEXTS: dict[str, Any] = {
    "dNSName": x509.DNSName,
    "rfc822Name": x509.RFC822Name,
    "uniformResourceIdentifier": x509.UniformResourceIdentifier,
}


def verify(test: dict[str, Any]) -> Attestation:
    verifier, at = judged_by(test)
    if test["type"] == "MdmVerify":
        return verifier.verify_mdm(b64decode(test["response"]), **nonces(test), at=at)
    if test["type"] == "AcmeVerify":
        sent = test["attObj"] if "attObj" in test else b64decode(test["cbor"])
        return verifier.verify_acme(sent, token=test["token"], at=at)
    code = exactly(b64decode(test["exactly"])) if test["exactly"] else UNCHECKED
    code = sha256_of(b64decode(test["sha256Of"])) if test["sha256Of"] else code
    return verifier.verify_chain(list(map(b64decode, test["chain"])), freshness=code, at=at)


def judged_by(test: dict[str, Any]) -> tuple[Verifier, datetime]:
    verifier = Verifier(trust=TrustStore(map(b64decode, test["anchors"])))
    return verifier, datetime.fromisoformat(test["time"])


def nonces(test: dict[str, Any]) -> dict[str, Any]:
    sent = test["previousNonces"]
    return {
        "nonce": b64decode(test["nonce"]) if test["nonce"] else UNCHECKED,
        "previous_nonces": {
            b64decode(each["nonce"]): datetime.fromisoformat(each["sentAt"]) for each in sent
        },
    }


def challenge(test: dict[str, Any]) -> dict[str, Any]:
    verifier, at = judged_by(test)
    who = test["mayAnswer"]
    attestation = validate_challenge(
        test["payloadText"] if "payloadText" in test else b64decode(test["payload"]),
        token=test["token"],
        identifier=test["identifier"],
        device=Answering(who) if isinstance(who, str) else who,
        verifier=verifier,
        at=at,
    )
    return shown(attestation)


def response(test: dict[str, Any]) -> dict[str, Any]:
    verifier, at = judged_by(test)
    sent = b64decode(test["response"])
    device = known(test["knownDevice"])
    valid = validate_response(sent, **nonces(test), device=device, verifier=verifier, at=at)
    said = valid.response.query_responses
    discrepancies = [
        {
            "kind": each.kind.value,
            "said": each.said if isinstance(said.get(each.kind.value, ""), str) else None,
            "attested": each.attested,
            "explainedByAge": each.explained_by_age,
        }
        for each in valid.discrepancies
    ]
    return {**shown(valid.attestation), "discrepancies": discrepancies}


def known(device: dict[str, str] | None) -> Any:
    if device is None:
        return UNCHECKED
    return KnownDevice(
        serial_number=device.get("serialNumber"),
        provisioning_udid=device.get("provisioningUdid"),
        udid=device.get("udid"),
        spki=b64decode(device["spki"]) if "spki" in device else None,
    )


def attested(test: dict[str, Any]) -> dict[str, Any]:
    return shown(verify(test))


def shown(attestation: Attestation) -> dict[str, Any]:
    device = attestation.device.to_dict()
    del device["raw"], device["malformed"]
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


QUESTIONS = {
    "ChallengeValidate": challenge,
    "MdmValidate": response,
    "CsrValidate": request,
    "IdentifierRead": identifier,
}


def answer(test: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": "valid", **QUESTIONS.get(test["type"], attested)(test)}
    except AttestationError as error:
        return {"result": "invalid", "reason": error.reason.value, "element": error.element}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
