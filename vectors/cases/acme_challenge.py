"""A response to a challenge: has a device that may answer made it, and for this challenge?"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from appleattest import Reason, oids
from appleattest.acme import VOUCHED_ELSEWHERE, Answering
from appleattest.testing import (
    FRESHNESS_CODE,
    AttestationAuthority,
    Deviation,
    Digest,
    Properties,
    carriers,
    chains,
    deviations,
)
from vectors.case import (
    ORDERED,
    SERIAL,
    TOKEN,
    Answerers,
    ChallengeInput,
    acceptable,
    invalid,
    valid,
)
from vectors.cases.acme_generations import CODE
from vectors.flags import Flag

FILE: Final = "acme_challenge"

UDID: Final = "00000000-0000TESTUDID0001"
DEVICE: Final = replace(Properties.iphone_16(), serial_number=SERIAL, udid=UDID)
"""The device that is ordered for."""
OTHER: Final = Properties.iphone_16()
"""Another one, as genuine."""

_CODE: Final = "oneTimeCode42"  # the value of an identifier that no device has
_OID: Final = "1.2.840.99999.1"


def text(cbor: bytes) -> str:
    """An attestation object as `attObj` has it."""
    return urlsafe_b64encode(cbor).rstrip(b"=").decode("ascii")


def attested(
    authority: AttestationAuthority,
    properties: Properties = DEVICE,
    code: bytes | None = CODE,
    **changed: Any,
) -> bytes:
    """An attestation object, of the ordered device and for the token unless told otherwise."""
    return authority.attestation_object(properties=properties, freshness_code=code, **changed)


def answered(attestation: bytes, **asked: Any) -> ChallengeInput:
    """``{"attObj": …}`` as text, to a challenge as it is asked."""
    return ChallengeInput(carriers.challenge_response(attestation).decode(), **asked)


def permanent(value: str) -> dict[str, str]:
    """An order's `permanent-identifier`."""
    return {"type": "permanent-identifier", "value": value}


def module(value: str) -> dict[str, str]:
    """An order's `hardware-module`."""
    return {"type": "hardware-module", "value": value}


@valid(FILE, Flag.GENUINE, each={"serial-number": SERIAL, "udid": UDID})
def genuine(authority: AttestationAuthority, value: str) -> ChallengeInput:
    """``order: permanent-identifier -> {attObj: x5c [leaf (9.1, 9.2, 11.1), intermediate]}``

    The device whose serial number or UDID was ordered answers, for this token.
    """
    return answered(attested(authority), identifier=permanent(value))


@valid(FILE, Flag.GENUINE)
def genuine_mac(authority: AttestationAuthority) -> ChallengeInput:
    """``order: a Mac's serial number -> {attObj: leaf of ten OIDs}``: what a Mac answers."""
    return answered(attested(authority, Properties.mac()))


# --- another device -----------------------------------------------------------------------------


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    each={"serial-number": SERIAL, "udid": UDID},
)
def relayed(authority: AttestationAuthority, value: str) -> ChallengeInput:
    """``order: this device -> {attObj: [leaf of another], for this token}``

    Genuine, and made for this challenge: whoever knows its token can have a device of his own
    attest. Nothing but the identifiers in the leaf tells.
    """
    return answered(attested(authority, OTHER), identifier=permanent(value))


@valid(FILE, Flag.VOUCHED_ELSEWHERE)
def another_device_vouched_elsewhere(authority: AttestationAuthority) -> ChallengeInput:
    """``order: this device; any may answer -> {attObj: leaf of another}``

    The caller has said that it does not ask which device it is.
    """
    return answered(attested(authority, OTHER), may_answer=VOUCHED_ELSEWHERE)


_PARTLY: Final = {
    "same-udid": (SERIAL, replace(OTHER, udid=UDID)),
    "same-serial-number": (UDID, replace(OTHER, serial_number=SERIAL)),
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.RELAYED_ATTESTATION, each=_PARTLY)
def relayed_with(authority: AttestationAuthority, given: tuple[str, Properties]) -> ChallengeInput:
    """``order: one identifier of this device -> {attObj: a leaf that has not that one}``

    The value that was ordered is not attested, whatever else is, or is not.
    """
    value, properties = given
    return answered(attested(authority, properties), identifier=permanent(value))


