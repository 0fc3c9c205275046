"""A response to a challenge, as JSON: what is read of it, and what is refused."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any, Final

from appleattest import Reason
from appleattest.acme import VOUCHED_ELSEWHERE
from appleattest.testing import AttestationAuthority, carriers
from vectors.case import ChallengeInput, acceptable, but, invalid, only, valid
from vectors.cases.acme_challenge import FILE, OTHER, answered, attested, text
from vectors.flags import Flag

Writing = Callable[[str], str]
_NESTED: Final = 2_000
_OPENED: Final = '{"":'
_LARGEST: Final = 128 * 1024


def member(authority: AttestationAuthority) -> str:
    """``"attObj": "…"``: a genuine answer to the token, the member alone."""
    return f'"attObj": "{text(attested(authority))}"'


def _beside(more: str) -> Writing:
    """``{"attObj": …, more}``."""
    return lambda member: f"{{{member}, {more}}}"


_FORMS: Final[dict[str, Callable[[str], str | bytes]]] = {
    "text": lambda member: f"{{{member}}}",
    "octets": lambda member: f"{{{member}}}".encode(),
    "white-space": lambda member: f" \t\r\n{{ \n{member}\t}}\r\n ",
    "escaped-name": lambda member: f"{{{member.replace('attObj', chr(92) + 'u0061ttObj')}}}",
    "escaped-value": lambda member: f"{{{member.replace('A', chr(92) + 'u0041')}}}",
    "above-2-kib": lambda member: f"{{{member}}}".ljust(2_048),
}


@valid(FILE, Flag.GENUINE, Flag.CARRIER_FORM, each=_FORMS)
def response(
    authority: AttestationAuthority, write: Callable[[str], str | bytes]
) -> ChallengeInput:
    """``{"attObj": "base64url of the attestation object"}``: the same answer, written so."""
    return ChallengeInput(write(member(authority)))


_IGNORED: Final = {
    "after": _beside('"more": 1'),
    "of-every-type": _beside('"a": [null, true, false, -0, 1.5e-3, "", [], {}]'),
    "other-case": _beside('"attobj": "oA", "ATTOBJ": "oA"'),
    "error-text": _beside('"error": "and yet there is one"'),
    "attobj-further-down": _beside('"more": {"attObj": "oA"}'),
    "escaped-nul": _beside(r'"more": "\u0000\n\ud83d\ude00"'),
    "sixteen-containers-deep": _beside(f'"more": {"[" * 15}{"]" * 15}'),
    "number-of-32-digits": _beside(f'"more": {"9" * 32}'),
}


@acceptable(
    FILE,
    Flag.TOO_LARGE,
    each=only(_IGNORED, "sixteen-containers-deep", "number-of-32-digits"),
)
@valid(
    FILE,
    Flag.IGNORED_MEMBER,
    each=but(_IGNORED, "sixteen-containers-deep", "number-of-32-digits"),
)
def ignored_member(authority: AttestationAuthority, write: Writing) -> ChallengeInput:
    """``{"attObj": …, and another member}``

    Draft-ietf-acme-device-attest, section 5: "Clients MAY include additional fields beyond `attObj`
    in the response object. Servers MUST ignore unrecognized fields in the challenge response."
    The draft does not define `error`. RFC 8555, 7.5.1, leaves no choice about it either: fields
    "that are not specified as response fields for this type of challenge" MUST be ignored.
    Apple's client writes `error` beside an empty `x5c`; here there is an attestation.
    RFC 8259, 9, lets a reader bound depth and digits.
    """
    return ChallengeInput(write(member(authority)))


# --- no attestation -----------------------------------------------------------------------------


def _failed(**extra: Any) -> str:
    return carriers.challenge_response(carriers.attestation_object([]), extra=extra).decode()


@invalid(
    FILE,
    Reason.NO_ATTESTATION,
    Flag.NO_ATTESTATION,
    element="x5c",
    each={
        "and-error": _failed(error="Failed to attest the key"),
        "and-empty-error": _failed(error=""),
        "alone": _failed(),
    },
)
def empty_x5c(_authority: AttestationAuthority, sent: str) -> ChallengeInput:
    """``{"attObj": {fmt: apple, attStmt: {x5c: []}}, "error": …}``

    How Apple's client says that the attestation failed. It is no success, and no attack either.
    """
    return ChallengeInput(sent)


_SILENT: Final = {
    "empty-object": "{}",
    "error-alone": '{"error": "Failed to attest the key"}',
    "other-case": '{"attobj": "oA"}',
    "one-level-deeper": '{"payload": {"attObj": "oA"}}',
    "http-01": '{"keyAuthorization": "a.b"}',
}


@invalid(FILE, Reason.NO_ATTESTATION, Flag.NO_ATTESTATION, each=_SILENT)
def no_attobj(_authority: AttestationAuthority, sent: str) -> ChallengeInput:
    """``an object without attObj``

    With `Attest` false Apple's client answers `{}`, as it would to any other challenge.
    """
    return ChallengeInput(sent)


@invalid(
    FILE,
    Reason.NO_ATTESTATION,
    Flag.NO_ATTESTATION,
    each={"empty-object": "{}", "error": '{"error": "no"}'},
)
def no_attobj_and_vouched_elsewhere(_authority: AttestationAuthority, sent: str) -> ChallengeInput:
    """``any may answer -> an object without attObj``: any device is still one that attests."""
    return ChallengeInput(sent, may_answer=VOUCHED_ELSEWHERE)


# --- what is no JSON object ---------------------------------------------------------------------

_TWICE: Final = {
    "same": lambda member: f"{{{member}, {member}}}",
    "wrong-first": lambda member: f'{{"attObj": "oA", {member}}}',
    "wrong-last": _beside('"attObj": "oA"'),
    "escaped": _beside(r'"\u0061ttObj": "oA"'),
    "inside-of-an-ignored": _beside('"more": [{"a": 1, "a": 1}]'),
}


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_JSON,
    each=only(_TWICE, "same", "inside-of-an-ignored"),
)
@invalid(
    FILE,
    Reason.MALFORMED_JSON,
    Flag.MALFORMED_JSON,
    each=but(_TWICE, "same", "inside-of-an-ignored"),
)
def member_twice(authority: AttestationAuthority, write: Writing) -> ChallengeInput:
    """``{"attObj": …, a member that stands twice}``

    RFC 8259, section 4: one reader takes the first, another the last. Of two different `attObj`
    they see two attestations. Of two that are equal, or of an ignored one, they see the same.
    """
    return ChallengeInput(write(member(authority)))


_DEFECTS: Final[dict[str, Writing]] = {
    "letter-after": lambda member: f"{{{member}}}x",
    "truncated": lambda member: f"{{{member}",
    "single-quotes": lambda member: f"{{{member}}}".replace('"', "'"),
    "trailing-comma": lambda member: f"{{{member},}}",
    "comment": lambda member: f"{{{member} /* a comment */}}",
    "nan": _beside('"more": NaN'),
    "leading-zero": _beside('"more": 01'),
    "line-feed-in-text": _beside('"more": "a\nb"'),
    "other-white-space": lambda member: f"{{\u00a0{member}}}",
}


@invalid(FILE, Reason.MALFORMED_JSON, Flag.MALFORMED_JSON, each=_DEFECTS)
def grammar(authority: AttestationAuthority, write: Writing) -> ChallengeInput:
    """``{"attObj": …}`` with what the grammar of JSON does not have (RFC 8259, section 2)."""
    return ChallengeInput(write(member(authority)))


_ENCODINGS: Final[dict[str, Callable[[str], bytes]]] = {
    "octet-ff": lambda member: f'{{{member}, "more": "'.encode() + b'\xff"}',
    "surrogate": lambda member: f'{{{member}, "more": "'.encode() + b'\xed\xa0\x80"}',
}


@invalid(FILE, Reason.MALFORMED_JSON, Flag.MALFORMED_JSON, each=_ENCODINGS)
def encoding(authority: AttestationAuthority, write: Callable[[str], bytes]) -> ChallengeInput:
    """``{"attObj": …}`` in octets that are no UTF-8 (RFC 8259, section 8.1)."""
    return ChallengeInput(write(member(authority)))


_NO_OBJECTS: Final[dict[str, Writing]] = {
    "nothing": lambda _: "",
    "array": lambda member: f"[{{{member}}}]",
    "empty-array": lambda _: "[]",
    "text": lambda member: json.dumps(f"{{{member}}}"),
    "number": lambda _: "0",
    "null": lambda _: "null",
}


@invalid(FILE, Reason.MALFORMED_JSON, Flag.MALFORMED_JSON, each=_NO_OBJECTS)
def not_an_object(authority: AttestationAuthority, write: Writing) -> ChallengeInput:
    """``something else than {…}``: a response is an object, and nothing is unwrapped."""
    return ChallengeInput(write(member(authority)))


_WORK: Final = {
    "arrays": _beside(f'"more": {"[" * _NESTED}{"]" * _NESTED}'),
    "objects": _beside(f'"more": {_OPENED * 500}0{"}" * 500}'),
    "integer": _beside(f'"more": {"9" * 5_000}'),
}


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.MALFORMED_JSON, each=_WORK)
def far_beyond(authority: AttestationAuthority, write: Writing) -> ChallengeInput:
    """``{"attObj": …, thousands of containers in each other, or of digits}``

    Parsers run out of stack, or out of time. RFC 8259, 9, lets a reader bound both; one that
    reads it all must still answer.
    """
    return ChallengeInput(write(member(authority)))


_OPEN: Final[dict[str, Callable[[str], str | bytes]]] = {
    "byte-order-mark": lambda member: f"\ufeff{{{member}}}",
    "seventeen-containers-deep": _beside(f'"more": {"[" * 16}{"]" * 16}'),
    "number-of-33-digits": _beside(f'"more": {"9" * 33}'),
    "number-beyond-double": _beside('"more": 1e400'),
    "half-of-a-surrogate-pair": _beside(r'"more": "\ud800"'),
}


@acceptable(FILE, Flag.LEFT_OPEN, each=only(_OPEN, "half-of-a-surrogate-pair"))
@acceptable(
    FILE,
    Flag.LEFT_OPEN,
    reason=Reason.MALFORMED_JSON,
    each=but(_OPEN, "half-of-a-surrogate-pair"),
)
def left_open(
    authority: AttestationAuthority, write: Callable[[str], str | bytes]
) -> ChallengeInput:
    """``{"attObj": …}`` in a form that RFC 8259 leaves to the reader (sections 4, 6, 8.1, 8.2, 9).

    A byte order mark may be ignored; depth, size and numbers may be bounded, and where is for
    the reader to say; half of a surrogate pair is grammar and no character.
    """
    return ChallengeInput(write(member(authority)))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE)
def above_128_kib(authority: AttestationAuthority) -> ChallengeInput:
    """``{"attObj": …}`` and white space up to 131,073 octets: measured before it is read."""
    return ChallengeInput(f"{{{member(authority)}}}".ljust(_LARGEST + 1))


# --- attObj -------------------------------------------------------------------------------------

_VALUES: Final = {
    "null": "null",
    "true": "true",
    "number": "0",
    "array": '["oA"]',
    "octets-as-numbers": "[161, 99]",
    "object": '{"fmt": "apple", "attStmt": {"x5c": []}}',
}


@invalid(FILE, Reason.MALFORMED_JSON, Flag.MALFORMED_JSON, element="attObj", each=_VALUES)
def attobj_is(_authority: AttestationAuthority, value: str) -> ChallengeInput:
    """``{"attObj": no text}``: present, and not what the draft describes, which is not absent."""
    return ChallengeInput(f'{{"attObj": {value}}}')


_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_DAMAGES: Final[dict[str, Writing]] = {
    "padding": lambda text: text + "=" * (-len(text) % 4 or 1),
    "trailing-space": lambda text: text + " ",
    "trailing-line-feed": lambda text: text + "\n",
    "tail-bit": lambda text: text[:-1] + _ALPHABET[_ALPHABET.index(text[-1]) | 1],
    "foreign-character": lambda text: f"{text[:40]}${text[40:]}",
    "half-of-a-surrogate-pair": lambda text: text + "\ud800",
}


def _of_two_modulo_three(authority: AttestationAuthority) -> bytes:
    """An answer whose base64url ends with two bits that encode nothing."""
    sizes = (attested(authority, extra={"pad": b"\xfb\xff" + bytes(pad)}) for pad in range(3))
    return next(cbor for cbor in sizes if len(cbor) % 3 == 2)


@valid(FILE, Flag.CARRIER_FORM)
def attobj_of_two_modulo_three(authority: AttestationAuthority) -> ChallengeInput:
    """``{"attObj": canonical base64url}``: the neighbour of the texts that are damaged."""
    return answered(_of_two_modulo_three(authority))


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_BASE64,
    each=only(_DAMAGES, "tail-bit"),
)
@invalid(FILE, Reason.MALFORMED_BASE64, Flag.MALFORMED_BASE64, each=but(_DAMAGES, "tail-bit"))
def attobj_with(authority: AttestationAuthority, damaged: Writing) -> ChallengeInput:
    """``{"attObj": base64url with a defect}``

    Padding MUST be refused (RFC 8555, 6.1), and so must foreign characters (RFC 4648, 3.3). A
    bit that encodes nothing MAY be (RFC 4648, 3.5).
    """
    sent = damaged(text(_of_two_modulo_three(authority)))
    return ChallengeInput(json.dumps({"attObj": sent}))


@invalid(FILE, Reason.MALFORMED_BASE64, Flag.MALFORMED_BASE64)
def attobj_in_base64(authority: AttestationAuthority) -> ChallengeInput:
    """``{"attObj": base64}``: the alphabet of RFC 4648, section 4, where that of 5 is due."""
    sent = b64encode(_of_two_modulo_three(authority)).rstrip(b"=").decode()
    return ChallengeInput(json.dumps({"attObj": sent}))


_OTHER_TEXTS: Final[dict[str, Callable[[bytes], str]]] = {
    "empty": lambda _: "",
    "json": lambda _: text(b'{"fmt": "apple"}'),
}


@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=_OTHER_TEXTS)
def attobj_of(authority: AttestationAuthority, write: Callable[[bytes], str]) -> ChallengeInput:
    """``{"attObj": canonical base64url of something that is no CBOR}``: nothing else is tried."""
    return ChallengeInput(json.dumps({"attObj": write(attested(authority))}))


# --- two defects --------------------------------------------------------------------------------


@invalid(
    FILE,
    Reason.MALFORMED_JSON,
    Flag.TWO_DEFECTS,
    Flag.MALFORMED_JSON,
    Flag.RELAYED_ATTESTATION,
)
def malformed_and_of_another_device(authority: AttestationAuthority) -> ChallengeInput:
    """``{"attObj": leaf of another device, "more": 1, "more": 1}``: nothing in it is looked at."""
    write = _beside('"more": 1, "more": 1')
    return ChallengeInput(write(f'"attObj": "{text(attested(authority, OTHER))}"'))


@invalid(FILE, Reason.MALFORMED_BASE64, Flag.TWO_DEFECTS, Flag.MALFORMED_BASE64)
def padded_and_of_another_device(authority: AttestationAuthority) -> ChallengeInput:
    """``{"attObj": "leaf of another device, padded"}``: nothing in it is looked at."""
    return ChallengeInput(json.dumps({"attObj": text(attested(authority, OTHER)) + "===="}))


@invalid(FILE, Reason.MALFORMED_JSON, Flag.TWO_DEFECTS, Flag.MALFORMED_JSON)
def padded_in_a_malformed_response(authority: AttestationAuthority) -> ChallengeInput:
    """``{"attObj": "base64url, padded", "more": 1, "more": 1}``: JSON is judged before its text."""
    return ChallengeInput(f'{{{member(authority)[:-1]}====", "more": 1, "more": 1}}')
