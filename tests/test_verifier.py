"""The verifier as its callers see it: the two kinds of argument, and records read back."""

from __future__ import annotations

import copy
import json
import pickle
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    Freshness,
    FreshnessMismatch,
    Limits,
    MalformedInput,
    NoAttestation,
    OutsideValidity,
    Reason,
    Report,
    TrustStore,
    UntrustedChain,
    Verifier,
    exactly,
    sha256_of,
)
from appleattest.freshness import ExpectedFreshness
from appleattest.testing import (
    FRESHNESS_CODE,
    ISSUED_AT,
    AttestationAuthority,
    authority_name,
    carriers,
    chains,
)
from chain_cases import AUTHORITY, path_of, refusal_of
from hostile_input import HostileMapping, PanicException

CHAIN = AUTHORITY.attest()
TOKEN = "a_token-of-base64url-22"
ACME_CHAIN = AUTHORITY.attest(freshness_code=sha256_of(TOKEN.encode()).code)
OBJECT = carriers.attestation_object(ACME_CHAIN)
PLIST = carriers.response_plist(CHAIN)
VERIFIER = Verifier(trust=AUTHORITY.trust)


def shown(value: Any) -> str:
    """Its repr without an address in memory: a test has the same name in every run."""
    return re.sub(r" at 0x\w+", "", repr(value))


# The verifier itself


def test_a_verifier_trusts_apple_by_default() -> None:
    assert Verifier().trust == TrustStore.apple()
    assert Verifier().trust.anchors[0] == TrustStore.apple().anchors[0]
    assert Verifier().limits == Limits()
    with pytest.raises(UntrustedChain) as caught:
        Verifier().verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)
    assert caught.value.reason is Reason.UNKNOWN_ISSUER
    VERIFIER.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)


def test_what_it_was_given_is_what_it_has() -> None:
    limits = Limits(certificates=3)
    verifier = Verifier(trust=AUTHORITY.trust, limits=limits)
    assert verifier.trust is AUTHORITY.trust
    assert verifier.limits is limits


@pytest.mark.parametrize("wrong", [{}, "root", AUTHORITY.root, [AUTHORITY.root], 0, False])
def test_another_type_of_trust_or_limits(wrong: Any) -> None:
    with pytest.raises(TypeError, match="TrustStore"):
        Verifier(trust=wrong)
    with pytest.raises(TypeError, match="Limits"):
        Verifier(limits=wrong)
    with pytest.raises(TypeError):
        Verifier(AUTHORITY.trust)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", ["trust", "limits", "_trust", "_limits", "_pipeline", "other"])
def test_a_verifier_does_not_change(name: str) -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    with pytest.raises(AttributeError, match="does not change"):
        setattr(verifier, name, None)
    with pytest.raises(AttributeError, match="does not change"):
        delattr(verifier, name)
    assert verifier.trust is AUTHORITY.trust
    verifier.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)


def test_a_verifier_is_made_once() -> None:
    verifier = Verifier(trust=AUTHORITY.trust)
    with pytest.raises(AttributeError, match="does not change"):
        verifier.__init__()  # type: ignore[misc]
    assert verifier.trust is AUTHORITY.trust


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda verifier: pickle.loads(pickle.dumps(verifier))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_duplicates_have_the_same_trust_and_limits(
    duplicate: Callable[[Verifier], Verifier],
) -> None:
    verifier = Verifier(trust=AUTHORITY.trust, limits=Limits(certificates=2))
    other = duplicate(verifier)
    assert other is not verifier
    assert other.trust == verifier.trust
    assert other.limits == verifier.limits
    assert other.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT) == verifier.verify_chain(
        CHAIN, freshness=UNCHECKED, at=ISSUED_AT
    )


def test_the_repr_says_whom_it_trusts() -> None:
    assert "Apple" in repr(Verifier())
    assert "Apple" not in repr(VERIFIER)


# Accepting, by each carrier


def test_the_forms_of_an_mdm_response() -> None:
    forms: list[Any] = [
        CHAIN,
        tuple(CHAIN),
        [bytearray(CHAIN[0]), memoryview(CHAIN[1])],
        PLIST,
        bytearray(PLIST),
        memoryview(PLIST),
        carriers.response_plist(CHAIN, binary=True),
    ]
    results = [VERIFIER.verify_mdm(form, nonce=FRESHNESS_CODE, at=ISSUED_AT) for form in forms]
    assert len(set(results)) == 1
    assert results[0].carrier == "mdm"
    assert results[0].freshness is Freshness.CURRENT
    assert results[0].matched_freshness == FRESHNESS_CODE


