"""From cases to JSON documents, one per file, the same in every byte each time.

Keys come from a fixed seed, signatures are deterministic (RFC 6979), times are fixed, and
what a valid case decodes to is what this library decodes.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from appleattest.acme import Answering
from appleattest.mdm import KnownDevice
from appleattest.testing.authority import AttestationAuthority
from appleattest.testing.keys import spki_of
from appleattest.testing.vectors import runner
from appleattest.testing.vectors.devices import KNOWN_TEXTS
from appleattest.testing.vectors.judge import NAMING_ELEMENTS, judge
from appleattest.testing.vectors.names import written
from vectors.case import (
    CASES,
    AcmeInput,
    Answerers,
    Case,
    ChainInput,
    ChallengeInput,
    CsrInput,
    DeviceInput,
    IdentifierInput,
    Input,
    MdmInput,
)

SEED: Final = "appleattest vectors 1"

_GROUP_TYPES: Final = {
    MdmInput: "MdmVerify",
    AcmeInput: "AcmeVerify",
    ChainInput: "ChainVerify",
    ChallengeInput: "ChallengeValidate",
    DeviceInput: "MdmValidate",
    CsrInput: "CsrValidate",
    IdentifierInput: "IdentifierRead",
}
"""The type of the group that an input stands in."""
_HEADER: Final = (
    "Conformance vectors for verifiers of Apple Managed Device Attestation.",
    "Generated from the cases in vectors/cases: do not edit by hand.",
    "vectors/README.md explains every field and flag.",
)


@cache
def authority() -> AttestationAuthority:
    """The authority of all vectors; its root is the anchor of a case that names none."""
    return AttestationAuthority(SEED)


def documents() -> dict[str, str]:
    """The text of every file, by its name."""
    files: dict[str, list[Case]] = {}
    for case in all_cases():
        files.setdefault(case.file, []).append(case)
    return {f"{name}.json": _text(cases) for name, cases in sorted(files.items())}


def all_cases() -> list[Case]:
    """Every case that is defined, in the order of definition."""
    from vectors import cases

    cases.load()
    return list(CASES)


def _text(cases: list[Case]) -> str:
    document = _document(cases)
    return json.dumps(document, indent=1, ensure_ascii=True) + "\n"


def _document(cases: list[Case]) -> dict[str, Any]:
    flags = sorted({flag for case in cases for flag in case.flags}, key=lambda flag: flag.label)
    return {
        "schema": runner.SCHEMA,
        "header": list(_HEADER),
        "numberOfTests": len(cases),
        "notes": {
            flag.label: {
                "bugType": flag.value.bug_type,
                "description": flag.value.description,
                "effect": flag.value.effect,
                "result": flag.value.result,
            }
            for flag in flags
        },
        "testGroups": _groups(cases),
    }


def _groups(cases: list[Case]) -> list[dict[str, Any]]:
    """The cases, those of one type that share what a group can hold together."""
    groups: dict[str, dict[str, Any]] = {}
    for number, case in enumerate(cases, start=1):
        given = case.mint(authority())
        shared = {"type": _GROUP_TYPES[type(given)], **_shared(given)}
        group = groups.setdefault(json.dumps(shared), {**shared, "tests": []})
        group["tests"].append(_test(number, case, given, shared))
    return list(groups.values())


def _test(number: int, case: Case, given: Input, shared: dict[str, Any]) -> dict[str, Any]:
    because = {} if case.because is None else {"because": case.because}
    test = {
        "tcId": number,
        "name": case.name,
        "comment": case.comment,
        "flags": [flag.label for flag in case.flags],
        **_fields(given),
        "result": case.result,
        **because,
    }
    if case.reason is not None:
        named = {"element": case.element} if shared["type"] in NAMING_ELEMENTS else {}
        return {**test, "reason": case.reason.value, **named}
    return {**test, **_read(judge({**shared, **test}), case)}


def _read(answer: dict[str, Any], case: Case) -> dict[str, Any]:
    """What this library reads; nothing where it refuses, which the case then does not say."""
    if answer["result"] == "invalid":
        return {}
    read = {key: answer[key] for key in answer if key != "result"}
    also = {name: list(values) for name, values in case.also_read.items()}
    return {**read, **({"alsoRead": also} if also else {})}


def _shared(given: Input) -> dict[str, Any]:
    if isinstance(given, IdentifierInput):
        return {}
    if isinstance(given, CsrInput):
        key = given.attested_key or spki_of(authority().attested_key.public_key())
        return {"attestedKey": base64(key)}
    anchors = given.anchors if given.anchors is not None else (authority().root_issuer.der,)
    return {"time": rfc3339(given.at), "anchors": [base64(der) for der in anchors]}


def _fields(given: Input) -> dict[str, Any]:
    if isinstance(given, CsrInput):
        return _csr_fields(given)
    if isinstance(given, IdentifierInput):
        return _identifier_fields(given)
    if isinstance(given, DeviceInput):
        return {**_mdm_fields(given), "knownDevice": known_written(given.known)}
    if isinstance(given, MdmInput):
        return _mdm_fields(given)
    if isinstance(given, ChallengeInput):
        return _challenge_fields(given)
    if isinstance(given, AcmeInput):
        sent = given.attestation_object
        form = {"attObj": sent} if isinstance(sent, str) else {"cbor": base64(sent)}
        return {**form, "token": given.token}
    return {
        "chain": [base64(der) for der in given.chain],
        "exactly": _optional(given.exactly if given.sha256_of is None else None),
        "sha256Of": _optional(given.sha256_of),
    }


def _mdm_fields(given: MdmInput) -> dict[str, Any]:
    return {
        "response": base64(given.response),
        "nonce": _optional(given.nonce),
        "previousNonces": [
            {"nonce": base64(nonce), "sentAt": rfc3339(sent_at)}
            for nonce, sent_at in given.previous_nonces.items()
        ],
    }


def _challenge_fields(given: ChallengeInput) -> dict[str, Any]:
    sent = given.payload
    form = {"payloadText": sent} if isinstance(sent, str) else {"payload": base64(sent)}
    return {
        **form,
        "token": given.token,
        "identifier": dict(given.identifier),
        "mayAnswer": answerers_written(given.may_answer),
    }


def answerers_written(answerers: Answerers) -> str | list[str]:
    """A word, or the devices one by one."""
    return answerers.value if isinstance(answerers, Answering) else list(answerers)


def known_written(device: KnownDevice | None) -> dict[str, str] | None:
    """What is known of the device, without what is not; None where that is not asked."""
    if device is None:
        return None
    known = {name: getattr(device, field) for name, field in KNOWN_TEXTS.items()}
    known["spki"] = _optional(device.spki)
    return {name: value for name, value in known.items() if value is not None}


def _csr_fields(given: CsrInput) -> dict[str, Any]:
    form = {"csrText": given.csr} if isinstance(given.csr, str) else {"csr": base64(given.csr)}
    return {
        **form,
        "identifier": dict(given.identifier),
        "binding": given.binding.value,
        "allowedNames": [written(name) for name in given.allowed_names],
    }


def _identifier_fields(given: IdentifierInput) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if given.identifier is not None:
        fields["identifier"] = dict(given.identifier)
    if given.other_name is not None:
        name = given.other_name
        fields["otherName"] = {"oid": name.type_id.dotted_string, "value": base64(name.value)}
    return fields


def _optional(octets: bytes | None) -> str | None:
    return None if octets is None else base64(octets)


def base64(octets: bytes) -> str:
    """Standard base64 with padding: how every octet string stands in the JSON."""
    return b64encode(octets).decode("ascii")


def rfc3339(time: datetime) -> str:
    """A time in UTC and whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
