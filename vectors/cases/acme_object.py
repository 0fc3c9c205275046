"""The attestation object: what is accepted, and well-formed CBOR that is no such object."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any, Final

import cbor2

from appleattest import Reason
from appleattest.testing import AttestationAuthority, Properties, carriers
from vectors import handmade
from vectors.case import AcmeInput, acceptable, but, invalid, only, valid
from vectors.cases.acme_generations import CODE
from vectors.flags import Flag

FILE: Final = "acme_object"

Chain = list[bytes]


def chain_of(authority: AttestationAuthority) -> Chain:
    """A genuine chain for the token of every case."""
    return authority.attest(properties=Properties.iphone_16(), freshness_code=CODE)


def text(cbor: bytes) -> str:
    """The CBOR as `attObj` holds it."""
    return urlsafe_b64encode(cbor).rstrip(b"=").decode("ascii")


_FORMS: Final[dict[str, Callable[[bytes], bytes | str]]] = {"cbor": bytes, "base64url": text}


@valid(FILE, Flag.GENUINE, Flag.CARRIER_FORM, each=_FORMS)
def genuine(authority: AttestationAuthority, form: Callable[[bytes], bytes | str]) -> AcmeInput:
    """``{fmt: apple, attStmt: {x5c: [leaf, intermediate]}}``: what Apple's client sends."""
    return AcmeInput(form(carriers.attestation_object(chain_of(authority))))


_EXTRA: Final[dict[str, dict[str, Any]]] = {
    "authdata-empty": {"authData": b""},
    "authdata-of-webauthn": {"authData": bytes(37)},
    "authdata-text": {"authData": "of any type"},
    "authdata-null": {"authData": None},
    "empty-key": {"": 0},
    "x5c-at-the-top": {"x5c": []},
    "every-type": {"more": [0, -1, 2**64 - 1, True, False, None, b"", "", {}, []]},
    "below-64-bits": {"more": -(2**64)},
    "float": {"more": 1.5},
    "infinity": {"more": float("inf")},
    "undefined": {"more": cbor2.undefined},
    "similar-keys": {"Fmt": "none", "attstmt": {}, "fmt ": "none", "fmt\0": "none"},
    "same-key-elsewhere": {"more": {"fmt": "none", "attStmt": {"x5c": []}}},
}
_RARE: Final = (
    *("authdata-empty", "authdata-text", "authdata-null"),
    *("below-64-bits", "float", "infinity", "undefined"),
)


@acceptable(FILE, Flag.STRICT_READING, each=only(_EXTRA, *_RARE))
@valid(FILE, Flag.IGNORED_MEMBER, each=but(_EXTRA, *_RARE))
def ignoring(authority: AttestationAuthority, extra: dict[str, Any]) -> AcmeInput:
    """``{fmt, attStmt, a key that Apple's client does not send}``

    Unknown keys are ignored, and authData SHOULD be absent (draft-ietf-acme-device-attest, 5):
    its presence is no reason to refuse. An authData that WebAuthn does not have, and what few
    decoders read, may be.
    """
    return AcmeInput(carriers.attestation_object(chain_of(authority), extra=extra))


_STATEMENT_EXTRA: Final[dict[str, dict[str, Any]]] = {
    "alg-and-sig": {"alg": -7, "sig": bytes(70)},
    "receipt": {"receipt": b"as App Attest has it"},
    "fmt": {"fmt": "none"},
    "ver": {"ver": "2.0", "certInfo": b"", "pubArea": b""},
}


@valid(FILE, Flag.IGNORED_MEMBER, each=_STATEMENT_EXTRA)
def statement_ignoring(authority: AttestationAuthority, extra: dict[str, Any]) -> AcmeInput:
    """``{fmt, attStmt: {x5c, a key that Apple's client does not send}}``: ignored as well."""
    return AcmeInput(carriers.attestation_object(chain_of(authority), statement_extra=extra))


def _statement_first(chain: Chain) -> bytes:
    return cbor2.dumps({"attStmt": {"x5c": chain}, "fmt": "apple"})


@valid(FILE, Flag.CARRIER_FORM)
def statement_before_format(authority: AttestationAuthority) -> AcmeInput:
    """``{attStmt: {x5c: […]}, fmt: apple}``: the order of a map's keys says nothing."""
    return AcmeInput(_statement_first(chain_of(authority)))