def test_the_forms_of_an_acme_response() -> None:
    import base64

    text = base64.urlsafe_b64encode(OBJECT).rstrip(b"=").decode()
    for form in (OBJECT, bytearray(OBJECT), memoryview(OBJECT), text):
        encoded = TOKEN.encode()
        for token in (TOKEN, encoded, bytearray(encoded), memoryview(encoded)):
            attestation = VERIFIER.verify_acme(form, token=token, at=ISSUED_AT)
            assert attestation.carrier == "acme"
            assert attestation.is_current


def test_the_freshness_of_any_other_carrier() -> None:
    for chain, freshness in (
        (CHAIN, exactly(FRESHNESS_CODE)),
        (ACME_CHAIN, sha256_of(TOKEN.encode())),
    ):
        attestation = VERIFIER.verify_chain(chain, freshness=freshness, at=ISSUED_AT)
        assert attestation.carrier == "chain"
        assert attestation.is_current
    with pytest.raises(FreshnessMismatch):
        VERIFIER.verify_chain(ACME_CHAIN, freshness=exactly(TOKEN.encode()), at=ISSUED_AT)


@pytest.mark.parametrize("length", [1, 8, 31, 32])
def test_a_nonce_is_compared_as_it_was_sent(length: int) -> None:
    nonce = bytes(range(1, length + 1))
    chain = AUTHORITY.attest(freshness_code=nonce)
    for form in (nonce, bytearray(nonce), memoryview(nonce)):
        assert VERIFIER.verify_mdm(chain, nonce=form, at=ISSUED_AT).is_current
    digest = AUTHORITY.attest(freshness_code=sha256_of(nonce).code)
    with pytest.raises(FreshnessMismatch):
        VERIFIER.verify_mdm(digest, nonce=nonce, at=ISSUED_AT)


def test_previous_nonces_as_a_mapping_an_iterable_or_none() -> None:
    sent_at = datetime(2025, 6, 1, 14, tzinfo=timezone(timedelta(hours=2)))
    older = {FRESHNESS_CODE: sent_at}
    attestation = VERIFIER.verify_mdm(CHAIN, nonce=b"now", previous_nonces=older, at=ISSUED_AT)
    assert attestation.freshness is Freshness.EARLIER
    assert attestation.requested_at == datetime(2025, 6, 1, 12, tzinfo=UTC)
    forms: list[Any] = [
        [FRESHNESS_CODE],
        (bytearray(FRESHNESS_CODE),),
        {FRESHNESS_CODE},
        iter([b"other", FRESHNESS_CODE]),
    ]
    for form in forms:
        attestation = VERIFIER.verify_mdm(CHAIN, nonce=b"now", previous_nonces=form, at=ISSUED_AT)
        assert attestation.freshness is Freshness.EARLIER
        assert attestation.requested_at is None
    current = VERIFIER.verify_mdm(CHAIN, nonce=FRESHNESS_CODE, previous_nonces=older, at=ISSUED_AT)
    assert current.freshness is Freshness.CURRENT
    with pytest.raises(FreshnessMismatch):
        VERIFIER.verify_mdm(CHAIN, nonce=b"now", previous_nonces=[b"older"], at=ISSUED_AT)
    with pytest.raises(FreshnessMismatch):
        VERIFIER.verify_mdm(CHAIN, nonce=b"now", at=ISSUED_AT)


# The time


def test_the_time_is_the_present_by_default() -> None:
    now = datetime.now(UTC)
    chain = AUTHORITY.attest(at=now)
    for attestation in (
        VERIFIER.verify_chain(chain, freshness=UNCHECKED),
        VERIFIER.verify_mdm(chain, nonce=FRESHNESS_CODE),
        VERIFIER.verify_acme(carriers.attestation_object(chain), token=UNCHECKED),
    ):
        assert now.replace(microsecond=0) <= attestation.verified_at <= datetime.now(UTC)
        assert attestation.verified_at.microsecond == 0
    past = AUTHORITY.attest(at=now - timedelta(days=91))
    with pytest.raises(OutsideValidity):
        VERIFIER.verify_chain(past, freshness=UNCHECKED)


