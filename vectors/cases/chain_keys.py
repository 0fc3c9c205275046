"""The encoding of a public key: one point, one curve, one form."""

from __future__ import annotations

from appleattest import Reason
from appleattest.testing import AttestationAuthority, Deviation, der, deviations
from appleattest.testing.deviations import PointForm
from appleattest.testing.keys import key_bits, spki_of
from vectors.case import ChainInput, acceptable, but, invalid, only
from vectors.flags import Flag
from vectors.shapes import with_intermediate, with_leaf

FILE = "chain_keys"

_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
_P256 = "1.2.840.10045.3.1.7"
_P384 = "1.3.132.0.34"


_FORMS = {
    form.name.lower().replace("_", "-"): deviations.KeyPoint(form)
    for form in PointForm
    if form is not PointForm.COMPRESSED
}


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_KEY, each=_FORMS)
def leaf_point(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: no uncompressed point on P-384 (RFC 5480, 2.2)."""
    return with_leaf(authority, change)


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_KEY, each=_FORMS)
def intermediate_point(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: no uncompressed point on P-384 (RFC 5480, 2.2)."""
    return with_intermediate(authority, change)


@acceptable(
    FILE,
    Flag.KEY_ENCODING,
    reason=Reason.MALFORMED_CERTIFICATE,
    each={"leaf": 0, "intermediate": 1},
)
def compressed_point(authority: AttestationAuthority, which: int) -> ChainInput:
    """``root -> intermediate -> leaf``, a key in compressed form.

    RFC 5480, 2.2, lets a verifier read it. One that does must know the key in its other form.
    """
    change = with_intermediate if which else with_leaf
    return change(authority, deviations.KeyPoint(PointForm.COMPRESSED))


_CURVES = {
    "p384": deviations.ExplicitCurve(),
    "own-generator": deviations.ExplicitCurve(other_generator=True),
}


@invalid(FILE, Reason.WEAK_ALGORITHM, Flag.MALFORMED_KEY, each=_CURVES)
def explicit_curve_of_the_leaf(authority: AttestationAuthority, change: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a curve that is spelt out (RFC 5480, 2.1.1, forbids it).

    With a generator of its own it makes anybody the owner of the key (CVE-2020-0601).
    """
    return with_leaf(authority, change)


@invalid(FILE, Reason.WEAK_ALGORITHM, Flag.MALFORMED_KEY, each=_CURVES)
def explicit_curve_of_the_intermediate(
    authority: AttestationAuthority, change: Deviation
) -> ChainInput:
    """``root -> [intermediate] -> leaf``: a curve that is spelt out (CVE-2020-0601)."""
    return with_intermediate(authority, change)


def _spki(authority: AttestationAuthority, *algorithm: bytes, unused: int = 0) -> Deviation:
    """The attested P-384 point under another algorithm."""
    point = key_bits(spki_of(authority.attested_key.public_key()))
    return deviations.PublicKeyInfo(
        der.sequence(der.sequence(*algorithm), der.bit_string(point, unused))
    )


_OTHER_CURVES: dict[str, list[bytes]] = {
    "no-curve": [der.oid(_EC_PUBLIC_KEY)],
    "implicit-curve": [der.oid(_EC_PUBLIC_KEY), der.null()],
    "brainpool-p384": [der.oid(_EC_PUBLIC_KEY), der.oid("1.3.36.3.3.2.8.1.1.11")],
    "no-algorithm": [],
    "ecdh-alone": [der.oid("1.3.132.1.12"), der.oid(_P384)],
}
_NO_CURVES = ("no-curve", "no-algorithm")


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_KEY,
    each=only(_OTHER_CURVES, *_NO_CURVES),
)
@invalid(
    FILE,
    Reason.WEAK_ALGORITHM,
    Flag.MALFORMED_KEY,
    each=but(_OTHER_CURVES, *_NO_CURVES),
)
def key_of_another_curve(authority: AttestationAuthority, algorithm: list[bytes]) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a P-384 point, on no curve, on another, or for ECDH."""
    return with_leaf(authority, _spki(authority, *algorithm))


@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_KEY,
    each={
        "p256": [der.oid(_EC_PUBLIC_KEY), der.oid(_P256)],
        "parameters-after-the-curve": [der.oid(_EC_PUBLIC_KEY), der.oid(_P384), der.null()],
    },
)
def key_under_another_name(authority: AttestationAuthority, algorithm: list[bytes]) -> ChainInput:
    """``root -> intermediate -> [leaf]``: a P-384 key whose algorithm field says something else."""
    return with_leaf(authority, _spki(authority, *algorithm))


@invalid(FILE, Reason.MALFORMED_CERTIFICATE, Flag.MALFORMED_KEY)
def unused_bits_of_the_key(authority: AttestationAuthority) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the key's BIT STRING is no whole number of octets."""
    change = _spki(authority, der.oid(_EC_PUBLIC_KEY), der.oid(_P384), unused=1)
    return with_leaf(authority, change)
