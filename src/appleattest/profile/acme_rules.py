"""The rules of Apple's schema for an ACME identity: one table, for builders and for the linter.

Each rule reads a document, whatever is in it, and yields an issue for each defect. A builder raises
the first one, and the linter lists all. `keys` reports a value of the wrong type, so every other
rule ignores such a value.

Source: Apple's device-management schema, com.apple.security.acme and com.apple.credential.acme.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

from appleattest.acme.identifiers import PermanentIdentifier, require_oid
from appleattest.errors import IdentifierMismatch
from appleattest.profile.issues import LintCode, LintIssue
from appleattest.profile.keys import Document, Form, Issues, key_issues, typed, wrong_type
from appleattest.profile.target import Target
from appleattest.profile.target_rules import TARGET_RULES
from appleattest.text import quoted

HTTPS_URL: Final = re.compile(
    r"https://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?][!-~]*)?", re.IGNORECASE
)
IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
SHORT_NAMES: Final = ("C", "L", "ST", "O", "OU", "CN")
ALTERNATIVE_NAMES: Final = ("rfc822Name", "dNSName", "uniformResourceIdentifier", "ntPrincipalName")
RSA_SIZES: Final = range(1024, 4096 + 1, 8)
HARDWARE_BOUND_SIZES: Final = (256, 384)
SIGNING: Final = 0x01
ENCRYPTION: Final = 0x04


class ACMEKeyType(StrEnum):
    """Which kind of key the device makes: the values of `KeyType`."""

    RSA = "RSA"
    EC = "ECSECPrimeRandom"


def acme_issues(document: Document, form: Form, target: Target | None) -> Issues:
    """The issues of a document of this form: on any device, then on the target if there is one."""
    yield from key_issues(document, form.keys)
    if form.is_payload:
        yield from common_issues(document)
    for rule in _RULES:
        yield from rule(document, form)
    if target is not None:
        for target_rule in TARGET_RULES:
            yield from target_rule(document, form, target)


def common_issues(document: Document) -> Issues:
    """The issues of the keys that the profile and each of its payloads have."""
    if typed(document, "PayloadVersion", int) not in (None, 1):
        explanation = "this is the version of the format, which is 1; leave it so at every change"
        yield LintIssue(LintCode.PAYLOAD_VERSION, "PayloadVersion", explanation)
    identifier = typed(document, "PayloadIdentifier", str)
    if identifier is not None and not IDENTIFIER.fullmatch(identifier):
        explanation = "an identifier is in reverse-DNS style, such as com.example.acme"
        yield LintIssue(LintCode.PAYLOAD_IDENTIFIER, "PayloadIdentifier", explanation)
    uuid = typed(document, "PayloadUUID", str)
    if uuid is not None and not _UUID.fullmatch(uuid):
        explanation = "this is no UUID; any other text may not be unique everywhere"
        yield LintIssue(LintCode.PAYLOAD_UUID, "PayloadUUID", explanation)


def refuse(issues: Iterable[LintIssue]) -> None:
    """Raise the first issue, if any: `TypeError` for a wrong type, `ValueError` for all others."""
    first = next(iter(issues), None)
    if first is not None:
        kind = TypeError if first.code is LintCode.WRONG_TYPE else ValueError
        place = f"{first.place}: " if first.place else ""
        raise kind(f"{place}{first.explanation}")


def _directory_url(document: Document, _form: Form) -> Issues:
    url = typed(document, "DirectoryURL", str)
    if url is not None and not HTTPS_URL.fullmatch(url):
        explanation = "the directory is a URL with the https scheme and a host, in printable ASCII"
        yield LintIssue(LintCode.DIRECTORY_URL, "DirectoryURL", explanation)


def _client_identifier(document: Document, _form: Form) -> Issues:
    """Apple allows any text here; a server must not (draft-ietf-acme-device-attest, section 3)."""
    identifier = typed(document, "ClientIdentifier", str)
    try:
        if identifier is not None:
            PermanentIdentifier.parse(identifier)
    except IdentifierMismatch:
        explanation = (
            "the device orders this as its permanent-identifier, and a server must answer "
            "'malformed': write a value without '/', or a value, '/' and an OID"
        )
        yield LintIssue(LintCode.CLIENT_IDENTIFIER, "ClientIdentifier", explanation)


def _key(document: Document, form: Form) -> Issues:
    kind, size = typed(document, "KeyType", str), typed(document, "KeySize", int)
    if kind == ACMEKeyType.RSA:
        if size is not None and size not in RSA_SIZES:
            explanation = "the size of an RSA key is from 1024 to 4096 in steps of 8"
            yield LintIssue(LintCode.KEY_SIZE, "KeySize", explanation)
    elif kind == ACMEKeyType.EC:
        if size is not None and size not in form.curves:
            explanation = f"the size of an EC key is one of {_listed(form.curves)}"
            yield LintIssue(LintCode.KEY_SIZE, "KeySize", explanation)
    elif kind is not None:
        explanation = f"the key type is one of {_listed(ACMEKeyType)}"
        yield LintIssue(LintCode.KEY_TYPE, "KeyType", explanation)


def _hardware_bound(document: Document, _form: Form) -> Issues:
    if not typed(document, "HardwareBound", bool):
        return
    kind, size = typed(document, "KeyType", str), typed(document, "KeySize", int)
    if kind not in (None, ACMEKeyType.EC):
        explanation = "with HardwareBound the key type is ECSECPrimeRandom: RSA keys are not bound"
        yield LintIssue(LintCode.HARDWARE_BOUND_KEY_TYPE, "KeyType", explanation)
    if size is not None and size not in HARDWARE_BOUND_SIZES:
        explanation = "with HardwareBound the key size is 256 or 384 (recommended)"
        yield LintIssue(LintCode.HARDWARE_BOUND_KEY_SIZE, "KeySize", explanation)


def _attest(document: Document, _form: Form) -> Issues:
    if typed(document, "Attest", bool) and typed(document, "HardwareBound", bool) is False:
        explanation = "Attest needs HardwareBound: Apple attests only keys of the Secure Enclave"
        yield LintIssue(LintCode.ATTEST_NOT_HARDWARE_BOUND, "Attest", explanation)


def _subject(document: Document, _form: Form) -> Issues:
    for index, rdn in enumerate(typed(document, "Subject", list) or ()):
        place = f"Subject[{index}]"
        if not isinstance(rdn, list):
            yield wrong_type(place, list, rdn)
        elif not rdn:
            explanation = "each inner array holds at least one pair of OID and value"
            yield LintIssue(LintCode.SUBJECT, place, explanation)
        else:
            for number, pair in enumerate(rdn):
                yield from _pair(f"{place}[{number}]", pair)


def _pair(place: str, pair: object) -> Issues:
    if not isinstance(pair, list):
        yield wrong_type(place, list, pair)
        return
    if len(pair) != 2:
        explanation = "each pair has two items: an OID or short name, and a value"
        yield LintIssue(LintCode.SUBJECT, place, explanation)
    for number, item in enumerate(pair):
        if not isinstance(item, str):
            yield wrong_type(f"{place}[{number}]", str, item)
    name = next(iter(pair), None)
    if isinstance(name, str) and name not in SHORT_NAMES and not _is_oid(name):
        explanation = f"an attribute is one of {_listed(SHORT_NAMES)}, or a dotted OID"
        yield LintIssue(LintCode.SUBJECT, f"{place}[0]", explanation)


def _subject_alt_name(document: Document, _form: Form) -> Issues:
    for kind, value in (typed(document, "SubjectAltName", dict) or {}).items():
        if kind not in ALTERNATIVE_NAMES:
            explanation = f"{quoted(kind)} is not one of {_listed(ALTERNATIVE_NAMES)}"
            yield LintIssue(LintCode.SUBJECT_ALT_NAME, "SubjectAltName", explanation)
        elif not isinstance(value, str):
            yield wrong_type(f"SubjectAltName.{kind}", str, value)


def _usage_flags(document: Document, _form: Form) -> Issues:
    if (typed(document, "UsageFlags", int) or 0) & ~(SIGNING | ENCRYPTION):
        explanation = "the only flags are 1 for digital signature and 4 for encryption; 5 is both"
        yield LintIssue(LintCode.USAGE_FLAGS, "UsageFlags", explanation)


def _extended_key_usage(document: Document, _form: Form) -> Issues:
    for index, usage in enumerate(typed(document, "ExtendedKeyUsage", list) or ()):
        place = f"ExtendedKeyUsage[{index}]"
        if not isinstance(usage, str):
            yield wrong_type(place, str, usage)
        elif not _is_oid(usage):
            explanation = "an extended key usage is a dotted OID, such as 1.3.6.1.5.5.7.3.2"
            yield LintIssue(LintCode.EXTENDED_KEY_USAGE, place, explanation)


def _is_oid(text: str) -> bool:
    try:
        require_oid(text, "this")
    except ValueError:
        return False
    return True


def _listed(values: Iterable[object]) -> str:
    *most, last = map(str, values)
    return f"{', '.join(most)} and {last}"


_RULES: Final[tuple[Callable[[Document, Form], Issues], ...]] = (
    _directory_url,
    _client_identifier,
    _key,
    _hardware_bound,
    _attest,
    _subject,
    _subject_alt_name,
    _usage_flags,
    _extended_key_usage,
)
