"""A profile as it comes: plain, signed (CMS SignedData, RFC 5652), or encrypted for one device.

Whether the signature holds is found out against the signer's certificate that the profile itself
holds. Who that signer is, and whether a device trusts it, is not judged.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Any, Final, NamedTuple

from asn1crypto import cms, core
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from appleattest.errors import MalformedInput, Reason
from appleattest.profile import ber
from appleattest.text import describe

_SEQUENCE: Final = b"\x30"
_MOST_SIGNERS: Final = 4
_ENCRYPTED: Final = ("enveloped_data", "encrypted_data", "authenticated_enveloped_data")
_PLAIN: Final = "certificate"
"""A certificate as all are today, among the kinds that CMS knows."""
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_PKCS1: Final = ("rsa", "rsassa_pkcs1v15")


class SignatureState(StrEnum):
    """What there is to say of a profile's signature."""

    UNSIGNED = "unsigned"
    HOLDS = "holds"
    """The content is what the holder of the embedded certificate's key signed: no more."""
    BROKEN = "broken"
    """The content, or a signed attribute, is not what was signed."""
    UNCHECKED = "unchecked"
    """Its algorithm is not checked here, the signer's certificate is not there, or the signed
    attributes are not in DER, so that not all readers take them for the same."""


_WORST_FIRST: Final = (SignatureState.BROKEN, SignatureState.UNCHECKED, SignatureState.HOLDS)


class Opened(NamedTuple):
    """A profile out of its envelope."""

    content: bytes | None
    """The property list; None where it is encrypted."""
    signature: SignatureState = SignatureState.UNSIGNED
    signer: bytes | None = None
    """The first signer's certificate, DER, where it is there."""


def open_profile(document: bytes) -> Opened:
    """The property list in a document, and what its signature is worth.

    Raises `MalformedInput` with `malformed-plist` for an envelope that is no CMS SignedData
    around data, or is nested or divided beyond what is read.
    """
    if not document.startswith(_SEQUENCE):
        return Opened(document)
    try:
        ber.measure(document)
        return _open(cms.ContentInfo.load(document, strict=True))
    except Exception as error:  # noqa: BLE001 - asn1crypto raises what it likes
        detail = f"a signed profile was expected: {describe(error)}"
        raise MalformedInput(Reason.MALFORMED_PLIST, detail) from None


def _open(envelope: Any) -> Opened:
    kind = envelope["content_type"].native
    if kind in _ENCRYPTED:
        return Opened(None)
    if kind != "signed_data":
        raise ValueError("neither signed nor encrypted")
    signed = envelope["content"]
    inner = signed["encap_content_info"]
    if inner["content_type"].native != "data" or inner["content"].native is None:
        raise ValueError("signed, and not around data")
    content = bytes(inner["content"])
    signers = list(signed["signer_infos"])
    if not 0 < len(signers) <= _MOST_SIGNERS:
        raise ValueError(f"{len(signers)} signers; 1 to {_MOST_SIGNERS} are read")
    certificates = [each.chosen for each in signed["certificates"] if each.name == _PLAIN]
    checked = [_check(signer, content, certificates) for signer in signers]
    states = [state for state, _ in checked]
    worst = next(state for state in _WORST_FIRST if state in states)
    return Opened(content, worst, checked[0][1])


def _check(
    signer: Any, content: bytes, certificates: list[Any]
) -> tuple[SignatureState, bytes | None]:
    certificate = _certificate_of(signer["sid"], certificates)
    if certificate is None:
        return SignatureState.UNCHECKED, None
    return _check_against(certificate, signer, content), certificate.dump()


def _check_against(certificate: Any, signer: Any, content: bytes) -> SignatureState:
    digest = signer["digest_algorithm"]["algorithm"].native
    algorithm, attributes = _HASHES.get(digest), signer["signed_attrs"]
    if algorithm is None or not _are_in_der(attributes):
        return SignatureState.UNCHECKED
    signed = _signed_octets(attributes, content, algorithm)
    if signed is None:
        return SignatureState.BROKEN
    # The name of a scheme may say the digest's, and must not say another one.
    scheme = signer["signature_algorithm"]["algorithm"].native.removeprefix(f"{digest}_")
    return _verify(_key_of(certificate), scheme, signer["signature"].native, signed, algorithm)


def _key_of(certificate: Any) -> object:
    """The key; None for one that is not known here."""
    # `cryptography` warns of some certificates, which a filter makes an error; of keys it does not.
    try:
        return load_der_public_key(certificate.public_key.dump())
    except (UnsupportedAlgorithm, ValueError):
        return None


def _certificate_of(sid: Any, certificates: list[Any]) -> Any:
    """The one that the signer names; others may be there, whatever they are."""
    for certificate in certificates:
        try:
            if _is_named(certificate, sid):
                return certificate
        except Exception:  # noqa: BLE001, S112 - too damaged to be the one that is named
            continue
    return None


def _is_named(certificate: Any, sid: Any) -> bool:
    if sid.name == "issuer_and_serial_number":
        named, own = sid.chosen, certificate["tbs_certificate"]
        same = own["serial_number"].native == named["serial_number"].native
        return same and bool(own["issuer"].dump() == named["issuer"].dump())
    # asn1crypto would parse every extension that it knows, also what is in their octets.
    identifier = core.OctetString(sid.chosen.native).dump()
    extensions = certificate["tbs_certificate"]["extensions"]
    return any(
        each["extn_id"].native == "key_identifier" and each["extn_value"].contents == identifier
        for each in extensions
    )


def _are_in_der(attributes: Any) -> bool:
    """Whether they are in DER and its order, as they must be (RFC 5652, section 5.3)."""
    encoded = [each.dump() for each in attributes]
    # What asn1crypto dumps has definite lengths, also where what was sent has others.
    return encoded == sorted(encoded) and ber.is_der(attributes.contents)


def _signed_octets(
    attributes: Any, content: bytes, algorithm: hashes.HashAlgorithm
) -> bytes | None:
    """What the signature is over (RFC 5652, section 5.4); None where the digest is another's."""
    if isinstance(attributes, core.Void):
        return content
    kinds, digests = _values(attributes, "content_type"), _values(attributes, "message_digest")
    digest = hashlib.new(algorithm.name, content).digest()
    if kinds != [["data"]] or digests != [[digest]]:
        return None
    octets: bytes = attributes.untag().dump()
    return octets


def _values(attributes: Any, kind: str) -> list[object]:
    """The values of each attribute of a kind. Whatever is in the others is not looked at."""
    return [each["values"].native for each in attributes if each["type"].native == kind]


def _verify(
    key: object, scheme: str, signature: bytes, signed: bytes, algorithm: hashes.HashAlgorithm
) -> SignatureState:
    try:
        if isinstance(key, rsa.RSAPublicKey) and scheme in _PKCS1:
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and scheme == "ecdsa":
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            return SignatureState.UNCHECKED
    except InvalidSignature:
        return SignatureState.BROKEN
    return SignatureState.HOLDS
