"""Attestation chains for tests: of the shape of Apple's, with any content, broken where asked.

    from appleattest.testing import AttestationAuthority, Properties, deviations

    authority = AttestationAuthority(seed="my tests")
    chain = authority.attest(properties=Properties.mac(), freshness_code=b"nonce")
    forged = authority.attest(deviations=[deviations.WrongSigner()])
    attestation = authority.verified(Properties.iphone())

No key here is secret, and no name is Apple's. `chains` builds unusual chains, `carriers` the
messages around a chain, `csr` certificate requests. `SimulatedDevice` (in `device`) answers a
server as a device does. A pytest plugin offers it and the authority as fixtures.
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
