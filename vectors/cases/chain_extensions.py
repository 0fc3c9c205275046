"""Extensions of RFC 5280: critical ones, name constraints, key usage, identifiers, extras."""

from __future__ import annotations

from appleattest import Reason, oids
from appleattest.testing import (
    AttestationAuthority,
    Deviation,
    apple_shape,
    der,
    deviations,
)
from appleattest.testing.deviations import KeyUse
from appleattest.testing.keys import spki_of
from vectors.case import ChainInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_extensions"

_ALT_NAME = "2.5.29.17"
_POLICIES = "2.5.29.32"
_POLICY_CONSTRAINTS = "2.5.29.36"
_AUTHORITY_ACCESS = "1.3.6.1.5.5.7.1.1"
_DNS_NAME = der.sequence(der.implicit(2, b"example.org"))
_SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
_ANY_USAGE = "2.5.29.37.0"
_ONE_POLICY = der.sequence(der.sequence(der.oid("1.2.3.4")))
_NO_INHIBITION = der.sequence(der.implicit(0, b"\x00"))


# Critical


_CRITICAL: dict[str, Deviation] = {
    "unknown": deviations.CriticalExtension(),
    "extended-key-usage": deviations.ExtendedKeyUsage(critical=True),
    "extended-key-usage-client": deviations.ExtendedKeyUsage(("1.3.6.1.5.5.7.3.2",), critical=True),
    "subject-alternative-name": deviations.ExtraExtension(_ALT_NAME, _DNS_NAME, critical=True),
    "certificate-policies": deviations.ExtraExtension(_POLICIES, _ONE_POLICY, critical=True),
    "policy-constraints": deviations.ExtraExtension(
        _POLICY_CONSTRAINTS, _NO_INHIBITION, critical=True
    ),
    "unknown-of-apples": deviations.ExtraExtension(
        f"{oids.APPLE_ATTESTATION_ARC}99.1", b"1", critical=True
    ),
}


@invalid(FILE, Reason.CRITICAL_EXTENSION, Flag.CRITICAL_EXTENSION, each=_CRITICAL)
def critical_in_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: critical, and neither basicConstraints nor keyUsage.

    RFC 5280, 4.2: refuse what you cannot process. No document says what any of these would mean
    for an attestation, though engines made for the web process some.
    """
    return with_leaf(authority, change)


@invalid(
    FILE,
    Reason.CRITICAL_EXTENSION,
    Flag.CRITICAL_EXTENSION,
    each={
        **_CRITICAL,
        "subject-key-identifier": deviations.CriticalExtension(apple_shape.SUBJECT_KEY_IDENTIFIER),
        "authority-key-identifier": deviations.CriticalExtension(
            apple_shape.AUTHORITY_KEY_IDENTIFIER
        ),
    },
)
def critical_in_the_intermediate(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: critical, and neither basicConstraints nor keyUsage."""
    return with_intermediate(authority, change)


@invalid(
    FILE,
    Reason.CRITICAL_EXTENSION,
    Flag.CRITICAL_EXTENSION,
    each={
        "serial-number": oids.SERIAL_NUMBER,
        "udid": oids.UDID,
        "freshness-code": oids.FRESHNESS_CODE,
        "sip": oids.SYSTEM_INTEGRITY_PROTECTION,
        "secure-boot": oids.SECURE_BOOT,
    },
)
def critical_property(authority: AttestationAuthority, oid: str) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a property that is known, and critical.

    All of Apple's are non-critical. What a critical one would demand is not documented.
    """
    return with_leaf(authority, deviations.CriticalExtension(oid))


@invalid(
    FILE,
    Reason.CRITICAL_EXTENSION,
    Flag.CRITICAL_EXTENSION,
    Flag.DEFECTIVE_EXTRA,
    each={key: _CRITICAL[key] for key in ("unknown", "extended-key-usage")},
)
def critical_in_an_extra(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> leaf`` and its twin with a critical extension, not needed.

    Every certificate that is presented answers to the same rules, in whichever order they come.
    """
    return ChainInput([*authority.attest(), authority.reissue(deviations=[change]).der])


# Name constraints


_PERMIT_ALL = der.sequence(der.tlv(0xA0, der.sequence(der.implicit(2, b""))))
_CONSTRAINTS: dict[str, Deviation] = {
    "critical": deviations.NameConstraints(),
    "not-critical": deviations.NameConstraints(critical=False),
    "everything-permitted": deviations.NameConstraints(_PERMIT_ALL),
}


@invalid(
    FILE,
    Reason.NAME_CONSTRAINTS,
    Flag.NAME_CONSTRAINTS,
    each=_CONSTRAINTS,
)
def name_constraints_of_the_intermediate(
    authority: AttestationAuthority, change: Deviation
) -> ChainInput:
    """``root -> [intermediate] -> leaf``: it constrains names, of which the leaf has none.

    Engines differ about what constraints mean for a leaf without such names, so none is accepted.
    """
    return with_intermediate(authority, change)


@invalid(
    FILE,
    Reason.NAME_CONSTRAINTS,
    Flag.NAME_CONSTRAINTS,
    each={key: _CONSTRAINTS[key] for key in ("critical", "not-critical")},
)
def name_constraints_of_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: RFC 5280, 4.2.1.10, has them in authorities only."""
    return with_leaf(authority, change)


@invalid(FILE, Reason.NAME_CONSTRAINTS, Flag.NAME_CONSTRAINTS, Flag.DEFECTIVE_EXTRA)
def name_constraints_of_an_extra(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` and its twin that constrains names, not needed."""
    twin = authority.reissue(deviations=[deviations.NameConstraints()])
    return ChainInput([*authority.attest(), twin.der])


