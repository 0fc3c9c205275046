"""Single signature checks outside the engine, each at most once, and not too many."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

from appleattest.certificates import DecodedCertificate


class SignatureLedger:
    """Remembers, for one call, which certificate's signature verifies under which issuer."""

    __slots__ = ("_found", "_left")

    def __init__(self, budget: int) -> None:
        self._found: dict[tuple[bytes, bytes], bool] = {}  # by the child and the issuer's key
        self._left = budget

    def allow(self, more: int) -> None:
        """Allow that many further checks from here on, however many are left."""
        self._left = more

    def verifies(self, child: DecodedCertificate, issuer: DecodedCertificate) -> bool | None:
        """Whether `issuer`'s key made `child`'s signature; None when the budget is spent.

        The issuer has the name of the child's issuer: its key is all that matters then, and
        several certificates of one key cost one check.
        """
        pair = child.der, issuer.spki
        if pair not in self._found:
            if self._left == 0:
                return None
            self._left -= 1
            self._found[pair] = _verifies(child, issuer)
        return self._found[pair]


def _verifies(child: DecodedCertificate, issuer: DecodedCertificate) -> bool:
    """The bare check: what else makes an issuer is asked elsewhere, and cost counts here."""
    certificate = child.x509
    algorithm = certificate.signature_algorithm_parameters
    assert isinstance(algorithm, ECDSA)  # noqa: S101 - the allowlist saw to it
    try:
        issuer.public_key.verify(
            certificate.signature, certificate.tbs_certificate_bytes, algorithm
        )
    except InvalidSignature:
        return False
    return True