@settings(deadline=None, max_examples=50)
@given(
    offset=st.integers(-23 * 60, 23 * 60),
    by=st.timedeltas(timedelta(hours=-23), timedelta(days=80)),
)
def test_any_zone_is_the_same_moment(offset: int, by: timedelta) -> None:
    at = (ISSUED_AT + by).astimezone(timezone(timedelta(minutes=offset)))
    attestation = VERIFIER.verify_chain(CHAIN, freshness=UNCHECKED, at=at)
    assert attestation.verified_at == at.astimezone(UTC).replace(microsecond=0)
    assert attestation.verified_at.tzinfo is UTC


Call = Callable[..., Attestation | Report]
CALLS: list[tuple[str, Call, object, dict[str, Any]]] = [
    ("verify_mdm", VERIFIER.verify_mdm, CHAIN, {"nonce": UNCHECKED}),
    ("examine_mdm", VERIFIER.examine_mdm, CHAIN, {"nonce": UNCHECKED}),
    ("verify_acme", VERIFIER.verify_acme, OBJECT, {"token": UNCHECKED}),
    ("examine_acme", VERIFIER.examine_acme, OBJECT, {"token": UNCHECKED}),
    ("verify_chain", VERIFIER.verify_chain, CHAIN, {"freshness": UNCHECKED}),
    ("examine_chain", VERIFIER.examine_chain, CHAIN, {"freshness": UNCHECKED}),
    (
        "reverify",
        VERIFIER.reverify,
        VERIFIER.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT).to_dict(),
        {},
    ),
]
each_call = pytest.mark.parametrize(
    ("call", "device", "keywords"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS]
)


@each_call
@pytest.mark.parametrize(
    ("at", "error"),
    [
        (datetime(2025, 7, 1), ValueError),  # noqa: DTZ001 - naive on purpose
        (datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))), ValueError),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), ValueError),
        (date(2025, 7, 1), TypeError),
        ("2025-07-01T12:00:00Z", TypeError),
        (1751371200, TypeError),
        (0, TypeError),
        (False, TypeError),
        ("", TypeError),
    ],
    ids=str,
)
def test_a_time_that_is_none(
    call: Call, device: Any, keywords: dict[str, Any], at: Any, error: type[Exception]
) -> None:
    for sent in (device, "whatever the device sent"):
        with pytest.raises(error):
            call(sent, at=at, **keywords)
    call(device, at=ISSUED_AT, **keywords)


@each_call
def test_the_ends_of_time_are_times(call: Call, device: Any, keywords: dict[str, Any]) -> None:
    for at in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        try:
            result = call(device, at=at, **keywords)
        except AttestationError as error:
            reason = error.reason
        else:
            assert isinstance(result, Report)
            assert result.error is not None
            reason = result.error.reason
        assert reason in (Reason.EXPIRED, Reason.NOT_YET_VALID)
    call(device, at=ISSUED_AT, **keywords)


@each_call
def test_the_devices_argument_is_positional_only_and_the_rest_is_not(
    call: Call, device: Any, keywords: dict[str, Any]
) -> None:
    with pytest.raises(TypeError):
        call(**keywords)
    with pytest.raises(TypeError):
        call(device, *keywords.values(), ISSUED_AT)
    call(device, at=ISSUED_AT, **keywords)


# The caller's keywords: nothing but the sentinel switches a check off


@pytest.mark.parametrize("verb", ["verify", "examine"])
@pytest.mark.parametrize(
    ("nonce", "error"),
    [
        (None, TypeError),
        ("", TypeError),
        ("text", TypeError),
        (0, TypeError),
        (False, TypeError),
        ([], TypeError),
        (exactly(b"nonce"), TypeError),
        (b"", ValueError),
        (bytearray(), ValueError),
        (memoryview(b""), ValueError),
        (bytes(33), ValueError),
    ],
    ids=shown,
)
def test_a_nonce_that_is_none(verb: str, nonce: Any, error: type[Exception]) -> None:
    call = getattr(VERIFIER, f"{verb}_mdm")
    for device in (CHAIN, None):
        with pytest.raises(error, match=r"^nonce is "):
            call(device, nonce=nonce, at=ISSUED_AT)
    with pytest.raises(TypeError):
        call(CHAIN, at=ISSUED_AT)
    call(CHAIN, nonce=FRESHNESS_CODE, at=ISSUED_AT)


