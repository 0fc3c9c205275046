"""ACME `device-attest-01`: the attestation object of WebAuthn's form, with Apple's statement.

CBOR map `{"fmt": "apple", "attStmt": {"x5c": [DER, …]}}`, leaf first, without `authData`
(draft-ietf-acme-device-attest, section 5). Bytes are CBOR, text is base64url; neither is ever
tried as the other. Unknown keys are ignored, as the draft demands.
"""

from __future__ import annotations

from typing import Final

from appleattest.carriers.certificate_sequence import octets, read_chain
from appleattest.errors import MalformedInput, NoAttestation, Reason
from appleattest.forms import Form, with_hint
from appleattest.limits import Limits
from appleattest.text import quoted, type_name
from appleattest.wire import base64url, cbor

FORMAT: Final = "apple"

_USUAL_BEGINNING: Final = b"\xa2\x63fmt\x65apple\x67attStmt\xa1\x63x5c"
"""How the object begins that Apple's client sends; the head of the array follows."""
_ARRAY: Final = 0x80
_LONGEST_ARRAY: Final = 0x17
"""Items of an array that its head counts without a further octet."""
_OCTETS: Final = 0x59
"""The head of a byte string whose length stands in the two octets after it."""
_USUAL_DEPTH: Final = 3


def read_attestation_object(device: object, limits: Limits) -> list[bytes]:
    """The DER certificates of an attestation object, CBOR as bytes or base64url as text.

    Raises `MalformedInput` (`too-large`, `malformed-base64`, `malformed-cbor`,
    `malformed-attestation-object`, `unsupported-format`) or `NoAttestation`
    (`no-attestation`: an empty `x5c`, which is how Apple's client says that it failed).
    """
    try:
        attestation_object = decode_attestation_object(_encoded(device, limits), limits)
    except MalformedInput as refusal:
        with_hint(refusal, device, Form.ATTESTATION_OBJECT)
        raise
    require_apple_format(attestation_object)
    chain = statement_items(attestation_object)
    return read_chain(chain, limits, Reason.MALFORMED_ATTESTATION_OBJECT)


def decode_attestation_object(encoded: bytes, limits: Limits) -> dict[str, object]:
    """The map that the CBOR holds."""
    usual = read_usual_object(encoded, limits)
    if usual is not None:
        return {"fmt": FORMAT, "attStmt": {"x5c": usual}}
    item = cbor.decode(encoded, limit=limits.attestation_object_bytes, depth=limits.cbor_depth)
    if not isinstance(item, dict):
        raise _malformed(f"a map was expected, {type_name(item)} came")
    return item


def read_usual_object(encoded: bytes, limits: Limits) -> list[object] | None:
    """The items of `x5c` in an object as Apple's client writes it, and within the limits.

    None for any other, which `cbor.decode` reads. What is read here is the same there
    (`tests/carriers/test_attestation_object.py`).
    """
    if not encoded.startswith(_USUAL_BEGINNING) or len(encoded) > limits.attestation_object_bytes:
        return None
    offset = len(_USUAL_BEGINNING)
    count = encoded[offset] - _ARRAY if offset < len(encoded) else 0
    if not 0 < count <= _LONGEST_ARRAY or limits.cbor_depth < _USUAL_DEPTH:
        return None
    offset += 1
    items: list[object] = []
    for _ in range(count):
        start = offset + 3
        if encoded[offset : offset + 1] != bytes([_OCTETS]):
            return None
        offset = start + int.from_bytes(encoded[offset + 1 : start], "big")
        items.append(encoded[start:offset])
    return items if offset == len(encoded) else None


def require_apple_format(attestation_object: dict[str, object]) -> None:
    """Raise `MalformedInput` (`unsupported-format`) for any `fmt` but `"apple"`."""
    if "fmt" not in attestation_object:
        raise _malformed("the map has no fmt", "fmt")
    fmt = attestation_object["fmt"]
    if not (isinstance(fmt, str) and fmt == FORMAT):
        raise MalformedInput(
            Reason.UNSUPPORTED_FORMAT,
            f"format {quoted(fmt)} is not supported; {FORMAT!r} is",
            element="fmt",
        )


def statement_items(attestation_object: dict[str, object]) -> list[object]:
    """The items of `x5c` in the attestation statement, whatever its format and theirs.

    Raises `MalformedInput` (`malformed-attestation-object`) or `NoAttestation` where there is no
    such array, or nothing in it.
    """
    statement = attestation_object.get("attStmt")
    if not isinstance(statement, dict):
        raise _malformed(f"a map was expected, {type_name(statement)} came", "attStmt")
    chain = statement.get("x5c")
    if not isinstance(chain, list):
        raise _malformed(f"an array was expected, {type_name(chain)} came", "x5c")
    if not chain:
        raise NoAttestation(Reason.NO_ATTESTATION, "x5c is empty", element="x5c")
    return chain


def _encoded(device: object, limits: Limits) -> bytes:
    if isinstance(device, str):
        return base64url.decode(device, limits.attestation_object_bytes)
    encoded = octets(device, limits.attestation_object_bytes)
    if encoded is None:
        raise _malformed(f"CBOR bytes or base64url text was expected, {type_name(device)} came")
    return encoded


def _malformed(detail: str, element: str | None = None) -> MalformedInput:
    return MalformedInput(Reason.MALFORMED_ATTESTATION_OBJECT, detail, element=element)
