"""What each generation of the operating systems attests, as an attestation object of ACME."""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from appleattest.testing import AttestationAuthority, KeyKind, Properties
from vectors.case import TOKEN, AcmeInput, valid
from vectors.cases.mdm_generations import GENERATIONS
from vectors.flags import Flag

FILE: Final = "acme_generations"

CODE: Final = sha256(TOKEN.encode("ascii")).digest()
"""The freshness code that the token of every case asks for, unless it names another."""


@valid(FILE, Flag.OS_GENERATION, each=GENERATIONS)
def current(authority: AttestationAuthority, properties: Properties) -> AcmeInput:
    """``{fmt: apple, attStmt: {x5c: [leaf (properties, 11.1), intermediate]}}``

    In ACME there is always a token, and so every generation asks for a freshness code: four
    OIDs since iOS 16, seven since iOS 17.2, ten on a Mac since macOS 14.2.
    """
    sent = authority.attestation_object(properties=properties, freshness_code=CODE)
    return AcmeInput(sent)


@valid(FILE, Flag.OS_GENERATION, Flag.USER_ENROLMENT, each=GENERATIONS)
def user_enrolled(authority: AttestationAuthority, properties: Properties) -> AcmeInput:
    """``x5c: [leaf (no 9.1, no 9.2), intermediate]``

    Under user enrolment serial number and UDID are left out. Genuine, and it identifies no
    device: whether that is enough is a question of policy.
    """
    sent = authority.attestation_object(properties=properties.user_enrolled(), freshness_code=CODE)
    return AcmeInput(sent)


class _Key(NamedTuple):
    properties: Properties
    kind: KeyKind


_KEYS: Final = {
    f"{system}-{kind.lower()}": _Key(GENERATIONS[system], kind)
    for system in ("ios-16", "ios-17.2", "macos-14.2")
    for kind in (KeyKind.P256, KeyKind.P384)
}


@valid(FILE, Flag.ATTESTED_KEY, each=_KEYS)
def attested_key(authority: AttestationAuthority, given: _Key) -> AcmeInput:
    """``x5c: [leaf (a key of its own on P-256 or P-384), intermediate (P-384)]``

    The attested key is of the size that the payload's KeySize asks for: 256 or 384.
    """
    key = authority.keys.ec("acme", given.kind).public_key()
    sent = authority.attestation_object(
        public_key=key, properties=given.properties, freshness_code=CODE
    )
    return AcmeInput(sent)


@valid(FILE, Flag.OS_GENERATION)
def no_property_at_all(authority: AttestationAuthority) -> AcmeInput:
    """``x5c: [leaf (11.1 alone), intermediate]``: genuine, and every property is absent."""
    sent = authority.attestation_object(properties=Properties(), freshness_code=CODE)
    return AcmeInput(sent)