@pytest.mark.parametrize("verb", ["verify", "examine"])
@pytest.mark.parametrize(
    ("token", "error"),
    [
        (None, TypeError),
        (0, TypeError),
        (False, TypeError),
        ([], TypeError),
        (sha256_of(b"token"), TypeError),
        ("", ValueError),
        (b"", ValueError),
        (f"{TOKEN}.thumbprint_of-the-account", ValueError),
        (f"{TOKEN}.thumbprint_of-the-account".encode(), ValueError),
        (f"{TOKEN}\n", ValueError),
        (f" {TOKEN}", ValueError),
        (f"{TOKEN}=", ValueError),
        ("tökén", ValueError),
        (b"\xff", ValueError),
        ("a.b.c", ValueError),
        ("A" * 21, ValueError),  # RFC 8555, section 8.1: 128 bits
    ],
    ids=repr,
)
def test_a_token_that_is_none(verb: str, token: Any, error: type[Exception]) -> None:
    call = getattr(VERIFIER, f"{verb}_acme")
    for device in (OBJECT, None):
        with pytest.raises(error):
            call(device, token=token, at=ISSUED_AT)
    with pytest.raises(TypeError):
        call(OBJECT, at=ISSUED_AT)
    call(OBJECT, token=TOKEN, at=ISSUED_AT)


def test_a_key_authorization_is_told_to_be_one() -> None:
    with pytest.raises(ValueError, match="key authorization"):
        VERIFIER.verify_acme(OBJECT, token=f"{TOKEN}.thumbprint", at=ISSUED_AT)


@pytest.mark.parametrize("verb", ["verify", "examine"])
@pytest.mark.parametrize(
    "freshness",
    [None, "", b"", "text", b"code", 0, False, Freshness.UNCHECKED, object()],
    ids=shown,
)
def test_a_freshness_that_is_none(verb: str, freshness: Any) -> None:
    call = getattr(VERIFIER, f"{verb}_chain")
    for device in (CHAIN, None):
        with pytest.raises(TypeError):
            call(device, freshness=freshness, at=ISSUED_AT)
    with pytest.raises(TypeError):
        call(CHAIN, at=ISSUED_AT)
    call(CHAIN, freshness=exactly(FRESHNESS_CODE), at=ISSUED_AT)


@pytest.mark.parametrize("make", [exactly, sha256_of])
def test_an_expectation_of_nothing(make: Callable[[Any], ExpectedFreshness]) -> None:
    for nothing in (b"", bytearray(), memoryview(b"")):
        with pytest.raises(ValueError, match="at least one byte"):
            make(nothing)
    others: list[Any] = [None, "", "text", 0, []]
    for other in others:
        with pytest.raises(TypeError):
            make(other)
    assert make(b"x").code


@pytest.mark.parametrize("verb", ["verify", "examine"])
@pytest.mark.parametrize(
    ("previous", "error"),
    [
        (None, TypeError),
        (0, TypeError),
        (b"one nonce", TypeError),
        (bytearray(b"one nonce"), TypeError),
        (memoryview(b"one nonce"), TypeError),
        ("one nonce", TypeError),
        (["text"], TypeError),
        ([None], TypeError),
        ([b""], ValueError),
        ([bytes(33)], ValueError),
        ({b"older": "2025-06-01"}, TypeError),
        ({b"older": datetime(2025, 6, 1)}, ValueError),  # noqa: DTZ001 - naive on purpose
        ({"text": ISSUED_AT}, TypeError),
        ({b"": ISSUED_AT}, ValueError),
    ],
    ids=shown,
)
def test_previous_nonces_that_are_none(verb: str, previous: Any, error: type[Exception]) -> None:
    call = getattr(VERIFIER, f"{verb}_mdm")
    for device in (CHAIN, None):
        for nonce in (FRESHNESS_CODE, UNCHECKED):
            with pytest.raises(error, match=r"^(a time of )?previous_nonces is ") as caught:
                call(device, nonce=nonce, previous_nonces=previous, at=ISSUED_AT)
            is_one = isinstance(previous, str | bytes | bytearray | memoryview)
            assert ("is several nonces, not " in str(caught.value)) >= is_one
    call(CHAIN, nonce=FRESHNESS_CODE, previous_nonces={b"older": ISSUED_AT}, at=ISSUED_AT)


@pytest.mark.parametrize("sent_at", [ISSUED_AT, None])
def test_a_previous_nonce_may_have_no_time_beside_others(sent_at: datetime | None) -> None:
    previous = {b"older": ISSUED_AT, FRESHNESS_CODE: sent_at}
    attestation = VERIFIER.verify_mdm(CHAIN, nonce=b"n", previous_nonces=previous, at=ISSUED_AT)
    assert attestation.freshness is Freshness.EARLIER
    assert attestation.requested_at == sent_at


