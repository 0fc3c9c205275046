"""The freshness code, whatever carried the chain: exactly these octets, or the SHA-256 of those."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from appleattest import Reason, oids
from appleattest.testing import AttestationAuthority, Properties, der, deviations
from vectors.case import ChainInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_leaf

FILE = "chain_freshness"

_NONCE = bytes(range(0xA0, 0xC0))
"""What was sent: 32 octets."""
_TOKEN = b"LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
_PHRASE = b"a Platform SSO nonce"


def _chain(authority: AttestationAuthority, code: bytes | None) -> list[bytes]:
    return authority.attest(freshness_code=code)


@valid(
    FILE,
    Flag.NONCE_LENGTH,
    each={str(length): _NONCE[:length] for length in (1, 2, 8, 16, 20, 31, 32)},
)
def exactly(authority: AttestationAuthority, nonce: bytes) -> ChainInput:
    """``root -> intermediate -> leaf``, the code is the octets that were sent."""
    return ChainInput(_chain(authority, nonce), exactly=nonce)


@valid(
    FILE,
    Flag.NONCE_LENGTH,
    each={
        "zeros": bytes(32),
        "one-zero": b"\x00",
        "leading-zeros": b"\x00\x00\x01",
        "spaces": b"    ",
        "an-octet-string": der.octet_string(b"\x01\x02"),
        "text": b"0123-abcd",
    },
)
def exactly_odd_octets(authority: AttestationAuthority, nonce: bytes) -> ChainInput:
    """``root -> intermediate -> leaf``: any octets may be sent, and none of them is decoded.

    A freshness code is blank when it has no octets, and only then.
    """
    return ChainInput(_chain(authority, nonce), exactly=nonce)


@valid(
    FILE,
    Flag.SHA256_OF_NONCE,
    each={"acme-token": _TOKEN, "platform-sso-nonce": _PHRASE, "raw": _NONCE, "long": bytes(500)},
)
def sha256_of(authority: AttestationAuthority, sent: bytes) -> ChainInput:
    """``root -> intermediate -> leaf``, the code is the SHA-256 of what was sent.

    Platform SSO registration hashes its own nonce, as ACME does its token: the chain is the same.
    """
    return ChainInput(_chain(authority, sha256(sent).digest()), sha256_of=sent)


@valid(FILE, Flag.SHA256_OF_NONCE)
def exactly_a_digest(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: who knows the digest alone may ask for exactly that."""
    digest = sha256(_PHRASE).digest()
    return ChainInput(_chain(authority, digest), exactly=digest)


@valid(
    FILE,
    Flag.FRESHNESS_UNCHECKED,
    each={"present": _NONCE, "absent": None, "blank": b""},
)
@acceptable(FILE, Flag.TOO_LARGE, each={"long": bytes(200)})
def unchecked(authority: AttestationAuthority, code: bytes | None) -> ChainInput:
    """``root -> intermediate -> leaf``: no check is asked for, and whatever is there is well."""
    return ChainInput(_chain(authority, code), exactly=None)