_ONE_OF_TWO: Final = {
    "serial-number-of-two": (SERIAL, replace(DEVICE, udid=OTHER.udid)),
    "udid-of-two": (UDID, replace(DEVICE, serial_number=OTHER.serial_number)),
}


@valid(FILE, Flag.GENUINE, each=_ONE_OF_TWO)
def ordered_by(authority: AttestationAuthority, given: tuple[str, Properties]) -> ChallengeInput:
    """``order: one identifier -> {attObj: a leaf with that one}``: one of the two is enough."""
    value, properties = given
    return answered(attested(authority, properties), identifier=permanent(value))


# --- octet for octet ----------------------------------------------------------------------------

_LOOKALIKES: Final = {
    "lower-case": SERIAL.lower(),
    "trailing-space": SERIAL + " ",
    "prefix": SERIAL[:-1],
    "extension": SERIAL + "0",
    "full-width-letter": "\uff34" + SERIAL[1:],
    "cyrillic-letter": SERIAL[:1] + "\u0415" + SERIAL[2:],
    "zero-width-space": SERIAL + "\u200b",
    "one-space": " ",
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.LOOKALIKE_IDENTIFIER, each=_LOOKALIKES)
def ordered_like(authority: AttestationAuthority, value: str) -> ChallengeInput:
    """``order: almost the attested serial number -> {attObj: leaf}``

    The comparison is of octets: nothing is folded, trimmed, normalised or taken for a pattern.
    """
    return answered(attested(authority), identifier=permanent(value))


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.LOOKALIKE_IDENTIFIER,
    each={"lower-case": UDID.lower(), "without-hyphens": UDID.replace("-", "")},
)
def ordered_like_a_udid(authority: AttestationAuthority, value: str) -> ChallengeInput:
    """``order: the attested UDID in another form -> {attObj: leaf}``: another identifier."""
    return answered(attested(authority), identifier=permanent(value))


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.LOOKALIKE_IDENTIFIER)
def named_in_lower_case(authority: AttestationAuthority) -> ChallengeInput:
    """``order: a code; almost the serial number may answer -> {attObj: leaf}``

    Devices that the caller names are compared as strictly as the order's identifier.
    """
    return answered(attested(authority), identifier=permanent(_CODE), may_answer=[SERIAL.lower()])


# --- identifiers that Apple does not attest -----------------------------------------------------

_UNATTESTED: Final = {
    "serial-number-and-assigner": permanent(f"{SERIAL}/{_OID}"),
    "hardware-module": module(f"{SERIAL}/{_OID}"),
}


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ASSIGNED_IDENTIFIER, each=_UNATTESTED)
def assigned(authority: AttestationAuthority, identifier: Mapping[str, str]) -> ChallengeInput:
    """``order: value/OID, the value as attested -> {attObj: leaf}``

    Apple attests a serial number of no assigner and no hardware module: this is the identifier
    of something else.
    """
    return answered(attested(authority), identifier=identifier)


@valid(FILE, Flag.NAMED_DEVICE, each=_UNATTESTED)
def assigned_and_named(
    authority: AttestationAuthority, identifier: Mapping[str, str]
) -> ChallengeInput:
    """``order: value/OID; the serial number may answer -> {attObj: leaf}``

    The caller knows which device has that identifier.
    """
    return answered(attested(authority), identifier=identifier, may_answer=[SERIAL])


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ASSIGNED_IDENTIFIER)
def named_in_the_text_form_of_an_order(authority: AttestationAuthority) -> ChallengeInput:
    """``order: value/OID; "value/OID" may answer -> {attObj: leaf}``

    What may answer is a serial number or UDID as Apple attests it, which this is not.
    """
    value = f"{SERIAL}/{_OID}"
    return answered(attested(authority), identifier=permanent(value), may_answer=[value])


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.ASSIGNED_IDENTIFIER)
def one_time_code(authority: AttestationAuthority) -> ChallengeInput:
    """``order: a code -> {attObj: leaf}``: no device attests a code, so somebody must map it."""
    return answered(attested(authority), identifier=permanent(_CODE))