# The device's argument: whatever it is, an AttestationError


class Raises(Sequence[bytes]):
    """A sequence of which one method, or all, raise."""

    def __init__(self, *methods: str) -> None:
        self.methods = methods

    def _act(self, method: str) -> None:
        if method in self.methods:
            raise LookupError(method)

    def __iter__(self) -> Iterator[bytes]:
        self._act("iter")
        return iter(CHAIN)

    def __len__(self) -> int:
        self._act("len")
        return len(CHAIN)

    def __getitem__(self, index: Any) -> Any:
        self._act("getitem")
        return CHAIN[index]


class Endless(Sequence[bytes]):
    """It says that it is short, and never ends."""

    def __init__(self, length: int = 2) -> None:
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: Any) -> Any:
        return CHAIN[-1]


class LiesAboutLength(list[bytes]):
    def __len__(self) -> int:
        return 10**9


class Bytes(bytes):
    """A subclass that lies about everything that Python lets it lie about."""

    def __len__(self) -> int:
        return 3

    def __eq__(self, other: Any) -> bool:
        return True

    def __hash__(self) -> int:
        return 0

    def __getitem__(self, index: Any) -> Any:
        raise LookupError


class ClaimsAnotherClass:
    @property
    def __class__(self) -> Any:
        raise LookupError("who knows")

    @__class__.setter
    def __class__(self, value: Any) -> NoReturn:
        raise LookupError


def _released() -> memoryview:
    view = memoryview(CHAIN[0])
    view.release()
    return view


ODD: list[Callable[[], object]] = [
    lambda: None,
    lambda: 0,
    lambda: 7,
    lambda: True,
    lambda: 1.5,
    lambda: object(),
    lambda: "",
    lambda: "text",
    lambda: "\ud800",
    lambda: b"",
    lambda: b"text",
    bytearray,
    dict,
    lambda: {0: CHAIN[0]},
    lambda: set(CHAIN),
    lambda: iter(CHAIN),
    lambda: (der for der in CHAIN),
    lambda: list,
    lambda: UNCHECKED,
    lambda: range(2),
    lambda: array("B", CHAIN[0]),
    lambda: array("I", [1, 2]),
    lambda: [CHAIN],
    lambda: [CHAIN[0], None],
    lambda: [CHAIN[0], CHAIN[1].hex()],
    lambda: [None, CHAIN[1]],
    lambda: [AUTHORITY.root.subject],
    lambda: [b""],
    lambda: [b"", b""],
    lambda: [_released()],
    lambda: _released(),
    lambda: [array("B", CHAIN[0])],
    lambda: [memoryview(CHAIN[0] + b"\0")[::-1]],
    lambda: memoryview(array("I", [1, 2])),
    lambda: Raises("iter", "len", "getitem"),
    lambda: Raises("iter"),
    lambda: Endless(),
    lambda: Endless(-1),
    lambda: Endless(10**30),
    lambda: [*CHAIN] * 50_000,
    lambda: ClaimsAnotherClass(),
    lambda: [ClaimsAnotherClass()],
    lambda: bytes(1_000_000),
    lambda: "A" * 1_000_000,
    lambda: [bytes(1_000_000)],
    lambda: b"<" * 60_000,
    lambda: b"[" * 30_000,
    lambda: b"\x81" * 30_000,
    lambda: VERIFIER.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT),
]


def _device_calls() -> list[tuple[Callable[[Any], Attestation], Callable[[Any], Report] | None]]:
    return [
        (
            lambda d: VERIFIER.verify_chain(d, freshness=UNCHECKED, at=ISSUED_AT),
            lambda d: VERIFIER.examine_chain(d, freshness=UNCHECKED, at=ISSUED_AT),
        ),
        (
            lambda d: VERIFIER.verify_mdm(d, nonce=UNCHECKED, at=ISSUED_AT),
            lambda d: VERIFIER.examine_mdm(d, nonce=UNCHECKED, at=ISSUED_AT),
        ),
        (
            lambda d: VERIFIER.verify_acme(d, token=UNCHECKED, at=ISSUED_AT),
            lambda d: VERIFIER.examine_acme(d, token=UNCHECKED, at=ISSUED_AT),
        ),
        (lambda d: VERIFIER.reverify(d), None),
    ]


