"""What honest input costs: the two carriers, warm and cold, beside the bare signature check."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from timing import Prepare, always

from appleattest import Limits, Verifier, decode_unverified
from appleattest.certificates.general import read_general
from appleattest.certificates.usual import read_usual
from appleattest.chain.path import path_policy
from appleattest.signatures import Signatures
from appleattest.testing import AttestationAuthority, carriers
from appleattest.testing.keys import spki_of

NONCE = b"a nonce of some thirty octets..."
TOKEN = "a-token-of-at-least-128-bits-it-is"  # noqa: S105 - published here


class Inputs(NamedTuple):
    """The same attestation in every form, and whoever believes it."""

    authority: AttestationAuthority
    chain: list[bytes]
    plist: bytes
    binary_plist: bytes
    attestation_object: bytes

    @classmethod
    def mint(cls) -> Inputs:
        """A Mac with all ten properties under a P-384 root and intermediate, as from Apple."""
        authority = AttestationAuthority("benchmarks")
        chain = authority.attest(freshness_code=NONCE)
        return cls(
            authority,
            chain,
            carriers.response_plist(chain),
            carriers.response_plist(chain, binary=True),
            carriers.attestation_object(authority.attest(freshness_code=_digest(TOKEN))),
        )

    def accept(self, verifier: Verifier) -> object:
        """One acceptance, after which the verifier remembers the intermediate."""
        return verifier.verify_mdm(self.chain, nonce=NONCE, at=self.authority.issued_at)

    def verifications(
        self, fresh: bool, signatures: Signatures | None = None
    ) -> dict[str, Prepare]:
        """Each carrier's verification; `fresh` by a verifier that has seen nothing yet."""
        at = self.authority.issued_at
        plist, attestation_object = self.plist, self.attestation_object

        def acme(verifier: Verifier) -> object:
            return verifier.verify_acme(attestation_object, token=TOKEN, at=at)

        def mdm_plist(verifier: Verifier) -> object:
            return verifier.verify_mdm(plist, nonce=NONCE, at=at)

        named = {
            "verify_acme, CBOR": acme,
            "verify_mdm, sequence of DER": self.accept,
            "verify_mdm, XML plist": mdm_plist,
        }
        return {name: self._prepared(call, fresh, signatures) for name, call in named.items()}

    def _prepared(
        self, call: Callable[[Verifier], object], fresh: bool, signatures: Signatures | None
    ) -> Prepare:
        def verifier_of() -> Verifier:
            return Verifier(trust=self.authority.trust, signatures=signatures)

        if fresh:
            return lambda: _bound(call, verifier_of())
        verifier = verifier_of()
        call(verifier)
        return always(_bound(call, verifier))

    def bare(self) -> Prepare:
        """The signature on the leaf, and nothing else: `public_key.verify`."""
        leaf, issuer = (x509.load_der_x509_certificate(each) for each in self.chain)
        return always(_check_of(leaf, issuer))

    def bare_aws_lc(self) -> Prepare:
        """The signature on the leaf, checked by AWS-LC, with the hash of what is signed."""
        from awscrt.crypto import EC

        leaf = x509.load_der_x509_certificate(self.chain[0])
        key = EC.new_key_from_der_data(spki_of(self.authority.issuer.key.public_key()))
        signature, content = leaf.signature, leaf.tbs_certificate_bytes
        return always(lambda: key.verify(hashlib.sha384(content).digest(), signature))

    def bare_path(self) -> Prepare:
        """The signatures of the whole path, and nothing else.

        The intermediate's key is loaded anew, as it is at first sight, and OpenSSL's first use of
        a key costs more than the next.
        """
        root, (leaf, intermediate) = self.authority.root, self.chain
        below = x509.load_der_x509_certificate(leaf)
        upper = _check_of(x509.load_der_x509_certificate(intermediate), root)

        def verify() -> object:
            lower = _check_of(below, x509.load_der_x509_certificate(intermediate))
            return upper(), lower()

        return always(verify)

    def engine(self, fresh: bool) -> Prepare:
        """The path engine with our policies and nothing of ours around it.

        Warm, the intermediate is its one anchor; `fresh`, the root is. It loads the leaf (and,
        fresh, the intermediate), since each is loaded from octets in a verification too.
        """
        at = self.authority.issued_at
        anchor = self.authority.root if fresh else self.authority.intermediate
        leaf, intermediate = self.chain
        presented = [intermediate] if fresh else []

        def prepare() -> Callable[[], object]:
            policy = path_policy([anchor], Limits())

            def verify() -> object:
                engine = policy.time(at).build_client_verifier()
                others = [x509.load_der_x509_certificate(each) for each in presented]
                return engine.verify(x509.load_der_x509_certificate(leaf), others)

            return verify

        return prepare if fresh else always(prepare())

    def decodings(self) -> dict[str, Prepare]:
        """`decode_unverified` of each form, and what any reader of the leaf must do at least."""
        forms = {
            "DER, one certificate": self.chain[0],
            "DER, sequence": self.chain,
            "attestation object, CBOR": self.attestation_object,
            "response plist, XML": self.plist,
            "response plist, binary": self.binary_plist,
        }
        return {
            f"decode_unverified, {form}": always(lambda data=data: decode_unverified(data))  # type: ignore[misc]
            for form, data in forms.items()
        }

    def readings(self) -> dict[str, Prepare]:
        """The two readers of a leaf, each alone: one of them reads it in a verification."""
        leaf = self.chain[0]
        return {
            "the quick reader of a leaf": always(lambda: read_usual(leaf)),
            "the general reader of a leaf": always(lambda: read_general(leaf)),
        }

    def leaf_alone(self) -> Prepare:
        """Load the leaf and read its extensions."""
        leaf = self.chain[0]
        return always(lambda: list(x509.load_der_x509_certificate(leaf).extensions))


def _check_of(certificate: x509.Certificate, issuer: x509.Certificate) -> Callable[[], object]:
    key, digest = issuer.public_key(), certificate.signature_hash_algorithm
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert digest is not None
    signature, content = certificate.signature, certificate.tbs_certificate_bytes
    algorithm = ec.ECDSA(digest)
    return lambda: key.verify(signature, content, algorithm)


def _bound(call: Callable[[Verifier], object], verifier: Verifier) -> Callable[[], object]:
    return lambda: call(verifier)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("ascii")).digest()
