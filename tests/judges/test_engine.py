"""What the memory answers, the engine itself says when it is asked for the whole path."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import Reason, Verifier
from appleattest.chain.path import PathBuilder
from appleattest.testing import ISSUED_AT, AttestationAuthority, chains
from chain_cases import Acceptance, Refusal, accept, fresh, path_of, verdict

AUTHORITY = AttestationAuthority("the engine itself")
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
ISSUERS = [
    AUTHORITY.issuer,
    chains.rekeyed(AUTHORITY),
    chains.deeper(AUTHORITY, 1, 0),
    chains.deeper(AUTHORITY, None),
]


def engine(verifier: Verifier, chain: list[bytes], at: datetime) -> list[x509.Certificate]:
    """The path by `cryptography`'s engine with nothing of ours but the anchors."""
    leaf, *others = map(x509.load_der_x509_certificate, chain)
    policy = (
        PolicyBuilder()
        .store(Store(list(verifier.trust.anchors)))
        .time(at)
        .extension_policies(
            ca_policy=ExtensionPolicy.permit_all().require_present(
                x509.BasicConstraints, Criticality.AGNOSTIC, None
            ),
            ee_policy=ExtensionPolicy.permit_all(),
        )
    )
    return list(policy.build_client_verifier().verify(leaf, others).chain)


@settings(deadline=None, max_examples=60)
@given(
    place=st.integers(0, len(ISSUERS) - 1),
    days=st.integers(-400, 400),
    seconds=st.integers(-3, 3),
    end=st.sampled_from([-DAY, 90 * DAY, timedelta(0)]),
)
def test_every_warm_acceptance_is_the_engines_own(
    place: int, days: int, seconds: int, end: timedelta
) -> None:
    issuer = ISSUERS[place]
    verifier = Verifier(trust=AUTHORITY.trust)
    accept(verifier, issuer.attest())
    issued = ISSUED_AT + days * DAY
    chain = issuer.attest(at=issued)
    at = issued + end + seconds * SECOND
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PathBuilder, "_build_cold", no_cold_path)
        warm = verdict(verifier, chain, at)
    if isinstance(warm, Acceptance):
        assert list(warm.attestation.chain) == engine(verifier, chain, at)
        assert warm.path == path_of(accept(fresh(verifier), chain, at))
    else:
        assert warm.reason is Reason.UNTRUSTED
        assert isinstance(verdict(fresh(verifier), chain, at), Refusal)


def no_cold_path(*_arguments: object) -> None:
    raise AssertionError("the memory had no answer")