def _refused_whichever_way(make: Callable[[], object]) -> None:
    for verify, examine in _device_calls():
        with pytest.raises(AttestationError) as caught:
            verify(make())
        error = caught.value
        assert isinstance(error.reason, Reason)
        assert error.report is not None
        assert error.report.error is error
        assert type(error) in (MalformedInput, NoAttestation)
        if examine is not None:
            report = examine(make())
            assert report.error is not None
            assert refusal_of(report.error) == refusal_of(error)


@pytest.mark.parametrize("index", range(len(ODD)))
def test_whatever_the_device_sends_is_refused(index: int) -> None:
    _refused_whichever_way(ODD[index])


_scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=40),
    st.just(CHAIN[1][:-1]),
    st.datetimes(),
)
_values = st.recursive(
    _scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(value=_values)
def test_any_value_is_refused(value: Any) -> None:
    _refused_whichever_way(lambda: value)


def test_only_what_is_used_of_an_object_matters() -> None:
    """A sequence that can be read is one, whatever its other methods do."""
    for device in (Raises("len"), Raises("getitem"), LiesAboutLength(CHAIN), Raises()):
        VERIFIER.verify_chain(device, freshness=UNCHECKED, at=ISSUED_AT)


def test_a_subclass_of_bytes_is_copied_before_it_is_asked_anything() -> None:
    honest = VERIFIER.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT)
    lying = [Bytes(der) for der in CHAIN]
    attestation = VERIFIER.verify_chain(lying, freshness=UNCHECKED, at=ISSUED_AT)
    assert attestation == honest
    assert [type(der) for der in path_of(attestation)] == [bytes] * 3
    large = Verifier(trust=AUTHORITY.trust, limits=Limits(certificate_bytes=16))
    with pytest.raises(MalformedInput) as caught:
        large.verify_chain(lying, freshness=UNCHECKED, at=ISSUED_AT)
    assert caught.value.reason is Reason.TOO_LARGE
    impostor = [Bytes(der) for der in chains.impostor(AUTHORITY).attest()]
    with pytest.raises(UntrustedChain):
        VERIFIER.verify_chain(impostor, freshness=UNCHECKED, at=ISSUED_AT)


def test_what_changes_afterwards_changes_nothing() -> None:
    mutable = [bytearray(der) for der in CHAIN]
    attestation = VERIFIER.verify_chain(mutable, freshness=UNCHECKED, at=ISSUED_AT)
    for each in mutable:
        each[:] = bytes(len(each))
    assert path_of(attestation)[:2] == tuple(CHAIN)


# Records


def _attestations() -> dict[str, Attestation]:
    older = {FRESHNESS_CODE: datetime(2025, 6, 1, tzinfo=UTC)}
    with pytest.raises(FreshnessMismatch) as caught:
        VERIFIER.verify_mdm(CHAIN, nonce=b"now", at=ISSUED_AT)
    stale = caught.value.attestation
    assert stale is not None
    lower = chains.deeper(AUTHORITY, 1, 0)
    bare = AUTHORITY.attest(freshness_code=None)
    return {
        "current": VERIFIER.verify_mdm(PLIST, nonce=FRESHNESS_CODE, at=ISSUED_AT),
        "earlier": VERIFIER.verify_mdm(CHAIN, nonce=b"now", previous_nonces=older, at=ISSUED_AT),
        "undated": VERIFIER.verify_mdm(
            CHAIN, nonce=b"now", previous_nonces=list(older), at=ISSUED_AT
        ),
        "unmatched": stale,
        "unchecked": VERIFIER.verify_chain(CHAIN, freshness=UNCHECKED, at=ISSUED_AT),
        "without a code": VERIFIER.verify_chain(bare, freshness=UNCHECKED, at=ISSUED_AT),
        "acme": VERIFIER.verify_acme(OBJECT, token=TOKEN, at=ISSUED_AT),
        "longer": VERIFIER.verify_chain(lower.attest(), freshness=UNCHECKED, at=ISSUED_AT),
        "shorter": VERIFIER.verify_chain(
            AUTHORITY.root_issuer.attest(), freshness=UNCHECKED, at=ISSUED_AT
        ),
    }


ATTESTATIONS = _attestations()


@pytest.mark.parametrize("which", sorted(ATTESTATIONS))
def test_a_record_reads_back_as_what_it_was(which: str) -> None:
    attestation = ATTESTATIONS[which]
    record = json.loads(json.dumps(attestation.to_dict()))
    for verifier in (VERIFIER, Verifier(trust=AUTHORITY.trust)):
        again = verifier.reverify(record)
        assert again == attestation
        assert again.carrier == attestation.carrier
        assert again.device == attestation.device
        assert again.to_dict() == attestation.to_dict()


