"""The targets of `fuzz/` without the fuzzer: on every seed, on octets of Hypothesis, and broken.

So they hold on a machine without atheris, and the oracle is known to notice what it is for.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from unittest.mock import Mock

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest import (
    UNCHECKED,
    AttestationError,
    Reason,
    TrustStore,
    Verifier,
    decode_unverified,
    oids,
)
from appleattest.acme import (
    VOUCHED_ELSEWHERE,
    Challenge,
    CSRBinding,
    HardwareModuleName,
    PermanentIdentifier,
    ValidatedCSR,
    examine_challenge,
    identifier_from_dict,
)
from appleattest.acme.csr.reader import read_csr
from appleattest.mdm import (
    AskReason,
    Decision,
    DeviceInformationResponse,
    DeviceState,
    KnownDevice,
    WebhookEvent,
)
from appleattest.policy import Policy
from appleattest.profile.envelope import Unwrapped
from appleattest.properties import PROPERTIES, DecodedValues
from appleattest.sealed import seal
from appleattest.signatures import IssuerKey
from appleattest.testing import (
    AttestationAuthority,
    Properties,
    carriers,
    chains,
    csr,
    deviations,
)
from appleattest.wire import base64url, cbor, der, plist, strict_json
from fuzz import (
    acme_targets,
    certificate_target,
    mdm_targets,
    oracle,
    profile_seeds,
    profile_target,
    seeds,
    stored_seeds,
    stored_targets,
    targets,
    tokens,
    wire_targets,
    world,
)
from fuzz.mutators import elements, mutate_der, replaced
from fuzz.oracle import Finding
from fuzz.packing import MOST_PIECES, pack, unpack
from fuzz.resigning import resign, resign_request
from fuzz.targets import TARGETS

ROOT: Final = Path(__file__).resolve().parent.parent
NAMES: Final = sorted(TARGETS)
GENUINE: Final = world.AUTHORITY.attest()
LEAF, INTERMEDIATE = GENUINE
ATHERIS: Final = find_spec("atheris") is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_target_finds_nothing_in_its_seeds(name: str) -> None:
    target = TARGETS[name]
    inputs = target.seeds()
    assert len(inputs) > 20
    for seed in inputs:
        target.run(seed)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_nor_in_anything_else(name: str, data: st.DataObject) -> None:
    target = TARGETS[name]
    target.run(data.draw(st.binary(max_size=200)))
    seed = data.draw(st.sampled_from(target.seeds()))
    octets = st.binary(max_size=40)

    def change(old: bytes, longest: int) -> bytes:
        start = data.draw(st.integers(0, len(old)))
        end = data.draw(st.integers(start, min(start + 8, len(old))))
        return (old[:start] + data.draw(octets) + old[end:])[:longest]

    changed = change(seed, target.longest)
    if target.mutate is not None:
        chance = data.draw(st.randoms(use_true_random=False))
        changed = target.mutate()(seed, target.longest, chance, change)
    assert len(changed) <= target.longest
    target.run(changed)


def accepted(examine: Callable[[Any], Any], inputs: list[Any]) -> int:
    return sum(examine(each).attestation is not None for each in inputs[::5])


def test_the_seeds_get_past_every_check() -> None:
    verifier = world.fresh()
    ways: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
        "mdm": (
            lambda each: verifier.examine_mdm(each, nonce=world.NONCE, at=world.AT),
            seeds.responses(),
        ),
        "acme": (
            lambda each: verifier.examine_acme(each, token=world.TOKEN, at=world.AT),
            seeds.objects(),
        ),
        "text": (
            lambda each: verifier.examine_acme(each.decode(), token=world.TOKEN, at=world.AT),
            [text for text in seeds.texts() if text.isascii()],
        ),
        "chain": (
            lambda each: verifier.examine_chain(unpack(each), freshness=UNCHECKED, at=world.AT),
            seeds.packed_chains(),
        ),
    }
    ways["challenge"] = (
        lambda each: examine_challenge(
            each,
            token=world.TOKEN,
            identifier="ordered",
            verifier=verifier,
            device=VOUCHED_ELSEWHERE,
            at=world.AT,
        ),
        seeds.challenge_responses(),
    )
    for name, (examine, inputs) in ways.items():
        count = accepted(examine, inputs)
        assert 0 < count < len(inputs[::5]), name


def test_the_seeds_of_the_protocols_are_accepted_and_refused() -> None:
    def outcomes(call: Callable[[bytes], object], inputs: list[bytes]) -> set[bool]:
        return {oracle.returned(lambda each=each: call(each)) is None for each in inputs}  # type: ignore[misc]

    assert outcomes(DeviceInformationResponse.parse, seeds.responses()) == {True, False}
    assert outcomes(WebhookEvent.parse, seeds.events()) == {True, False}
    for kind in (PermanentIdentifier, HardwareModuleName):
        assert outcomes(
            lambda each, kind=kind: kind.parse(each.decode("latin-1")),  # type: ignore[misc]
            seeds.identifiers(),
        ) == {True, False}
    for binding in CSRBinding:
        found = [acme_targets._request(each, binding) for each in seeds.requests()]
        assert {each is None for each in found} == {True, False}
    policies = seeds.policies()
    assert Policy.from_toml(policies[0], inventory=set()).rules
    with pytest.raises(ValueError, match="quotes"):
        Policy.from_toml(policies[15], inventory=set())


def test_a_request_is_signed_again() -> None:
    request = GOOD_REQUEST
    assert resign_request(request) == request
    damaged = request.replace(b"OTHERSERIAL2", b"TESTSERIAL01")
    assert not x509.load_der_x509_csr(damaged).is_signature_valid
    assert x509.load_der_x509_csr(resign_request(damaged)).is_signature_valid


def test_seeds_are_written_where_the_fuzzer_looks(tmp_path: Path) -> None:
    inputs = [b"one", b"", b"too long"]
    assert seeds.written_to(tmp_path / "seeds", lambda: inputs, 4) == 2
    assert sorted(path.read_bytes() for path in (tmp_path / "seeds").iterdir()) == [b"", b"one"]


def test_every_form_is_among_the_seeds_of_decode_unverified() -> None:
    carriers = {
        found.carrier for found in map(decoded_or_none, seeds.any_form()) if found is not None
    }
    assert carriers == {
        *("pem", "der", "attestation-object", "challenge-response"),
        *("response-plist", "plist-array", "webhook-event", "jws", "x5c", "pkcs7", "record"),
    }


def decoded_or_none(data: bytes) -> Any:
    try:
        return decode_unverified(data)
    except AttestationError:
        return None


# --- the oracle


def refusal(detail: str) -> AttestationError:
    return AttestationError(Reason.UNTRUSTED, detail)


def raiser(error: BaseException) -> Callable[[], Any]:
    def call() -> Any:
        raise error

    return call


def test_only_an_attestation_error_is_a_refusal() -> None:
    assert oracle.returned(raiser(refusal("said"))) is None
    assert oracle.ended(raiser(refusal("said"))).value is None
    with pytest.raises(LookupError):
        oracle.returned(raiser(LookupError()))
    with pytest.raises(LookupError):
        oracle.ended(raiser(LookupError()))


@pytest.mark.parametrize(
    "detail",
    ["AssertionError: ''", "PanicException: 'x'", "two\nlines", "\u202e", "x" * 1001],
    ids=["assertion", "panic", "lines", "direction", "length"],
)
def test_an_error_that_is_none_for_people_is_found(detail: str) -> None:
    oracle.check_error(refusal(detail[2:3] or "x"))
    with pytest.raises(Finding):
        oracle.check_error(refusal(detail))


def test_an_error_with_a_context_is_found() -> None:
    quoting = refusal("said")
    quoting.__context__ = ValueError("the device's octets")
    with pytest.raises(Finding, match="context"):
        oracle.check_error(quoting)


@pytest.mark.parametrize("ends", [lambda: 1, raiser(refusal("said"))], ids=["well", "badly"])
def test_a_warning_is_found(ends: Callable[[], object]) -> None:
    def call() -> object:
        warnings.warn("doubtful", stacklevel=1)
        return ends()

    with pytest.raises(Finding, match="doubtful"):
        oracle.returned(call)


def verdict(verified: list[bytes], examined: list[bytes]) -> object:
    verifier = world.fresh()
    return oracle.same_verdict(
        lambda: verifier.verify_mdm(verified, nonce=world.NONCE, at=world.AT),
        lambda: verifier.examine_mdm(examined, nonce=world.NONCE, at=world.AT),
    )


def test_two_verdicts_that_differ_are_found() -> None:
    forged = world.AUTHORITY.attest(deviations=[deviations.WrongSigner()])
    other = world.AUTHORITY.attest(freshness_code=b"another")
    assert verdict(GENUINE, GENUINE) is not None
    assert verdict(forged, forged) is None
    assert verdict(other, other) is not None  # genuine and stale
    for verified, examined in ((GENUINE, forged), (forged, GENUINE), (forged, other)):
        with pytest.raises(Finding):
            verdict(verified, examined)


def attested(chain: list[bytes]) -> Any:
    return world.fresh().verify_chain(chain, freshness=UNCHECKED, at=world.AT)


def test_what_nobody_minted_is_found() -> None:
    minted = frozenset(GENUINE)
    twins = world.AUTHORITY.attest(
        deviations=[deviations.TwinSignature()],
        intermediate_deviations=[deviations.TwinSignature()],
    )
    assert minted <= seeds.minted()
    assert not minted & set(twins)
    for chain in (GENUINE, twins):
        oracle.check_minted(attested(chain), minted)
        for part in GENUINE:
            with pytest.raises(Finding, match="forgery"):
                oracle.check_minted(attested(chain), minted - {part})


def test_the_twin_of_another_encoding_is_found() -> None:
    issuer = world.AUTHORITY.intermediate
    assert oracle.twin(oracle.twin(LEAF, issuer), issuer) == LEAF
    for odd in (deviations.UnusedBits(1), deviations.UnusedBits(2)):
        (leaf, _) = world.AUTHORITY.attest(deviations=[odd])
        with pytest.raises(Finding, match="encoding"):
            oracle.twin(leaf, issuer)


def test_a_path_that_does_not_hold_is_found() -> None:
    oracle.check_path(attested(GENUINE), world.fresh())
    stranger = Verifier(trust=TrustStore([chains.impostor(world.AUTHORITY).root]))
    with pytest.raises(Finding, match="no anchor"):
        oracle.check_path(attested(GENUINE), stranger)


def test_a_record_that_does_not_verify_is_found() -> None:
    oracle.check_record(attested(GENUINE), world.fresh())
    stranger = AttestationAuthority("another").verifier
    with pytest.raises(AttestationError):
        oracle.check_record(attested(GENUINE), stranger)


class Believing:
    """Signatures, and a key, that find every signature valid."""

    def issuer_key(self, spki: bytes) -> IssuerKey:
        return self

    def verifies(self, signature: bytes, content: bytes, digest: str) -> bool:
        return True


class Forgetful(Verifier):
    """Accepts whatever it is given for a genuine chain."""

    __slots__ = ()

    def verify_chain(self, chain: object, /, **_: Any) -> Any:
        return attested(GENUINE)


def test_a_verifier_that_is_wrong_when_warm_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = pack([LEAF])
    TARGETS["differential"].run(chain)
    monkeypatch.setattr(world, "warm", lambda: Forgetful(trust=world.AUTHORITY.trust))
    with pytest.raises(Finding, match="warm"):
        TARGETS["differential"].run(chain)
    with pytest.raises(Finding, match="warm"):
        TARGETS["resigned"].run(chain)
    with pytest.raises(Finding):
        TARGETS["verify_chain"].run(chain)


def test_a_verifier_whose_library_says_yes_to_anything_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verifier = Verifier(trust=world.AUTHORITY.trust, signatures=Believing())
    forged = pack(world.AUTHORITY.attest(deviations=[deviations.TamperedSignature()]))
    TARGETS["differential"].run(forged)
    monkeypatch.setattr(world, "with_aws_lc", lambda: verifier)
    TARGETS["differential"].run(pack(GENUINE))
    with pytest.raises(Finding, match="AWS-LC"):
        TARGETS["differential"].run(forged)


def test_what_is_shown_and_not_verified_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    response = world.AUTHORITY.response_plist()
    other = world.AUTHORITY.attest(freshness_code=b"another")
    TARGETS["verify_mdm"].run(response)
    monkeypatch.setattr(targets, "decode_unverified", lambda _: decode_unverified(other))
    with pytest.raises(Finding, match="another leaf"):
        TARGETS["verify_mdm"].run(response)


GOOD_REQUEST: Final = csr.request(
    world.AUTHORITY.attested_key,
    csr.extension(csr.BASIC_CONSTRAINTS, x509.BasicConstraints(ca=True, path_length=None)),
    subject=csr.subject_of("OTHERSERIAL2"),
)


def invented(_raw: Any) -> DecodedValues:
    """Values that no extension holds."""
    return DecodedValues({row.name: "invented" for row in PROPERTIES}, {oids.UDID: Mock()})


def lenient(data: bytes, **asked: Any) -> Any:
    """A `validate_csr` that looks at nothing but the octets and the key."""
    request = read_csr(data)
    key = request.csr.public_key()
    assert isinstance(key, EllipticCurvePublicKey)
    return seal(
        ValidatedCSR,
        csr=request.csr,
        public_key=key,
        identifier=PermanentIdentifier("A"),
        binding=CSRBinding.OPTIONAL,
        found_in=None,
    )


def test_what_a_lenient_server_would_issue_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    named = csr.request(world.AUTHORITY.attested_key, subject=csr.subject_of("OTHERSERIAL2"))
    other = csr.request(world.AUTHORITY.keys.ec("another"), subject=csr.subject())
    monkeypatch.setattr(acme_targets, "validate_csr", lenient)
    monkeypatch.setattr(acme_targets, "examine_csr", lambda *_, **__: Mock(error=None))
    for request, found in (
        (GOOD_REQUEST, "an authority"),
        (named, "nobody allowed"),
        (other, "another key"),
        (
            csr.request(world.AUTHORITY.attested_key, subject=csr.subject()),
            "without the identifier",
        ),
    ):
        with pytest.raises(Finding, match=found):
            TARGETS["certificate_request"].run(request)


def test_an_answer_of_another_device_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = seeds.challenge_responses()
    run = TARGETS["challenge"].run
    ordered = next(each for each in answers if acme_targets.verdict_on_challenge(each))
    run(ordered)
    monkeypatch.setattr(acme_targets, "SERIAL", "OTHERSERIAL2")
    monkeypatch.setattr(acme_targets, "_ORDERED", PermanentIdentifier("OTHERSERIAL2"))
    monkeypatch.setattr(acme_targets, "_challenge", lambda *_: attested(GENUINE))
    with pytest.raises(Finding, match="another device"):
        run(ordered)


def test_a_response_of_another_device_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    another = world.AUTHORITY.response_plist(properties=Properties(serial_number="OTHERSERIAL2"))
    run = TARGETS["mdm_response"].run
    run(another)
    monkeypatch.setattr(
        mdm_targets, "KnownDevice", lambda **_: KnownDevice(serial_number="OTHERSERIAL2")
    )
    with pytest.raises(Finding, match="another device"):
        run(another)


def test_what_was_stored_is_read_and_what_is_spoilt_is_refused() -> None:
    for stored, read in (
        (stored_seeds.states(), DeviceState.from_dict),
        (stored_seeds.challenges(), Challenge.from_dict),
        (stored_seeds.identifiers(), identifier_from_dict),
    ):
        kept = [stored_targets._kept(each, read) for each in stored]
        assert None in kept
        assert kept.count(None) < len(kept) - 4


_BROKEN: Final[dict[str, tuple[Any, str, Any, bytes]]] = {
    "identifier": (
        acme_targets,
        "parse_identifier",
        lambda _: PermanentIdentifier("other"),
        b"C02",
    ),
    "mdm_response": (
        mdm_targets,
        "_SCALARS",
        (),
        carriers.response_plist(GENUINE, query_responses={"OSVersion": "15.5"}),
    ),
    "webhook_event": (
        mdm_targets,
        "UTC",
        None,
        carriers.webhook_event(carriers.response_plist(None)),
    ),
    "profile": (profile_target, "unwrap", Unwrapped, profile_seeds.profiles()[16]),
    "stored_state": (
        stored_targets,
        "_SCHEDULE",
        Mock(decide=lambda *_, **__: Decision(True, True, AskReason.AGE)),
        stored_seeds.states()[0],
    ),
    "stored_challenge": (
        stored_targets,
        "Challenge",
        Mock(from_dict=lambda _: Challenge.new("another each time")),
        stored_seeds.challenges()[0],
    ),
    "stored_identifier": (
        stored_targets,
        "identifier_from_dict",
        lambda _: PermanentIdentifier("other"),
        stored_seeds.identifiers()[0],
    ),
    "policy": (
        mdm_targets,
        "Policy",
        Mock(from_toml=lambda document, **_: Mock(rules=(document,))),
        seeds.policies()[0],
    ),
    "cbor": (cbor, "decode", lambda _, **__: {"a": 1}, b"\xa0"),
    "plist_xml": (plist, "decode", lambda *_: [], b"<plist><dict/></plist>"),
    "plist_binary": (plist, "decode", lambda *_: {1: 2}, b"bplist00"),
    "json": (strict_json, "decode", lambda *_: {}, b'{"a": 1}'),
    "base64url": (base64url, "decode", lambda *_: b"x", b"AA"),
    "der": (der, "content", lambda *_: (2, 3), b"\x04\x82\x00\x01x"),
    "decode_certificate": (certificate_target, "decode_properties", invented, LEAF),
    "decode_unverified": (
        targets,
        "decode_unverified",
        lambda _: attested(GENUINE),
        b"anything",
    ),
}


@pytest.mark.parametrize("name", sorted(_BROKEN))
def test_a_broken_reader_is_found(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, function, broken, octets = _BROKEN[name]
    TARGETS[name].run(octets)
    monkeypatch.setattr(module, function, broken)
    with pytest.raises(Finding):
        TARGETS[name].run(octets)


@pytest.mark.parametrize(
    "value",
    [{"a": {"b": {}}}, {b"a": 1}, {1, 2}, bytearray()],
    ids=["deep", "key", "set", "mutable"],
)
def test_a_tree_that_no_reader_should_give_is_found(value: Any) -> None:
    wire_targets._check_tree({"a": [1, "b", b"c", None, True, 1.5]}, 2)
    with pytest.raises(Finding):
        wire_targets._check_tree(value, 2)


# --- what helps the fuzzer


@given(st.lists(st.binary(max_size=300), max_size=MOST_PIECES))
def test_a_packed_chain_is_that_chain(chain: list[bytes]) -> None:
    assert unpack(pack(chain)) == chain


@given(st.binary(max_size=100))
def test_any_octets_are_some_chain(packed: bytes) -> None:
    assert len(unpack(packed)) <= MOST_PIECES


def test_elements_are_found_to_the_bottom_and_can_be_replaced() -> None:
    found = elements(LEAF)
    assert len(found) > 80
    for element in found:
        old = LEAF[element.start : element.end]
        assert replaced(LEAF, element, old) == LEAF
        longer = replaced(LEAF, element, old + bytes(200))
        assert len(longer) >= len(LEAF) + 200
        if element.around:
            assert der.content(longer, 0, der.SEQUENCE)[1] == len(longer)


@given(st.binary(max_size=60))
def test_elements_of_anything_lie_inside_each_other(document: bytes) -> None:
    for element in elements(document):
        assert element.start < element.content <= element.end <= len(document)
        for outer in element.around:
            assert outer.content <= element.start
            assert element.end <= outer.end


@given(st.integers(), st.binary(max_size=300))
def test_most_changes_leave_the_outer_lengths_right(seed: int, octets: bytes) -> None:
    """Those of one element's content, that is: the others may do what they like."""

    class ContentOnly(random.Random):
        def random(self) -> float:
            return 0.5

    changed = mutate_der(LEAF, 8192, ContentOnly(seed), lambda _, longest: octets[:longest])
    assert der.content(changed, 0, der.SEQUENCE)[1] == len(changed)


