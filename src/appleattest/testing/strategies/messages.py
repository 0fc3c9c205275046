"""Genuine chains as they are sent: in an attestation object, in a response."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st

from appleattest.testing import carriers
from appleattest.testing.authority import AttestationAuthority
from appleattest.testing.properties import Properties
from appleattest.testing.strategies.devices import ANY_CODE, ANY_DEVICE
from appleattest.testing.strategies.genuine import MintedChain, chains_of, shapes

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_TOKENS: Final = st.text(_ALPHABET, min_size=22, max_size=64)
_NAMES: Final = st.text("abcdefghijklmnopqrstuvwxyz", min_size=8, max_size=12)
_CBOR_ITEMS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64 - 1),
    st.text(max_size=8),
    st.binary(max_size=8),
)
_UNKNOWN_KEYS: Final = st.dictionaries(_NAMES, _CBOR_ITEMS, max_size=2)
_AUTH_DATA: Final = st.sampled_from([{}, {"authData": b""}, {"authData": bytes(37)}])
_PLIST_TEXTS: Final = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=12)
_PLIST_ITEMS: Final = st.one_of(
    st.booleans(), st.integers(-(2**63), 2**63 - 1), _PLIST_TEXTS, st.binary(max_size=8)
)
_ANSWERS: Final = st.dictionaries(
    st.sampled_from(
        ["SerialNumber", "UDID", "OSVersion", "SoftwareUpdateDeviceID", "IsSupervised"]
    ),
    _PLIST_ITEMS,
    max_size=2,
)
_UUIDS: Final = st.uuids().map(lambda uuid: str(uuid).upper())
_SENDERS: Final = st.sampled_from(["udid", "enrollment_id"])


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedObject:
    """An attestation object: CBOR as ``bytes`` or base64url as ``str``, and its token."""

    encoded: bytes | str
    token: str
    chain: MintedChain


@dataclass(frozen=True, slots=True, kw_only=True)
class MintedResponse:
    """The response to a ``DeviceInformation`` command, XML or binary, and its nonce."""

    encoded: bytes
    nonce: bytes
    chain: MintedChain


def attestation_objects(
    authority: AttestationAuthority, *, devices: st.SearchStrategy[Properties] = ANY_DEVICE
) -> st.SearchStrategy[MintedObject]:
    """Attestation objects around genuine `chains`, each an answer to its token.

    With and without ``authData`` and unknown keys, as octets or as text.
    """
    known = shapes(authority)

    @st.composite
    def strategy(draw: st.DrawFn) -> MintedObject:
        token = draw(_TOKENS)
        code = hashlib.sha256(token.encode()).digest()
        chain = draw(chains_of(known, devices, st.just(code)))
        encoded = carriers.attestation_object(
            chain.chain,
            extra=draw(_AUTH_DATA) | draw(_UNKNOWN_KEYS),
            statement_extra=draw(_UNKNOWN_KEYS),
        )
        forms: list[bytes | str] = [encoded, base64.urlsafe_b64encode(encoded).decode().rstrip("=")]
        return MintedObject(encoded=draw(st.sampled_from(forms)), token=token, chain=chain)

    return strategy()


def responses(
    authority: AttestationAuthority, *, devices: st.SearchStrategy[Properties] = ANY_DEVICE
) -> st.SearchStrategy[MintedResponse]:
    """Responses with genuine `chains`, each an answer to its nonce.

    XML or binary, from a device or from a user enrolment, with other answers and other keys.
    """
    known = shapes(authority)

    @st.composite
    def strategy(draw: st.DrawFn) -> MintedResponse:
        chain = draw(chains_of(known, devices, ANY_CODE))
        sender: dict[str, Any] = {draw(_SENDERS): draw(_UUIDS)}
        encoded = carriers.response_plist(
            chain.chain,
            command_uuid=draw(_UUIDS),
            query_responses=draw(_ANSWERS),
            extra=draw(st.dictionaries(_NAMES, _PLIST_ITEMS, max_size=2)),
            binary=draw(st.booleans()),
            **sender,
        )
        assert chain.freshness_code is not None  # noqa: S101 - chains_of draws one
        return MintedResponse(encoded=encoded, nonce=chain.freshness_code, chain=chain)

    return strategy()
