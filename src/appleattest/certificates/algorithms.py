"""Our allowlists of algorithms: octets that a certificate must have, or begin with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SIGNATURE_ALGORITHMS: Final[Mapping[bytes, str]] = {
    bytes.fromhex("300a06082a8648ce3d040302"): "ecdsa-with-SHA256",
    bytes.fromhex("300a06082a8648ce3d040303"): "ecdsa-with-SHA384",
    bytes.fromhex("300a06082a8648ce3d040304"): "ecdsa-with-SHA512",
}
"""AlgorithmIdentifiers that are accepted, octet for octet (RFC 5758, section 3.2)."""

P256: Final = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
P384: Final = bytes.fromhex("3076301006072a8648ce3d020106052b8104002203620004")
_P521: Final = bytes.fromhex("30819b301006072a8648ce3d020106052b810400230381860004")
KEY_PREFIXES: Final[Mapping[bytes, str]] = {P256: "P-256", P384: "P-384", _P521: "P-521"}
"""How an accepted SubjectPublicKeyInfo begins: a named curve and an uncompressed point
(RFC 5480). Whatever begins like this has one encoding, so the octets identify the key."""


NAMED_CURVES: Final = tuple(
    prefix[prefix.index(b"\x06") : prefix.rindex(b"\x03")] for prefix in KEY_PREFIXES
)
"""The OID of each of their curves, as it stands in a SubjectPublicKeyInfo."""
ATTESTED_KEYS: Final = (P256, P384)
"""How a key begins that a Secure Enclave can be asked for."""