_NAMED: Final = {
    "serial-number": [SERIAL],
    "udid": [UDID],
    "second-of-two": [str(OTHER.serial_number), SERIAL],
    "beside-a-lookalike": [SERIAL.lower(), SERIAL],
}


@valid(FILE, Flag.NAMED_DEVICE, each=_NAMED)
def one_time_code_and_named(authority: AttestationAuthority, named: list[str]) -> ChallengeInput:
    """``order: a code; these may answer -> {attObj: leaf of one of them}``

    The server gave the code to a device that it knows.
    """
    return answered(attested(authority), identifier=permanent(_CODE), may_answer=named)


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.RELAYED_ATTESTATION,
    each={"code": permanent(_CODE), "serial-number": ORDERED},
)
def not_named(authority: AttestationAuthority, identifier: Mapping[str, str]) -> ChallengeInput:
    """``order: an identifier; others may answer -> {attObj: leaf of this device}``

    Whoever is named takes the place of the identifier: a device that is ordered and not named may
    not answer.
    """
    others = [str(OTHER.serial_number), str(OTHER.udid)]
    return answered(attested(authority), identifier=identifier, may_answer=others)


# --- a leaf that identifies nothing -------------------------------------------------------------

_WHO: Final[dict[str, Answerers]] = {
    "ordered": Answering.ORDERED,
    "named": [SERIAL, UDID],
}


@invalid(FILE, Reason.IDENTIFIER_MISSING, Flag.ABSENT_IDENTIFIER, each=_WHO)
def user_enrolment(authority: AttestationAuthority, who: Answerers) -> ChallengeInput:
    """``order: a device -> {attObj: leaf (no 9.1, no 9.2)}``

    Under user enrolment Apple attests no identifier. Absent is no other device, and not this one.
    """
    return answered(attested(authority, DEVICE.user_enrolled()), may_answer=who)


@invalid(FILE, Reason.IDENTIFIER_MISSING, Flag.ABSENT_IDENTIFIER, each=_UNATTESTED)
def user_enrolment_assigned(
    authority: AttestationAuthority, identifier: Mapping[str, str]
) -> ChallengeInput:
    """``order: value/OID, which no device attests -> {attObj: leaf (no 9.1, no 9.2)}``

    Nothing that may answer and nothing that is attested are two empty sets, and not one device.
    """
    return answered(attested(authority, DEVICE.user_enrolled()), identifier=identifier)


@valid(
    FILE,
    Flag.USER_ENROLMENT,
    Flag.VOUCHED_ELSEWHERE,
    each={"code": permanent(_CODE), "serial-number": ORDERED},
)
def user_enrolment_vouched_elsewhere(
    authority: AttestationAuthority, identifier: Mapping[str, str]
) -> ChallengeInput:
    """``order: an identifier; any may answer -> {attObj: leaf (no 9.1, no 9.2)}``

    The client has shown elsewhere that the identifier is its own, say by a code that it redeemed.
    """
    leaf = attested(authority, DEVICE.user_enrolled())
    return answered(leaf, identifier=identifier, may_answer=VOUCHED_ELSEWHERE)


_BLANKS: Final = {"no-octets": b"", "one-space": b" "}


@invalid(FILE, Reason.IDENTIFIER_MISSING, Flag.ABSENT_IDENTIFIER, each=_BLANKS)
def blank(authority: AttestationAuthority, value: bytes) -> ChallengeInput:
    """``order: a device -> {attObj: leaf (9.1 and 9.2 blank)}``: blank is absent."""
    raw = {oids.SERIAL_NUMBER: value, oids.UDID: value}
    return answered(attested(authority, replace(OTHER, raw=raw)))


