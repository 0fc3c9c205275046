"""What a device does in ACME: answer the challenge, then sign a CSR."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appleattest.testing import carriers
from appleattest.testing.keys import KeyKind

ATTESTATION_FAILED: Final = "Failed to attest the key"
"""The ``error`` of a failed attestation. The words are not documented."""

_KINDS: Final = {256: KeyKind.P256, 384: KeyKind.P384}


def kind_of_size(key_size: int) -> KeyKind:
    """The kind of a hardware-bound key of ``KeySize`` 256 or 384, or ``ValueError``."""
    if key_size not in _KINDS:
        raise ValueError(f"a hardware-bound key has 256 or 384 bits, not {key_size!r}")
    return _KINDS[key_size]


@dataclass(frozen=True, eq=False)
class ChallengeAnswer:
    """An answer to one ``device-attest-01`` challenge, and the Secure Enclave key it is about.

    ``chain`` is in DER, leaf first: empty when the attestation failed, ``None`` when there was
    to be none. ``private_key`` never leaves a real device. ``key_survives`` tells whether the
    device still has it.
    """

    chain: tuple[bytes, ...] | None
    private_key: ec.EllipticCurvePrivateKey
    key_survives: Callable[[], bool]

    @property
    def response(self) -> bytes:
        """The JSON to post to the challenge: ``{"attObj": …}``.

        As Apple's client (`SecCertificateRequest.m`): an ``error`` and an empty ``x5c`` when the
        attestation failed, ``{}`` when there was to be none.
        """
        if self.chain is None:
            return b"{}"
        extra = {} if self.chain else {"error": ATTESTATION_FAILED}
        return carriers.challenge_response(self.attestation_object, extra=extra)

    @property
    def attestation_object(self) -> bytes:
        """The CBOR that the response carries; a ``ValueError`` where it carries none."""
        if self.chain is None:
            raise ValueError("no attestation was asked for, or the device cannot attest")
        return carriers.attestation_object(self.chain)

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey:
        """The key that the certificate is wanted for."""
        return self.private_key.public_key()

    def certificate_request(
        self, subject: str | x509.Name, *, alternative_names: Iterable[x509.GeneralName] = ()
    ) -> bytes:
        """A CSR for the key in DER, signed with SHA-256 on either curve.

        ``subject`` is a name, or the text of the one common name. Any ``alternative_names`` are
        allowed; Apple's payload allows rfc822Name, dNSName, URI and the NT principal name. Raises
        ``LookupError`` when the device has been erased since.
        """
        if not self.key_survives():
            raise LookupError("the key is lost: the device has been erased")
        if isinstance(subject, str):
            subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
        builder = x509.CertificateSigningRequestBuilder(subject)
        if names := list(alternative_names):
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        request = builder.sign(self.private_key, hashes.SHA256(), ecdsa_deterministic=True)
        return request.public_bytes(serialization.Encoding.DER)

    def finalize_payload(
        self, subject: str | x509.Name, *, alternative_names: Iterable[x509.GeneralName] = ()
    ) -> bytes:
        """The JSON to post to ``finalize``: ``{"csr": …}`` of `certificate_request`."""
        request = self.certificate_request(subject, alternative_names=alternative_names)
        return carriers.finalize_payload(request)
