"""Is the first certificate of the path an attestation certificate at all?

The engine accepts as a leaf a CA certificate and one with keyCertSign. Whoever owns a device
owns a key that Apple certified, so what a leaf may be and do is checked here
(docs/threat-model.md). Apple's leaves have basicConstraints and keyUsage; a leaf without
basicConstraints is no CA either (RFC 5280, section 4.2.1.9), and keyUsage restricts a key only
where it is there (section 4.2.1.3).
"""

from __future__ import annotations

from collections.abc import Sequence

from appleattest.certificates import DecodedCertificate
from appleattest.chain.presented import element_at
from appleattest.errors import Reason, UntrustedChain


def judge_leaf(path: Sequence[DecodedCertificate]) -> None:
    """Refuse a leaf that could be anything but a leaf.

    Raises `UntrustedChain` with `leaf-profile`.
    """
    defect = _defect(path)
    if defect:
        raise UntrustedChain(Reason.LEAF_PROFILE, defect, element=element_at(0))


def _defect(path: Sequence[DecodedCertificate]) -> str | None:
    leaf = path[0]
    constraints, usage = leaf.basic_constraints, leaf.key_usage
    if len(path) < 2 or leaf.der in [issuer.der for issuer in path[1:]]:
        return "the leaf is its own issuer"
    if constraints is not None and constraints.ca:
        return "basicConstraints asserts cA"
    if usage is None:
        return None
    if not usage.digital_signature:
        return "keyUsage lacks digitalSignature"
    if usage.key_cert_sign or usage.crl_sign:
        return "keyUsage allows signing certificates or revocation lists"
    return None