@invalid(FILE, Reason.IDENTIFIER_MISSING, Flag.ABSENT_IDENTIFIER)
def blank_ordered_and_attested(authority: AttestationAuthority) -> ChallengeInput:
    """``order: one space -> {attObj: leaf (9.1 and 9.2: one space)}``

    The same octets, and still nobody: Apple could not determine who it is.
    """
    raw = {oids.SERIAL_NUMBER: b" ", oids.UDID: b" "}
    return answered(attested(authority, replace(OTHER, raw=raw)), identifier=permanent(" "))


@invalid(FILE, Reason.IDENTIFIER_MISMATCH, Flag.RELAYED_ATTESTATION)
def blank_serial_number_of_another(authority: AttestationAuthority) -> ChallengeInput:
    """``order: a serial number -> {attObj: leaf (9.1 blank, 9.2 of another)}``

    The UDID says that it is another device.
    """
    raw = {oids.SERIAL_NUMBER: b""}
    return answered(attested(authority, replace(OTHER, raw=raw)))


@valid(FILE, Flag.BLANK_PROPERTY, each={"serial-number": oids.SERIAL_NUMBER, "udid": oids.UDID})
def blank_beside_the_ordered(authority: AttestationAuthority, oid: str) -> ChallengeInput:
    """``order: an identifier -> {attObj: leaf (that one, the other blank)}``: one is enough."""
    value = UDID if oid == oids.SERIAL_NUMBER else SERIAL
    leaf = attested(authority, replace(DEVICE, raw={oid: b""}))
    return answered(leaf, identifier=permanent(value))


# --- freshness ----------------------------------------------------------------------------------

_OTHER_TOKEN: Final = "DGyRejmCefe7v4NfDGDKfAqYyiFoK5bnUvmOlUmSxpw"  # noqa: S105 - no secret
_THUMBPRINT: Final = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
_CODES: Final = {
    "another-token": sha256(_OTHER_TOKEN.encode()).digest(),
    "key-authorization": sha256(f"{TOKEN}.{_THUMBPRINT}".encode()).digest(),
    "token-itself": TOKEN.encode(),
    "nonce-of-mdm": FRESHNESS_CODE,
}


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.FRESHNESS_MISMATCH,
    Flag.FRESHNESS_RULE,
    element=oids.FRESHNESS_CODE,
    each=_CODES,
)
def made_for(authority: AttestationAuthority, code: bytes) -> ChallengeInput:
    """``order: this device -> {attObj: leaf of it (11.1: of something else)}``

    The right device, and no answer to this challenge: a stale one, one under the rule of RFC
    8555's key authorization, or what the device attested in MDM.
    """
    return answered(attested(authority, code=code))


@invalid(
    FILE,
    Reason.FRESHNESS_MISSING,
    Flag.FRESHNESS_ABSENT,
    element=oids.FRESHNESS_CODE,
    each={"absent": None, "blank": b""},
)
def made_for_nothing(authority: AttestationAuthority, code: bytes | None) -> ChallengeInput:
    """``order: this device -> {attObj: leaf of it (no 11.1, or a blank one)}``: answers nothing."""
    return answered(attested(authority, code=code))


@valid(
    FILE,
    Flag.FRESHNESS_RULE,
    because="The octets of both rules are the same here: no verifier can tell them apart.",
)
def nonce_of_mdm_that_is_the_digest(authority: AttestationAuthority) -> ChallengeInput:
    """``MDM's nonce: SHA-256 of the token -> {attObj: leaf (11.1: that nonce)}``

    An MDM server that chooses its nonces so has a device of its own answer. No octet of the leaf
    says for which protocol it was made: what is left is that the device may answer.
    """
    return answered(attested(authority, code=sha256(TOKEN.encode("ascii")).digest()))


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_MISMATCH, element=oids.FRESHNESS_CODE)
def stale_and_vouched_elsewhere(authority: AttestationAuthority) -> ChallengeInput:
    """``any may answer -> {attObj: leaf (11.1: of another token)}``

    Who vouches for the client does not vouch for the attestation.
    """
    leaf = attested(authority, code=_CODES["another-token"])
    return answered(leaf, may_answer=VOUCHED_ELSEWHERE)


