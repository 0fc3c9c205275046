"""What an ACME server is sent: identifiers, the challenge response, the certificate request."""

from __future__ import annotations

import json
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest import Attestation
from appleattest.acme import (
    VOUCHED_ELSEWHERE,
    CSRBinding,
    FoundIn,
    HardwareModuleName,
    Identifier,
    PermanentIdentifier,
    ValidatedCSR,
    examine_challenge,
    examine_csr,
    parse_identifier,
    parse_identifiers,
    validate_challenge,
    validate_csr,
)
from appleattest.testing.keys import spki_of
from fuzz import world
from fuzz.oracle import ended, require, returned, same_verdict, without_warning
from fuzz.resigning import resign_request
from vectors.case import SERIAL

_KINDS: Final[tuple[type[Identifier], ...]] = (PermanentIdentifier, HardwareModuleName)
_ORDERED: Final = PermanentIdentifier(SERIAL)
_ALLOWED: Final = (
    x509.DNSName("server.example"),
    x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Example"),
)
_SPKI: Final = spki_of(world.AUTHORITY.attested_key.public_key())
_EXTENSIONS: Final = frozenset({"2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.37"})
_NAMING: Final = ("2.5.4.3", "2.5.4.5", "0.9.2342.19200300.100.1.1")


def verdict_on_challenge(data: bytes) -> Attestation | None:
    """A challenge response as JSON: whoever may answer, and the ordered device alone."""
    kept = _challenge(data, VOUCHED_ELSEWHERE)
    ordered = _challenge(data, SERIAL)
    if ordered is not None:
        require(ordered == kept, "the device decides what is attested")
        shown = (ordered.device.serial_number, ordered.device.udid)
        require(SERIAL in shown, "another device may answer")
    return kept


def _challenge(data: bytes, device: Any) -> Attestation | None:
    asked: dict[str, Any] = {
        "token": world.TOKEN,
        "identifier": _ORDERED,
        "verifier": world.warm(),
        "device": device,
        "at": world.AT,
    }
    return same_verdict(
        lambda: validate_challenge(data, **asked), lambda: examine_challenge(data, **asked)
    )


def read_request(data: bytes) -> None:
    """A certificate request in DER: as it is, and signed again by the attested key."""
    _in_every_mode(data)
    again = resign_request(data)
    if again != data:
        _in_every_mode(again)


def _in_every_mode(data: bytes) -> None:
    """Who satisfies one mode satisfies those that ask for less."""
    strict, either, optional, forbidden = (_request(data, binding) for binding in CSRBinding)
    require(strict is None or either is not None, "in the SAN, and not in the SAN or CN")
    require(either is None or optional is not None, "shown, and refused where it may be shown")
    if optional is not None and optional.found_in is None:
        require(either is None, "nowhere, and found")
    if forbidden is not None:
        require(optional is not None, "refused for want of what is forbidden")
        require(forbidden.found_in is None, "forbidden, and found")


def _request(data: bytes, binding: CSRBinding) -> ValidatedCSR | None:
    asked: dict[str, Any] = {
        "attested_key": _SPKI,
        "identifier": _ORDERED,
        "binding": binding,
        "allowed_names": _ALLOWED,
    }
    verdict = ended(lambda: validate_csr(data, **asked))
    report = without_warning(lambda: examine_csr(data, **asked))
    require((report.error is None) == (verdict.refusal is None), "another report")
    if not isinstance(verdict.value, ValidatedCSR):
        return None
    valid = verdict.value
    require(valid.csr.public_bytes(Encoding.DER) == data, "other octets were read")
    require(valid.csr.is_signature_valid, "a signature that does not verify")
    require(valid.spki == spki_of(valid.public_key) == _SPKI, "another key")
    _check_extensions(valid)
    _check_names(valid, binding)
    return valid


def _check_extensions(valid: ValidatedCSR) -> None:
    require({e.oid.dotted_string for e in valid.csr.extensions} <= _EXTENSIONS, "an extension")
    require(len(valid.csr.attributes) <= 1, "a second attribute")
    usage = valid.key_usage
    require(usage is None or not (usage.key_cert_sign or usage.crl_sign), "power to sign")
    for extension in valid.csr.extensions:
        value = extension.value
        require(not (isinstance(value, x509.BasicConstraints) and value.ca), "an authority")


def _check_names(valid: ValidatedCSR, binding: CSRBinding) -> None:
    may: set[object] = set(_ALLOWED)
    if binding is not CSRBinding.FORBIDDEN:
        attributes = (x509.NameAttribute(x509.ObjectIdentifier(oid), SERIAL) for oid in _NAMING)
        may |= {_ORDERED.other_name(), *attributes}
    require(set(valid.names) <= may, f"a name that nobody allowed: {valid.names}")
    in_names = _ORDERED.other_name() in valid.names
    require((valid.found_in is FoundIn.SAN) == in_names, "found where it is not")
    asked = binding in (CSRBinding.SAN_REQUIRED, CSRBinding.CN_OR_SAN)
    require(not asked or valid.found_in is not None, "accepted without the identifier")


def read_identifier(data: bytes) -> None:
    """An identifier as text and as otherName, of each type; and as the JSON of a newOrder."""
    text = data.decode("utf-8", "surrogatepass") if _decodes(data) else data.decode("latin-1")
    for kind in _KINDS:
        _check_round(kind, text, returned(lambda kind=kind: kind.parse(text)))  # type: ignore[misc]
        name = x509.OtherName(kind.oid, data)
        found = returned(lambda kind=kind, name=name: kind.from_other_name(name))  # type: ignore[misc]
        require(found is None or found.other_name() == name, "another name when written again")
        _check_round(kind, None if found is None else str(found), found)
    try:
        order = json.loads(text)
    except (ValueError, RecursionError):
        return
    several = returned(lambda: parse_identifiers(order))
    if several is not None:
        require([parse_identifier(each) for each in order] == list(several), "another reading")


def _decodes(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _check_round(kind: type[Identifier], text: str | None, found: Identifier | None) -> None:
    if found is None:
        return
    require(str(found) == text, "other text when written again")
    require(kind.from_other_name(found.other_name()) == found, "another identifier by its name")
    require(kind.parse(str(found)) == found, "another identifier by its text")
    require(parse_identifier(found.to_dict()) == found, "another identifier in an order")