@acceptable(FILE, Flag.TOO_LARGE)
def eight_deep(authority: AttestationAuthority) -> AcmeInput:
    """``{…, more: [[[[[[[0]]]]]]]}``: eight containers deep, as deep as this library reads.

    WebAuthn encodes in the form of CTAP2, which has four levels.
    """
    more = (handmade.text_item("more"), b"\x81" * 7 + b"\x00")
    statement = handmade.statement_item(handmade.x5c_item(chain_of(authority)))
    return AcmeInput(handmade.object_item(statement, more))


_LONG_HEADS: Final = {"1": 1, "2": 2, "4": 4, "8": 8}


@acceptable(FILE, Flag.STRICT_READING, each=_LONG_HEADS)
def length_octets(authority: AttestationAuthority, width: int) -> AcmeInput:
    """``fmt: a text whose length has more octets than it needs``

    Well-formed, and not the shortest form (RFC 8949, 4.1), which WebAuthn demands of encoders, and
    recommends to decoders.
    """
    statement = handmade.statement_item(handmade.x5c_item(chain_of(authority)))
    fmt = carriers.cbor_head(3, 5, width=width) + b"apple"
    return AcmeInput(handmade.object_item(statement, fmt=fmt))


@invalid(
    FILE,
    Reason.MALFORMED_ATTESTATION_OBJECT,
    Flag.MALFORMED_OBJECT,
    each={
        "array": ["apple"],
        "octets": b"apple",
        "text": "apple",
        "integer": 0,
        "null": None,
        "false": False,
        "empty-map": {},
    },
)
def object_is(_authority: AttestationAuthority, item: Any) -> AcmeInput:
    """``an item that is no map, or a map of nothing``

    An attestation object is a map with `fmt` and `attStmt`; absent is not empty.
    """
    return AcmeInput(cbor2.dumps(item))


_OBJECTS: Final[dict[str, Callable[[Chain], Any]]] = {
    "array-of-one": lambda chain: [{"fmt": "apple", "attStmt": {"x5c": chain}}],
    "octets-of-one": carriers.attestation_object,
    "chain": lambda chain: chain,
    "statement": lambda chain: {"x5c": chain},
    "pairs": lambda chain: [["fmt", "apple"], ["attStmt", {"x5c": chain}]],
    "challenge-response": lambda chain: {"attObj": carriers.attestation_object(chain)},
}


@invalid(FILE, Reason.MALFORMED_ATTESTATION_OBJECT, Flag.MALFORMED_OBJECT, each=_OBJECTS)
def chain_within(authority: AttestationAuthority, item: Callable[[Chain], Any]) -> AcmeInput:
    """``a genuine chain in something else than an attestation object``: none is searched for."""
    return AcmeInput(cbor2.dumps(item(chain_of(authority))))


_NO_FORMAT: Final[dict[str, dict[str, Any]]] = {
    "absent": {},
    "other-case": {"Fmt": "apple"},
    "trailing-space": {"fmt ": "apple"},
    "format": {"format": "apple"},
}


@invalid(FILE, Reason.MALFORMED_ATTESTATION_OBJECT, Flag.MALFORMED_OBJECT, each=_NO_FORMAT)
def no_fmt(authority: AttestationAuthority, members: dict[str, Any]) -> AcmeInput:
    """``{attStmt: {x5c: […]}}`` without a key `fmt`: absent is not apple."""
    return AcmeInput(cbor2.dumps({**members, "attStmt": {"x5c": chain_of(authority)}}))


_FORMATS: Final = {
    "none": "none",
    "packed": "packed",
    "tpm": "tpm",
    "android-key": "android-key",
    "apple-appattest": "apple-appattest",
    "capital": "Apple",
    "upper-case": "APPLE",
    "trailing-space": "apple ",
    "trailing-nul": "apple\0",
    "empty": "",
    "zero-width-space": "apple\u200b",
    "octets": b"apple",
    "integer": 0,
    "null": None,
    "true": True,
    "array": ["apple"],
    "map": {"apple": "apple"},
}


@invalid(FILE, Reason.UNSUPPORTED_FORMAT, Flag.MALFORMED_OBJECT, each=_FORMATS)
def fmt(authority: AttestationAuthority, value: Any) -> AcmeInput:
    """``{fmt: anything but the text apple, attStmt: {x5c: […]}}``

    The format says how the statement is to be read, and only apple is read here.
    """
    return AcmeInput(carriers.attestation_object(chain_of(authority), extra={"fmt": value}))


