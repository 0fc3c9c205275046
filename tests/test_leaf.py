"""What the first certificate must be: the engine alone would let much else pass as a leaf."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import Reason, UntrustedChain, Verifier
from appleattest.certificates import decode_certificate
from appleattest.chain.leaf import judge_leaf
from appleattest.testing import Deviation, chains, deviations
from appleattest.testing.deviations import KeyUse
from chain_cases import AUTHORITY, accept, fresh, refuse

GENUINE = AUTHORITY.attest()

SIGNS = "keyUsage allows signing certificates or revocation lists"
UNFIT: list[tuple[Deviation, str]] = [
    (deviations.LeafIsCA(), "basicConstraints asserts cA"),
    (deviations.KeyUsage(KeyUse.NON_REPUDIATION), "keyUsage lacks digitalSignature"),
    (deviations.KeyUsage(KeyUse.DIGITAL_SIGNATURE | KeyUse.KEY_CERT_SIGN), SIGNS),
    (deviations.KeyUsage(KeyUse.DIGITAL_SIGNATURE | KeyUse.CRL_SIGN), SIGNS),
]


@pytest.mark.parametrize(("change", "said"), UNFIT, ids=[str(change) for change, _ in UNFIT])
def test_an_unfit_leaf_and_its_mended_twin(change: Deviation, said: str) -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    unfit = AUTHORITY.attest(deviations=[change])
    for _ in ("cold", "warm"):
        error = refuse(verifier, unfit, UntrustedChain, Reason.LEAF_PROFILE, "x5c[0]")
        assert error.detail == said
        accept(verifier, GENUINE)


@pytest.mark.parametrize(
    "changes",
    [
        [deviations.NoBasicConstraints()],
        [deviations.NoKeyUsage()],
        [deviations.NoBasicConstraints(), deviations.NoKeyUsage()],
    ],
    ids=["no basicConstraints", "no keyUsage", "neither"],
)
def test_a_leaf_that_does_not_say_what_it_may_is_no_authority(changes: list[Deviation]) -> None:
    """RFC 5280, sections 4.2.1.9 and 4.2.1.3. What such a leaf issues is refused all the same."""
    verifier = Verifier(trust=AUTHORITY.trust)
    for _ in ("cold", "warm"):
        accept(verifier, AUTHORITY.attest(deviations=changes))
    issuer = chains.by_leaf(AUTHORITY, deviations=changes)
    refuse(verifier, issuer.attest(), UntrustedChain, Reason.ISSUER_NOT_CA, "x5c[1]")
    accept(verifier, GENUINE)


@settings(deadline=None, max_examples=60)
@given(bits=st.sets(st.sampled_from(sorted(KeyUse)), min_size=1))
def test_the_key_usages_of_a_leaf(bits: set[KeyUse]) -> None:
    usage = KeyUse.NONE
    for bit in bits:
        usage |= bit
    if usage & (KeyUse.ENCIPHER_ONLY | KeyUse.DECIPHER_ONLY):
        usage |= KeyUse.KEY_AGREEMENT  # without it they are malformed (RFC 5280, 4.2.1.3)
    chain = AUTHORITY.issuer.attest(deviations=_changes(usage))
    fit = KeyUse.DIGITAL_SIGNATURE in bits and not bits & {KeyUse.KEY_CERT_SIGN, KeyUse.CRL_SIGN}
    verifier = AUTHORITY.verifier
    if fit:
        accept(verifier, chain)
    else:
        refuse(verifier, chain, UntrustedChain, Reason.LEAF_PROFILE, "x5c[0]")


def _changes(usage: KeyUse) -> list[Deviation]:
    usual = (
        KeyUse.DIGITAL_SIGNATURE
        | KeyUse.NON_REPUDIATION
        | KeyUse.KEY_ENCIPHERMENT
        | KeyUse.DATA_ENCIPHERMENT
    )
    return [] if usage == usual else [deviations.KeyUsage(usage)]


def test_harmless_labels_on_a_leaf() -> None:
    """The extended key usage of 2026, key identifiers, criticality: neither needed nor refused."""
    for change in (
        deviations.ExtendedKeyUsage(),
        deviations.ExtendedKeyUsage(("1.3.6.1.5.5.7.3.1",)),
        deviations.MismatchedKeyIdentifiers(),
        deviations.NonCriticalExtension("2.5.29.19"),
        deviations.NonCriticalExtension("2.5.29.15"),
        deviations.ExtraExtension(),
    ):
        accept(fresh(AUTHORITY.verifier), AUTHORITY.attest(deviations=[change]))


def test_the_intermediate_as_leaf() -> None:
    verifier = fresh(AUTHORITY.verifier)
    intermediate = AUTHORITY.issuer.der
    for chain in ([intermediate], [intermediate, AUTHORITY.root_issuer.der], [intermediate] * 2):
        error = refuse(verifier, chain, UntrustedChain, Reason.LEAF_PROFILE, "x5c[0]")
        assert "cA" in error.detail
    accept(verifier, [GENUINE[0], intermediate])


def test_the_lower_of_two_intermediates_as_leaf() -> None:
    verifier = fresh(AUTHORITY.verifier)
    lower = chains.deeper(AUTHORITY, 1, 0)
    refuse(verifier, list(lower.chain), UntrustedChain, Reason.LEAF_PROFILE, "x5c[0]")
    accept(verifier, lower.attest())


def test_the_anchor_as_leaf() -> None:
    """The engine accepts a certificate that equals an anchor without checking any signature."""
    verifier = fresh(AUTHORITY.verifier)
    root = AUTHORITY.root_issuer.der
    for chain in ([root], [root, root], [root, *GENUINE]):
        error = refuse(verifier, chain, UntrustedChain, Reason.LEAF_PROFILE, "x5c[0]")
        assert "trust anchor" in error.detail
    accept(verifier, [*GENUINE, root])


def test_a_path_of_one_or_of_a_certificate_twice() -> None:
    """No path of the engine's is one, and nothing depends on that."""
    leaf, intermediate = map(decode_certificate, GENUINE)
    root = decode_certificate(AUTHORITY.root_issuer.der)
    for path in ([leaf], [leaf, leaf], [leaf, intermediate, leaf]):
        with pytest.raises(UntrustedChain) as caught:
            judge_leaf(path)
        assert caught.value.reason is Reason.LEAF_PROFILE
        assert caught.value.element == "x5c[0]"
        assert caught.value.detail == "the leaf is its own issuer"
    judge_leaf([leaf, intermediate, root])
    judge_leaf([leaf, root])