@valid(FILE, Flag.FRESHNESS_UNCHECKED, Flag.USER_ENROLMENT)
def unchecked_user_enrolment(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``: genuine, of a device that is not named, for no request."""
    chain = authority.attest(properties=Properties.iphone().user_enrolled(), freshness_code=None)
    return ChainInput(chain, exactly=None)


@invalid(FILE, Reason.BAD_SIGNATURE, Flag.FORGED_SIGNATURE)
def unchecked_forgery(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``, not signed: only freshness goes unchecked."""
    return ChainInput(authority.attest(deviations=[deviations.WrongSigner()]), exactly=None)


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT, each={"absent": None, "blank": b""})
def missing(authority: AttestationAuthority, code: bytes | None) -> ChainInput:
    """``root -> intermediate -> [leaf]`` without a code, or with one of no octets.

    It was made for no request at all, so it may be as old as its validity.
    """
    return ChainInput(_chain(authority, code), exactly=_NONCE)


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT, each={"absent": None, "blank": b""})
def missing_digest(authority: AttestationAuthority, code: bytes | None) -> ChainInput:
    """``root -> intermediate -> [leaf]`` without a code, where a digest was expected."""
    return ChainInput(_chain(authority, code), sha256_of=_PHRASE)


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.FRESHNESS_MISMATCH,
    each={
        "another": bytes(32),
        "last-bit": _NONCE[:-1] + bytes([_NONCE[-1] ^ 1]),
        "first-bit": bytes([_NONCE[0] ^ 0x80]) + _NONCE[1:],
        "zero-of-one-octet": b"\x00",
    },
)
def mismatch(authority: AttestationAuthority, code: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the code of another request, as in a replay."""
    return ChainInput(_chain(authority, code), exactly=_NONCE)


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.FRESHNESS_ENCODING,
    each={
        "prefix": _NONCE[:-1],
        "first-octet": _NONCE[:1],
        "suffix": _NONCE[1:],
        "zero-after": _NONCE + b"\x00",
        "zero-before": b"\x00" + _NONCE,
        "twice": _NONCE * 2,
        "reversed": _NONCE[::-1],
        "octet-string": der.octet_string(_NONCE),
        "utf8-string": der.tlv(der.UTF8_STRING, _NONCE),
        "base64": b64encode(_NONCE),
        "hex": _NONCE.hex().encode(),
        "sha256": sha256(_NONCE).digest(),
    },
)
def another_encoding(authority: AttestationAuthority, code: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: part of the expected octets, more, or other octets.

    The extension value is the code itself, and all of its octets count.
    """
    return ChainInput(_chain(authority, code), exactly=_NONCE)


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.FRESHNESS_RULE,
    each={
        "as-it-was-sent": _PHRASE,
        "hashed-twice": sha256(sha256(_PHRASE).digest()).digest(),
        "hash-of-base64": sha256(b64encode(_PHRASE)).digest(),
        "hash-with-newline": sha256(_PHRASE + b"\n").digest(),
        "hash-of-nothing": sha256(b"").digest(),
        "hash-as-hex": sha256(_PHRASE).hexdigest().encode(),
        "hash-cut": sha256(_PHRASE).digest()[:20],
        "hash-in-octet-string": der.octet_string(sha256(_PHRASE).digest()),
    },
)
def another_rule(authority: AttestationAuthority, code: bytes) -> ChainInput:
    """``root -> intermediate -> [leaf]``: not the SHA-256 of what was sent, but something like it.

    One rule is not to be tried after another: what was made for one protocol passes in the next.
    """
    return ChainInput(_chain(authority, code), sha256_of=_PHRASE)


@invalid(FILE, Reason.DUPLICATE_EXTENSION, Flag.DUPLICATE_EXTENSION, each={"first": 0, "last": 1})
def two_codes(authority: AttestationAuthority, right: int) -> ChainInput:
    """``root -> intermediate -> [leaf]``, two codes, the first or the last the expected one."""
    codes = [bytes(32), _NONCE] if right else [_NONCE, bytes(32)]
    doubled = deviations.DoubledExtension(oids.FRESHNESS_CODE, codes[1])
    chain = authority.attest(freshness_code=codes[0], deviations=[doubled])
    return ChainInput(chain, exactly=_NONCE)


@invalid(
    FILE,
    Reason.FRESHNESS_MISSING,
    Flag.FRESHNESS_ABSENT,
    each={"neighbour": "11.2", "parent": "11"},
)
def code_under_another_oid(authority: AttestationAuthority, arc: str) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the expected octets under a neighbouring OID."""
    chain = authority.attest(
        freshness_code=None,
        properties=Properties(
            serial_number="TESTSERIAL01", raw={f"{oids.APPLE_ATTESTATION_ARC}{arc}": _NONCE}
        ),
    )
    return ChainInput(chain, exactly=_NONCE)


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT)
def code_in_the_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> [intermediate (code)] -> leaf``: the leaf's own extensions count, no others."""
    change = deviations.ExtraExtension(oids.FRESHNESS_CODE, _NONCE)
    chain = authority.attest(freshness_code=None, intermediate_deviations=[change])
    return ChainInput(chain, exactly=_NONCE)


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_MISMATCH)
def code_of_another_leaf_presented(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf`` of an old request, a leaf of this one beside it.

    The first certificate is the one that attests.
    """
    old = authority.attest(freshness_code=bytes(32))
    current = authority.issuer.issue_leaf(freshness_code=_NONCE)
    return ChainInput([*old, current], exactly=_NONCE)


@invalid(FILE, Reason.MALFORMED_PROPERTY, Flag.MALFORMED_IDENTITY, Flag.FRESHNESS_MISMATCH)
def malformed_property_and_mismatch(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the wrong code, and a serial number that does not decode.

    What cannot be read is said first: 'mismatch' means that all else is in order.
    """
    change = deviations.ExtensionValue(oids.SERIAL_NUMBER, b"\xff")
    given = with_leaf(authority, change)
    return ChainInput(given.chain, exactly=_NONCE)


@invalid(FILE, Reason.EXPIRED, Flag.VALIDITY, Flag.FRESHNESS_MISMATCH)
def expired_and_mismatch(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the wrong code, and a leaf that has expired."""
    given = with_leaf(authority, deviations.Expired())
    return ChainInput(given.chain, exactly=_NONCE)
