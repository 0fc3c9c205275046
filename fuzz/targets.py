"""One function for each entry point: it takes any octets and returns, or somebody has a bug.

`TARGETS` names them, each with its seeds, tokens, and how to change its inputs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from appleattest import (
    UNCHECKED,
    Attestation,
    AttestationError,
    Limits,
    UnverifiedAttestation,
    Verifier,
    decode_unverified,
    exactly,
)
from appleattest.acme.csr.reader import LARGEST_CSR
from appleattest.acme.othernames import LONGEST_NAME
from fuzz import profile_seeds, seeds, stored_seeds, tokens, world
from fuzz.acme_targets import read_identifier, read_request, verdict_on_challenge
from fuzz.certificate_target import read_certificate
from fuzz.mdm_targets import load_policy, parse_event, parse_response
from fuzz.mutators import Mutate, chain_mutator, mutate_der
from fuzz.oracle import (
    check_minted,
    check_path,
    check_record,
    ended,
    require,
    returned,
    same_verdict,
)
from fuzz.packing import unpack
from fuzz.profile_target import lint
from fuzz.resigning import resign
from fuzz.stored_targets import read_challenge, read_identifier_kept, read_state
from fuzz.wire_targets import read_base64url, read_cbor, read_der, read_json, read_plist

_LIMITS: Final = Limits()
_SHOWN: Final = ("serial_number", "udid", "os_version", "sip", "secure_boot", "raw")


def verify_mdm(data: bytes) -> None:
    """A response property list, XML or binary."""
    verifier = world.warm()
    kept = same_verdict(
        lambda: verifier.verify_mdm(
            data, nonce=world.NONCE, previous_nonces=world.PREVIOUS, at=world.AT
        ),
        lambda: verifier.examine_mdm(
            data, nonce=world.NONCE, previous_nonces=world.PREVIOUS, at=world.AT
        ),
    )
    _check(kept, verifier, data)


def verify_acme(data: bytes) -> None:
    """An attestation object as CBOR, and as base64url where the octets are text."""
    _verify_acme(data)
    if data.isascii():
        _verify_acme(data.decode("ascii"))


def _verify_acme(sent: bytes | str) -> None:
    verifier = world.warm()
    kept = same_verdict(
        lambda: verifier.verify_acme(sent, token=world.TOKEN, at=world.AT),
        lambda: verifier.examine_acme(sent, token=world.TOKEN, at=world.AT),
    )
    _check(kept, verifier, sent)


def challenge(data: bytes) -> None:
    """A challenge response in JSON: what is accepted, `decode_unverified` shows."""
    _check(verdict_on_challenge(data), world.warm(), data)


def verify_chain(data: bytes) -> None:
    """Certificates, packed: nothing that is accepted was not minted."""
    chain = unpack(data)
    kept = _verdict_on_chain(world.warm(), chain)
    _check(kept, world.warm(), chain)


def _verdict_on_chain(verifier: Verifier, chain: list[bytes]) -> Attestation | None:
    freshness = exactly(world.NONCE)
    return same_verdict(
        lambda: verifier.verify_chain(chain, freshness=freshness, at=world.AT),
        lambda: verifier.examine_chain(chain, freshness=freshness, at=world.AT),
    )


def differential(data: bytes) -> None:
    """A verifier that remembers much and one that remembers nothing say the same of any chain.

    So does one that asks AWS-LC, where that is to be had.
    """
    _same_warm_and_fresh(unpack(data))


def resigned(data: bytes) -> None:
    """The same, of certificates that were changed and then signed by the authority's own keys.

    Only so do changes get beyond the first signature: to the engine, the leaf's profile and the
    properties.
    """
    chain = [resign(piece, first=index == 0) for index, piece in enumerate(unpack(data))]
    kept = _same_warm_and_fresh(chain)
    if kept is not None:
        check_path(kept, world.warm())
        check_record(kept, world.warm())


def _same_warm_and_fresh(chain: list[bytes]) -> Attestation | None:
    warm, fresh, aws_lc = (
        ended(lambda v=verifier: v.verify_chain(chain, freshness=UNCHECKED, at=world.AT))  # type: ignore[misc]
        for verifier in (world.warm(), world.fresh(), world.with_aws_lc() or world.warm())
    )
    require(warm == fresh == aws_lc, f"warm, {warm}; fresh, {fresh}; AWS-LC, {aws_lc}")
    return warm.value if isinstance(warm.value, Attestation) else None


def reverify(data: bytes) -> None:
    """A record as JSON; the verifier gets what Python makes of it."""
    try:
        record: Any = json.loads(data)
    except (ValueError, RecursionError):
        return
    verifier = world.warm()
    attestation = returned(lambda: verifier.reverify(record))
    if attestation is not None:
        check_minted(attestation, seeds.minted())
        check_path(attestation, verifier)
        check_record(attestation, verifier)


def unverified(data: bytes) -> None:
    """Anything that somebody was handed, as octets and as text."""
    _decode_unverified(data)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    _decode_unverified(text)


def _decode_unverified(data: bytes | str) -> None:
    decoded = returned(lambda: decode_unverified(data))
    if decoded is None:
        return
    require(type(decoded) is UnverifiedAttestation, "a result of another type")
    require(decoded.chain, "a result without a certificate")
    require(repr(decoded).isascii() or repr(decoded), "cannot be shown")
    require(
        all(isinstance(problem, AttestationError) for problem in decoded.problems),
        "a problem of another type",
    )


def _check(kept: Attestation | None, verifier: Verifier, sent: Any) -> None:
    """An attestation, current or stale: it was minted, its path holds, and it is what is shown."""
    if kept is None:
        return
    check_minted(kept, seeds.minted())
    check_path(kept, verifier)
    shown = decode_unverified(sent)
    require(shown.chain[0] == kept.leaf, "decode_unverified shows another leaf")
    for name in _SHOWN:
        require(
            getattr(shown.claims, name) == getattr(kept.device, name),
            f"decode_unverified shows another {name}",
        )


class Target(NamedTuple):
    """An entry point, and what helps a fuzzer to get into it."""

    run: Callable[[bytes], None]
    seeds: Callable[[], list[bytes]]
    tokens: tuple[bytes, ...]
    longest: int
    """Octets of an input at most: a little more than the reader takes."""
    mutate: Callable[[], Mutate] | None = None
    """Makes the mutation that is used beside libFuzzer's own."""