_STATEMENTS: Final[dict[str, Callable[[Chain], dict[str, Any]]]] = {
    "absent": lambda _: {},
    "null": lambda _: {"attStmt": None},
    "chain": lambda chain: {"attStmt": chain},
    "octets-of-cbor": lambda chain: {"attStmt": cbor2.dumps({"x5c": chain})},
    "text": lambda _: {"attStmt": "x5c"},
    "integer": lambda _: {"attStmt": 0},
    "true": lambda _: {"attStmt": True},
    "empty-map": lambda _: {"attStmt": {}},
    "in-an-array": lambda chain: {"attStmt": [{"x5c": chain}]},
    "other-case": lambda chain: {"attstmt": {"x5c": chain}},
    "x5c-at-the-top": lambda chain: {"x5c": chain},
    "x5c-in-another-case": lambda chain: {"attStmt": {"X5C": chain}},
    "one-level-deeper": lambda chain: {"attStmt": {"attStmt": {"x5c": chain}}},
}


@invalid(FILE, Reason.MALFORMED_ATTESTATION_OBJECT, Flag.MALFORMED_OBJECT, each=_STATEMENTS)
def att_stmt(
    authority: AttestationAuthority, members: Callable[[Chain], dict[str, Any]]
) -> AcmeInput:
    """``{fmt: apple}`` with no `attStmt`, or one that is no map with an `x5c`

    Apple's client always sends the statement, and an empty `x5c` where it has no chain.
    """
    return AcmeInput(cbor2.dumps({"fmt": "apple", **members(chain_of(authority))}))


_CHAINS: Final[dict[str, Callable[[Chain], Any]]] = {
    "leaf": lambda chain: chain[0],
    "joined": b"".join,
    "map": lambda chain: dict(zip("01", chain, strict=True)),
    "text": lambda chain: text(chain[0]),
    "null": lambda _: None,
    "integer": lambda _: 0,
    "false": lambda _: False,
    "empty-octets": lambda _: b"",
    "empty-text": lambda _: "",
    "empty-map": lambda _: {},
}


@invalid(FILE, Reason.MALFORMED_ATTESTATION_OBJECT, Flag.MALFORMED_OBJECT, each=_CHAINS)
def x5c_is(authority: AttestationAuthority, value: Callable[[Chain], Any]) -> AcmeInput:
    """``attStmt: {x5c: no array}``: an empty text is not an empty array."""
    statement = {"x5c": value(chain_of(authority))}
    return AcmeInput(cbor2.dumps({"fmt": "apple", "attStmt": statement}))


_ENTRIES: Final[dict[str, Callable[[Chain], list[Any]]]] = {
    "leaf-as-text": lambda chain: [text(chain[0]), chain[1]],
    "intermediate-as-text": lambda chain: [chain[0], text(chain[1])],
    "nested-arrays": lambda chain: [[each] for each in chain],
    "array-in-an-array": lambda chain: [chain],
    "null-before": lambda chain: [None, *chain],
    "null-after": lambda chain: [*chain, None],
    "integer-after": lambda chain: [*chain, 0],
    "map-after": lambda chain: [*chain, {}],
    "empty-array": lambda _: [[]],
    "integers": lambda _: [0, 1, 2],
}


@invalid(FILE, Reason.MALFORMED_ATTESTATION_OBJECT, Flag.MALFORMED_OBJECT, each=_ENTRIES)
def x5c_holds(authority: AttestationAuthority, entries: Callable[[Chain], list[Any]]) -> AcmeInput:
    """``attStmt: {x5c: [something that is no byte string]}``: none is passed over."""
    return AcmeInput(carriers.attestation_object(entries(chain_of(authority))))


@invalid(
    FILE,
    Reason.NO_ATTESTATION,
    Flag.NO_ATTESTATION,
    each={
        "apples-client": {},
        "with-authdata": {"authData": bytes(37)},
        "chain-elsewhere": {"x5c": [b"x"]},
    },
)
def empty_x5c(_authority: AttestationAuthority, extra: dict[str, Any]) -> AcmeInput:
    """``{fmt: apple, attStmt: {x5c: []}}``

    How Apple's client says that the attestation failed: no success, and no attack either.
    """
    return AcmeInput(carriers.attestation_object([], extra=extra))


@invalid(FILE, Reason.NO_ATTESTATION, Flag.NO_ATTESTATION)
def empty_x5c_as_text(_authority: AttestationAuthority) -> AcmeInput:
    """``attObj: base64url({fmt: apple, attStmt: {x5c: []}})``: the same as it travels."""
    return AcmeInput(text(carriers.attestation_object([])))
