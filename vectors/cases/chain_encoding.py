"""Octets that are not DER, too many or too few, and bits that no signature covers."""

from __future__ import annotations

from base64 import b64encode

from appleattest import Reason
from appleattest.testing import AttestationAuthority, Deviation, der, deviations
from appleattest.testing.keys import order_of, spki_of
from vectors.case import ChainInput, acceptable, invalid, valid
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_encoding"


@valid(FILE, Flag.GENUINE)
def genuine(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``, every octet as it should be."""
    return ChainInput(authority.attest())


_NOT_DER: dict[str, Deviation] = {
    "length-of-certificate": deviations.BERLength("certificate"),
    "length-of-signed-part": deviations.BERLength("tbs"),
    "indefinite-length": deviations.IndefiniteLength(),
    "null-after-certificate": deviations.TrailingBytes(),
    "zero-after-certificate": deviations.TrailingBytes(b"\x00"),
    "newline-after-certificate": deviations.TrailingBytes(b"\n"),
    "null-in-signed-part": deviations.TrailingBytes(where="tbs"),
    "last-octet-missing": deviations.Truncated(),
    "half-missing": deviations.Truncated(400),
    "an-unused-bit": deviations.UnusedBits(1),
    "seven-unused-bits": deviations.UnusedBits(7),
    "eight-unused-bits": deviations.UnusedBits(8),
}


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.BER_ENCODING, each=_NOT_DER)
def leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: not DER, or not all of it, or more.

    What the signature covers is signed as it stands. Unused bits, outer lengths and what follows
    are covered by no signature: anybody can make another certificate of a genuine one.
    """
    return with_leaf(authority, change)


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.BER_ENCODING, each=_NOT_DER)
def intermediate(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: not DER, or not all of it, or more."""
    return with_intermediate(authority, change)


@acceptable(
    FILE,
    Flag.DEFECTIVE_EXTRA,
    reason=Reason.MALFORMED_CERTIFICATE,
    each={
        "unused-bit": deviations.UnusedBits(1),
        "indefinite-length": deviations.IndefiniteLength(),
        "trailing": deviations.TrailingBytes(),
        "truncated": deviations.Truncated(),
        "empty": deviations.Replaced(b""),
    },
)
def copy_of_the_intermediate(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> leaf`` and the intermediate once more, damaged.

    The good one makes a path, and RFC 5280, 6.1, asks for no more. This library refuses all the
    same: it decodes every certificate, so that the answer does not depend on which comes first.
    """
    return ChainInput([*authority.attest(), authority.reissue(deviations=[change]).der])


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.BER_ENCODING, Flag.REMEMBERED_ISSUER)
def copy_of_a_remembered_intermediate(authority: AttestationAuthority) -> ChainInput:
    """``root -> [intermediate] -> leaf``, with an unused bit, after a test with the good one.

    What was validated before is recognised by all of its octets.
    """
    return with_intermediate(authority, deviations.UnusedBits(2))


def _wrong_kinds(authority: AttestationAuthority) -> dict[str, bytes]:
    leaf = authority.attest()[0]
    text = b64encode(leaf)
    unsigned = der.read(der.read(leaf)[1])[2]
    return {
        "pem": b"-----BEGIN CERTIFICATE-----\n" + text + b"\n-----END CERTIFICATE-----\n",
        "base64": text,
        "public-key": spki_of(authority.attested_key.public_key()),
        "octet-string": der.octet_string(leaf),
        "sequence-of-certificates": der.sequence(leaf, authority.issuer.der),
        "without-the-signed-part": der.sequence(unsigned),
        "empty": b"",
        "empty-sequence": der.sequence(),
        "one-octet": b"\x30",
        "set": der.tlv(der.SET, der.read(leaf)[1]),
    }


_KINDS = (
    *("pem", "base64", "public-key", "octet-string", "sequence-of-certificates"),
    *("without-the-signed-part", "empty", "empty-sequence", "one-octet", "set"),
)


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each={kind: kind for kind in _KINDS},
)
def something_else(authority: AttestationAuthority, kind: str) -> ChainInput:
    """``root -> intermediate``, and in the place of the leaf no certificate in DER."""
    return ChainInput([_wrong_kinds(authority)[kind], authority.issuer.der])


# The signature's own encoding


@valid(FILE, Flag.SIGNATURE_MALLEABILITY, each={"leaf": "l", "intermediate": "i", "both": "li"})
def twin_signature(authority: AttestationAuthority, which: str) -> ChainInput:
    """``root -> intermediate -> leaf`` with (r, n - s) in the place of the signature (r, s).

    Whoever has the one can make the other, and ECDSA accepts both: of the two, either may be what
    the issuer made. So it is the same attestation under another fingerprint, and a replay or a
    reused key is to be recognised by the key alone.
    """
    twin = [deviations.TwinSignature()]
    return ChainInput(
        authority.attest(
            deviations=twin if "l" in which else (),
            intermediate_deviations=twin if "i" in which else (),
        )
    )


@invalid(
    FILE,
    Reason.BAD_SIGNATURE,
    Flag.BER_ENCODING,
    each={
        "length": deviations.BERLength("signature"),
        "null-in-sequence": deviations.TrailingBytes(where="signature"),
    },
)
def signature_not_der(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the right r and s in a SEQUENCE that is not DER.

    Anybody can write a signature in this way (RFC 3279, 2.2.3, has one form: DER).
    """
    return with_leaf(authority, change)


def _genuine_signature(authority: AttestationAuthority) -> tuple[bytes, bytes]:
    """The INTEGERs r and s of the genuine leaf's signature, in DER."""
    _, _, rest = der.read(der.read(authority.attest()[0])[1])
    _, _, bits = der.read(rest)
    _, content, _ = der.read(der.read(bits)[1][1:])
    r, after = der.read(content)[1], der.read(content)[2]
    return der.tlv(der.INTEGER, r), after


@invalid(
    FILE,
    Reason.BAD_SIGNATURE,
    Flag.BER_ENCODING,
    each={
        "zero-before-r": "zero",
        "octet-after-signature": "after",
        "s-plus-order": "order",
        "set": "set",
        "integers-swapped": "swapped",
    },
)
def signature_in_another_form(authority: AttestationAuthority, form: str) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the right r and s, not as ECDSA-Sig-Value has them."""
    r, s = _genuine_signature(authority)
    number = int.from_bytes(der.read(s)[1], "big") + order_of(authority.attested_key)
    forms = {
        "zero": der.sequence(der.tlv(der.INTEGER, b"\x00\x00" + der.read(r)[1]), s),
        "after": der.sequence(r, s) + b"\x00",
        "order": der.sequence(r, der.integer(number)),
        "set": der.tlv(der.SET, r + s),
        "swapped": der.sequence(s, r),
    }
    return with_leaf(authority, deviations.ReplacedSignature(forms[form]))


# Size


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE, each={"leaf": 0, "intermediate": 1})
def eight_kibibytes(authority: AttestationAuthority, which: int) -> ChainInput:
    """``root -> intermediate -> leaf``, one of them ten times as large as a real one.

    A verifier may bound the size of what it reads, and no document says where.
    """
    change = with_intermediate if which else with_leaf
    return change(authority, deviations.ExtraExtension(value=der.octet_string(bytes(8192))))


@valid(FILE, Flag.EXTRA_EXTENSION)
def two_kibibytes(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> leaf``, the leaf three times as large as today's.

    A bound on the size has to leave room for what Apple may add.
    """
    return with_leaf(authority, deviations.ExtraExtension(value=der.octet_string(bytes(1500))))
