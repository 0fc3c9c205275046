"""This library's answer to one test of the JSON: an example of an adapter.

An adapter reads a test (one JSON object, the group's fields included) and answers with one:
`{"result": "valid"}` or `{"result": "invalid", "reason": …}`. What a valid answer says beside that
(`device` or `names`, say) is compared where it is given.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, Final

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
    validate_challenge,
    validate_csr,
)
from appleattest.mdm import ValidatedResponse, validate_response
from appleattest.testing.vectors.devices import answerers_read, known_read
from appleattest.testing.vectors.names import read, written

NAMING_ELEMENTS: Final = ("ChallengeValidate", "MdmValidate")
"""The types of group whose refusals say which element is at fault."""


GROUP_TYPES: Final = (
    "MdmVerify",
    "AcmeVerify",
    "ChainVerify",
    "ChallengeValidate",
    "MdmValidate",
    "CsrValidate",
    "IdentifierRead",
)
"""Every type of group: what a test of it asks."""


def judge(test: dict[str, Any]) -> dict[str, Any]:
    """Judge one test, and answer in the terms of the vectors."""
    asks = {
        "ChallengeValidate": lambda test: attested(_challenge(test)),
        "MdmValidate": _response,
        "CsrValidate": _csr,
        "IdentifierRead": _identifier,
    }
    ask = asks.get(test["type"], lambda test: attested(_verify(test)))
    try:
        return {"result": "valid", **ask(test)}
    except AttestationError as error:
        named = {"element": error.element} if test["type"] in NAMING_ELEMENTS else {}
        return {"result": "invalid", "reason": error.reason.value, **named}


def attested(attestation: Attestation) -> dict[str, Any]:
    """What a genuine attestation says, and which request it answers."""
    requested = attestation.requested_at
    return {
        "freshness": attestation.freshness.value,
        **({"requestedAt": f"{requested:%Y-%m-%dT%H:%M:%SZ}"} if requested else {}),
        "spkiSha256": attestation.spki_sha256.hex(),
        "device": device_of(attestation),
    }


def device_of(attestation: Attestation) -> dict[str, Any]:
    """The decoded properties, without those that are absent: a malformed one is."""
    device = attestation.device.to_dict()
    del device["raw"], device["malformed"]
    return {name: value for name, value in device.items() if value is not None}


def _verify(test: dict[str, Any]) -> Attestation:
    verifier, at = _verifier(test), _time(test)
    if test["type"] == "MdmVerify":
        return verifier.verify_mdm(b64decode(test["response"]), **_nonces(test), at=at)
    if test["type"] == "AcmeVerify":
        sent = test["attObj"] if "attObj" in test else b64decode(test["cbor"])
        return verifier.verify_acme(sent, token=test["token"], at=at)
    chain = [b64decode(der) for der in test["chain"]]
    if test["sha256Of"] is not None:
        return verifier.verify_chain(chain, freshness=sha256_of(b64decode(test["sha256Of"])), at=at)
    code = test["exactly"]
    freshness = UNCHECKED if code is None else exactly(b64decode(code))
    return verifier.verify_chain(chain, freshness=freshness, at=at)


def _verifier(test: dict[str, Any]) -> Verifier:
    return Verifier(trust=TrustStore(map(b64decode, test["anchors"])))


def _time(test: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(test["time"])


def _nonces(test: dict[str, Any]) -> dict[str, Any]:
    earlier = {
        b64decode(each["nonce"]): datetime.fromisoformat(each["sentAt"])
        for each in test["previousNonces"]
    }
    nonce = UNCHECKED if test["nonce"] is None else b64decode(test["nonce"])
    return {"nonce": nonce, "previous_nonces": earlier}


def _challenge(test: dict[str, Any]) -> Attestation:
    return validate_challenge(
        test["payloadText"] if "payloadText" in test else b64decode(test["payload"]),
        token=test["token"],
        identifier=test["identifier"],
        device=answerers_read(test["mayAnswer"]),
        verifier=_verifier(test),
        at=_time(test),
    )


def _response(test: dict[str, Any]) -> dict[str, Any]:
    known = test["knownDevice"]
    validated = validate_response(
        b64decode(test["response"]),
        **_nonces(test),
        device=UNCHECKED if known is None else known_read(known),
        verifier=_verifier(test),
        at=_time(test),
    )
    return {**attested(validated.attestation), "discrepancies": discrepancies_of(validated)}


def discrepancies_of(validated: ValidatedResponse) -> list[dict[str, Any]]:
    """Where the device and Apple differ; `said` is None where the device says no text."""
    answers = validated.response.query_responses
    return [
        {
            "kind": each.kind.value,
            "said": each.said if isinstance(answers.get(each.kind, ""), str) else None,
            "attested": each.attested,
            "explainedByAge": each.explained_by_age,
        }
        for each in validated.discrepancies
    ]


def _csr(test: dict[str, Any]) -> dict[str, Any]:
    valid = validate_csr(
        test["csrText"] if "csrText" in test else b64decode(test["csr"]),
        attested_key=b64decode(test["attestedKey"]),
        identifier=test["identifier"],
        binding=CSRBinding(test["binding"]),
        allowed_names=[read(name) for name in test["allowedNames"]],
    )
    return {
        "foundIn": "nowhere" if valid.found_in is None else valid.found_in.value,
        "names": [written(name) for name in valid.names],
        "spkiSha256": valid.spki_sha256.hex(),
    }


def _identifier(test: dict[str, Any]) -> dict[str, Any]:
    found: list[Identifier] = []
    if "identifier" in test:
        found.append(parse_identifier(test["identifier"]))
    if "otherName" in test:
        found.append(_of_other_name(test["otherName"]))
    if len(set(found)) > 1:
        raise IdentifierMismatch(Reason.IDENTIFIER_MISMATCH, "two identifiers")
    return parts_of(found[0])


def parts_of(identifier: Identifier) -> dict[str, Any]:
    """What an identifier consists of, and both of its forms."""
    if isinstance(identifier, HardwareModuleName):
        oid = {"hwType": identifier.hw_type}
    else:
        oid = {"assigner": identifier.assigner} if identifier.assigner is not None else {}
    return {
        "parts": {"value": identifier.value, **oid},
        "text": str(identifier),
        "der": b64encode(identifier.other_name().value).decode("ascii"),
    }


def _of_other_name(name: dict[str, str]) -> Identifier:
    kinds: dict[str, type[Identifier]] = {
        kind.oid.dotted_string: kind for kind in (PermanentIdentifier, HardwareModuleName)
    }
    oid = x509.ObjectIdentifier(name["oid"])
    return kinds[name["oid"]].from_other_name(x509.OtherName(oid, b64decode(name["value"])))