def test_a_resigned_chain_is_accepted_again() -> None:
    forged = world.AUTHORITY.attest(
        deviations=[deviations.WrongSigner()],
        intermediate_deviations=[deviations.WrongSigner()],
    )
    with pytest.raises(AttestationError):
        attested(forged)
    signed = [resign(each, first=index == 0) for index, each in enumerate(forged)]
    assert signed == GENUINE


@given(st.binary(max_size=40))
def test_what_is_no_certificate_is_not_signed(octets: bytes) -> None:
    if not octets.startswith(b"\x30"):
        assert resign(b"\x30\x80" + octets, first=True) == b"\x30\x80" + octets


def test_dictionaries_are_in_libfuzzers_format() -> None:
    for target in TARGETS.values():
        lines = tokens.dictionary(target.tokens).splitlines()
        assert len(lines) == len(set(lines)) > 5
        assert all(re.fullmatch(r'"(\\x[0-9a-f]{2})+"', line) for line in lines)


# --- the program


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fuzz", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_one_input_is_run_without_the_fuzzer(tmp_path: Path) -> None:
    file = tmp_path / "input"
    file.write_bytes(LEAF)
    done = program("decode_certificate", "der", "--input", file)
    assert done.stdout == "decode_certificate: nothing found\nder: nothing found\n", done.stderr
    assert done.returncode == 0


def test_an_unknown_target_is_refused() -> None:
    done = program("nothing")
    assert done.returncode == 2
    assert all(name in done.stderr for name in NAMES)


@pytest.mark.skipif(ATHERIS, reason="atheris is installed here")
def test_without_atheris_it_says_so_and_does_not_fail() -> None:
    done = program("--seconds", 1)
    assert done.returncode == 0
    assert done.stdout.startswith("skipped: atheris is not available")


@pytest.mark.skipif(not ATHERIS, reason="atheris is not installed: `make fuzz` installs it")
def test_with_atheris_it_runs() -> None:
    done = program("base64url", "--seconds", 1)
    assert re.match(r"base64url +\d+ runs .* nothing found\n", done.stdout), done.stdout
    assert done.returncode == 0