# --- two defects --------------------------------------------------------------------------------


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    each={"another-device": OTHER},
)
@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.ABSENT_IDENTIFIER,
    element=oids.FRESHNESS_CODE,
    each={"no-identifier": DEVICE.user_enrolled()},
)
def stale_and_of(authority: AttestationAuthority, who: Properties) -> ChallengeInput:
    """``{attObj: leaf of another device, or of none (11.1: of another token)}``

    A genuine attestation of another device is the graver fact, so it is named. That no device is
    attested is no such fact: there freshness comes first.
    """
    return answered(attested(authority, who, _CODES["another-token"]))


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    each={"absent": None, "blank": b""},
)
def made_for_nothing_and_of_another_device(
    authority: AttestationAuthority, code: bytes | None
) -> ChallengeInput:
    """``{attObj: leaf of another device (no 11.1, or a blank one)}``: the device comes first."""
    return answered(attested(authority, OTHER, code))


@invalid(
    FILE,
    Reason.IDENTIFIER_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    each={"stale": _CODES["another-token"], "no-code": None},
)
def not_named_and(authority: AttestationAuthority, code: bytes | None) -> ChallengeInput:
    """``order: a code; another may answer -> {attObj: leaf of this device, not fresh}``

    Whoever is named is the device that was asked, and this is another.
    """
    others = [str(OTHER.serial_number), str(OTHER.udid)]
    sent = attested(authority, code=code)
    return answered(sent, identifier=permanent(_CODE), may_answer=others)


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.TWO_DEFECTS,
    Flag.FRESHNESS_MISMATCH,
    element=oids.FRESHNESS_CODE,
)
def stale_of_another_device_vouched_elsewhere(authority: AttestationAuthority) -> ChallengeInput:
    """``any may answer -> {attObj: leaf of another device (11.1: of another token)}``

    Nobody asked which device it is, so that it is not fresh is all there is to say.
    """
    sent = attested(authority, OTHER, _CODES["another-token"])
    return answered(sent, may_answer=VOUCHED_ELSEWHERE)


@invalid(
    FILE,
    Reason.EXPIRED,
    Flag.TWO_DEFECTS,
    Flag.RELAYED_ATTESTATION,
    element="x5c[0]",
)
def expired_and_of_another_device(authority: AttestationAuthority) -> ChallengeInput:
    """``{attObj: [leaf of another device, expired]}``: the path is judged before what it says."""
    return answered(attested(authority, OTHER, deviations=[deviations.Expired()]))


@invalid(
    FILE,
    Reason.BAD_SIGNATURE,
    Flag.TWO_DEFECTS,
    Flag.FORGED_SIGNATURE,
    element="x5c[0]",
)
def forged_and_of_another_device(authority: AttestationAuthority) -> ChallengeInput:
    """``{attObj: [leaf of another device, forged]}``: nothing in a forged leaf is read."""
    return answered(attested(authority, OTHER, deviations=[deviations.WrongSigner()]))


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.FORGED_SIGNATURE, element="x5c[0]")
def forged_and_vouched_elsewhere(authority: AttestationAuthority) -> ChallengeInput:
    """``any may answer -> {attObj: [leaf, forged]}``: any device is still a genuine one."""
    leaf = attested(authority, deviations=[deviations.WrongSigner()])
    return answered(leaf, may_answer=VOUCHED_ELSEWHERE)


@invalid(
    FILE,
    Reason.UNSUPPORTED_FORMAT,
    Flag.TWO_DEFECTS,
    Flag.MALFORMED_OBJECT,
    element="fmt",
)
def other_format_and_another_device(authority: AttestationAuthority) -> ChallengeInput:
    """``{attObj: {fmt: tpm, attStmt: {x5c: [leaf of another device]}}}``

    The message is judged before its content.
    """
    return answered(attested(authority, OTHER, extra={"fmt": "tpm"}))