# Not critical


_EXTRA: dict[str, Deviation] = {
    "unknown": deviations.ExtraExtension(),
    "unknown-without-octets": deviations.ExtraExtension(value=b""),
    "unknown-not-der": deviations.ExtraExtension(value=b"\xff\xff"),
    "extended-key-usage-of-apple": deviations.ExtendedKeyUsage(),
    "extended-key-usage-any": deviations.ExtendedKeyUsage((_ANY_USAGE,)),
    "certificate-policies": deviations.ExtraExtension(_POLICIES, _ONE_POLICY),
    "authority-information": deviations.ExtraExtension(
        _AUTHORITY_ACCESS,
        der.sequence(
            der.sequence(der.oid("1.3.6.1.5.5.7.48.1"), der.implicit(6, b"http://example.org"))
        ),
    ),
}


@valid(FILE, Flag.EXTRA_EXTENSION, each=_EXTRA)
def extra_in_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> leaf``: a non-critical extension that Apple might add tomorrow.

    Leaves of 2026 have an extendedKeyUsage; those before have none.
    """
    return with_leaf(authority, change)


@valid(FILE, Flag.EXTRA_EXTENSION, each=_EXTRA)
def extra_in_the_intermediate(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> leaf``: the intermediate has one more, which is not critical."""
    return with_intermediate(authority, change)


@valid(FILE, Flag.EXTRA_EXTENSION)
def alternative_name_in_the_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` with a subjectAltName, not critical, which nobody reads."""
    return with_leaf(authority, deviations.ExtraExtension(_ALT_NAME, _DNS_NAME))


@acceptable(
    FILE,
    Flag.EXTRA_EXTENSION,
    each={
        "x400-address": der.sequence(der.tlv(0xA3, b"")),
        "edi-party-name": der.sequence(der.tlv(0xA5, der.tlv(0xA1, der.utf8_string("x")))),
    },
)
def alternative_name_of_a_rare_kind(authority: AttestationAuthority, value: bytes) -> ChainInput:
    """``root -> intermediate -> leaf`` with a subjectAltName of a kind that few can represent.

    Some engines fail on it after they have found the path: that must be a refusal, or nothing.
    """
    return with_leaf(authority, deviations.ExtraExtension(_ALT_NAME, value))


# Key identifiers


@valid(FILE, Flag.KEY_IDENTIFIER)
def no_key_identifiers_in_the_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: they help to find a path, and prove nothing."""
    return with_intermediate(authority, deviations.NoKeyIdentifiers())


@valid(FILE, Flag.KEY_IDENTIFIER)
def key_identifier_in_the_leaf(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` with an authorityKeyIdentifier, which Apple's lacks."""
    spki = spki_of(authority.issuer.key.public_key())
    value = apple_shape.authority_key_identifier(spki).value
    return with_leaf(
        authority, deviations.ExtraExtension(apple_shape.AUTHORITY_KEY_IDENTIFIER, value)
    )


@acceptable(FILE, Flag.KEY_IDENTIFIER, each={"leaf": 0, "intermediate": 1})
def key_identifier_of_another_key(authority: AttestationAuthority, which: int) -> ChainInput:
    """``root -> intermediate -> leaf``, the authorityKeyIdentifier names another key.

    The signature verifies all the same. RFC 5280, 6.1, does not look at it; some validators do.
    """
    change = with_intermediate if which else with_leaf
    return change(authority, deviations.MismatchedKeyIdentifiers())


@acceptable(FILE, Flag.EXTRA_EXTENSION, each={"leaf": 0, "intermediate": 1})
def extended_key_usage_of_a_web_server(authority: AttestationAuthority, which: int) -> ChainInput:
    """``root -> intermediate -> leaf`` with a non-critical extendedKeyUsage of serverAuth alone.

    RFC 5280, 4.2.1.12, restricts the use of the key; which purpose an attestation has is written
    nowhere.
    """
    change = with_intermediate if which else with_leaf
    return change(authority, deviations.ExtendedKeyUsage((_SERVER_AUTH,)))


# Key usage and basicConstraints of the intermediate


@valid(
    FILE,
    Flag.KEY_USAGE,
    each={
        "no-key-usage": [deviations.NoKeyUsage()],
        "key-cert-sign-alone": [deviations.KeyUsage(KeyUse.KEY_CERT_SIGN)],
        "with-digital-signature": [
            deviations.KeyUsage(KeyUse.KEY_CERT_SIGN | KeyUse.DIGITAL_SIGNATURE)
        ],
        "key-usage-not-critical": [deviations.NonCriticalExtension(oids.KEY_USAGE)],
        "no-path-length": [deviations.PathLength()],
        "path-length-7": [deviations.PathLength(7)],
    },
)
def intermediate_that_may_issue(
    authority: AttestationAuthority, changes: list[Deviation]
) -> ChainInput:
    """``root -> intermediate -> leaf``: cA, and keyCertSign where there is a keyUsage: enough.

    Strict in what gives power, lenient in what merely labels.
    """
    return with_intermediate(authority, *changes)


@acceptable(FILE, Flag.KEY_USAGE)
def basic_constraints_not_critical(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: cA, in a basicConstraints that is not critical.

    RFC 5280, 4.2.1.9, demands it of authorities; some validators insist, RFC 5280, 6.1, does not.
    """
    return with_intermediate(authority, deviations.NonCriticalExtension(oids.BASIC_CONSTRAINTS))
