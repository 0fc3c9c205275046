"""Every bit that can be flipped and every place at which an artefact can be cut, without sampling.

A flip is refused, or what is verified is what was sent: the same path, code and time. Signatures
cover the certificates; around them stands what nobody signs, such as the UDID of a response.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from bit_flips import Artefact, flip_all

from appleattest import TrustStore
from appleattest.testing import ISSUED_AT, AttestationAuthority, KeyKind, carriers, chains
from appleattest.testing.deviations import CertifiedKey
from chain_cases import Acceptance
from real_chains import RealChain

# P-256, whose signatures cost a fifth: the real chains are P-384 throughout.
AUTHORITY = AttestationAuthority("every bit", root_deviations=[CertifiedKey(KeyKind.P256)])
MINTED = chains.rekeyed(AUTHORITY, kind=KeyKind.P256).attest()


def minted() -> dict[str, Artefact]:
    leaf = Artefact("leaf", MINTED[0], MINTED, [AUTHORITY.root_issuer.der], ISSUED_AT, True)
    return {
        "leaf": leaf,
        "intermediate": leaf._replace(form="intermediate", octets=MINTED[1]),
        **messages(leaf._replace(also_fresh=False)),
    }


def real(chain: RealChain) -> dict[str, Artefact]:
    """Two messages, which hold the two certificates octet for octet: one each for ACME and MDM.

    The XML form is not among them: what is around the certificates does not depend on who issued
    them, and the minted chain is flipped in every form.
    """
    at = chain.leaf.not_valid_before_utc + timedelta(days=7)
    anchors = [anchor.der for anchor in TrustStore.apple().decoded]
    every = messages(Artefact("leaf", b"", chain.ders, anchors, at))
    found = {form: every[form] for form in ("object", "binary")}
    assert all(der in each.octets for each in found.values() for der in chain.ders)
    return found


def messages(artefact: Artefact) -> dict[str, Artefact]:
    """The chain of an artefact as it travels.

    The line end after an XML property list is no part of it, so it is not there to be cut off.
    """
    chain = artefact.chain
    xml = carriers.response_plist(chain).rstrip(b"\n")
    binary = carriers.response_plist(chain, binary=True)
    return {
        "object": artefact._replace(form="object", octets=carriers.attestation_object(chain)),
        "xml": artefact._replace(form="response", octets=xml),
        "binary": artefact._replace(form="response", octets=binary),
    }


def survive_every_flip(attacked: dict[str, Artefact]) -> None:
    found = dict(zip(attacked, flip_all(list(attacked.values())), strict=True))
    for form, artefact in attacked.items():
        assert found[form].tried == len(artefact.octets) * 8
        assert found[form].harmful == [], form
        assert found[form].disputed == [], form
        some_is_unsigned = form in ("xml", "binary")
        assert (found[form].harmless != []) is some_is_unsigned, form


def test_every_flip_of_what_was_minted() -> None:
    survive_every_flip(minted())


def test_every_flip_of_a_real_chain(real_chain: RealChain) -> None:
    survive_every_flip(real(real_chain))


def lengths_accepted(artefact: Artefact) -> list[int]:
    """The lengths at which the artefact can be cut off and still be accepted."""
    verifier = artefact.verifier()
    assert isinstance(artefact.verdict(verifier, artefact.octets), Acceptance)
    cut = ((n, artefact.octets[:n]) for n in range(len(artefact.octets)))
    return [n for n, octets in cut if isinstance(artefact.verdict(verifier, octets), Acceptance)]


@pytest.mark.parametrize("form", list(minted()))
def test_every_truncation_is_refused(form: str) -> None:
    assert lengths_accepted(minted()[form]) == []


def test_every_truncation_of_a_real_chain_is_refused(real_chain: RealChain) -> None:
    for artefact in real(real_chain).values():
        assert lengths_accepted(artefact) == []