# --- where the fault is -------------------------------------------------------------------------

_SHA1: Final = deviations.SignatureHash(Digest.SHA1)
_CONSTRAINED: Final = deviations.NameConstraints()
_RESTRICTED: Final = deviations.CriticalExtension()


def _through(
    authority: AttestationAuthority, change: Deviation, extras: Sequence[bytes] = ()
) -> ChallengeInput:
    """``x5c: [leaf, extras, [intermediate]]``: the intermediate departs from a genuine one."""
    chain = authority.attest(
        properties=DEVICE, freshness_code=CODE, intermediate_deviations=[change]
    )
    return answered(carriers.attestation_object([chain[0], *extras, *chain[1:]]))


@acceptable(
    FILE,
    Flag.NAME_CONSTRAINTS,
    reason=Reason.NAME_CONSTRAINTS,
    element="x5c[1]",
    each={"name-constraints": _CONSTRAINED},
)
@invalid(
    FILE,
    Reason.CRITICAL_EXTENSION,
    Flag.CRITICAL_EXTENSION,
    element="x5c[1]",
    each={"unknown-critical": _RESTRICTED},
)
@invalid(
    FILE,
    Reason.WEAK_ALGORITHM,
    Flag.WEAK_ALGORITHM,
    element="x5c[1]",
    each={"sha1": _SHA1},
)
def intermediate_with(authority: AttestationAuthority, change: Deviation) -> ChallengeInput:
    """``{attObj: [leaf, [intermediate]]}``: the only path leads through it, and it is named."""
    return _through(authority, change)


@acceptable(
    FILE,
    Flag.NAME_CONSTRAINTS,
    reason=Reason.NAME_CONSTRAINTS,
    element="x5c[2]",
    each={"name-constraints": _CONSTRAINED},
)
@invalid(
    FILE,
    Reason.CRITICAL_EXTENSION,
    Flag.CRITICAL_EXTENSION,
    element="x5c[2]",
    each={"unknown-critical": _RESTRICTED},
)
@invalid(
    FILE,
    Reason.WEAK_ALGORITHM,
    Flag.WEAK_ALGORITHM,
    element="x5c[2]",
    each={"sha1": _SHA1},
)
def intermediate_after_an_extra_with(
    authority: AttestationAuthority, change: Deviation
) -> ChallengeInput:
    """``{attObj: [leaf, an intermediate of another root, [intermediate]]}``

    The one that is named is the one on the path.
    """
    return _through(authority, change, chains.unrelated(authority, 1))


_SET_ASIDE: Final = {"sha1": _SHA1, "unknown-critical": _RESTRICTED, "constrained": _CONSTRAINED}


@acceptable(FILE, Flag.DEFECTIVE_EXTRA, each=_SET_ASIDE)
def extra_with(authority: AttestationAuthority, change: Deviation) -> ChallengeInput:
    """``{attObj: [leaf, intermediate, its twin with a defect]}``: no path needs the twin."""
    chain = authority.attest(properties=DEVICE, freshness_code=CODE)
    twin = authority.reissue(deviations=[change]).der
    return answered(carriers.attestation_object([*chain, twin]))


# --- a leaf in another form ---------------------------------------------------------------------

_LESS: Final[dict[str, list[Deviation]]] = {
    "basic-constraints": [deviations.NoBasicConstraints()],
    "key-usage": [deviations.NoKeyUsage()],
    "both": [deviations.NoBasicConstraints(), deviations.NoKeyUsage()],
}


@acceptable(FILE, Flag.LEAF_FORM, each=_LESS)
def leaf_without(authority: AttestationAuthority, changes: list[Deviation]) -> ChallengeInput:
    """``{attObj: leaf without basicConstraints or keyUsage}``

    RFC 5280, 4.2.1.9: absent is no authority. Every leaf of Apple's has both.
    """
    return answered(attested(authority, deviations=changes))