_CHAIN: Final = 3 * _LIMITS.chain_bytes
_PLIST: Final = _LIMITS.plist_bytes + 64
_OBJECT: Final = _LIMITS.attestation_object_bytes * 4 // 3 + 64
_JSON: Final = _LIMITS.json_bytes + 64
_REQUEST: Final = LARGEST_CSR + 64
_NAME: Final = LONGEST_NAME + 64
_POLICY: Final = 4096
_STORED: Final = 8192
_PROFILE: Final = 64 * 1024


def _on_chains() -> Mutate:
    return chain_mutator(seeds.certificates())


TARGETS: Final[dict[str, Target]] = {
    "verify_mdm": Target(
        verify_mdm, seeds.responses, (*tokens.PLIST, *tokens.BINARY_PLIST), _PLIST
    ),
    "verify_acme": Target(
        verify_acme, seeds.objects_and_texts, (*tokens.CBOR, *tokens.TEXT), _OBJECT
    ),
    "verify_chain": Target(verify_chain, seeds.packed_chains, tokens.DER, _CHAIN, _on_chains),
    "differential": Target(differential, seeds.packed_chains, tokens.DER, _CHAIN, _on_chains),
    "resigned": Target(resigned, seeds.packed_chains, tokens.DER, _CHAIN, _on_chains),
    "reverify": Target(reverify, seeds.records, tokens.JSON, _JSON),
    "decode_unverified": Target(
        unverified,
        seeds.any_form,
        (*tokens.PEM, *tokens.TEXT, *tokens.JSON, *tokens.CBOR, *tokens.PLIST),
        _JSON,
    ),
    "decode_certificate": Target(
        read_certificate,
        seeds.certificates,
        tokens.DER,
        2 * _LIMITS.certificate_bytes,
        lambda: mutate_der,
    ),
    "challenge": Target(challenge, seeds.challenge_responses, (*tokens.JSON, *tokens.TEXT), _JSON),
    "certificate_request": Target(
        read_request, seeds.requests, tokens.REQUEST, _REQUEST, lambda: mutate_der
    ),
    "identifier": Target(read_identifier, seeds.identifiers, tokens.IDENTIFIER, _NAME),
    "mdm_response": Target(
        parse_response, seeds.responses, (*tokens.PLIST, *tokens.BINARY_PLIST), _PLIST
    ),
    "webhook_event": Target(parse_event, seeds.events, (*tokens.JSON, *tokens.TEXT), _JSON),
    "profile": Target(
        lint,
        profile_seeds.profiles,
        (*tokens.PROFILE, *tokens.PLIST, *tokens.DER),
        _PROFILE,
        lambda: mutate_der,
    ),
    "stored_state": Target(
        read_state, stored_seeds.states, (*tokens.JSON, *tokens.STORED), _STORED
    ),
    "stored_challenge": Target(
        read_challenge, stored_seeds.challenges, (*tokens.JSON, *tokens.STORED), _STORED
    ),
    "stored_identifier": Target(
        read_identifier_kept, stored_seeds.identifiers, tokens.IDENTIFIER, _STORED
    ),
    "policy": Target(load_policy, seeds.policies, tokens.TOML, _POLICY),
    "cbor": Target(read_cbor, seeds.objects, tokens.CBOR, _OBJECT),
    "plist_xml": Target(read_plist, seeds.xml_responses, tokens.PLIST, _PLIST),
    "plist_binary": Target(read_plist, seeds.binary_responses, tokens.BINARY_PLIST, _PLIST),
    "json": Target(read_json, seeds.json_documents, tokens.JSON, _JSON),
    "base64url": Target(read_base64url, seeds.texts, tokens.TEXT, _OBJECT),
    "der": Target(read_der, seeds.certificates, tokens.DER, _LIMITS.certificate_bytes),
}