def test_a_record_as_of_another_time() -> None:
    attestation = ATTESTATIONS["current"]
    record = attestation.to_dict()
    at = ISSUED_AT + timedelta(days=90, microseconds=5)
    again = VERIFIER.reverify(record, at=at)
    assert again.verified_at == ISSUED_AT + timedelta(days=90)
    assert again != attestation
    assert again.is_current
    with pytest.raises(OutsideValidity) as caught:
        VERIFIER.reverify(record, at=at + timedelta(seconds=1))
    assert caught.value.reason is Reason.EXPIRED
    assert caught.value.element == "x5c[0]"
    assert caught.value.report is not None


DERIVED = {
    "anchored_at_apple": True,
    "not_before": "1999-01-01T00:00:00Z",
    "not_after": "2999-01-01T00:00:00Z",
    "spki": "AAAA",
    "spki_sha256": "00" * 32,
    "device": {"serial_number": "SOMEBODY-ELSE"},
}


@pytest.mark.parametrize("field", sorted(DERIVED))
def test_what_a_record_says_beside_its_chain_is_not_believed(field: str) -> None:
    attestation = ATTESTATIONS["current"]
    record = attestation.to_dict()
    assert record[field] != DERIVED[field]
    for forged in (DERIVED[field], None, [], "junk"):
        assert VERIFIER.reverify({**record, field: forged}).to_dict() == record
    del record[field]
    assert VERIFIER.reverify(record) == attestation


_RECORD = ATTESTATIONS["current"].to_dict()
_EARLIER = ATTESTATIONS["earlier"].to_dict()
_OTHER = "b3RoZXI="  # "other"
TAMPERED: list[tuple[str, Any, type[AttestationError], Reason]] = [
    ("schema", 2, MalformedInput, Reason.MALFORMED_JSON),
    ("schema", None, MalformedInput, Reason.MALFORMED_JSON),
    ("schema", "1", MalformedInput, Reason.MALFORMED_JSON),
    ("carrier", "pigeon", MalformedInput, Reason.MALFORMED_JSON),
    ("carrier", None, MalformedInput, Reason.MALFORMED_JSON),
    ("carrier", [], MalformedInput, Reason.MALFORMED_JSON),
    ("verified_at", None, MalformedInput, Reason.MALFORMED_JSON),
    ("verified_at", 0, MalformedInput, Reason.MALFORMED_JSON),
    ("verified_at", "yesterday", MalformedInput, Reason.MALFORMED_JSON),
    ("verified_at", "2025-07-01T12:00:00", MalformedInput, Reason.MALFORMED_JSON),
    ("verified_at", "0001-01-01T00:00:00+23:00", MalformedInput, Reason.MALFORMED_JSON),
    ("verified_at", "2035-07-01T12:00:00Z", OutsideValidity, Reason.EXPIRED),
    ("verified_at", "2015-07-01T12:00:00Z", OutsideValidity, Reason.NOT_YET_VALID),
    ("chain", None, MalformedInput, Reason.MALFORMED_JSON),
    ("chain", {}, MalformedInput, Reason.MALFORMED_JSON),
    ("chain", [None, None, None], MalformedInput, Reason.MALFORMED_JSON),
    ("chain", ["*", "*", "*"], MalformedInput, Reason.MALFORMED_JSON),
    ("chain", ["A" * 9000, "", ""], MalformedInput, Reason.MALFORMED_JSON),
    ("chain", _RECORD["chain"] * 2, MalformedInput, Reason.MALFORMED_JSON),
    ("chain", [], MalformedInput, Reason.MALFORMED_JSON),
    ("chain", _RECORD["chain"][:1], MalformedInput, Reason.MALFORMED_JSON),
    ("chain", _RECORD["chain"][::2], UntrustedChain, Reason.UNKNOWN_ISSUER),
    ("chain", _RECORD["chain"][1:], UntrustedChain, Reason.LEAF_PROFILE),
    ("chain", ["AAAA", *_RECORD["chain"][1:]], MalformedInput, Reason.MALFORMED_CERTIFICATE),
    ("freshness", "fresh", MalformedInput, Reason.MALFORMED_JSON),
    ("freshness", None, MalformedInput, Reason.MALFORMED_JSON),
    ("freshness", "unmatched", FreshnessMismatch, Reason.FRESHNESS_MISMATCH),
    ("freshness", "unchecked", FreshnessMismatch, Reason.FRESHNESS_MISMATCH),
    ("freshness_code", None, FreshnessMismatch, Reason.FRESHNESS_MISMATCH),
    ("freshness_code", "", FreshnessMismatch, Reason.FRESHNESS_MISMATCH),
    ("freshness_code", _OTHER, FreshnessMismatch, Reason.FRESHNESS_MISMATCH),
    ("freshness_code", 5, MalformedInput, Reason.MALFORMED_JSON),
    ("freshness_code", "?", MalformedInput, Reason.MALFORMED_JSON),
    ("matched_freshness", None, FreshnessMismatch, Reason.FRESHNESS_MISMATCH),
    ("matched_freshness", _OTHER, FreshnessMismatch, Reason.FRESHNESS_MISMATCH),
    ("matched_freshness", {}, MalformedInput, Reason.MALFORMED_JSON),
    ("requested_at", "then", MalformedInput, Reason.MALFORMED_JSON),
    ("requested_at", 7, MalformedInput, Reason.MALFORMED_JSON),
]


