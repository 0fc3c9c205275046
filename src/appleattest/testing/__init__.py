"""A mint for attestation chains: genuine in shape, of any content, broken on request.

    from appleattest.testing import AttestationAuthority, Properties, deviations

    authority = AttestationAuthority(seed="my tests")
    chain = authority.attest(properties=Properties.mac(), freshness_code=b"nonce")
    forged = authority.attest(deviations=[deviations.WrongSigner()])
    attestation = authority.verified(Properties.iphone())

Nothing here is secret and nothing pretends to be Apple's. The modules `chains`, `carriers`
and `csr` build unusual chains, pack a chain as it travels, and make certificate requests.
`SimulatedDevice` (the package `device`) answers a server as a device would; a pytest plugin
offers both as fixtures.
"""

from appleattest.policy import Platform
from appleattest.testing import carriers, chains, csr, deviations, device
from appleattest.testing.apple_shape import (
    FRESHNESS_CODE,
    ISSUED_AT,
    authority_name,
    distinguished_name,
)
from appleattest.testing.authority import AttestationAuthority, ChainArguments
from appleattest.testing.device import DeviceModel, ManualClock, SimulatedDevice
from appleattest.testing.issuer import Issuer, LeafArguments
from appleattest.testing.keys import Digest, KeyKind, KeyRing, PrivateKey, PublicKey
from appleattest.testing.properties import Properties
from appleattest.testing.template import (
    CertificateTemplate,
    Deviation,
    Draft,
    Extension,
    Minted,
    Signed,
    mint,
)

__all__ = [
    "FRESHNESS_CODE",
    "ISSUED_AT",
    "AttestationAuthority",
    "CertificateTemplate",
    "ChainArguments",
    "Deviation",
    "DeviceModel",
    "Digest",
    "Draft",
    "Extension",
    "Issuer",
    "KeyKind",
    "KeyRing",
    "LeafArguments",
    "ManualClock",
    "Minted",
    "Platform",
    "PrivateKey",
    "Properties",
    "PublicKey",
    "Signed",
    "SimulatedDevice",
    "authority_name",
    "carriers",
    "chains",
    "csr",
    "deviations",
    "device",
    "distinguished_name",
    "mint",
]