@pytest.mark.parametrize(
    ("field", "value", "kind", "reason"),
    TAMPERED,
    ids=[f"{case[0]}-{number}" for number, case in enumerate(TAMPERED)],
)
def test_a_tampered_record(
    field: str, value: Any, kind: type[AttestationError], reason: Reason
) -> None:
    with pytest.raises(AttestationError) as caught:
        VERIFIER.reverify({**_RECORD, field: value})
    error = caught.value
    assert (type(error), error.reason) == (kind, reason), error.detail
    assert error.report is not None
    assert error.report.error is error
    # A device's stale answer may be of use; a record at odds with its chain is of none.
    assert getattr(error, "attestation", None) is None
    assert VERIFIER.reverify(_RECORD) == ATTESTATIONS["current"]


@pytest.mark.parametrize("field", ["schema", "carrier", "chain", "verified_at", "freshness"])
def test_a_record_without_a_field(field: str) -> None:
    record = dict(_RECORD)
    del record[field]
    with pytest.raises(MalformedInput) as caught:
        VERIFIER.reverify(record)
    assert caught.value.reason is Reason.MALFORMED_JSON
    VERIFIER.reverify(_RECORD)


def test_every_field_of_a_record_is_tampered_with_here() -> None:
    assert set(_RECORD) == set(DERIVED) | {case[0] for case in TAMPERED}


def test_an_anchor_in_a_record_is_not_believed() -> None:
    stranger = AttestationAuthority("stranger", root_name=authority_name("Test Stranger"))
    record = stranger.verified().to_dict()
    for verifier in (VERIFIER, Verifier()):
        with pytest.raises(UntrustedChain) as caught:
            verifier.reverify(record)
        assert caught.value.reason is Reason.UNKNOWN_ISSUER
    impostor = chains.impostor(AUTHORITY).verified().to_dict()
    with pytest.raises(UntrustedChain) as caught:
        VERIFIER.reverify(impostor)
    assert caught.value.reason is Reason.BAD_SIGNATURE
    assert stranger.verifier.reverify(record) == stranger.verified()


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even this")


def test_the_anchor_of_a_record_is_not_counted_among_what_was_presented() -> None:
    exact = Verifier(trust=AUTHORITY.trust, limits=Limits(certificates=2))
    record = AUTHORITY.verified().to_dict()
    assert len(record["chain"]) == 3
    assert exact.reverify(record) == AUTHORITY.verified()
    with pytest.raises(MalformedInput):
        exact.verify_chain([*CHAIN, CHAIN[1]], freshness=UNCHECKED, at=ISSUED_AT)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("odd"), MemoryError(), PanicException("odd"), Unspeakable()],
    ids=lambda error: type(error).__name__,
)
def test_a_record_that_raises(error: BaseException) -> None:
    with pytest.raises(MalformedInput) as caught:
        VERIFIER.reverify(HostileMapping(error))
    assert caught.value.reason is Reason.MALFORMED_JSON
    assert caught.value.report is not None
    assert caught.value.report.checks[0].reason is Reason.MALFORMED_JSON
    with pytest.raises(KeyboardInterrupt):
        VERIFIER.reverify(HostileMapping(KeyboardInterrupt()))


def test_a_record_of_an_earlier_request_keeps_its_time() -> None:
    again = VERIFIER.reverify(_EARLIER)
    assert again.freshness is Freshness.EARLIER
    assert again.requested_at == datetime(2025, 6, 1, tzinfo=UTC)
